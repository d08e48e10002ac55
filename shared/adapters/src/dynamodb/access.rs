//! Machine keys, answered requests and changes, in the table of the connections.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use connector_domain::access::MachineKey;
use connector_domain::change::Change;
use connector_domain::ports::{Begun, ChangeLog, MachineKeys, OnceKey, OnceStore, Page, Paging, PortError, Put};
use connector_domain::{Timestamp, WorkspaceId};

use super::item::{Item, corrupt, from_item, get_number, is_of, keyed, milliseconds, number, text, to_item};
use super::keys::{self, Row};
use super::table::{Condition, Table, Written};
use super::walk::{Range, Walk};

/// Machine keys, answered requests and changes in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoAccess {
    table: Table,
}

impl DynamoAccess {
    /// In the table of the connections.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { table: Table::new(client, table) }
    }

    /// Both rows of a key, if the condition holds on the first.
    async fn put_key(
        &self,
        operation: &'static str,
        key: &MachineKey,
        condition: Condition<'_>,
    ) -> Result<bool, PortError> {
        let item = to_item(operation, key)?;
        let own = Row::MachineKey(key.id.clone());
        let within = Row::MachineKeyIn { workspace: key.workspace.clone(), id: key.id.clone() };
        let parts = vec![
            self.table.transact_put(operation, keyed(item.clone(), own.key()), Some(condition))?,
            self.table.transact_put(operation, keyed(item, within.key()), None)?,
        ];
        self.table.transact(operation, parts).await
    }
}

#[async_trait]
impl MachineKeys for DynamoAccess {
    async fn add(&self, key: &MachineKey) -> Result<Put, PortError> {
        let stored = self.put_key("store a machine key", key, Condition::absent()).await?;
        Ok(if stored { Put::Stored } else { Put::Conflict })
    }

    async fn find(&self, id: &str) -> Result<Option<MachineKey>, PortError> {
        const OPERATION: &str = "read a machine key";
        let item = self.table.get(OPERATION, &Row::MachineKey(id.to_owned())).await?;
        item.map(|item| from_item(OPERATION, item)).transpose()
    }

    async fn of_workspace(&self, workspace: &WorkspaceId) -> Result<Vec<MachineKey>, PortError> {
        const OPERATION: &str = "list machine keys";
        let query = self.table.partition(keys::workspace(workspace), keys::KEYS);
        let items = self.table.collect(OPERATION, query, usize::MAX).await?;
        items.into_iter().map(|item| from_item(OPERATION, item)).collect()
    }

    async fn revoke(&self, workspace: &WorkspaceId, id: &str, at: Timestamp) -> Result<Option<MachineKey>, PortError> {
        const OPERATION: &str = "revoke a machine key";
        let within = Row::MachineKeyIn { workspace: workspace.clone(), id: id.to_owned() };
        let Some(item) = self.table.get(OPERATION, &within).await? else { return Ok(None) };
        let mut key: MachineKey = from_item(OPERATION, item)?;
        if key.revoked_at.is_none() {
            key.revoked_at = Some(at);
            let live = Condition {
                expression: "attribute_exists(PK) AND attribute_not_exists(revoked_at)",
                names: &[],
                values: Item::new(),
            };
            if !self.put_key(OPERATION, &key, live).await? {
                // Somebody else has revoked it in between, and what they wrote stands.
                return self.find(id).await;
            }
        }
        Ok(Some(key))
    }
}

#[async_trait]
impl OnceStore for DynamoAccess {
    async fn begin(&self, key: &OnceKey, now: Timestamp, lease_until: Timestamp) -> Result<Begun, PortError> {
        const OPERATION: &str = "begin a request";
        let write_id = Table::write_id();
        let item = Item::from([
            ("request".to_owned(), text(&key.request)),
            ("leaseUntil".to_owned(), milliseconds(lease_until)),
            ("expiresAt".to_owned(), number(lease_until.as_second().saturating_add(1))),
            ("writeId".to_owned(), text(&write_id)),
        ]);
        // DynamoDB deletes late, so both ends are looked at.
        let free = Condition {
            expression: "attribute_not_exists(PK) OR expiresAt <= :second \
                         OR (attribute_not_exists(answer) AND leaseUntil <= :now)",
            names: &[],
            values: Item::from([
                (":second".to_owned(), number(now.as_second())),
                (":now".to_owned(), milliseconds(now)),
            ]),
        };
        match self.table.put_if(OPERATION, keyed(item, row(key).key()), free).await? {
            Written::Stored => Ok(Begun::First),
            Written::Refused(Some(known)) if is_of(&known, &write_id) => Ok(Begun::First),
            Written::Refused(Some(known)) => begun(key, &known).ok_or_else(|| corrupt(OPERATION)),
            Written::Refused(None) => Err(PortError::temporary(OPERATION, "the row came and went")),
        }
    }

    async fn answered(&self, key: &OnceKey, status: u16, body: &str, expires_at: Timestamp) -> Result<(), PortError> {
        let item = Item::from([
            ("request".to_owned(), text(&key.request)),
            ("status".to_owned(), number(status)),
            ("answer".to_owned(), text(body)),
            ("expiresAt".to_owned(), number(expires_at.as_second())),
        ]);
        self.table.put("keep an answer", keyed(item, row(key).key())).await
    }

    async fn forget(&self, key: &OnceKey) -> Result<(), PortError> {
        // Nothing here may delete a row: this one has simply ended.
        let item = Item::from([
            ("request".to_owned(), text(&key.request)),
            ("leaseUntil".to_owned(), number(0)),
            ("expiresAt".to_owned(), number(0)),
        ]);
        self.table.put("forget a request", keyed(item, row(key).key())).await
    }
}

fn row(key: &OnceKey) -> Row {
    Row::Once { workspace: key.workspace.clone(), name: key.name.clone() }
}

fn begun(key: &OnceKey, known: &Item) -> Option<Begun> {
    let texts = |name: &str| known.get(name).and_then(|value: &AttributeValue| value.as_s().ok());
    if texts("request")? != &key.request {
        return Some(Begun::Different);
    }
    Some(match texts("answer") {
        None => Begun::Busy,
        Some(body) => Begun::Answered { status: get_number(known, "status")?, body: body.clone() },
    })
}

#[async_trait]
impl ChangeLog for DynamoAccess {
    async fn append(&self, change: &Change) -> Result<(), PortError> {
        const OPERATION: &str = "note a change";
        let row = Row::Change { workspace: change.workspace.clone(), at: change.at, id: change.id.clone() };
        let item = keyed(to_item(OPERATION, change)?, row.key());
        // Refused means that it is noted.
        self.table.put_if(OPERATION, item, Condition::absent()).await.map(drop)
    }

    async fn changes_in(&self, workspace: &WorkspaceId, paging: &Paging) -> Result<Page<Change>, PortError> {
        const OPERATION: &str = "list changes";
        let range = Range {
            pk: keys::workspace(workspace),
            prefix: keys::CHANGES,
            between: None,
            newest_first: true,
            filtered: false,
        };
        let walk = Walk::new(OPERATION, &self.table, range, paging)?;
        walk.page(keys::CHANGES, paging.limit, |item| from_item(OPERATION, item).map(Some)).await
    }
}
