//! Identity: `{provider}:{entity}:{immutable id}:{transition}` and, only where the transition can happen again, `@{occurrence}`.
//!
//! Names (owners, slugs, issue keys) never take part: repositories are renamed and logins are registered anew.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{ProviderKind, Timestamp};

/// Longest identity in bytes. A longer one keeps its head and ends in the SHA-256 of the whole,
/// so that it fits a DynamoDB sort key (1,024 bytes) together with its prefix.
pub const MAX_SOURCE_ID_BYTES: usize = 512;

/// The identity of one fact, the same whichever path saw it first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceId(String);

impl SourceId {
    /// A transition that happens once in the life of a thing.
    #[must_use]
    pub fn once(provider: ProviderKind, entity: &str, id: impl fmt::Display, transition: &str) -> Self {
        Self::bounded(format!("{provider}:{entity}:{id}:{transition}"))
    }

    /// A transition that can happen again, told apart by its own time in whole seconds:
    /// list responses carry no more, so webhooks must not either.
    #[must_use]
    pub fn at(provider: ProviderKind, entity: &str, id: impl fmt::Display, transition: &str, at: Timestamp) -> Self {
        let second = at.as_second();
        match Timestamp::from_second(second) {
            Ok(whole) => Self::bounded(format!("{provider}:{entity}:{id}:{transition}@{whole}")),
            // Unreachable for a valid timestamp; the number says the same.
            Err(_) => Self::bounded(format!("{provider}:{entity}:{id}:{transition}@{second}")),
        }
    }

    /// A transition that can happen again within a second, where both paths carry its time in milliseconds.
    #[must_use]
    pub fn at_ms(provider: ProviderKind, entity: &str, id: impl fmt::Display, transition: &str, at: Timestamp) -> Self {
        Self::bounded(format!("{provider}:{entity}:{id}:{transition}@{at:.3}"))
    }

    /// Takes an identity that was made before, as stored.
    ///
    /// # Errors
    /// When it is empty or longer than [`MAX_SOURCE_ID_BYTES`].
    pub fn parse(text: impl Into<String>) -> Result<Self, crate::IdError> {
        let text = text.into();
        if text.is_empty() {
            return Err(crate::IdError::Empty("source id"));
        }
        if text.len() > MAX_SOURCE_ID_BYTES {
            return Err(crate::IdError::TooLong("source id"));
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `{provider}:{entity}:{id}`: what the fact is about.
    #[must_use]
    pub fn subject(&self) -> &str {
        let id = self.as_str();
        id.rsplit_once(':').map_or(id, |(thing, transition)| {
            // A time has colons too; it stands after the `@` of its transition.
            match transition.contains('@') || !id.contains('@') {
                true => thing,
                false => id.split_once('@').and_then(|(head, _)| head.rsplit_once(':')).map_or(thing, |(head, _)| head),
            }
        })
    }

    fn bounded(text: String) -> Self {
        if text.len() <= MAX_SOURCE_ID_BYTES {
            return Self(text);
        }
        let digest = hex::encode(Sha256::digest(text.as_bytes()));
        let mut end = MAX_SOURCE_ID_BYTES - digest.len() - 1;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Self(format!("{}~{digest}", &text[..end]))
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn identities_read_as_documented() {
        let at: Timestamp = "2026-02-06T12:00:00.700Z".parse().unwrap();
        assert_eq!(SourceId::once(ProviderKind::Github, "pr", "9#7", "merged").as_str(), "github:pr:9#7:merged");
        assert_eq!(
            SourceId::at(ProviderKind::Github, "pr", "9#7", "closed", at).as_str(),
            "github:pr:9#7:closed@2026-02-06T12:00:00Z"
        );
        assert_eq!(
            SourceId::at_ms(ProviderKind::Linear, "issue", "9", "updated", at).as_str(),
            "linear:issue:9:updated@2026-02-06T12:00:00.700Z"
        );
    }

    #[test]
    fn an_identity_tells_its_subject() {
        for (id, thing) in [
            ("github:pr:9#7:merged", "github:pr:9#7"),
            ("github:pr:9#7:closed@2026-02-06T12:00:00Z", "github:pr:9#7"),
            ("github:push:9:refs/heads/main:abc", "github:push:9:refs/heads/main"),
            ("linear:issue:u:updated@2026-02-06T12:00:00.700Z", "linear:issue:u"),
        ] {
            assert_eq!(SourceId::parse(id).unwrap().subject(), thing);
        }
    }

    proptest! {
        #[test]
        fn long_identities_stay_bounded_and_distinct(a in "\\PC{0,600}", b in "\\PC{0,600}") {
            let make = |id: &str| SourceId::once(ProviderKind::Github, "push", id, "x");
            prop_assert!(make(&a).as_str().len() <= MAX_SOURCE_ID_BYTES);
            prop_assert_eq!(make(&a) == make(&b), a == b);
        }
    }
}
