//! What people look at: the rows of one workspace, in pages.

use async_trait::async_trait;

use super::PortError;
use crate::backfill::{Run, Unit, UnitKey};
use crate::connection::{Connection, Integration};
use crate::delivery::DeliveryRecord;
use crate::{ConnectionId, ProviderKind, ResourceId, Timestamp, WorkspaceId};

/// Where a page of a list starts, and how long it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    /// Go on after this place, from [`Page::next`].
    pub after: Option<String>,
    /// Most rows to answer.
    pub limit: usize,
}

/// A page of a list. It may be short, or empty, and yet have a next one: a rare row is not searched for without end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where to go on, when there may be more.
    pub next: Option<String>,
}

/// Which links to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IntegrationFilter {
    /// Only those of this provider.
    pub provider: Option<ProviderKind>,
    /// Only those through this connection.
    pub connection: Option<ConnectionId>,
    /// Only those that are captured, or only those that are not.
    pub active: Option<bool>,
}

/// Connections and links of a workspace.
#[async_trait]
pub trait ConnectionLists: Send + Sync {
    /// A connection of the workspace, as it is now; that of another one is not there.
    async fn connection_in(
        &self,
        workspace: &WorkspaceId,
        connection: &ConnectionId,
    ) -> Result<Option<Connection>, PortError>;

    /// Its connections, revoked ones too, in a stable order.
    async fn connections_in(&self, workspace: &WorkspaceId, paging: &Paging) -> Result<Page<Connection>, PortError>;

    /// Its links by provider and resource.
    async fn integrations_page(
        &self,
        workspace: &WorkspaceId,
        filter: &IntegrationFilter,
        paging: &Paging,
    ) -> Result<Page<Integration>, PortError>;
}

/// Which deliveries to list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// Only those of this provider.
    pub provider: Option<ProviderKind>,
    /// Only those in this state, by the name of [`DeliveryState`](crate::delivery::DeliveryState).
    pub state: Option<&'static str>,
    /// Only what came at or after this.
    pub since: Timestamp,
    /// Only what came at or before this.
    pub until: Timestamp,
}

/// Deliveries of a workspace.
#[async_trait]
pub trait DeliveryLog: Send + Sync {
    /// What came for the workspace, newest first.
    async fn deliveries_in(
        &self,
        workspace: &WorkspaceId,
        filter: &DeliveryFilter,
        paging: &Paging,
    ) -> Result<Page<DeliveryRecord>, PortError>;
}

/// Runs of a workspace.
#[async_trait]
pub trait RunLists: Send + Sync {
    /// Its runs, newest first; only those of one resource where one is given.
    async fn runs_in(
        &self,
        workspace: &WorkspaceId,
        of: Option<(ProviderKind, &ResourceId)>,
        paging: &Paging,
    ) -> Result<Page<Run>, PortError>;

    /// The units that there are of these, in any order.
    async fn units(&self, keys: &[UnitKey]) -> Result<Vec<Unit>, PortError>;
}
