//! Where it is kept what was changed.

use async_trait::async_trait;

use super::{Page, Paging, PortError};
use crate::WorkspaceId;
use crate::change::Change;

/// What was changed in workspaces. Entries are added and never altered.
#[async_trait]
pub trait ChangeLog: Send + Sync {
    /// Adds an entry. The same one twice is one.
    async fn append(&self, change: &Change) -> Result<(), PortError>;

    /// The entries of a workspace, newest first.
    async fn changes_in(&self, workspace: &WorkspaceId, paging: &Paging) -> Result<Page<Change>, PortError>;
}
