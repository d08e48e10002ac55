//! What was done to connections, by whom: entries that are added and never changed.

use serde::{Deserialize, Serialize};

use crate::{ConnectionId, ProviderKind, Timestamp, UserId, WorkspaceId};

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Tells it from others of the same moment; the same for the same act, so that a repeated step is noted once.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// In which workspace.
    pub workspace: WorkspaceId,
    /// To which connection.
    pub connection: ConnectionId,
    /// Where the account is.
    pub provider: ProviderKind,
    /// By whom.
    pub by: Actor,
    /// What.
    pub action: AuditAction,
    /// More about it, as a fixed word of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A person.
    User(UserId),
    /// The provider announced it.
    Provider,
    /// We did, on our own.
    System,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditAction {
    /// An account was connected.
    Connected,
    /// An account that had been connected was connected again.
    Reconnected,
    /// The account can be used no more until a person connects it again.
    NeedsReconnect,
    /// The end of a connection has begun: nothing is accepted for it any more.
    TeardownStarted,
    /// The end of a connection is complete.
    TornDown,
    /// The provider suspended the app.
    Suspended,
    /// It serves it again.
    Unsuspended,
}

impl AuditAction {
    /// The name of the action.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Reconnected => "reconnected",
            Self::NeedsReconnect => "needs_reconnect",
            Self::TeardownStarted => "teardown_started",
            Self::TornDown => "torn_down",
            Self::Suspended => "suspended",
            Self::Unsuspended => "unsuspended",
        }
    }
}
