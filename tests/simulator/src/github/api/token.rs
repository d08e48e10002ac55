//! Installation tokens: minting them, and knowing them again. Only digests are kept.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{super::State, answer::Answer, budget::Caller, call::Call};
use crate::{
    oauth::{Claims, Registered, rs256},
    random::Random,
    secrets::digest,
};

/// The installation tokens minted so far.
pub(crate) struct Tokens {
    seed: u64,
    minted: BTreeMap<[u8; 32], Minted>,
}

struct Minted {
    installation: u64,
    expires_at: Timestamp,
    /// The repositories it is narrowed to; `None` for all of the installation's.
    repositories: Option<BTreeSet<u64>>,
}

/// How long an installation token lives.
const LIFE: SignedDuration = SignedDuration::from_hours(1);

impl Tokens {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, minted: BTreeMap::new() }
    }

    /// A new token, in the long form with two dots that GitHub introduced in 2026, and when it expires.
    pub(crate) fn mint(
        &mut self,
        installation: u64,
        repositories: Option<BTreeSet<u64>>,
        now: Timestamp,
    ) -> (String, Timestamp) {
        let mut random = Random::new(self.seed, &[installation, self.minted.len() as u64, 0x70CE]);
        let token = format!("ghs_115204_{}.{}.{}", random.hex(36), random.hex(384), random.hex(86));
        let expires_at = now.checked_add(LIFE).unwrap_or(Timestamp::MAX);
        self.minted.insert(digest(&token), Minted { installation, expires_at, repositories });
        (token, expires_at)
    }

    /// Whether a token that was minted here leaves this repository out.
    pub(crate) fn leaves_out(&self, authorization: Option<&str>, repository: u64) -> bool {
        let minted = authorization.and_then(secret).and_then(|token| self.minted.get(&digest(token)));
        minted.and_then(|minted| minted.repositories.as_ref()).is_some_and(|held| !held.contains(&repository))
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

impl State {
    /// Who sends a request. A person's token for our App works until it ends.
    pub(crate) fn caller(&self, call: &Call, now: Timestamp) -> Result<Caller, ()> {
        // An App that names itself is let in, or not, where it is asked for.
        if call.method == Method::DELETE && call.path.starts_with("/applications/") {
            return Ok(Caller::Anonymous);
        }
        if let Some(token) = call.authorization.as_deref().and_then(secret) {
            self.desk.people.knows(token, now)?;
        }
        self.tokens.caller(call.authorization.as_deref(), now)
    }
}

/// The secret after the scheme, of the two schemes GitHub takes for tokens.
pub(crate) fn secret(header: &str) -> Option<&str> {
    let (scheme, secret) = header.split_once(' ')?;
    let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token");
    (known && !secret.trim().is_empty()).then(|| secret.trim())
}

/// Whether the header carries a token by which our App speaks for itself. While none is registered there is no key to
/// check a signature with, and the shape has to do.
/// <https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app>
pub(crate) fn app(app: Option<&Registered>, authorization: Option<&str>, now: Timestamp) -> Result<(), Box<Answer>> {
    let undecodable = || Box::new(Answer::error(401, "A JSON web token could not be decoded"));
    let token = authorization.and_then(secret).filter(|token| has_shape(token)).ok_or_else(undecodable)?;
    let Some(app) = app else { return Ok(()) };
    let claims = rs256(token, &app.public_key).ok_or_else(undecodable)?;
    if claims.text("iss") != Some(&app.app.client_id) {
        return Err(Box::new(Answer::error(404, "Integration not found")));
    }
    timely(&claims, now).map_err(|complaint| Box::new(Answer::error(401, complaint)))
}

fn timely(claims: &Claims, now: Timestamp) -> Result<(), &'static str> {
    let now = now.as_second();
    match (claims.second("iat"), claims.second("exp")) {
        (Some(issued), _) if issued > now => {
            Err("'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued")
        }
        (None, _) => Err("Missing 'issued at' claim ('iat') in assertion"),
        (_, Some(expires)) if expires > now + 600 => Err("'Expiration time' claim ('exp') is too far in the future"),
        (_, Some(expires)) if expires > now => Ok(()),
        _ => Err("'Expiration time' claim ('exp') must be a numeric value representing the future time at which the \
            assertion expires"),
    }
}

fn has_shape(token: &str) -> bool {
    let parts: Vec<&str> = token.split('.').collect();
    parts.len() == 3
        && !token.starts_with("ghs_")
        && parts
            .iter()
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'))
}

/// `repository_ids` of a body that narrows a token; an error when it names what the installation does not have.
pub(crate) fn narrowed(body: &[u8], held: &BTreeSet<u64>) -> Result<Option<BTreeSet<u64>>, Box<Answer>> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some(wanted) = body["repository_ids"].as_array() else { return Ok(None) };
    let wanted: BTreeSet<u64> = wanted.iter().filter_map(Value::as_u64).collect();
    if wanted.is_subset(held) {
        return Ok(Some(wanted));
    }
    let message =
        "There is at least one repository that does not exist or is not accessible to the parent installation.";
    Err(Box::new(Answer::error(422, message)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minted_token_is_known_until_it_expires() {
        let mut tokens = Tokens::new(1);
        let now = Timestamp::UNIX_EPOCH;
        let (token, expires_at) = tokens.mint(7, None, now);
        let header = format!("Bearer {token}");
        assert_eq!(tokens.caller(Some(&header), now), Ok(Caller::Installation(7)));
        assert_eq!(tokens.caller(Some(&header), expires_at), Err(()));
        assert_eq!(tokens.caller(Some("Basic abc"), now), Err(()), "not a token at all");
    }

    #[test]
    fn an_app_token_has_three_parts() {
        let is_app = |header| app(None, header, Timestamp::UNIX_EPOCH).is_ok();
        assert!(is_app(Some("Bearer eyJh.eyJp.c2ln")));
        assert!(!is_app(Some("Bearer ghs_1_a.b.c")), "an installation token is not one");
        assert!(!is_app(Some("Bearer abc")));
        assert!(!is_app(None));
    }
}
