//! What a service answered that is of no use.

use std::error::Error;

use connector_domain::model::{ModelError, ModelErrorKind};
use connector_domain::ports::{PortError, PortErrorKind};

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceErrorKind {
    /// It asks us to wait.
    RateLimited,
    /// It cannot be reached, is overloaded or broken.
    Unavailable,
    /// It did not answer in time.
    TimedOut,
    /// It refuses the key, or what the key is good for.
    Unauthorized,
    /// It refuses what it was given.
    Rejected,
    /// It leads elsewhere, where its key must not go.
    Redirected,
    /// Its answer is longer than we read.
    TooLarge,
    /// Its answer is not what it should be.
    Malformed,
}

/// A service was of no use. Nothing of what it was given, and nothing that it said but its status, is in here.
#[derive(Debug, thiserror::Error)]
#[error("{service}: {}{detail}", code(*kind))]
pub struct ServiceError {
    /// Which one.
    pub service: &'static str,
    /// What went wrong.
    pub kind: ServiceErrorKind,
    /// More, as a fixed phrase or a number.
    pub detail: String,
    /// Why it could not be reached.
    #[source]
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

const fn code(kind: ServiceErrorKind) -> &'static str {
    match kind {
        ServiceErrorKind::RateLimited => "rate_limited",
        ServiceErrorKind::Unavailable => "unavailable",
        ServiceErrorKind::TimedOut => "timed_out",
        ServiceErrorKind::Unauthorized => "unauthorized",
        ServiceErrorKind::Rejected => "rejected",
        ServiceErrorKind::Redirected => "redirected",
        ServiceErrorKind::TooLarge => "too_large",
        ServiceErrorKind::Malformed => "malformed",
    }
}

impl ServiceError {
    pub(super) fn new(service: &'static str, kind: ServiceErrorKind, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let detail = if detail.is_empty() { detail } else { format!(" ({detail})") };
        Self { service, kind, detail, source: None }
    }

    /// The error of a port.
    pub(super) fn port(self, operation: &'static str) -> PortError {
        let kind = match self.kind {
            ServiceErrorKind::RateLimited
            | ServiceErrorKind::Unavailable
            | ServiceErrorKind::TimedOut
            | ServiceErrorKind::TooLarge
            | ServiceErrorKind::Malformed => PortErrorKind::Temporary,
            ServiceErrorKind::Unauthorized | ServiceErrorKind::Redirected => PortErrorKind::Permanent,
            ServiceErrorKind::Rejected => PortErrorKind::Input,
        };
        PortError { operation, kind, source: Some(self.into()) }
    }
}

impl From<ServiceError> for ModelError {
    fn from(error: ServiceError) -> Self {
        let kind = match error.kind {
            ServiceErrorKind::RateLimited => ModelErrorKind::RateLimited,
            ServiceErrorKind::Unavailable => ModelErrorKind::Unavailable,
            ServiceErrorKind::TimedOut => ModelErrorKind::TimedOut,
            ServiceErrorKind::Unauthorized => ModelErrorKind::Unauthorized,
            ServiceErrorKind::Rejected | ServiceErrorKind::Redirected => ModelErrorKind::Rejected,
            ServiceErrorKind::TooLarge | ServiceErrorKind::Malformed => ModelErrorKind::Malformed,
        };
        Self::because(kind, error)
    }
}
