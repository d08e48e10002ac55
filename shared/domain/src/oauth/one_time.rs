//! Secrets that are good once: 256 random bits that a browser or a terminal carries. We keep their hash only.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Secret;

/// Length as text: 32 bytes in base64url, without padding.
const CHARS: usize = 43;

/// A secret that is good once: a state, the value of a cookie, a PKCE verifier, the key of a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneTimeSecret(Secret);

impl OneTimeSecret {
    /// Of random bytes.
    #[must_use]
    pub fn of(bytes: [u8; 32]) -> Option<Self> {
        Secret::new(URL_SAFE_NO_PAD.encode(bytes)).map(Self)
    }

    /// Takes a text that came from outside; `None` when it has not the form of one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fit = text.len() == CHARS && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        fit.then(|| Secret::new(text).map(Self)).flatten()
    }

    /// The text, for the one who carries it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_str().unwrap_or_default()
    }

    /// What we keep of it.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash(hex::encode(Sha256::digest(self.0.expose())))
    }

    /// The challenge of this verifier, by the method `S256`.
    /// <https://www.rfc-editor.org/rfc/rfc7636#section-4.2>
    #[must_use]
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.0.expose()))
    }
}

/// The SHA-256 of a one-time secret. Whoever reads it cannot use it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretHash(String);

impl SecretHash {
    /// Takes a text that was stored; `None` when it is not a hash.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fit = text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        fit.then(|| Self(text.to_owned()))
    }

    /// The hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not 64 hexadecimal digits")]
pub struct NotAHash;

impl TryFrom<String> for SecretHash {
    type Error = NotAHash;

    fn try_from(text: String) -> Result<Self, NotAHash> {
        Self::parse(&text).ok_or(NotAHash)
    }
}

impl From<SecretHash> for String {
    fn from(hash: SecretHash) -> Self {
        hash.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_and_its_challenge_are_those_of_the_rfc() {
        let bytes = [
            116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105, 214, 191,
            240, 91, 88, 5, 88, 83, 132, 141, 121,
        ];
        let verifier = OneTimeSecret::of(bytes).unwrap();
        assert_eq!(verifier.expose(), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(verifier.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert_eq!(OneTimeSecret::parse(verifier.expose()), Some(verifier.clone()));
        assert!(!format!("{verifier:?}").contains("dBj"));
        assert_eq!(SecretHash::parse(verifier.hash().as_str()), Some(verifier.hash()));
    }

    #[test]
    fn another_form_is_none() {
        let good = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        for bad in ["", &good[1..], &format!("{good}x"), &good.replace('-', "+"), &good.replace('j', "é")] {
            assert_eq!(OneTimeSecret::parse(bad), None, "{bad}");
        }
        for bad in ["", "00", &"G".repeat(64), &"A".repeat(64)] {
            assert_eq!(SecretHash::parse(bad), None, "{bad}");
        }
    }
}
