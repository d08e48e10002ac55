//! Sealed tokens, beside their connections.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use connector_domain::backfill::Version;
use connector_domain::connection::Connection;
use connector_domain::oauth::TokenRow;
use connector_domain::ports::{PortError, Put, TokenRows};
use connector_domain::{ConnectionId, Timestamp};

use super::due;
use super::item::{Item, bytes, corrupt, from_attribute, get_number, is_of, keyed, number, text, to_attribute};
use super::keys::{Key, Row};
use super::table::{Condition, Table, Written};
use crate::vault::Sealed;

/// Sealed tokens in DynamoDB: nothing here can be read without the key service.
#[derive(Debug, Clone)]
pub struct SealedTokens {
    table: Table,
}

impl SealedTokens {
    /// Tokens in the table of the connections.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { table: Table::new(client, table) }
    }

    pub(crate) async fn get(&self, connection: &ConnectionId) -> Result<Option<(TokenRow, Sealed)>, PortError> {
        const OPERATION: &str = "read sealed tokens";
        let Some(mut item) = self.table.get(OPERATION, &Row::Token(connection.clone())).await? else { return Ok(None) };
        let row = item.remove("row").ok_or_else(|| corrupt(OPERATION))?;
        let row = from_attribute(OPERATION, row)?;
        Ok(Some((row, unsealed(item).ok_or_else(|| corrupt(OPERATION))?)))
    }

    pub(crate) async fn put(
        &self,
        connection: &ConnectionId,
        row: &TokenRow,
        sealed: Sealed,
        expected: Option<Version>,
    ) -> Result<Put, PortError> {
        const OPERATION: &str = "store sealed tokens";
        let write_id = Table::write_id();
        let key = Row::Token(connection.clone());
        let mut item = keyed(self::item(sealed), key.key());
        if let Some(due_at) = row.due_at() {
            due::insert(&mut item, &key, due_at);
        }
        item.insert("row".to_owned(), to_attribute(OPERATION, row)?);
        item.insert("version".to_owned(), number(row.version));
        item.insert("writeId".to_owned(), text(&write_id));
        let condition = expected.map_or_else(Condition::absent, |expected| Condition {
            expression: UNCHANGED,
            names: &[("#version", "version")],
            values: Item::from([(":expected".to_owned(), number(expected))]),
        });
        Ok(put(self.table.put_if(OPERATION, item, condition).await?, &write_id))
    }
}

#[async_trait]
impl TokenRows for SealedTokens {
    async fn row(&self, connection: &Connection) -> Result<Option<TokenRow>, PortError> {
        const OPERATION: &str = "read the row of tokens";
        let item = self.table.get(OPERATION, &Row::Token(connection.id.clone())).await?;
        let row = item.map(|mut item| item.remove("row").ok_or_else(|| corrupt(OPERATION))).transpose()?;
        row.map(|row| from_attribute(OPERATION, row)).transpose()
    }

    async fn mark(&self, connection: &Connection, row: &TokenRow, expected: Version) -> Result<Put, PortError> {
        const OPERATION: &str = "mark sealed tokens";
        let write_id = Table::write_id();
        let key = Row::Token(connection.id.clone());
        let update = self.table.update(&key);
        let update = match row.due_at() {
            Some(due_at) => due::values(update, &key, due_at).update_expression(DUE),
            None => update.update_expression(NOT_DUE),
        };
        let update = update
            .condition_expression(UNCHANGED)
            .expression_attribute_names("#row", "row")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":row", to_attribute(OPERATION, row)?)
            .expression_attribute_values(":version", number(row.version))
            .expression_attribute_values(":write", text(&write_id))
            .expression_attribute_values(":expected", number(expected));
        Ok(put(self.table.change(OPERATION, update).await?, &write_id))
    }

    async fn delete(&self, connection: &Connection, expected: Version) -> Result<Put, PortError> {
        let delete = self
            .table
            .delete(&Row::Token(connection.id.clone()))
            .condition_expression("attribute_not_exists(PK) OR #version = :expected")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":expected", number(expected));
        Ok(match self.table.remove("delete sealed tokens", delete).await? {
            Some(_) => Put::Stored,
            None => Put::Conflict,
        })
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<ConnectionId>, PortError> {
        let keys = due::keys("list tokens that are due", &self.table, now, limit).await?;
        let connection = |key: &Key| match Row::of(key)? {
            Row::Token(connection) => Some(connection),
            _ => None,
        };
        Ok(keys.iter().filter_map(connection).collect())
    }
}

const UNCHANGED: &str = "#version = :expected";
const DUE: &str = "SET #row = :row, #version = :version, writeId = :write, dueShard = :shard, dueAt = :dueAt";
const NOT_DUE: &str = "SET #row = :row, #version = :version, writeId = :write REMOVE dueShard, dueAt";

/// A refusal on a row of our own write is a repeated request whose first answer was lost.
fn put(written: Written, write_id: &str) -> Put {
    match written {
        Written::Stored => Put::Stored,
        Written::Refused(Some(known)) if is_of(&known, write_id) => Put::Stored,
        Written::Refused(_) => Put::Conflict,
    }
}

/// What is sealed, as attributes.
pub(super) fn item(sealed: Sealed) -> Item {
    Item::from([
        ("v".to_owned(), number(sealed.version)),
        ("kid".to_owned(), text(sealed.key_id)),
        ("edk".to_owned(), bytes(sealed.data_key)),
        ("nonce".to_owned(), bytes(sealed.nonce)),
        ("ct".to_owned(), bytes(sealed.ciphertext)),
    ])
}

/// What is sealed, out of its attributes.
pub(super) fn unsealed(mut item: Item) -> Option<Sealed> {
    let mut blob = |name| match item.remove(name)? {
        AttributeValue::B(bytes) => Some(bytes.into_inner()),
        _ => None,
    };
    let (data_key, nonce, ciphertext) = (blob("edk")?, blob("nonce")?, blob("ct")?);
    let AttributeValue::S(key_id) = item.remove("kid")? else { return None };
    Some(Sealed { version: get_number(&item, "v")?, key_id, data_key, nonce: nonce.try_into().ok()?, ciphertext })
}
