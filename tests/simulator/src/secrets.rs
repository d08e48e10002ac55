//! Tokens as providers keep them: by their digests only.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

/// What stands for a token.
pub(crate) type Secret = [u8; 32];

/// The tokens made and ended so far, with what each was made for.
pub(crate) struct Secrets<T> {
    minted: BTreeMap<Secret, T>,
    revoked: BTreeSet<Secret>,
}

/// What is known of a token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Known<'a, T> {
    Minted(&'a T),
    Revoked,
    /// It was not made here.
    Foreign(Secret),
}

impl<T> Default for Secrets<T> {
    fn default() -> Self {
        Self { minted: BTreeMap::new(), revoked: BTreeSet::new() }
    }
}

impl<T> Secrets<T> {
    /// How many were made.
    pub(crate) fn count(&self) -> u64 {
        self.minted.len() as u64
    }

    pub(crate) fn add(&mut self, token: &str, made_for: T) {
        self.minted.insert(digest(token), made_for);
    }

    /// Ends a token, whoever made it.
    pub(crate) fn revoke(&mut self, token: &str) {
        self.revoked.insert(digest(token));
    }

    /// Ends those that were made for something.
    pub(crate) fn revoke_if(&mut self, made_for: impl Fn(&T) -> bool) {
        let ended = self.minted.iter().filter(|(_, held)| made_for(held)).map(|(secret, _)| *secret);
        self.revoked.extend(ended);
    }

    pub(crate) fn find(&self, token: &str) -> Known<'_, T> {
        let secret = digest(token);
        match self.minted.get(&secret) {
            _ if self.revoked.contains(&secret) => Known::Revoked,
            Some(made_for) => Known::Minted(made_for),
            None => Known::Foreign(secret),
        }
    }
}

pub(crate) fn digest(token: &str) -> Secret {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_until_it_is_revoked() {
        let mut secrets = Secrets::default();
        secrets.add("a", 1);
        secrets.add("b", 2);
        assert_eq!((secrets.find("a"), secrets.find("b")), (Known::Minted(&1), Known::Minted(&2)));
        assert!(matches!(secrets.find("c"), Known::Foreign(_)));
        secrets.revoke_if(|made_for| *made_for == 1);
        secrets.revoke("c");
        assert_eq!(
            (secrets.find("a"), secrets.find("b"), secrets.find("c")),
            (Known::Revoked, Known::Minted(&2), Known::Revoked)
        );
    }
}
