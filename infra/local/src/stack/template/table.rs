//! Tables.

use serde_json::{Map, Value, json};

use super::document::Node;
use super::{Table, TemplateError};

pub(super) fn read(resource: &Node<'_>) -> Result<Table, TemplateError> {
    let mut definition = Map::from_iter([("BillingMode".to_owned(), json!("PAY_PER_REQUEST"))]);
    for name in ["KeySchema", "AttributeDefinitions"] {
        definition.insert(name.to_owned(), required(resource, name)?);
    }
    if let Some(indexes) = resource.get("Properties.GlobalSecondaryIndexes") {
        definition.insert("GlobalSecondaryIndexes".to_owned(), indexes.json()?);
    }
    let expires = resource.get("Properties.TimeToLiveSpecification.AttributeName");
    Ok(Table { definition: Value::Object(definition), expires: expires.map(|attribute| attribute.text()).transpose()? })
}

fn required(resource: &Node<'_>, name: &str) -> Result<Value, TemplateError> {
    resource.require(&format!("Properties.{name}"))?.json()
}
