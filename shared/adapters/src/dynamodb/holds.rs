//! What runs hold back: beside the run's row, in the order of time.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use connector_domain::backfill::{Hold, HoldState, Place, Version};
use connector_domain::observation::Observation;
use connector_domain::ports::{HoldStore, PortError, Put};
use connector_domain::{RunId, Timestamp};

use super::due;
use super::item::{Item, corrupt, from_item, keyed, text, to_item};
use super::keys::{self, HELD, Key, Row};
use super::table::Table;

/// Holds in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoHolds {
    table: Table,
}

impl DynamoHolds {
    /// Holds in the table of backfills.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { table: Table::new(client, table) }
    }
}

#[async_trait]
impl HoldStore for DynamoHolds {
    async fn hold(&self, run: &RunId) -> Result<Option<Hold>, PortError> {
        const OPERATION: &str = "read a hold";
        let item = self.table.get(OPERATION, &Row::Hold(run.clone())).await?;
        item.map(|item| from_item(OPERATION, item)).transpose()
    }

    async fn put_hold(&self, hold: &Hold, expected: Option<Version>) -> Result<Put, PortError> {
        const OPERATION: &str = "store a hold";
        let row = Row::Hold(hold.run.clone());
        let mut item = keyed(to_item(OPERATION, hold)?, row.key());
        if hold.state != HoldState::Replayed {
            due::insert(&mut item, &row, hold.due_at);
        }
        self.table.put_version(OPERATION, item, expected).await
    }

    async fn keep(&self, run: &RunId, facts: &[Observation]) -> Result<(), PortError> {
        const OPERATION: &str = "keep a fact";
        let items = facts.iter().map(|fact| {
            // As JSON: DynamoDB's own numbers, map keys and depth are narrower.
            let json = serde_json::to_string(fact).map_err(|error| PortError::permanent(OPERATION, error))?;
            let row = Row::Held { run: run.clone(), place: Place::of(fact) };
            Ok((row.key(), Item::from([(FACT.to_owned(), text(json))])))
        });
        self.table.put_all(OPERATION, items.collect::<Result<_, _>>()?).await
    }

    async fn held(&self, run: &RunId, after: Option<&Place>, limit: usize) -> Result<Vec<Observation>, PortError> {
        const OPERATION: &str = "read what is held";
        let start = after.map(|place| {
            let Key { pk, sk } = Row::Held { run: run.clone(), place: place.clone() }.key();
            Item::from([("PK".to_owned(), text(pk)), ("SK".to_owned(), text(sk))])
        });
        let query = self.table.partition(keys::run(run), HELD);
        let items = self.table.collect_after(OPERATION, query, start, limit).await?;
        let read = |item: Item| match item.get(FACT) {
            Some(AttributeValue::S(json)) => serde_json::from_str(json).map_err(|_| corrupt(OPERATION)),
            _ => Err(corrupt(OPERATION)),
        };
        items.into_iter().map(read).collect()
    }

    async fn forget(&self, run: &RunId, places: &[Place]) -> Result<(), PortError> {
        const OPERATION: &str = "forget what was held";
        let row = |place: &Place| Row::Held { run: run.clone(), place: place.clone() };
        self.table.remove_all(OPERATION, &places.iter().map(row).collect::<Vec<_>>()).await
    }

    async fn due_holds(&self, now: Timestamp, limit: usize) -> Result<Vec<RunId>, PortError> {
        due::rows("list due holds", &self.table, now, limit, |row| match row {
            Row::Hold(run) => Some(run),
            _ => None,
        })
        .await
    }
}

/// The attribute that a fact is in.
const FACT: &str = "fact";
