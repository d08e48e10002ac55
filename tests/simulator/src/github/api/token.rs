//! Installation tokens: minting them, and knowing them again. Only digests are kept.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::budget::Caller;
use crate::random::Random;

/// The installation tokens minted so far.
pub(crate) struct Tokens {
    seed: u64,
    minted: BTreeMap<[u8; 32], Minted>,
}

#[derive(Clone, Copy)]
struct Minted {
    installation: u64,
    expires_at: Timestamp,
}

/// How long an installation token lives.
const LIFE: SignedDuration = SignedDuration::from_hours(1);

impl Tokens {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, minted: BTreeMap::new() }
    }

    /// A new token, in the long form with two dots that GitHub introduced in 2026, and when it expires.
    pub(crate) fn mint(&mut self, installation: u64, now: Timestamp) -> (String, Timestamp) {
        let mut random = Random::new(self.seed, &[installation, self.minted.len() as u64, 0x70CE]);
        let token = format!("ghs_115204_{}.{}.{}", random.hex(36), random.hex(384), random.hex(86));
        let expires_at = now.checked_add(LIFE).unwrap_or(Timestamp::MAX);
        self.minted.insert(digest(&token), Minted { installation, expires_at });
        (token, expires_at)
    }

    /// Who sent this `Authorization` header. A token that was not minted here is taken as somebody's valid one;
    /// an installation token that has expired is an error.
    pub(crate) fn caller(&self, authorization: Option<&str>, now: Timestamp) -> Result<Caller, ()> {
        let Some(header) = authorization else { return Ok(Caller::Anonymous) };
        let digest = digest(secret(header).ok_or(())?);
        match self.minted.get(&digest) {
            Some(minted) if minted.expires_at <= now => Err(()),
            Some(minted) => Ok(Caller::Installation(minted.installation)),
            None => Ok(Caller::Token(digest)),
        }
    }
}

/// The secret after the scheme, of the two schemes GitHub takes for tokens.
fn secret(header: &str) -> Option<&str> {
    let (scheme, secret) = header.split_once(' ')?;
    let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token");
    (known && !secret.trim().is_empty()).then(|| secret.trim())
}

/// Whether the header carries something of a JSON web token's shape, by which an App speaks for itself. Its
/// signature is not checked: the simulator has no key.
pub(crate) fn is_app_token(authorization: Option<&str>) -> bool {
    let Some(token) = authorization.and_then(secret) else { return false };
    let parts: Vec<&str> = token.split('.').collect();
    parts.len() == 3
        && !token.starts_with("ghs_")
        && parts
            .iter()
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'))
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minted_token_is_known_until_it_expires() {
        let mut tokens = Tokens::new(1);
        let now = Timestamp::UNIX_EPOCH;
        let (token, expires_at) = tokens.mint(7, now);
        let header = format!("Bearer {token}");
        assert_eq!(tokens.caller(Some(&header), now), Ok(Caller::Installation(7)));
        assert_eq!(tokens.caller(Some(&header), expires_at), Err(()));
        assert_eq!(tokens.caller(Some("Basic abc"), now), Err(()), "not a token at all");
    }

    #[test]
    fn an_app_token_has_three_parts() {
        assert!(is_app_token(Some("Bearer eyJh.eyJp.c2ln")));
        assert!(!is_app_token(Some("Bearer ghs_1_a.b.c")), "an installation token is not one");
        assert!(!is_app_token(Some("Bearer abc")));
        assert!(!is_app_token(None));
    }
}
