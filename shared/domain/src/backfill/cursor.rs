//! Where the next page of a list starts, in words only its provider understands.

use serde::{Deserialize, Serialize};

/// Longest cursor in bytes. GitHub's and Sentry's are below 300.
pub(super) const MAX_CURSOR_BYTES: usize = 2_048;

/// An opaque place in a list. It is kept in the unit's row and never put into a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor(String);

/// The text cannot be a cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a cursor is 1 to {MAX_CURSOR_BYTES} bytes long")]
pub struct CursorError;

impl Cursor {
    /// Checks and takes over a text.
    ///
    /// # Errors
    /// When it is empty or too long.
    pub fn parse(text: impl Into<String>) -> Result<Self, CursorError> {
        let text = text.into();
        if text.is_empty() || text.len() > MAX_CURSOR_BYTES {
            return Err(CursorError);
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Cursor {
    type Error = CursorError;
    fn try_from(text: String) -> Result<Self, CursorError> {
        Self::parse(text)
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.0
    }
}
