//! Who may ask: API keys, sent as they are, and access tokens, sent as `Bearer`. Only digests are kept.
//! <https://linear.app/developers/oauth-2-0-authentication>

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::budget::Caller;
use crate::random::Random;

/// The access tokens minted so far.
pub(crate) struct Tokens {
    seed: u64,
    /// With the moment from which each is refused.
    minted: BTreeMap<Caller, Timestamp>,
    /// Whether the app's grant was withdrawn.
    revoked: bool,
}

/// Why nobody is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turned {
    /// No token, a wrong one, or one that works no more.
    Away,
    /// An API key was sent as if it were an access token.
    KeyAsBearer,
}

const LIFE: SignedDuration = SignedDuration::from_hours(24);
const KEY: &str = "lin_api_";

impl Tokens {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, minted: BTreeMap::new(), revoked: false }
    }

    pub(crate) fn mint(&mut self, now: Timestamp) -> String {
        self.revoked = false;
        let token = format!("lin_oauth_{}", Random::new(self.seed, &[self.minted.len() as u64, 0x70CE]).hex(64));
        self.minted.insert(digest(&token), now.checked_add(LIFE).unwrap_or(Timestamp::MAX));
        token
    }

    /// Refuses every access token until another one is minted; API keys are people's own.
    pub(crate) fn revoke_all(&mut self) {
        self.minted.clear();
        self.revoked = true;
    }

    /// Who sent this `Authorization` header. A token that was not minted here is taken as somebody's valid one.
    pub(crate) fn caller(&self, authorization: Option<&str>, now: Timestamp) -> Result<Caller, Turned> {
        let header = authorization.unwrap_or_default().trim();
        let bearer =
            header.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("bearer ")).map(|_| header[7..].trim());
        match bearer {
            Some(token) if token.starts_with(KEY) => Err(Turned::KeyAsBearer),
            Some("") => Err(Turned::Away),
            Some(token) => {
                let caller = digest(token);
                let works = self.minted.get(&caller).map_or(!self.revoked, |until| *until > now);
                if works { Ok(caller) } else { Err(Turned::Away) }
            }
            None if header.starts_with(KEY) && header.len() > KEY.len() => Ok(digest(header)),
            None => Err(Turned::Away),
        }
    }
}

fn digest(token: &str) -> Caller {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_bare_and_tokens_as_bearer() {
        let mut tokens = Tokens::new(1);
        let now = Timestamp::UNIX_EPOCH;
        assert!(tokens.caller(Some("lin_api_x"), now).is_ok());
        assert_eq!(tokens.caller(Some("Bearer lin_api_x"), now), Err(Turned::KeyAsBearer));
        assert!(tokens.caller(Some("Bearer somebody"), now).is_ok());
        for wrong in [None, Some(""), Some("somebody"), Some("lin_api_"), Some("Bearer "), Some("Basic x")] {
            assert_eq!(tokens.caller(wrong, now), Err(Turned::Away), "{wrong:?}");
        }
        let header = format!("bearer {}", tokens.mint(now));
        assert!(tokens.caller(Some(&header), now).is_ok());
        assert_eq!(tokens.caller(Some(&header), now + LIFE), Err(Turned::Away), "a day later");
        tokens.revoke_all();
        assert_eq!(tokens.caller(Some(&header), now), Err(Turned::Away));
        assert_eq!(tokens.caller(Some("Bearer somebody"), now), Err(Turned::Away));
        assert!(tokens.caller(Some("lin_api_x"), now).is_ok());
    }
}
