//! Connections, links and settings. What is found in two ways is two rows, written together.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use connector_domain::connection::{Connection, ConnectionStatus, Integration, WorkspaceSettings};
use connector_domain::ports::{ConnectionLists, ConnectionStore, IntegrationFilter, Page, Paging, PortError, Put};
use connector_domain::{AccountId, ConnectionId, ProviderKind, ResourceId, WorkspaceId};
use serde::de::DeserializeOwned;

use super::item::{Item, from_item, keyed, number, text, to_item};
use super::keys::{self, Key, Row};
use super::table::{Condition, Table, page_size};
use super::walk::{Range, Walk};
use crate::aws::port_error;

/// The sparse index of links that are captured.
pub(crate) const ACTIVE: &str = "active";
/// Links per page of that index.
const PAGE: usize = 100;

/// Connections, links and settings in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoConnections {
    table: Table,
}

impl DynamoConnections {
    /// Connections in a table.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { table: Table::new(client, table) }
    }

    async fn row<T: DeserializeOwned>(&self, operation: &'static str, row: &Row) -> Result<Option<T>, PortError> {
        self.table.get(operation, row).await?.map(|item| from_item(operation, item)).transpose()
    }

    async fn rows<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        pk: String,
        prefix: &str,
    ) -> Result<Vec<T>, PortError> {
        let items = self.table.collect(operation, self.table.partition(pk, prefix), usize::MAX).await?;
        items.into_iter().map(|item| from_item(operation, item)).collect()
    }
}

#[async_trait]
impl ConnectionStore for DynamoConnections {
    async fn connection(&self, id: &ConnectionId) -> Result<Option<Connection>, PortError> {
        self.row("read a connection", &Row::Connection(id.clone())).await
    }

    async fn connections_of(&self, provider: ProviderKind, account: &AccountId) -> Result<Vec<Connection>, PortError> {
        self.rows("list an account's connections", keys::connections_of(provider, account), "").await
    }

    async fn put_connection(&self, connection: &Connection) -> Result<Put, PortError> {
        const OPERATION: &str = "store a connection";
        let item = to_item(OPERATION, connection)?;
        let own = Row::Connection(connection.id.clone());
        let of_account = Row::ConnectionOf {
            provider: connection.provider,
            account: connection.account.clone(),
            connection: connection.id.clone(),
        };
        let within = Row::ConnectionIn { workspace: connection.workspace.clone(), connection: connection.id.clone() };
        // Another account would leave a copy behind, and another workspace would take over a foreign account. The rest is
        // [`Connection::replaces`], over a number, since the text of a moment does not sort as moments do.
        let replaces = Condition {
            expression: "attribute_not_exists(PK) OR (#ws = :ws AND #provider = :provider AND #account = :account AND \
                (attribute_not_exists(grantedAt) OR grantedAt < :granted OR \
                (grantedAt = :granted AND (#status <> :revoked OR :status = :revoked))))",
            names: &[("#ws", "workspace"), ("#provider", "provider"), ("#account", "account"), ("#status", "status")],
            values: Item::from([
                (":ws".to_owned(), text(connection.workspace.as_str())),
                (":provider".to_owned(), text(connection.provider.as_str())),
                (":account".to_owned(), text(connection.account.as_str())),
                (":granted".to_owned(), number(connection.created_at.as_nanosecond())),
                (":status".to_owned(), text(connection.status.name())),
                (":revoked".to_owned(), text(ConnectionStatus::Revoked.name())),
            ]),
        };
        let mut of_id = keyed(item.clone(), own.key());
        of_id.insert("grantedAt".to_owned(), number(connection.created_at.as_nanosecond()));
        let parts = vec![
            self.table.transact_put(OPERATION, of_id, Some(replaces))?,
            self.table.transact_put(OPERATION, keyed(item.clone(), of_account.key()), None)?,
            self.table.transact_put(OPERATION, keyed(item, within.key()), None)?,
        ];
        if self.table.transact(OPERATION, parts).await? {
            return Ok(Put::Stored);
        }
        match self.connection(&connection.id).await? {
            Some(known)
                if (&known.workspace, known.provider, &known.account)
                    != (&connection.workspace, connection.provider, &connection.account) =>
            {
                Err(PortError::permanent(OPERATION, "a connection stays with its account and workspace"))
            }
            Some(_) | None => Ok(Put::Conflict),
        }
    }

    async fn integration(
        &self,
        provider: ProviderKind,
        resource: &ResourceId,
        workspace: &WorkspaceId,
    ) -> Result<Option<Integration>, PortError> {
        let (resource, workspace) = (resource.clone(), workspace.clone());
        self.row("read a link", &Row::IntegrationOf { provider, resource, workspace }).await
    }

    async fn integrations_of(
        &self,
        provider: ProviderKind,
        resource: &ResourceId,
    ) -> Result<Vec<Integration>, PortError> {
        self.rows("list a resource's links", keys::integrations_of(provider, resource), "").await
    }

    async fn integrations_in(&self, workspace: &WorkspaceId) -> Result<Vec<Integration>, PortError> {
        self.rows("list a workspace's links", keys::workspace(workspace), keys::INTEGRATIONS).await
    }

    async fn active_integrations(
        &self,
        after: Option<String>,
    ) -> Result<(Vec<Integration>, Option<String>), PortError> {
        const OPERATION: &str = "list active links";
        let place = match after {
            None => ActivePlace { shard: 0, after: None },
            Some(text) => ActivePlace::parse(&text)
                .ok_or_else(|| PortError::permanent(OPERATION, "the place is not one of ours"))?,
        };
        let query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name(ACTIVE)
            .key_condition_expression("activeShard = :shard")
            .expression_attribute_values(":shard", text(place.shard.to_string()))
            .set_exclusive_start_key(place.start())
            .limit(page_size(PAGE));
        let page = query.send().await.map_err(|error| port_error(OPERATION, &error))?;
        let next = match page.last_evaluated_key {
            Some(last) => super::item::key_of(&last).map(|key| ActivePlace { shard: place.shard, after: Some(key) }),
            None if place.shard + 1 < keys::SHARDS => Some(ActivePlace { shard: place.shard + 1, after: None }),
            None => None,
        };
        let rows: Result<Vec<_>, _> =
            page.items.unwrap_or_default().into_iter().map(|item| from_item(OPERATION, item)).collect();
        Ok((rows?, next.map(|next| next.text())))
    }

    async fn put_integration(&self, integration: &Integration) -> Result<(), PortError> {
        const OPERATION: &str = "store a link";
        let item = to_item(OPERATION, integration)?;
        let (provider, resource) = (integration.provider, integration.resource.id.clone());
        let workspace = integration.workspace.clone();
        let within = Row::IntegrationIn { workspace: workspace.clone(), provider, resource: resource.clone() };
        let key = Row::IntegrationOf { provider, resource, workspace }.key();
        let mut of_resource = item.clone();
        if integration.active {
            of_resource.insert("activeShard".to_owned(), text(keys::shard(&key)));
            of_resource.insert("activeKey".to_owned(), text(integration.workspace.as_str()));
        }
        let parts = vec![
            self.table.transact_put(OPERATION, keyed(of_resource, key), None)?,
            self.table.transact_put(OPERATION, keyed(item, within.key()), None)?,
        ];
        self.table.transact(OPERATION, parts).await.map(drop)
    }

    async fn settings(&self, workspace: &WorkspaceId) -> Result<WorkspaceSettings, PortError> {
        Ok(self.row("read settings", &Row::Settings(workspace.clone())).await?.unwrap_or_default())
    }

    async fn put_settings(&self, workspace: &WorkspaceId, settings: &WorkspaceSettings) -> Result<(), PortError> {
        const OPERATION: &str = "store settings";
        let item = keyed(to_item(OPERATION, settings)?, Row::Settings(workspace.clone()).key());
        self.table.put(OPERATION, item).await
    }
}

#[async_trait]
impl ConnectionLists for DynamoConnections {
    async fn connection_in(
        &self,
        workspace: &WorkspaceId,
        connection: &ConnectionId,
    ) -> Result<Option<Connection>, PortError> {
        let (workspace, connection) = (workspace.clone(), connection.clone());
        self.row("read a workspace's connection", &Row::ConnectionIn { workspace, connection }).await
    }

    async fn connections_in(&self, workspace: &WorkspaceId, paging: &Paging) -> Result<Page<Connection>, PortError> {
        const OPERATION: &str = "list a workspace's connections";
        let walk = Walk::new(OPERATION, &self.table, within(workspace, keys::CONNECTIONS, false), paging)?;
        walk.page(keys::CONNECTIONS, paging.limit, |item| from_item(OPERATION, item).map(Some)).await
    }

    async fn integrations_page(
        &self,
        workspace: &WorkspaceId,
        filter: &IntegrationFilter,
        paging: &Paging,
    ) -> Result<Page<Integration>, PortError> {
        const OPERATION: &str = "list a workspace's links in pages";
        let filtered = *filter != IntegrationFilter::default();
        let walk = Walk::new(OPERATION, &self.table, within(workspace, keys::INTEGRATIONS, filtered), paging)?;
        let wanted = |link: &Integration| {
            filter.provider.is_none_or(|provider| link.provider == provider)
                && filter.connection.as_ref().is_none_or(|connection| link.connection == *connection)
                && filter.active.is_none_or(|active| link.active == active)
        };
        let read = |item| from_item::<Integration>(OPERATION, item).map(|link| Some(link).filter(wanted));
        walk.page(keys::INTEGRATIONS, paging.limit, read).await
    }
}

fn within(workspace: &WorkspaceId, prefix: &'static str, filtered: bool) -> Range {
    Range { pk: keys::workspace(workspace), prefix, between: None, newest_first: false, filtered }
}

/// Where a list of active links goes on: in a shard, after a row of it.
struct ActivePlace {
    shard: u8,
    after: Option<Key>,
}

impl ActivePlace {
    /// Identifiers hold no white space, so it keeps the parts apart.
    fn text(&self) -> String {
        match &self.after {
            None => self.shard.to_string(),
            Some(Key { pk, sk }) => format!("{} {pk} {sk}", self.shard),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let shard = parts.next()?.parse().ok().filter(|shard| *shard < keys::SHARDS)?;
        let after = match (parts.next(), parts.next(), parts.next()) {
            (None, None, None) => None,
            (Some(pk), Some(sk), None) => Some(Key { pk: pk.to_owned(), sk: sk.to_owned() }),
            _ => return None,
        };
        match after.as_ref().map(Row::of) {
            None | Some(Some(Row::IntegrationOf { .. })) => Some(Self { shard, after }),
            Some(_) => None,
        }
    }

    fn start(&self) -> Option<Item> {
        let key = self.after.clone()?;
        let Some(Row::IntegrationOf { workspace, .. }) = Row::of(&key) else { return None };
        let index = Item::from([
            ("activeShard".to_owned(), text(self.shard.to_string())),
            ("activeKey".to_owned(), text(workspace.as_str())),
        ]);
        Some(keyed(index, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back_and_nothing_else_does() {
        for text in ["0", "7", "3 RES#github#a#b WS#acme%1"] {
            assert_eq!(ActivePlace::parse(text).unwrap().text(), text);
        }
        for text in ["", "8", "-1", "x", "3 RES#github#a", "3 WS#acme SETTINGS", "3 RES#github#a WS#b c"] {
            assert!(ActivePlace::parse(text).is_none(), "{text}");
        }
    }
}
