//! Sealed tokens, beside their connections.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use connector_domain::ConnectionId;
use connector_domain::ports::PortError;

use super::item::{Item, bytes, corrupt, get_number, keyed, number, text};
use super::keys::Row;
use super::table::Table;
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

    pub(crate) async fn get(&self, connection: &ConnectionId) -> Result<Option<Sealed>, PortError> {
        const OPERATION: &str = "read a sealed token";
        let item = self.table.get(OPERATION, &Row::Token(connection.clone())).await?;
        item.map(|item| parse(item).ok_or_else(|| corrupt(OPERATION))).transpose()
    }

    pub(crate) async fn put(&self, connection: &ConnectionId, sealed: Sealed) -> Result<(), PortError> {
        let item = Item::from([
            ("v".to_owned(), number(sealed.version)),
            ("kid".to_owned(), text(sealed.key_id)),
            ("edk".to_owned(), bytes(sealed.data_key)),
            ("nonce".to_owned(), bytes(sealed.nonce)),
            ("ct".to_owned(), bytes(sealed.ciphertext)),
        ]);
        self.table.put("store a sealed token", keyed(item, Row::Token(connection.clone()).key())).await
    }
}

fn parse(mut item: Item) -> Option<Sealed> {
    let mut blob = |name| match item.remove(name)? {
        AttributeValue::B(bytes) => Some(bytes.into_inner()),
        _ => None,
    };
    let (data_key, nonce, ciphertext) = (blob("edk")?, blob("nonce")?, blob("ct")?);
    let AttributeValue::S(key_id) = item.remove("kid")? else { return None };
    Some(Sealed { version: get_number(&item, "v")?, key_id, data_key, nonce: nonce.try_into().ok()?, ciphertext })
}
