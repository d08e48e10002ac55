//! Links that are looked up where they are not yet.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use connector_domain::connection::{Connection, Integration, WorkspaceSettings};
use connector_domain::ports::{Clock, ConnectionStore, PortError, Put};
use connector_domain::{AccountId, ConnectionId, ProviderKind, ResourceId, WorkspaceId};

/// How far the index lags.
const LAG: Duration = Duration::from_secs(5);

pub(crate) struct StaleRouting {
    pub(crate) store: Arc<dyn ConnectionStore>,
    pub(crate) clock: Arc<dyn Clock>,
}

#[async_trait]
impl ConnectionStore for StaleRouting {
    async fn integrations_of(
        &self,
        provider: ProviderKind,
        resource: &ResourceId,
    ) -> Result<Vec<Integration>, PortError> {
        let mut links = self.store.integrations_of(provider, resource).await?;
        let now = self.clock.now();
        links.retain(|link| link.updated_at.checked_add(LAG).is_ok_and(|seen| seen < now));
        Ok(links)
    }

    async fn connection(&self, id: &ConnectionId) -> Result<Option<Connection>, PortError> {
        self.store.connection(id).await
    }

    async fn connections_of(&self, provider: ProviderKind, account: &AccountId) -> Result<Vec<Connection>, PortError> {
        self.store.connections_of(provider, account).await
    }

    async fn put_connection(&self, connection: &Connection) -> Result<Put, PortError> {
        self.store.put_connection(connection).await
    }

    async fn integration(
        &self,
        provider: ProviderKind,
        resource: &ResourceId,
        workspace: &WorkspaceId,
    ) -> Result<Option<Integration>, PortError> {
        self.store.integration(provider, resource, workspace).await
    }

    async fn integrations_in(&self, workspace: &WorkspaceId) -> Result<Vec<Integration>, PortError> {
        self.store.integrations_in(workspace).await
    }

    async fn active_integrations(
        &self,
        after: Option<String>,
    ) -> Result<(Vec<Integration>, Option<String>), PortError> {
        self.store.active_integrations(after).await
    }

    async fn put_integration(&self, integration: &Integration) -> Result<(), PortError> {
        self.store.put_integration(integration).await
    }

    async fn settings(&self, workspace: &WorkspaceId) -> Result<WorkspaceSettings, PortError> {
        self.store.settings(workspace).await
    }

    async fn put_settings(&self, workspace: &WorkspaceId, settings: &WorkspaceSettings) -> Result<(), PortError> {
        self.store.put_settings(workspace, settings).await
    }
}
