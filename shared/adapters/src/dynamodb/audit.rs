//! The audit log: rows that are put once, beside their connection.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use connector_domain::ConnectionId;
use connector_domain::audit::AuditEntry;
use connector_domain::ports::{AuditLog, PortError};

use super::item::{from_item, keyed, to_item};
use super::keys::{self, Row};
use super::table::{Condition, Table};

/// The audit log in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoAudit {
    table: Table,
}

impl DynamoAudit {
    /// Entries in the table of the connections.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { table: Table::new(client, table) }
    }
}

#[async_trait]
impl AuditLog for DynamoAudit {
    async fn append(&self, entry: &AuditEntry) -> Result<(), PortError> {
        const OPERATION: &str = "add to the audit log";
        let row = Row::Audit { connection: entry.connection.clone(), at: entry.at, id: entry.id.clone() };
        let item = keyed(to_item(OPERATION, entry)?, row.key());
        // What is there under this key is this entry.
        self.table.put_if(OPERATION, item, Condition::absent()).await.map(drop)
    }

    async fn entries(&self, connection: &ConnectionId, limit: usize) -> Result<Vec<AuditEntry>, PortError> {
        const OPERATION: &str = "read the audit log";
        let query = self.table.partition(keys::connection(connection), keys::AUDIT).scan_index_forward(false);
        let items = self.table.collect(OPERATION, query, limit).await?;
        items.into_iter().map(|item| from_item(OPERATION, item)).collect()
    }
}
