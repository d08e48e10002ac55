//! Who may ask: API keys, sent as they are, and access tokens, sent as `Bearer`.
//! <https://linear.app/developers/oauth-2-0-authentication>

use jiff::{SignedDuration, Timestamp};

use crate::{
    random::Random,
    secrets::{Known, Secret, Secrets},
};

/// The access tokens of our app, each with the moment from which it is refused.
pub(crate) struct Tokens {
    seed: u64,
    secrets: Secrets<Timestamp>,
    /// Whether the app's grant was withdrawn, and not given again.
    withdrawn: bool,
}

/// Who asks, and so whose budget pays.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Caller {
    /// Our app, whichever of its tokens it sent.
    App,
    /// An API key, or a token that was not made here.
    Other(Secret),
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
        Self { seed, secrets: Secrets::default(), withdrawn: false }
    }

    pub(crate) fn mint(&mut self, now: Timestamp) -> String {
        self.withdrawn = false;
        let token = format!("lin_oauth_{}", Random::new(self.seed, &[self.secrets.count(), 0x70CE]).hex(64));
        self.secrets.add(&token, now.checked_add(LIFE).unwrap_or(Timestamp::MAX));
        token
    }

    pub(crate) fn revoke(&mut self, token: &str) {
        self.secrets.revoke(token);
    }

    /// Refuses every access token until another one is minted; API keys are people's own.
    pub(crate) fn withdraw(&mut self) {
        self.secrets.revoke_if(|_| true);
        self.withdrawn = true;
    }

    /// Who sent this `Authorization` header. A token that was not made here is taken as somebody's valid one.
    pub(crate) fn caller(&self, authorization: Option<&str>, now: Timestamp) -> Result<Caller, Turned> {
        let header = authorization.unwrap_or_default().trim();
        let (scheme, token) = header.split_once(' ').unwrap_or(("", header));
        match (scheme.eq_ignore_ascii_case("bearer"), token.starts_with(KEY), self.secrets.find(token)) {
            (true, true, _) => Err(Turned::KeyAsBearer),
            (true, false, Known::Minted(until)) if *until > now => Ok(Caller::App),
            (true, false, Known::Foreign(secret)) if !self.withdrawn => Ok(Caller::Other(secret)),
            (false, true, Known::Foreign(secret)) if scheme.is_empty() => Ok(Caller::Other(secret)),
            _ => Err(Turned::Away),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_bare_and_tokens_as_bearer() {
        let mut tokens = Tokens::new(1);
        let now = Timestamp::UNIX_EPOCH;
        let is_let_in = |tokens: &Tokens, header: &str| tokens.caller(Some(header), now).is_ok();
        assert!(is_let_in(&tokens, "lin_api_x") && is_let_in(&tokens, "Bearer somebody"));
        assert_eq!(tokens.caller(Some("Bearer lin_api_x"), now), Err(Turned::KeyAsBearer));
        for wrong in ["", "somebody", "Bearer", "Basic x", "Basic lin_api_x"] {
            assert_eq!(tokens.caller(Some(wrong), now), Err(Turned::Away), "{wrong}");
        }
        assert_eq!(tokens.caller(None, now), Err(Turned::Away));
        let header = format!("bearer {}", tokens.mint(now));
        assert_eq!(tokens.caller(Some(&header), now), Ok(Caller::App));
        assert_eq!(tokens.caller(Some(&header), now + LIFE), Err(Turned::Away), "a day later");
        tokens.revoke("lin_api_x");
        tokens.withdraw();
        for gone in [&header, "Bearer somebody", "lin_api_x"] {
            assert!(!is_let_in(&tokens, gone));
        }
        assert!(is_let_in(&tokens, "lin_api_y"));
    }
}
