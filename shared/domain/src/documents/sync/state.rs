//! How a sync stands.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::backfill::{FailCode, WaitReason};

/// What a sync waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// The provider's budget is used up, or down to what is reserved for other work.
    RateLimit,
    /// The provider asked to slow down.
    SecondaryLimit,
    /// The provider does not answer, or answers with a fault.
    Unavailable,
    /// The provider does not show yet what it has told of.
    Behind,
    /// A person must connect the account again.
    NeedsReconnect,
    /// The provider has suspended the connection.
    Suspended,
}

impl Hold {
    /// The name of the reason.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RateLimit => "rate_limit",
            Self::SecondaryLimit => "secondary_limit",
            Self::Unavailable => "unavailable",
            Self::Behind => "behind",
            Self::NeedsReconnect => "needs_reconnect",
            Self::Suspended => "connection_suspended",
        }
    }
}

impl From<WaitReason> for Hold {
    fn from(reason: WaitReason) -> Self {
        match reason {
            WaitReason::RateLimit => Self::RateLimit,
            WaitReason::SecondaryLimit => Self::SecondaryLimit,
            WaitReason::Unavailable => Self::Unavailable,
        }
    }
}

/// How a sync stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SyncState {
    /// The next step is asked for.
    Pending,
    /// A step is being done.
    Running,
    /// Nothing happens until then.
    Waiting {
        /// When it goes on.
        until: Timestamp,
        /// What it waits for.
        reason: Hold,
    },
    /// The documents are those of the commit.
    Synced,
    /// Some files could not be read. They are tried again, with an end.
    Partial,
    /// The repository has no configuration, so nothing of it is kept.
    NoConfig,
    /// The link has ended, or wants no documents: nothing of it is kept.
    Off,
    /// It cannot go on until somebody changes something. What was kept before stays.
    Failed {
        /// Why.
        code: FailCode,
        /// For whoever can change it, where there is more to say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
}

impl SyncState {
    /// The name of the state.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Waiting { .. } => "waiting",
            Self::Synced => "synced",
            Self::Partial => "partial",
            Self::NoConfig => "no_config",
            Self::Off => "off",
            Self::Failed { .. } => "failed",
        }
    }

    /// Whether it waits for what may be over by now.
    pub(super) const fn can_be_asked_on(&self) -> bool {
        matches!(self, Self::Waiting { reason: Hold::Behind | Hold::NeedsReconnect | Hold::Suspended, .. })
    }

    /// Whether nothing is being done or about to be.
    #[must_use]
    pub const fn is_at_rest(&self) -> bool {
        match self {
            Self::Pending | Self::Running | Self::Waiting { .. } => false,
            Self::Synced | Self::Partial | Self::NoConfig | Self::Off | Self::Failed { .. } => true,
        }
    }
}
