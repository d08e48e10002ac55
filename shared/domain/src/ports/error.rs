//! What every port answers when it cannot do its work.

use std::error::Error;

/// Whether asking again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortErrorKind {
    /// It may work later: throttled, timed out, not reachable. The message goes back to its queue.
    Temporary,
    /// It will not work until a person changes something: no permission, no such table, key disabled.
    Permanent,
    /// What is stored cannot be read.
    Corrupt,
    /// The caller asked for what cannot be, such as going on from a place that is not one of ours.
    Input,
}

/// A port could not do its work.
#[derive(Debug, thiserror::Error)]
#[error("{operation} failed")]
pub struct PortError {
    /// What was tried, as a fixed phrase.
    pub operation: &'static str,
    /// Whether asking again can help.
    pub kind: PortErrorKind,
    /// What the outside said.
    #[source]
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl PortError {
    /// It may work later.
    #[must_use]
    pub fn temporary(operation: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { operation, kind: PortErrorKind::Temporary, source: Some(source.into()) }
    }

    /// A person must change something.
    #[must_use]
    pub fn permanent(operation: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { operation, kind: PortErrorKind::Permanent, source: Some(source.into()) }
    }

    /// The place to go on from is not one of ours.
    #[must_use]
    pub fn bad_cursor(operation: &'static str) -> Self {
        Self { operation, kind: PortErrorKind::Input, source: Some("the cursor is not one of ours".into()) }
    }

    /// What is stored cannot be read.
    #[must_use]
    pub fn corrupt(operation: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { operation, kind: PortErrorKind::Corrupt, source: Some(source.into()) }
    }
}
