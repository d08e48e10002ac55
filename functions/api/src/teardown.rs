//! The end of a connection, as far as rows go: the gate first, then its work, then its links.

use std::sync::Arc;

use connector_domain::backfill::UnitKey;
use connector_domain::connection::{Connection, ConnectionStatus, Integration};
use connector_domain::ports::{ConnectionLists, ConnectionStore, IntegrationFilter, Paging, PortError, RunLists};
use connector_flows::{StartPorts, runs};
use connector_providers::provider;

use crate::ports::{ApiPorts, Teardown};

/// Ends a connection in our rows.
pub struct RowsTeardown {
    connections: Arc<dyn ConnectionStore>,
    lists: Arc<dyn ConnectionLists>,
    units: Arc<dyn RunLists>,
    start: StartPorts,
}

/// Links ended at a time.
const PAGE: usize = 100;

impl RowsTeardown {
    /// Over the ports of the API.
    #[must_use]
    pub fn of(ports: &ApiPorts) -> Self {
        Self {
            connections: Arc::clone(&ports.connections),
            lists: Arc::clone(&ports.connection_lists),
            units: Arc::clone(&ports.run_lists),
            start: ports.start.clone(),
        }
    }

    async fn end(&self, mut link: Integration) -> Result<(), PortError> {
        let entities = provider(link.provider).map(|provider| provider.entity_types()).unwrap_or_default();
        let keys: Vec<_> = entities.iter().map(|entity| UnitKey::of(&link, *entity)).collect();
        for unit in self.units.units(&keys).await? {
            let run = unit.run.clone();
            runs::cancel_unit(&*self.start.backfills, &*self.start.clock, unit, &run).await?;
        }
        link.active = false;
        link.inactive_reason = Some("disconnected".to_owned());
        link.updated_at = self.start.clock.now();
        self.connections.put_integration(&link).await
    }
}

#[async_trait::async_trait]
impl Teardown for RowsTeardown {
    async fn disconnect(&self, connection: &Connection) -> Result<(), PortError> {
        if connection.status != ConnectionStatus::Revoked {
            let (status, updated_at) = (ConnectionStatus::Revoked, self.start.clock.now());
            self.connections.put_connection(&Connection { status, updated_at, ..connection.clone() }).await?;
        }
        let filter = IntegrationFilter {
            connection: Some(connection.id.clone()),
            active: Some(true),
            ..IntegrationFilter::default()
        };
        let mut after = None;
        loop {
            let page =
                self.lists.integrations_page(&connection.workspace, &filter, &Paging { after, limit: PAGE }).await?;
            for link in page.items {
                self.end(link).await?;
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }
}
