//! What people and programs changed in a workspace: entries that are added and never altered.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, WorkspaceId};

/// One thing that was done through the management API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Tells it from others of the same moment.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// In which workspace.
    pub workspace: WorkspaceId,
    /// By whom: the subject of a token, or the id of a machine key.
    pub by: String,
    /// What.
    pub action: ChangeAction,
    /// To what, by its id in the management API.
    pub target: String,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeAction {
    /// An account was disconnected.
    Disconnected,
    /// A resource was linked for the first time.
    Linked,
    /// A resource was linked again.
    Relinked,
    /// A resource was unlinked.
    Unlinked,
    /// What is wanted from a resource was changed.
    SourceChanged,
    /// What the workspace has decided was changed.
    SettingsChanged,
    /// A run was started.
    RunStarted,
    /// A run was stopped.
    RunCancelled,
    /// A run was paused.
    RunPaused,
    /// What was paused or stopped early of a run goes on.
    RunResumed,
    /// What failed of a run is tried again.
    RunRetried,
    /// A delivery is captured anew.
    Replayed,
    /// Documents of a source were asked for.
    DocumentsSynced,
    /// A machine key was handed out.
    KeyCreated,
    /// A machine key was ended.
    KeyRevoked,
}
