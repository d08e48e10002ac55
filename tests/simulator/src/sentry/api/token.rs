//! Tokens: making them, ending them, and knowing them again.

use jiff::{SignedDuration, Timestamp};

use crate::{
    random::Random,
    secrets::{Known, Secret, Secrets},
    wire::Call,
};

/// The tokens of integrations.
pub(crate) struct Tokens {
    seed: u64,
    secrets: Secrets<Minted>,
}

struct Minted {
    organization: String,
    expires_at: Timestamp,
}

/// How long a token of an integration lives.
const LIFE: SignedDuration = SignedDuration::from_hours(8);

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Caller {
    /// Our integration on the organization of this slug.
    Integration(String),
    /// A token that was not made here: somebody who is a member everywhere.
    Member(Secret),
}

impl Caller {
    pub(crate) fn may_see(&self, organization: &str) -> bool {
        match self {
            Self::Integration(own) => own == organization,
            Self::Member(_) => true,
        }
    }
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Missing,
    Invalid,
    Expired,
}

impl Refusal {
    pub(crate) fn detail(self) -> &'static str {
        match self {
            Self::Missing => "Authentication credentials were not provided.",
            Self::Invalid => "Invalid token",
            Self::Expired => "Token expired",
        }
    }
}

impl Tokens {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, secrets: Secrets::default() }
    }

    pub(crate) fn mint(&mut self, organization: &str, now: Timestamp) -> String {
        self.mint_until(organization, now).0
    }

    /// A new token, and when it expires.
    pub(crate) fn mint_until(&mut self, organization: &str, now: Timestamp) -> (String, Timestamp) {
        let token = Random::new(self.seed, &[self.secrets.count(), 0x70CE]).hex(64);
        let expires_at = now.checked_add(LIFE).unwrap_or(Timestamp::MAX);
        self.secrets.add(&token, Minted { organization: organization.to_owned(), expires_at });
        (token, expires_at)
    }

    pub(crate) fn revoke(&mut self, token: &str) {
        self.secrets.revoke(token);
    }

    /// Ends all tokens of an organization.
    pub(crate) fn revoke_all(&mut self, organization: &str) {
        self.secrets.revoke_if(|minted| minted.organization == organization);
    }

    pub(crate) fn caller(&self, call: &Call, now: Timestamp) -> Result<Caller, Refusal> {
        if call.authorization.is_none() {
            return Err(Refusal::Missing);
        }
        match self.secrets.find(call.bearer().ok_or(Refusal::Invalid)?) {
            Known::Minted(minted) if minted.expires_at <= now => Err(Refusal::Expired),
            Known::Minted(minted) => Ok(Caller::Integration(minted.organization.clone())),
            Known::Revoked => Err(Refusal::Invalid),
            Known::Foreign(secret) => Ok(Caller::Member(secret)),
        }
    }
}
