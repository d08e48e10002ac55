//! Tokens: making them, ending them, and knowing them again. Vercel's do not expire.

use super::answer::Answer;
use crate::{
    random::Random,
    secrets::{Known, Secret, Secrets},
    wire::Call,
};

/// The tokens of integrations, each with its account.
pub(crate) struct Tokens {
    seed: u64,
    secrets: Secrets<String>,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Caller {
    /// Our integration on this account.
    Integration(String),
    /// A token that was not made here: somebody who is a member of every team.
    Member(Secret),
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Missing,
    Invalid,
}

impl Refusal {
    pub(crate) fn answer(self) -> Answer {
        match self {
            Self::Missing => Answer::missing_token(),
            Self::Invalid => Answer::invalid_token(),
        }
    }
}

impl Tokens {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, secrets: Secrets::default() }
    }

    pub(crate) fn mint(&mut self, account: &str) -> String {
        let token = Random::new(self.seed, &[self.secrets.count(), 0x70CE]).alphanumeric(24);
        self.secrets.add(&token, account.to_owned());
        token
    }

    pub(crate) fn revoke(&mut self, token: &str) {
        self.secrets.revoke(token);
    }

    /// Ends all tokens of an account.
    pub(crate) fn revoke_all(&mut self, account: &str) {
        self.secrets.revoke_if(|held| held == account);
    }

    pub(crate) fn caller(&self, call: &Call) -> Result<Caller, Refusal> {
        if call.authorization.is_none() {
            return Err(Refusal::Missing);
        }
        match self.secrets.find(call.bearer().ok_or(Refusal::Invalid)?) {
            Known::Minted(account) => Ok(Caller::Integration(account.clone())),
            Known::Revoked => Err(Refusal::Invalid),
            Known::Foreign(secret) => Ok(Caller::Member(secret)),
        }
    }
}
