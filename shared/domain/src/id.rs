//! Identifiers: opaque, never empty, and parsed once at the edge.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest identifier in bytes. Keys are built from several of them, and DynamoDB allows a sort key of 1,024 bytes.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
pub const MAX_ID_BYTES: usize = 255;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing was given; an absent tenant must never become the tenant named "".
    #[error("{0} is empty")]
    Empty(&'static str),
    /// Longer than [`MAX_ID_BYTES`].
    #[error("{0} is longer than {MAX_ID_BYTES} bytes")]
    TooLong(&'static str),
    /// White space or a control character, which no provider puts into an identifier.
    #[error("{0} holds white space or a control character")]
    Character(&'static str),
}

/// Checks what all identifiers have in common.
fn check(kind: &'static str, text: &str) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty(kind));
    }
    if text.len() > MAX_ID_BYTES {
        return Err(IdError::TooLong(kind));
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(IdError::Character(kind));
    }
    Ok(())
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks and takes over a text.
            ///
            /// # Errors
            /// When it is empty, too long, or holds white space or control characters.
            pub fn parse(text: impl Into<String>) -> Result<Self, IdError> {
                let text = text.into();
                check($kind, &text)?;
                Ok(Self(text))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}

id!(
    /// The tenant: every row and message carries one.
    WorkspaceId,
    "workspace id"
);
id!(
    /// A person, as the one who signs people in names them.
    UserId,
    "user id"
);
id!(
    /// An authorised provider account owned by one workspace.
    ConnectionId,
    "connection id"
);
id!(
    /// A resource linked to a workspace through a connection.
    IntegrationId,
    "integration id"
);
id!(
    /// A provider's own immutable id of an account: GitHub's installation id, a Vercel or Linear team, a Sentry installation.
    AccountId,
    "account id"
);
id!(
    /// A provider's own immutable id of a repository, project or team.
    ResourceId,
    "resource id"
);
id!(
    /// One request for history.
    RunId,
    "run id"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_never_empty_long_or_spaced() {
        assert_eq!(WorkspaceId::parse(""), Err(IdError::Empty("workspace id")));
        assert_eq!(RunId::parse("x".repeat(MAX_ID_BYTES + 1)), Err(IdError::TooLong("run id")));
        for bad in ["a b", "a\n", "\u{a0}", "\u{7}"] {
            assert_eq!(AccountId::parse(bad), Err(IdError::Character("account id")), "{bad:?}");
        }
        assert_eq!(ResourceId::parse("R_kg/1").unwrap().as_str(), "R_kg/1");
    }

    #[test]
    fn json_goes_through_the_same_check() {
        assert!(serde_json::from_str::<WorkspaceId>("\"\"").is_err());
        assert_eq!(serde_json::from_str::<WorkspaceId>("\"acme\"").unwrap(), WorkspaceId::parse("acme").unwrap());
    }
}
