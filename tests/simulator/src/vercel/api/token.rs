//! Tokens: making them, ending them, and knowing them again. Only digests are kept.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::answer::Answer;
use crate::{random::Random, wire::Call};

/// The tokens made and ended so far. Vercel's do not expire.
pub(crate) struct Tokens {
    seed: u64,
    minted: BTreeMap<Secret, String>,
    revoked: BTreeSet<Secret>,
}

type Secret = [u8; 32];

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Caller {
    /// Our integration on this account.
    Integration(String),
    /// A token that was not made here, known by its digest only: somebody who is a member of every team.
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
        Self { seed, minted: BTreeMap::new(), revoked: BTreeSet::new() }
    }

    pub(crate) fn mint(&mut self, account: &str) -> String {
        let token = Random::new(self.seed, &[self.minted.len() as u64, 0x70CE]).alphanumeric(24);
        self.minted.insert(digest(&token), account.to_owned());
        token
    }

    pub(crate) fn revoke(&mut self, token: &str) {
        self.revoked.insert(digest(token));
    }

    /// Ends all tokens of an account.
    pub(crate) fn revoke_all(&mut self, account: &str) {
        let ended = self.minted.iter().filter(|(_, held)| *held == account).map(|(secret, _)| *secret);
        self.revoked.extend(ended);
    }

    pub(crate) fn caller(&self, call: &Call) -> Result<Caller, Refusal> {
        if call.authorization.is_none() {
            return Err(Refusal::Missing);
        }
        let secret = digest(call.bearer().ok_or(Refusal::Invalid)?);
        if self.revoked.contains(&secret) {
            return Err(Refusal::Invalid);
        }
        Ok(match self.minted.get(&secret) {
            Some(account) => Caller::Integration(account.clone()),
            None => Caller::Member(secret),
        })
    }
}

fn digest(token: &str) -> Secret {
    Sha256::digest(token.as_bytes()).into()
}
