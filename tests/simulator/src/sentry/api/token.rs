//! Tokens: making them, ending them, and knowing them again. Only digests are kept.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::{random::Random, wire::Call};

/// The tokens made and ended so far.
pub(crate) struct Tokens {
    seed: u64,
    minted: BTreeMap<Secret, Minted>,
    revoked: BTreeSet<Secret>,
}

type Secret = [u8; 32];

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
    /// A token that was not made here, known by its digest only: somebody who is a member everywhere.
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
        Self { seed, minted: BTreeMap::new(), revoked: BTreeSet::new() }
    }

    pub(crate) fn mint(&mut self, organization: &str, now: Timestamp) -> String {
        let token = Random::new(self.seed, &[self.minted.len() as u64, 0x70CE]).hex(64);
        let expires_at = now.checked_add(LIFE).unwrap_or(Timestamp::MAX);
        self.minted.insert(digest(&token), Minted { organization: organization.to_owned(), expires_at });
        token
    }

    pub(crate) fn revoke(&mut self, token: &str) {
        self.revoked.insert(digest(token));
    }

    /// Ends all tokens of an organization.
    pub(crate) fn revoke_all(&mut self, organization: &str) {
        let ended = self.minted.iter().filter(|(_, minted)| minted.organization == organization);
        self.revoked.extend(ended.map(|(secret, _)| *secret));
    }

    pub(crate) fn caller(&self, call: &Call, now: Timestamp) -> Result<Caller, Refusal> {
        if call.authorization.is_none() {
            return Err(Refusal::Missing);
        }
        let secret = digest(call.bearer().ok_or(Refusal::Invalid)?);
        if self.revoked.contains(&secret) {
            return Err(Refusal::Invalid);
        }
        match self.minted.get(&secret) {
            Some(minted) if minted.expires_at <= now => Err(Refusal::Expired),
            Some(minted) => Ok(Caller::Integration(minted.organization.clone())),
            None => Ok(Caller::Member(secret)),
        }
    }
}

fn digest(token: &str) -> Secret {
    Sha256::digest(token.as_bytes()).into()
}
