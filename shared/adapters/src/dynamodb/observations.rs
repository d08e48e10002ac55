//! Observations: one row each, and an index by month and time.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use connector_domain::capture::CaptureOutcome;
use connector_domain::enrich::Enrichment;
use connector_domain::observation::Observation;
use connector_domain::ports::{EnrichmentStore, ObservationFilter, ObservationPage, ObservationStore, PortError};
use connector_domain::transformed::Deletion;
use connector_domain::{SourceId, WorkspaceId};
use futures::StreamExt;

use super::due;
use super::item::{Item, MAX_ITEM_BYTES, corrupt, from_item, keyed, size, text, to_item};
use super::keys::{self, Row};
use super::table::{CONCURRENCY, Condition, Table, Written};

mod deletions;
mod enrichment;
mod list;
mod models;

pub(super) use list::INDEX as TIMELINE;
pub use list::Search;

/// Months remembered as noted; more are forgotten and noted again, which does no harm.
const MAX_MONTHS: usize = 10_000;
const PUT: &str = "store an observation";

/// Observations in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoObservations {
    table: Table,
    search: Search,
    months: Arc<Mutex<HashSet<(WorkspaceId, String)>>>,
}

impl DynamoObservations {
    /// Observations in a table.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { table: Table::new(client, table), search: Search::default(), months: Arc::default() }
    }

    /// Bounds the search for rows that a filter lets through.
    #[must_use]
    pub const fn with_search(mut self, search: Search) -> Self {
        self.search = search;
        self
    }

    async fn put(&self, observation: &Observation) -> Result<CaptureOutcome, PortError> {
        let item = to_row(observation)?;
        if size(&item) > MAX_ITEM_BYTES {
            return Err(PortError::permanent(PUT, "it does not fit a row"));
        }
        self.note_month(observation).await?;
        match self.table.put_if(PUT, item, Condition::absent()).await? {
            Written::Stored => Ok(CaptureOutcome::Captured),
            Written::Refused(Some(kept)) => {
                let known = enrichment::conflicts(&kept);
                let outcome = from_row(PUT, kept)?.met(observation);
                self.note_conflicts(observation, &outcome, &known).await?;
                Ok(outcome)
            }
            Written::Refused(None) => Err(PortError::temporary(PUT, "the row came and went")),
        }
    }

    /// Notes on the row what a duplicate says otherwise, unless that is noted.
    async fn note_conflicts(
        &self,
        seen: &Observation,
        outcome: &CaptureOutcome,
        known: &BTreeSet<String>,
    ) -> Result<(), PortError> {
        let CaptureOutcome::Duplicate { conflicts } = outcome else { return Ok(()) };
        let new: Vec<_> =
            conflicts.iter().filter(|field| !known.contains(**field)).map(|field| (*field).to_owned()).collect();
        if new.is_empty() {
            return Ok(());
        }
        let row = Row::Observation { workspace: seen.workspace.clone(), source_id: seen.event.source_id.clone() };
        let update = self.table.update(&row).update_expression("ADD identityConflicts :new");
        let update = update.condition_expression("attribute_exists(PK)");
        self.table.change(PUT, update.expression_attribute_values(":new", AttributeValue::Ss(new))).await?;
        Ok(())
    }

    /// Notes that a month has observations, before it has the first: a list then asks for those months only,
    /// however far apart they are.
    async fn note_month(&self, observation: &Observation) -> Result<(), PortError> {
        let noted = (observation.workspace.clone(), keys::month(observation.event.occurred_at));
        let months = || self.months.lock().unwrap_or_else(PoisonError::into_inner);
        if months().contains(&noted) {
            return Ok(());
        }
        let (workspace, month) = noted.clone();
        self.table.put(PUT, keyed(Item::new(), Row::Month { workspace, month }.key())).await?;
        let mut months = months();
        if months.len() >= MAX_MONTHS {
            months.clear();
        }
        months.insert(noted);
        Ok(())
    }
}

#[async_trait]
impl ObservationStore for DynamoObservations {
    async fn put_if_absent(&self, observations: &[Observation]) -> Vec<Result<CaptureOutcome, PortError>> {
        let puts: Vec<_> = observations.iter().map(|observation| self.put(observation)).collect();
        futures::stream::iter(puts).buffered(CONCURRENCY).collect().await
    }

    async fn put_deletions(&self, workspace: &WorkspaceId, deletions: &[Deletion]) -> Result<(), PortError> {
        deletions::put(&self.table, workspace, deletions).await
    }

    async fn get(&self, workspace: &WorkspaceId, source_id: &SourceId) -> Result<Option<Observation>, PortError> {
        Ok(self.load(workspace, source_id).await?.map(|(observation, _)| observation))
    }

    async fn list(&self, workspace: &WorkspaceId, filter: &ObservationFilter) -> Result<ObservationPage, PortError> {
        let ObservationPage { observations, next } = list::list(&self.table, self.search, workspace, filter).await?;
        Ok(ObservationPage { observations: deletions::shown(&self.table, workspace, observations).await?, next })
    }
}

/// The row of an observation. Metadata is JSON text: DynamoDB's own numbers, map keys and depth are narrower than JSON's,
/// and what a provider puts there must neither change nor be refused.
fn to_row(observation: &Observation) -> Result<Item, PortError> {
    let event = &observation.event;
    let row = Row::Observation { workspace: observation.workspace.clone(), source_id: event.source_id.clone() };
    let mut item = keyed(to_item(PUT, observation)?, row.key());
    let metadata = serde_json::to_string(&event.metadata).map_err(|error| PortError::permanent(PUT, error))?;
    if let Some(AttributeValue::M(event)) = item.get_mut("event") {
        event.insert("metadata".to_owned(), text(metadata));
    }
    let bucket = keys::bucket(&observation.workspace, &keys::month(event.occurred_at));
    item.insert("bucket".to_owned(), text(bucket));
    item.insert("occurredKey".to_owned(), text(keys::occurred(event.occurred_at, &event.source_id)));
    if let Some(due_at) = Enrichment::start(observation.captured_at).due_at {
        due::insert(&mut item, &row, due_at);
    }
    Ok(item)
}

fn from_row(operation: &'static str, mut item: Item) -> Result<Observation, PortError> {
    let metadata = match item.get_mut("event") {
        Some(AttributeValue::M(event)) => event.insert("metadata".to_owned(), AttributeValue::M(Item::new())),
        _ => None,
    };
    let Some(AttributeValue::S(metadata)) = metadata else { return Err(corrupt(operation)) };
    let mut observation: Observation = from_item(operation, item)?;
    observation.event.metadata = serde_json::from_str(&metadata).map_err(|_| corrupt(operation))?;
    Ok(observation)
}
