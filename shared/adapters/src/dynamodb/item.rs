//! Rows as DynamoDB items: our values as native attributes, next to the keys and index attributes around them.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use connector_domain::Timestamp;
use connector_domain::ports::PortError;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::keys::Key;

pub(crate) type Item = HashMap<String, AttributeValue>;

/// Largest item, less room for what DynamoDB counts besides names and values.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
pub(crate) const MAX_ITEM_BYTES: usize = 390_000;

/// Attributes that are ours and no part of the value that an item holds.
const AROUND: [&str; 17] = [
    "PK",
    "SK",
    "activeKey",
    "activeShard",
    "bucket",
    "dueAt",
    "dueShard",
    "embedded",
    "enrichAttempts",
    "enriched",
    "expiresAt",
    "fellBack",
    "grantedAt",
    "identityConflicts",
    "latest",
    "occurredKey",
    "writeId",
];

/// Attributes that count failures start so, and are ours too.
pub(crate) const FAILED: &str = "failed_";

/// A value as an item.
pub(crate) fn to_item(operation: &'static str, value: impl Serialize) -> Result<Item, PortError> {
    serde_dynamo::aws_sdk_dynamodb_1::to_item(value).map_err(|error| PortError::permanent(operation, error))
}

/// A value as one attribute.
pub(crate) fn to_attribute(operation: &'static str, value: impl Serialize) -> Result<AttributeValue, PortError> {
    serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(value).map_err(|error| PortError::permanent(operation, error))
}

/// The value that an item holds.
pub(crate) fn from_item<T: DeserializeOwned>(operation: &'static str, mut item: Item) -> Result<T, PortError> {
    for name in AROUND {
        item.remove(name);
    }
    item.retain(|name, _| !name.starts_with(FAILED));
    // Its own error would quote what is stored.
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(|_| corrupt(operation))
}

/// What is stored cannot be read.
pub(crate) fn corrupt(operation: &'static str) -> PortError {
    PortError::corrupt(operation, "a row is not in the form in which it was written")
}

/// The value that an attribute holds.
pub(crate) fn from_attribute<T: DeserializeOwned>(
    operation: &'static str,
    attribute: AttributeValue,
) -> Result<T, PortError> {
    serde_dynamo::aws_sdk_dynamodb_1::from_attribute_value(attribute).map_err(|_| corrupt(operation))
}

/// The item under a key.
pub(crate) fn keyed(mut item: Item, key: Key) -> Item {
    item.insert("PK".to_owned(), text(key.pk));
    item.insert("SK".to_owned(), text(key.sk));
    item
}

/// The key of an item.
pub(crate) fn key_of(item: &Item) -> Option<Key> {
    let part = |name| item.get(name)?.as_s().ok().cloned();
    Some(Key { pk: part("PK")?, sk: part("SK")? })
}

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(crate) fn bytes(value: impl Into<Vec<u8>>) -> AttributeValue {
    AttributeValue::B(Blob::new(value))
}

pub(crate) fn milliseconds(at: Timestamp) -> AttributeValue {
    number(at.as_millisecond())
}

/// A number attribute of an item.
pub(crate) fn get_number<T: std::str::FromStr>(item: &Item, name: &str) -> Option<T> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// Whether an item was written by the call that has this id.
pub(crate) fn is_of(item: &Item, write_id: &str) -> bool {
    matches!(item.get("writeId"), Some(AttributeValue::S(id)) if id == write_id)
}

/// The size of an item, as DynamoDB counts it or a little more.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
pub(crate) fn size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value_size(value)).sum()
}

fn value_size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => digits.len() + 1,
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::Ss(texts) => texts.iter().map(String::len).sum(),
        AttributeValue::L(list) => 3 + list.iter().map(|value| 1 + value_size(value)).sum::<usize>(),
        AttributeValue::M(map) => 3 + map.iter().map(|(name, value)| 1 + name.len() + value_size(value)).sum::<usize>(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_add_up() {
        let item: Item = [
            ("text".to_owned(), text("\u{e9}\u{e9}")),
            ("list".to_owned(), AttributeValue::L(vec![number(12), AttributeValue::Bool(true)])),
        ]
        .into();
        assert_eq!(size(&item), 4 + 4 + 4 + 3 + (1 + 3) + (1 + 1));
    }

    #[test]
    fn what_does_not_read_back_is_not_quoted() {
        let item: Item = [("a".to_owned(), text("hunter2"))].into();
        #[derive(Debug, serde::Deserialize)]
        struct Row {
            #[expect(dead_code, reason = "it never gets that far")]
            a: u32,
        }
        let error = from_item::<Row>("read", item).unwrap_err();
        assert_eq!(error.kind, connector_domain::ports::PortErrorKind::Corrupt);
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}
