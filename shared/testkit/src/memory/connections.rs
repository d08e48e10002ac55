//! Connections, links and settings in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use connector_domain::connection::{Connection, Integration, WorkspaceSettings};
use connector_domain::ports::{ConnectionLists, ConnectionStore, IntegrationFilter, Page, Paging, PortError, Put};
use connector_domain::{AccountId, ConnectionId, ProviderKind, ResourceId, WorkspaceId};

use super::{lists, lock};

/// Small, so that every test of a caller pages.
const PAGE: usize = 2;

/// Connections, links and settings in memory.
#[derive(Debug, Default)]
pub struct MemoryConnections(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    connections: BTreeMap<ConnectionId, Connection>,
    integrations: BTreeMap<(ProviderKind, ResourceId, WorkspaceId), Integration>,
    settings: BTreeMap<WorkspaceId, WorkspaceSettings>,
}

impl MemoryConnections {
    fn integrations(&self, wanted: impl Fn(&Integration) -> bool) -> Vec<Integration> {
        lock(&self.0).integrations.values().filter(|integration| wanted(integration)).cloned().collect()
    }
}

#[async_trait]
impl ConnectionStore for MemoryConnections {
    async fn connection(&self, id: &ConnectionId) -> Result<Option<Connection>, PortError> {
        Ok(lock(&self.0).connections.get(id).cloned())
    }

    async fn connections_of(&self, provider: ProviderKind, account: &AccountId) -> Result<Vec<Connection>, PortError> {
        let state = lock(&self.0);
        let of_account = |connection: &&Connection| connection.provider == provider && connection.account == *account;
        Ok(state.connections.values().filter(of_account).cloned().collect())
    }

    async fn put_connection(&self, connection: &Connection) -> Result<Put, PortError> {
        let mut state = lock(&self.0);
        if let Some(known) = state.connections.get(&connection.id) {
            if (&known.workspace, known.provider, &known.account)
                != (&connection.workspace, connection.provider, &connection.account)
            {
                return Err(PortError::permanent(
                    "store a connection",
                    "a connection stays with its account and workspace",
                ));
            }
            if !connection.replaces(known) {
                return Ok(Put::Conflict);
            }
        }
        state.connections.insert(connection.id.clone(), connection.clone());
        Ok(Put::Stored)
    }

    async fn integration(
        &self,
        provider: ProviderKind,
        resource: &ResourceId,
        workspace: &WorkspaceId,
    ) -> Result<Option<Integration>, PortError> {
        Ok(lock(&self.0).integrations.get(&(provider, resource.clone(), workspace.clone())).cloned())
    }

    async fn integrations_of(
        &self,
        provider: ProviderKind,
        resource: &ResourceId,
    ) -> Result<Vec<Integration>, PortError> {
        Ok(self.integrations(|link| link.provider == provider && link.resource.id == *resource))
    }

    async fn integrations_in(&self, workspace: &WorkspaceId) -> Result<Vec<Integration>, PortError> {
        Ok(self.integrations(|link| link.workspace == *workspace))
    }

    async fn active_integrations(
        &self,
        after: Option<String>,
    ) -> Result<(Vec<Integration>, Option<String>), PortError> {
        let start: usize = after
            .map_or(Ok(0), |after| after.parse())
            .map_err(|error| PortError::permanent("list active integrations", error))?;
        let active = self.integrations(|link| link.active);
        let next = start + PAGE;
        let more = next < active.len();
        Ok((active.into_iter().skip(start).take(PAGE).collect(), more.then(|| next.to_string())))
    }

    async fn put_integration(&self, integration: &Integration) -> Result<(), PortError> {
        let key = (integration.provider, integration.resource.id.clone(), integration.workspace.clone());
        lock(&self.0).integrations.insert(key, integration.clone());
        Ok(())
    }

    async fn settings(&self, workspace: &WorkspaceId) -> Result<WorkspaceSettings, PortError> {
        Ok(lock(&self.0).settings.get(workspace).cloned().unwrap_or_default())
    }

    async fn put_settings(&self, workspace: &WorkspaceId, settings: &WorkspaceSettings) -> Result<(), PortError> {
        lock(&self.0).settings.insert(workspace.clone(), settings.clone());
        Ok(())
    }
}

#[async_trait]
impl ConnectionLists for MemoryConnections {
    async fn connection_in(
        &self,
        workspace: &WorkspaceId,
        connection: &ConnectionId,
    ) -> Result<Option<Connection>, PortError> {
        let state = lock(&self.0);
        Ok(state.connections.get(connection).filter(|connection| connection.workspace == *workspace).cloned())
    }

    async fn connections_in(&self, workspace: &WorkspaceId, paging: &Paging) -> Result<Page<Connection>, PortError> {
        let state = lock(&self.0);
        let ours = state.connections.values().filter(|connection| connection.workspace == *workspace);
        let rows = ours.map(|connection| (connection.id.to_string(), connection.clone())).collect();
        lists::page("list connections", rows, false, paging, |_| true)
    }

    async fn integrations_page(
        &self,
        workspace: &WorkspaceId,
        filter: &IntegrationFilter,
        paging: &Paging,
    ) -> Result<Page<Integration>, PortError> {
        let rows = self.integrations(|link| link.workspace == *workspace).into_iter();
        let rows = rows.map(|link| (format!("{}#{}", link.provider, link.resource.id), link)).collect();
        lists::page("list links", rows, false, paging, |link: &Integration| {
            filter.provider.is_none_or(|provider| link.provider == provider)
                && filter.connection.as_ref().is_none_or(|connection| link.connection == *connection)
                && filter.active.is_none_or(|active| link.active == active)
        })
    }
}
