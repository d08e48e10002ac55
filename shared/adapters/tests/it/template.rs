//! The tables that are made here are the tables that `template.yaml` deploys.

use aws_sdk_dynamodb::types::{KeySchemaElement, TableDescription};
use serde_yaml_ng::Value;

use crate::support::dynamo::client;

const TEMPLATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml");

/// Tags such as `!Ref` stand around values.
fn plain(value: &Value) -> &Value {
    match value {
        Value::Tagged(tagged) => plain(&tagged.value),
        other => other,
    }
}

fn text(value: &Value, name: &str) -> String {
    plain(&value[name]).as_str().unwrap_or_default().to_owned()
}

fn list<'a>(value: &'a Value, name: &str) -> Vec<&'a Value> {
    value[name].as_sequence().map(|list| list.iter().collect()).unwrap_or_default()
}

fn deployed(table: &Value) -> Vec<String> {
    let keys = |value: &Value| -> Vec<String> {
        list(value, "KeySchema").iter().map(|key| text(key, "AttributeName") + " " + &text(key, "KeyType")).collect()
    };
    let mut lines = vec![format!("key {:?}", keys(table))];
    lines.push(format!("billing {}", text(table, "BillingMode")));
    lines.push(format!("expires {:?}", text(&table["TimeToLiveSpecification"], "AttributeName")));
    for attribute in list(table, "AttributeDefinitions") {
        lines.push(format!("attribute {} {}", text(attribute, "AttributeName"), text(attribute, "AttributeType")));
    }
    for index in list(table, "GlobalSecondaryIndexes") {
        let projection = text(&index["Projection"], "ProjectionType");
        lines.push(format!("index {} {:?} {projection}", text(index, "IndexName"), keys(index)));
    }
    lines.sort_unstable();
    lines
}

fn made(table: &TableDescription, expires: &str) -> Vec<String> {
    let keys = |keys: &[KeySchemaElement]| -> Vec<String> {
        keys.iter().map(|key| format!("{} {}", key.attribute_name(), key.key_type().as_str())).collect()
    };
    let billing = table.billing_mode_summary().and_then(|summary| summary.billing_mode()).unwrap();
    let mut lines = vec![
        format!("key {:?}", keys(table.key_schema())),
        format!("billing {}", billing.as_str()),
        format!("expires {expires:?}"),
    ];
    for attribute in table.attribute_definitions() {
        lines.push(format!("attribute {} {}", attribute.attribute_name(), attribute.attribute_type().as_str()));
    }
    for index in table.global_secondary_indexes() {
        let projection = index.projection().unwrap().projection_type().unwrap().as_str();
        lines.push(format!("index {} {:?} {projection}", index.index_name().unwrap(), keys(index.key_schema())));
    }
    lines.sort_unstable();
    lines
}

#[tokio::test]
async fn local_tables_are_the_deployed_ones() {
    let template: Value = serde_yaml_ng::from_str(&std::fs::read_to_string(TEMPLATE).unwrap()).unwrap();
    for (name, resource) in [
        ("connections", "ConnectionsTable"),
        ("deliveries", "DeliveriesTable"),
        ("observations", "ObservationsTable"),
        ("backfills", "BackfillsTable"),
    ] {
        let table = client().describe_table().table_name(name).send().await.unwrap().table.unwrap();
        let ttl = client().describe_time_to_live().table_name(name).send().await.unwrap();
        let expires = ttl.time_to_live_description.and_then(|ttl| ttl.attribute_name).unwrap_or_default();
        assert_eq!(made(&table, &expires), deployed(&template["Resources"][resource]["Properties"]), "{name}");
    }
}
