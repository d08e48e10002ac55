//! Machine keys: how a program calls the management API without a person's token.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Secret, Timestamp, WorkspaceId};

/// What a caller may do in its workspaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// Look at everything but machine keys.
    #[serde(rename = "connectors:read")]
    Read,
    /// Link, change settings, start and stop work.
    #[serde(rename = "connectors:write")]
    Write,
    /// Disconnect accounts, and hand out machine keys.
    #[serde(rename = "connectors:admin")]
    Admin,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Admin];

    /// The name in tokens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "connectors:read",
            Self::Write => "connectors:write",
            Self::Admin => "connectors:admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no scope of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown scope (expected connectors:read, connectors:write or connectors:admin)")]
pub struct UnknownScope;

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or(UnknownScope)
    }
}

/// Every machine key starts so, for scanners of leaked secrets.
const PREFIX: &str = "mem_";
/// Bytes of an id and of a secret. Written in hexadecimal, neither holds the `_` between them.
const ID_BYTES: usize = 8;
const SECRET_BYTES: usize = 32;

/// A machine key as it is stored: without what the caller shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineKey {
    /// Public part, in the key itself.
    pub id: String,
    /// The one workspace that it opens.
    pub workspace: WorkspaceId,
    /// What people call it.
    pub name: String,
    /// What it allows.
    pub scopes: BTreeSet<Scope>,
    /// SHA-256 of the whole key, in hexadecimal. The secret has 256 bits, so no slow hash is needed.
    pub sha256: String,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// When it was ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

/// A key that a caller shows. Only [`MachineKey::admits`] looks inside.
pub struct ShownKey {
    id: String,
    digest: [u8; 32],
}

impl ShownKey {
    /// Reads `mem_<id>_<secret>`; `None` when it is not of that form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let hexadecimal =
            |part: &str, bytes: usize| part.len() == 2 * bytes && part.bytes().all(|b| b.is_ascii_hexdigit());
        let formed = hexadecimal(id, ID_BYTES) && hexadecimal(secret, SECRET_BYTES);
        formed.then(|| Self { id: id.to_owned(), digest: Sha256::digest(text.as_bytes()).into() })
    }

    /// The id to look it up by.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl MachineKey {
    /// A new id and the whole key from forty random bytes. The key is shown once and kept nowhere.
    #[must_use]
    pub fn generate(random: &[u8; ID_BYTES + SECRET_BYTES]) -> Option<(String, Secret)> {
        let (id, secret) = random.split_at(ID_BYTES);
        let id = hex::encode(id);
        Secret::new(format!("{PREFIX}{id}_{}", hex::encode(secret))).map(|key| (id, key))
    }

    /// What is stored of a whole key.
    #[must_use]
    pub fn digest(key: &Secret) -> String {
        hex::encode(Sha256::digest(key.expose()))
    }

    /// Whether the caller shows this key and it is good now. Compares in constant time.
    #[must_use]
    pub fn admits(&self, shown: &ShownKey, now: Timestamp) -> bool {
        let mut stored = [0; 32];
        let readable = hex::decode_to_slice(&self.sha256, &mut stored).is_ok();
        let same = bool::from(subtle::ConstantTimeEq::ct_eq(&stored[..], &shown.digest[..]));
        readable && same && self.id == shown.id && self.is_live(now)
    }

    /// Whether it has neither ended by itself nor been ended.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> (MachineKey, String) {
        let (id, shown) = MachineKey::generate(&[7; 40]).unwrap();
        let key = MachineKey {
            id,
            workspace: WorkspaceId::parse("acme").unwrap(),
            name: "ci".to_owned(),
            scopes: [Scope::Read].into(),
            sha256: MachineKey::digest(&shown),
            created_by: "user-1".to_owned(),
            created_at: Timestamp::UNIX_EPOCH,
            expires_at: Timestamp::from_second(100).unwrap(),
            revoked_at: None,
        };
        (key, shown.expose_str().unwrap().to_owned())
    }

    #[test]
    fn only_the_whole_key_in_its_time_is_admitted() {
        let (key, text) = key();
        let at = |second| Timestamp::from_second(second).unwrap();
        let shown = ShownKey::parse(&text).unwrap();
        assert_eq!((shown.id(), text.len()), (key.id.as_str(), 4 + 16 + 1 + 64));
        assert!(key.admits(&shown, at(99)));
        assert!(!key.admits(&shown, at(100)), "it has ended");
        assert!(!MachineKey { revoked_at: Some(at(1)), ..key.clone() }.admits(&shown, at(2)), "it was ended");
        assert!(!MachineKey { sha256: String::new(), ..key.clone() }.admits(&shown, at(2)));
        let last = if text.ends_with('0') { "1" } else { "0" };
        let other = ShownKey::parse(&format!("{}{last}", &text[..text.len() - 1])).unwrap();
        assert!(!key.admits(&other, at(2)));
    }

    #[test]
    fn what_is_not_a_key_is_not_looked_up() {
        let (_, text) = key();
        for bad in
            ["", "mem_", "mem_a_b", &text[1..], &format!("{text}0"), &text.replace("07", "g7"), &text.to_uppercase()]
        {
            assert!(ShownKey::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn scopes_parse_back() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
            assert_eq!(serde_json::to_string(&scope).unwrap(), format!("\"{scope}\""));
        }
        assert!("read".parse::<Scope>().is_err());
    }
}
