//! How a unit stands.

use serde::{Deserialize, Serialize};

use super::FailCode;
use crate::Timestamp;

/// What a unit waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitReason {
    /// The provider's budget is used up, or down to what is reserved for live work.
    RateLimit,
    /// The provider asked to slow down.
    SecondaryLimit,
    /// The provider does not answer, or answers with a fault.
    Unavailable,
}

impl WaitReason {
    /// The name of the reason.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RateLimit => "rate_limit",
            Self::SecondaryLimit => "secondary_limit",
            Self::Unavailable => "unavailable",
        }
    }
}

/// Why a unit is paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    /// Somebody asked for it.
    Asked,
    /// The connection must be made anew by a person; then the unit goes on by itself.
    NeedsReconnect,
    /// The provider has suspended the connection; the unit goes on by itself when it is lifted.
    Suspended,
}

impl PauseReason {
    /// The name of the reason.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::NeedsReconnect => "needs_reconnect",
            Self::Suspended => "connection_suspended",
        }
    }

    /// What a refusal pauses for; `None` when it ends the unit.
    #[must_use]
    pub fn of(code: &FailCode) -> Option<Self> {
        [(FailCode::NEEDS_RECONNECT, Self::NeedsReconnect), (FailCode::SUSPENDED, Self::Suspended)]
            .into_iter()
            .find_map(|(known, why)| (known == *code).then_some(why))
    }

    /// Whether it is over as soon as the connection works again.
    #[must_use]
    pub const fn is_of_connection(self) -> bool {
        match self {
            Self::Asked => false,
            Self::NeedsReconnect | Self::Suspended => true,
        }
    }
}

/// How a unit stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum UnitState {
    /// Not begun.
    Pending,
    /// Pages are being fetched.
    Running,
    /// Nothing happens until then.
    Waiting {
        /// When it goes on.
        until: Timestamp,
        /// What it waits for.
        reason: WaitReason,
    },
    /// Nothing happens until somebody wants it to go on. It keeps its place.
    Paused {
        /// Why.
        why: PauseReason,
    },
    /// All of the window was read.
    Completed,
    /// Stopped early; the cursor says where to go on.
    Partial {
        /// Why, as a code.
        reason: String,
    },
    /// Stopped by a person. What was captured stays.
    Cancelled,
    /// Cannot go on.
    Failed {
        /// Why.
        code: FailCode,
    },
}

impl UnitState {
    /// Whether nothing more will happen by itself.
    #[must_use]
    pub const fn is_terminal(&self) -> bool {
        match self {
            Self::Pending | Self::Running | Self::Waiting { .. } | Self::Paused { .. } => false,
            Self::Completed | Self::Partial { .. } | Self::Cancelled | Self::Failed { .. } => true,
        }
    }

    /// Whether nothing happens until somebody asks for it: it has ended, or it is paused.
    #[must_use]
    pub const fn is_at_rest(&self) -> bool {
        self.is_terminal() || matches!(self, Self::Paused { .. })
    }

    /// The name of the state.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Waiting { .. } => "waiting",
            Self::Paused { .. } => "paused",
            Self::Completed => "completed",
            Self::Partial { .. } => "partial",
            Self::Cancelled => "cancelled",
            Self::Failed { .. } => "failed",
        }
    }
}
