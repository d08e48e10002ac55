//! Links that are looked up where they are not yet.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use connector_domain::connection::{Connection, Integration, WorkspaceSettings};
use connector_domain::ports::{Clock, ConnectionStore, PortError, Put};
use connector_domain::{AccountId, ConnectionId, ProviderKind, ResourceId, WorkspaceId};

use crate::forward;

/// How far the index lags.
const LAG: Duration = Duration::from_secs(5);

pub(crate) struct StaleRouting {
    pub(crate) store: Arc<dyn ConnectionStore>,
    pub(crate) clock: Arc<dyn Clock>,
}

forward::connections!(StaleRouting {
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
} also active_integrations put_integration rest);
