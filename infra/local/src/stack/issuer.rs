//! Tokens for the management API where there is no issuer: signed with a key of this machine, and checked as API Gateway
//! checks a real issuer's. Only the algorithm differs: the one who signs and the one who checks are the same.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connector_domain::access::Scope;
use connector_domain::ports::Random;
use connector_domain::{Timestamp, WorkspaceId};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use super::{Data, StackError, key};

/// Who signs.
const ISSUER: &str = "https://localhost/memory-connectors";
/// The one header that is taken: whatever else a token names is not even looked at.
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// Signs and checks development tokens.
#[derive(Clone)]
pub struct Issuer(Hmac<Sha256>);

/// What a token says.
#[derive(Debug, Clone)]
pub struct Grant<'a> {
    /// Which workspaces it opens.
    pub workspaces: &'a [WorkspaceId],
    /// What it allows.
    pub scopes: &'a [Scope],
    /// Who has it.
    pub subject: &'a str,
    /// For whom it is.
    pub audience: &'a str,
    /// How long it is good.
    pub lives: Duration,
}

impl Issuer {
    /// The issuer of a data directory; for rows in memory, a new one.
    ///
    /// # Errors
    /// When its key cannot be read or made.
    pub fn open(data: &Data, random: &dyn Random) -> Result<Self, StackError> {
        // HMAC fills a short key up with zeros to a whole block.
        let mut block = [0; 64];
        block[..32].copy_from_slice(&key::open(data, key::ISSUER, random)?);
        Ok(Self(Hmac::new(&block.into())))
    }

    /// A token.
    #[must_use]
    pub fn mint(&self, grant: &Grant<'_>, now: Timestamp) -> String {
        let claims = json!({
            "iss": ISSUER, "aud": grant.audience, "sub": grant.subject,
            "iat": now.as_second(), "exp": now.as_second().saturating_add_unsigned(grant.lives.as_secs()),
            "workspaces": grant.workspaces.iter().map(WorkspaceId::as_str).collect::<Vec<_>>(),
            "scope": grant.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" "),
        });
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = self.0.clone().chain_update(&signed).finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The claims of an `Authorization` header, as API Gateway hands them on; `None` when its token is not good.
    #[must_use]
    pub(super) fn check(&self, header: &str, audience: &str, now: Timestamp) -> Option<BTreeMap<String, String>> {
        let token = header.strip_prefix("Bearer ").unwrap_or(header);
        let (signed, signature) = token.rsplit_once('.')?;
        let (head, claims) = signed.split_once('.')?;
        self.0.clone().chain_update(signed).verify_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
        if URL_SAFE_NO_PAD.decode(head).ok()? != HEADER.as_bytes() {
            return None;
        }
        let claims: Map<String, Value> = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
        let second = |name: &str| claims.get(name).and_then(Value::as_i64);
        let good = claims.get("iss")? == ISSUER
            && claims.get("aud")? == audience
            && second("exp")? > now.as_second()
            && second("iat").is_none_or(|second| second <= now.as_second());
        good.then(|| claims.into_iter().map(|(name, value)| (name, claim(&value))).collect())
    }
}

/// Every claim is a text; a list is `[a b]`.
fn claim(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(claim).collect::<Vec<_>>().join(" ")),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use connector_adapters::system::OsRandom;

    use super::*;

    #[test]
    fn only_a_whole_token_in_its_time_is_good() {
        let issuer = Issuer::open(&Data::Memory, &OsRandom).unwrap();
        let at = |second| Timestamp::from_second(second).unwrap();
        let workspaces = ["acme", "beta"].map(|id| WorkspaceId::parse(id).unwrap());
        let lives = Duration::from_secs(60);
        let grant = Grant { workspaces: &workspaces, scopes: &Scope::ALL, subject: "ann", audience: "us", lives };
        let token = issuer.mint(&grant, at(100));
        let claims = issuer.check(&format!("Bearer {token}"), "us", at(159)).unwrap();
        assert_eq!((claims["sub"].as_str(), claims["workspaces"].as_str()), ("ann", "[acme beta]"));
        assert!(claims["scope"].contains("connectors:admin"));
        for (audience, now) in [("us", 160), ("us", 99), ("them", 120)] {
            assert_eq!(issuer.check(&token, audience, at(now)), None, "{audience} {now}");
        }
        let other = Issuer::open(&Data::Memory, &OsRandom).unwrap();
        assert_eq!(other.check(&token, "us", at(120)), None, "another key");
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (_, claims) = signed.split_once('.').unwrap();
        let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        for forged in [
            format!("{unsigned}.{claims}."),
            format!("{unsigned}.{claims}.{signature}"),
            signed.to_owned(),
            String::new(),
        ] {
            assert_eq!(issuer.check(&forged, "us", at(120)), None, "{forged}");
        }
    }
}
