//! Tokens, and what a provider says when it gives some.

use std::collections::BTreeSet;

use crate::{AccountId, Secret, Timestamp};

/// What opens an account. It cannot be printed or serialised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSet {
    /// Goes with every call.
    pub access: Secret,
    /// Gets the next one.
    pub refresh: Option<Secret>,
    /// When the provider says it ends; `None` when it does not say.
    pub expires_at: Option<Timestamp>,
    /// When the refresh token ends; `None` when it does not say.
    pub refresh_expires_at: Option<Timestamp>,
    /// What it is good for; empty when the provider does not say.
    pub scopes: BTreeSet<String>,
    /// The provider's id of the grant, where revoking it asks for one.
    pub grant: Option<String>,
}

impl TokenSet {
    /// These tokens after a refresh. What an answer leaves out stays as it was: a provider that does not rotate sends no
    /// new refresh token.
    #[must_use]
    pub fn renewed(&self, new: Self) -> Self {
        let refresh_expires_at = if new.refresh.is_some() { new.refresh_expires_at } else { self.refresh_expires_at };
        Self {
            refresh: new.refresh.or_else(|| self.refresh.clone()),
            refresh_expires_at,
            scopes: if new.scopes.is_empty() { self.scopes.clone() } else { new.scopes },
            grant: new.grant.or_else(|| self.grant.clone()),
            ..new
        }
    }
}

/// What a code was exchanged for.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The tokens.
    pub tokens: TokenSet,
    /// The account that the provider named beside them, where it names one.
    pub account: Option<AccountId>,
}

/// An account that is proven to be the person's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The provider's immutable id, by which its webhooks name it.
    pub account: AccountId,
    /// Its name, to show.
    pub name: String,
}

/// Why a provider gave no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// The code or the refresh token is not good, or not any more.
    #[error("the grant is refused")]
    Refused,
    /// Our app's credentials or addresses are not what the provider knows.
    #[error("the app's own credentials are refused")]
    App,
    /// It may work later.
    #[error("the provider could not answer")]
    Unavailable,
    /// The answer is not one we can read.
    #[error("the answer is not a token")]
    Malformed,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(access: &str, refresh: Option<&str>) -> TokenSet {
        TokenSet {
            access: Secret::new(access).unwrap(),
            refresh: refresh.and_then(Secret::new),
            expires_at: None,
            refresh_expires_at: None,
            scopes: BTreeSet::from(["read".to_owned()]),
            grant: None,
        }
    }

    #[test]
    fn what_an_answer_leaves_out_stays() {
        let mut old = set("a1", Some("r1"));
        (old.refresh_expires_at, old.grant) = (Some(Timestamp::UNIX_EPOCH), Some("g".to_owned()));
        let mut bare = set("a2", None);
        bare.scopes.clear();
        let kept = old.renewed(bare);
        assert_eq!(kept.access, Secret::new("a2").unwrap());
        assert_eq!(kept, TokenSet { access: kept.access.clone(), ..old.clone() });
        let rotated = old.renewed(set("a2", Some("r2")));
        assert_eq!((rotated.refresh, rotated.refresh_expires_at), (Secret::new("r2"), None));
    }

    #[test]
    fn nothing_of_it_is_shown() {
        assert!(!format!("{:?}", set("hunter2", Some("hunter3"))).contains("hunter"));
    }
}
