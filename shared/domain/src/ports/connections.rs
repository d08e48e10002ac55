//! Where connections, links and settings are kept.

use async_trait::async_trait;

use super::{PortError, Put};
use crate::connection::{Connection, Integration, WorkspaceSettings};
use crate::{AccountId, ConnectionId, ProviderKind, ResourceId, WorkspaceId};

/// Connections, integrations and workspace settings.
#[async_trait]
pub trait ConnectionStore: Send + Sync {
    /// One connection, as it is now.
    async fn connection(&self, id: &ConnectionId) -> Result<Option<Connection>, PortError>;

    /// The connections of a provider account, one per workspace that made one.
    async fn connections_of(&self, provider: ProviderKind, account: &AccountId) -> Result<Vec<Connection>, PortError>;

    /// Stores a connection, new or changed. Revoked is final: only a newer grant, by its [`Connection::created_at`], is
    /// stored on top of it. What was made from an older grant than the stored one is a conflict, too: whoever was at it
    /// when the account was connected again knows nothing of that.
    async fn put_connection(&self, connection: &Connection) -> Result<Put, PortError>;

    /// The link of a resource to a workspace.
    async fn integration(
        &self,
        provider: ProviderKind,
        resource: &ResourceId,
        workspace: &WorkspaceId,
    ) -> Result<Option<Integration>, PortError>;

    /// All links of a resource, active or not.
    async fn integrations_of(
        &self,
        provider: ProviderKind,
        resource: &ResourceId,
    ) -> Result<Vec<Integration>, PortError>;

    /// All links of a workspace, active or not.
    async fn integrations_in(&self, workspace: &WorkspaceId) -> Result<Vec<Integration>, PortError>;

    /// A page of the active links of all workspaces, and where the next page starts. May lag behind writes.
    async fn active_integrations(&self, after: Option<String>)
    -> Result<(Vec<Integration>, Option<String>), PortError>;

    /// Stores a link, new or changed.
    async fn put_integration(&self, integration: &Integration) -> Result<(), PortError>;

    /// The settings of a workspace; the defaults when it has none.
    async fn settings(&self, workspace: &WorkspaceId) -> Result<WorkspaceSettings, PortError>;

    /// Stores the settings of a workspace.
    async fn put_settings(&self, workspace: &WorkspaceId, settings: &WorkspaceSettings) -> Result<(), PortError>;
}
