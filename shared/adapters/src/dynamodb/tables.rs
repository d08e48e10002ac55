//! The four tables, for where `template.yaml` does not make them: the local stack and tests.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, TimeToLiveSpecification,
};
use connector_domain::ports::PortError;

use super::{connections, due, observations};
use crate::aws::port_error;

const OPERATION: &str = "create tables";

/// What the tables are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableNames {
    /// Connections, links, settings, sealed tokens.
    pub connections: String,
    /// Raw deliveries.
    pub deliveries: String,
    /// Observations.
    pub observations: String,
    /// Runs and units.
    pub backfills: String,
}

impl Default for TableNames {
    /// The names of the local stack.
    fn default() -> Self {
        Self {
            connections: "connections".to_owned(),
            deliveries: "deliveries".to_owned(),
            observations: "observations".to_owned(),
            backfills: "backfills".to_owned(),
        }
    }
}

/// An index: its name, its two key attributes, and whether it holds whole rows.
struct Index {
    name: &'static str,
    hash: &'static str,
    range: (&'static str, ScalarAttributeType),
    whole: bool,
}

/// Makes the tables that are not there.
pub(super) async fn create(client: &Client, names: &TableNames) -> Result<(), PortError> {
    let due = || Index { name: due::INDEX, hash: "dueShard", range: ("dueAt", ScalarAttributeType::N), whole: false };
    let active = Index {
        name: connections::ACTIVE,
        hash: "activeShard",
        range: ("activeKey", ScalarAttributeType::S),
        whole: true,
    };
    let timeline = Index {
        name: observations::TIMELINE,
        hash: "bucket",
        range: ("occurredKey", ScalarAttributeType::S),
        whole: true,
    };
    create_one(client, &names.connections, &[active, due()], true).await?;
    create_one(client, &names.deliveries, &[due()], true).await?;
    create_one(client, &names.observations, &[timeline, due()], false).await?;
    create_one(client, &names.backfills, &[due()], true).await
}

async fn create_one(client: &Client, name: &str, indexes: &[Index], expires: bool) -> Result<(), PortError> {
    let mut attributes = vec![("PK", ScalarAttributeType::S), ("SK", ScalarAttributeType::S)];
    let mut create = client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    create = create.set_key_schema(Some(key_schema("PK", "SK")?));
    for index in indexes {
        attributes.extend([(index.hash, ScalarAttributeType::S), index.range.clone()]);
        let projection = if index.whole { ProjectionType::All } else { ProjectionType::KeysOnly };
        let index = GlobalSecondaryIndex::builder()
            .index_name(index.name)
            .set_key_schema(Some(key_schema(index.hash, index.range.0)?))
            .projection(Projection::builder().projection_type(projection).build());
        create = create.global_secondary_indexes(index.build().map_err(invalid)?);
    }
    for (attribute, kind) in attributes {
        let definition = AttributeDefinition::builder().attribute_name(attribute).attribute_type(kind);
        create = create.attribute_definitions(definition.build().map_err(invalid)?);
    }
    match create.send().await {
        Ok(_) => {}
        Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_in_use_exception()) => {
            return Ok(());
        }
        Err(error) => return Err(port_error(OPERATION, &error)),
    }
    if expires {
        let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name("expiresAt");
        let update = client.update_time_to_live().table_name(name);
        let update = update.time_to_live_specification(ttl.build().map_err(invalid)?);
        update.send().await.map_err(|error| port_error(OPERATION, &error))?;
    }
    Ok(())
}

fn key_schema(hash: &str, range: &str) -> Result<Vec<KeySchemaElement>, PortError> {
    [(hash, KeyType::Hash), (range, KeyType::Range)]
        .into_iter()
        .map(|(name, kind)| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().map_err(invalid))
        .collect()
}

fn invalid(error: aws_sdk_dynamodb::error::BuildError) -> PortError {
    PortError::permanent(OPERATION, error)
}
