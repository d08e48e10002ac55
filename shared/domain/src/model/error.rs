//! Why a model gave no answer that can be used.

use std::error::Error;

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelErrorKind {
    /// It asks us to wait.
    RateLimited,
    /// It cannot be reached, is overloaded or broken.
    Unavailable,
    /// It did not answer in time.
    TimedOut,
    /// It refuses the key.
    Unauthorized,
    /// It refuses the request.
    Rejected,
    /// It declined to answer, as models may.
    Declined,
    /// Its answer is not what was asked for, or too long.
    Malformed,
    /// The day's budget is spent, so it was not asked.
    BudgetSpent,
}

impl ModelErrorKind {
    /// The code in rows, logs and answers.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::TimedOut => "timed_out",
            Self::Unauthorized => "unauthorized",
            Self::Rejected => "rejected",
            Self::Declined => "declined",
            Self::Malformed => "malformed",
            Self::BudgetSpent => "budget_spent",
        }
    }

    /// Whether asking again can help.
    #[must_use]
    pub const fn is_temporary(self) -> bool {
        matches!(self, Self::RateLimited | Self::Unavailable | Self::TimedOut)
    }
}

/// A model gave no answer that can be used.
#[derive(Debug, thiserror::Error)]
#[error("the language model gave no answer: {}", kind.code())]
pub struct ModelError {
    /// What went wrong.
    pub kind: ModelErrorKind,
    /// What the outside said, without what it was asked.
    #[source]
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl ModelError {
    /// Without more to say.
    #[must_use]
    pub const fn new(kind: ModelErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// With what the outside said.
    #[must_use]
    pub fn because(kind: ModelErrorKind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind, source: Some(source.into()) }
    }
}
