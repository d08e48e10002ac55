//! Raw deliveries: a row of state, and the compressed bytes in it or beside it.
//!
//! The row is written last, so that where it is the bytes are. Small bytes are in the row, and one write does all.

mod log;
mod raw;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use connector_domain::capture::CaptureReport;
use connector_domain::delivery::{DeliveryRecord, DeliveryState};
use connector_domain::ports::{
    Clock, DeliveryFilter, DeliveryLog, DeliveryStore, Page, Paging, PortError, PutDelivery, RedeliveryLog,
};
use connector_domain::redelivery::Redelivered;
use connector_domain::{DeliveryId, ProviderKind, Timestamp, WorkspaceId, time};

use super::due;
use super::item::{Item, corrupt, from_item, get_number, is_of, keyed, number, text, to_attribute, to_item};
use super::keys::Row;
use super::table::{Condition, Table, Written};
use crate::system::SystemClock;
use log::Log;

/// How often a change is tried when others change the row at the same time. Each of them gets one step further.
const MAX_TRIES: u32 = 20;

/// Raw deliveries in DynamoDB.
#[derive(Clone)]
pub struct DynamoDeliveries {
    table: Table,
    retention: Duration,
    clock: Arc<dyn Clock>,
}

impl DynamoDeliveries {
    /// Deliveries in a table, each kept for `retention`.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>, retention: Duration) -> Self {
        Self { table: Table::new(client, table), retention, clock: Arc::new(SystemClock) }
    }

    /// Tells by another clock what has expired.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The row, unless it has expired: DynamoDB deletes late.
    /// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html>
    async fn head(&self, operation: &'static str, id: &DeliveryId) -> Result<Option<Item>, PortError> {
        let item = self.table.get(operation, &Row::Delivery(id.clone())).await?;
        let now = self.clock.now().as_second();
        Ok(item.filter(|item| get_number::<i64>(item, "expiresAt").is_none_or(|expires_at| expires_at > now)))
    }
}

#[async_trait]
impl DeliveryStore for DynamoDeliveries {
    async fn put_if_absent(&self, record: &DeliveryRecord, raw: &[u8]) -> Result<PutDelivery, PortError> {
        const OPERATION: &str = "store a delivery";
        let now = self.clock.now();
        let expires_at = time::later(now, self.retention).as_second();
        let packed = raw::pack(OPERATION, raw)?;
        let mut item = item(OPERATION, record)?;
        if packed.fits() {
            packed.put_into(&mut item);
        } else {
            // One read may spare many writes.
            if let Some(known) = self.head(OPERATION, &record.id).await? {
                return Ok(PutDelivery::Exists(Box::new(parse(OPERATION, known)?)));
            }
            packed.store(OPERATION, &self.table, &record.id, expires_at, &mut item).await?;
        }
        let told = (&record.id, record.received_at);
        log::note(OPERATION, &self.table, Log::All, told, record.workspaces(), expires_at).await?;
        let write_id = Table::write_id();
        item.insert("expiresAt".to_owned(), number(expires_at));
        item.insert("writeId".to_owned(), text(&write_id));
        let absent = Condition {
            expression: "attribute_not_exists(PK) OR expiresAt <= :now",
            names: &[],
            values: Item::from([(":now".to_owned(), number(now.as_second()))]),
        };
        match self.table.put_if(OPERATION, item, absent).await? {
            Written::Stored => Ok(PutDelivery::Stored),
            Written::Refused(Some(known)) if is_of(&known, &write_id) => Ok(PutDelivery::Stored),
            Written::Refused(Some(known)) => Ok(PutDelivery::Exists(Box::new(parse(OPERATION, known)?))),
            Written::Refused(None) => Err(PortError::temporary(OPERATION, "the row came and went")),
        }
    }

    async fn record(&self, id: &DeliveryId) -> Result<Option<DeliveryRecord>, PortError> {
        const OPERATION: &str = "read a delivery's row";
        self.head(OPERATION, id).await?.map(|item| parse(OPERATION, item)).transpose()
    }

    async fn load(&self, id: &DeliveryId) -> Result<Option<(DeliveryRecord, Vec<u8>)>, PortError> {
        const OPERATION: &str = "load a delivery";
        let Some(mut item) = self.head(OPERATION, id).await? else { return Ok(None) };
        let raw = raw::take(OPERATION, &self.table, id, &mut item).await?;
        Ok(Some((parse(OPERATION, item)?, raw)))
    }

    async fn reopen(&self, id: &DeliveryId, workspaces: &[WorkspaceId], due_at: Timestamp) -> Result<(), PortError> {
        const OPERATION: &str = "reopen a delivery";
        let row = Row::Delivery(id.clone());
        for _ in 0..MAX_TRIES {
            let known = self.head(OPERATION, id).await?.ok_or_else(|| unknown(OPERATION))?;
            let expires_at = get_number(&known, "expiresAt").unwrap_or_default();
            let known = parse(OPERATION, known)?;
            let open: Vec<_> = workspaces.iter().filter(|ws| !known.outcomes.contains_key(*ws)).collect();
            if open.is_empty() {
                return Ok(());
            }
            let told = (id, known.received_at);
            log::note(OPERATION, &self.table, Log::All, told, open.iter().copied(), expires_at).await?;
            let mut condition = "attribute_exists(PK)".to_owned();
            let mut update = self
                .table
                .update(&row)
                .update_expression(
                    "SET #state = :received, due_at = :due, attempts = :none, dueShard = :shard, dueAt = :dueAt \
                     REMOVE #reason ADD pending :open",
                )
                .expression_attribute_names("#state", "state")
                .expression_attribute_names("#reason", "reason")
                .expression_attribute_names("#outcomes", "outcomes")
                .expression_attribute_values(":received", text("received"))
                .expression_attribute_values(":due", to_attribute(OPERATION, due_at)?)
                .expression_attribute_values(":none", number(0))
                .expression_attribute_values(":open", set(open.iter().copied()));
            for (n, workspace) in open.iter().enumerate() {
                condition.push_str(&format!(" AND attribute_not_exists(#outcomes.#w{n})"));
                update = update.expression_attribute_names(format!("#w{n}"), workspace.as_str());
            }
            let update = due::values(update, &row, due_at).condition_expression(condition);
            if let Written::Stored = self.table.change(OPERATION, update).await? {
                return Ok(());
            }
        }
        Err(contended(OPERATION))
    }

    async fn replay(&self, id: &DeliveryId, workspace: &WorkspaceId, due_at: Timestamp) -> Result<bool, PortError> {
        const OPERATION: &str = "replay a delivery";
        let row = Row::Delivery(id.clone());
        let update = self
            .table
            .update(&row)
            .update_expression(
                "SET #state = :received, due_at = :due, attempts = :none, dueShard = :shard, dueAt = :dueAt \
                 REMOVE #reason ADD pending :this",
            )
            .condition_expression(
                "(attribute_not_exists(expiresAt) OR expiresAt > :now) \
                 AND (attribute_exists(#outcomes.#ws) OR contains(pending, :ws))",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#reason", "reason")
            .expression_attribute_names("#outcomes", "outcomes")
            .expression_attribute_names("#ws", workspace.as_str())
            .expression_attribute_values(":received", text("received"))
            .expression_attribute_values(":due", to_attribute(OPERATION, due_at)?)
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":now", number(self.clock.now().as_second()))
            .expression_attribute_values(":ws", text(workspace.as_str()))
            .expression_attribute_values(":this", set([workspace]));
        let written = self.table.change(OPERATION, due::values(update, &row, due_at)).await?;
        Ok(matches!(written, Written::Stored))
    }

    async fn complete(
        &self,
        id: &DeliveryId,
        workspace: &WorkspaceId,
        report: &CaptureReport,
    ) -> Result<(), PortError> {
        const OPERATION: &str = "complete a delivery";
        let row = Row::Delivery(id.clone());
        let holds = report.held > 0;
        let outcome = |expression: &str, condition: &str| -> Result<_, PortError> {
            let update = self.table.update(&row).update_expression(expression);
            let update = if holds {
                let pending = format!("{condition} AND contains(pending, :id)");
                update.condition_expression(pending).expression_attribute_values(":id", text(workspace.as_str()))
            } else {
                update.condition_expression(condition)
            };
            Ok(update
                .expression_attribute_names("#outcomes", "outcomes")
                .expression_attribute_names("#ws", workspace.as_str())
                .expression_attribute_values(":report", to_attribute(OPERATION, report)?)
                .expression_attribute_values(":this", set([workspace])))
        };
        for _ in 0..MAX_TRIES {
            let last = outcome(
                "SET #outcomes.#ws = :report, #state = :processed REMOVE pending, #reason, dueShard, dueAt",
                "attribute_exists(PK) AND (pending = :this OR attribute_not_exists(pending))",
            )?
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#reason", "reason")
            .expression_attribute_values(":processed", text("processed"));
            match self.table.change(OPERATION, last).await? {
                Written::Stored => return Ok(()),
                Written::Refused(None) => return Err(unknown(OPERATION)),
                Written::Refused(Some(there)) if holds && !is_pending(&there, workspace) => return Ok(()),
                Written::Refused(Some(_)) => {}
            }
            // Others have not captured it yet; when the last of them does so meanwhile, this is refused.
            let one_of_several = outcome(
                "SET #outcomes.#ws = :report DELETE pending :this",
                "attribute_exists(pending) AND pending <> :this",
            )?;
            if let Written::Stored = self.table.change(OPERATION, one_of_several).await? {
                return Ok(());
            }
        }
        Err(contended(OPERATION))
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<DeliveryId>, PortError> {
        const OPERATION: &str = "list due deliveries";
        let due = due::keys(OPERATION, &self.table, now, limit).await?;
        due.iter()
            .map(|key| match Row::of(key) {
                Some(Row::Delivery(id)) => Ok(id),
                _ => Err(corrupt(OPERATION)),
            })
            .collect()
    }

    async fn redrive(&self, id: &DeliveryId, attempts: u32, due_at: Timestamp) -> Result<bool, PortError> {
        const OPERATION: &str = "redrive a delivery";
        let row = Row::Delivery(id.clone());
        let write_id = Table::write_id();
        let update = self
            .table
            .update(&row)
            .update_expression(
                "SET attempts = :next, due_at = :due, dueShard = :shard, dueAt = :dueAt, writeId = :writeId",
            )
            .condition_expression("#state = :received AND attempts = :attempts")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":received", text("received"))
            .expression_attribute_values(":attempts", number(attempts))
            .expression_attribute_values(":next", number(u64::from(attempts) + 1))
            .expression_attribute_values(":due", to_attribute(OPERATION, due_at)?)
            .expression_attribute_values(":writeId", text(&write_id));
        Ok(match self.table.change(OPERATION, due::values(update, &row, due_at)).await? {
            Written::Stored => true,
            Written::Refused(known) => known.is_some_and(|known| is_of(&known, &write_id)),
        })
    }

    async fn bury(&self, id: &DeliveryId, reason: &str) -> Result<(), PortError> {
        const OPERATION: &str = "bury a delivery";
        let Some(known) = self.head(OPERATION, id).await? else { return Ok(()) };
        let expires_at = get_number(&known, "expiresAt").unwrap_or_default();
        let known = parse(OPERATION, known)?;
        let told = (id, known.received_at);
        log::note(OPERATION, &self.table, Log::Dead, told, known.workspaces(), expires_at).await?;
        let update = self
            .table
            .update(&Row::Delivery(id.clone()))
            .update_expression("SET #state = :dead, #reason = :reason REMOVE dueShard, dueAt")
            .condition_expression("#state = :received")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#reason", "reason")
            .expression_attribute_values(":dead", text("dead"))
            .expression_attribute_values(":reason", text(reason))
            .expression_attribute_values(":received", text("received"));
        // Refused means that it has ended already, or is gone.
        self.table.change(OPERATION, update).await.map(drop)
    }
}

#[async_trait]
impl DeliveryLog for DynamoDeliveries {
    async fn deliveries_in(
        &self,
        workspace: &WorkspaceId,
        filter: &DeliveryFilter,
        paging: &Paging,
    ) -> Result<Page<DeliveryRecord>, PortError> {
        log::page(self, workspace, filter, paging).await
    }
}

/// The row as an item, without its bytes. Pending workspaces are a string set, from which each can be taken by itself;
/// a set is never empty.
fn item(operation: &'static str, record: &DeliveryRecord) -> Result<Item, PortError> {
    let row = Row::Delivery(record.id.clone());
    let mut item = keyed(to_item(operation, record)?, row.key());
    item.remove("pending");
    if !record.pending.is_empty() {
        item.insert("pending".to_owned(), set(&record.pending));
    }
    if record.state == DeliveryState::Received {
        due::insert(&mut item, &row, record.due_at);
    }
    Ok(item)
}

fn parse(operation: &'static str, mut item: Item) -> Result<DeliveryRecord, PortError> {
    raw::remove(&mut item);
    let mut record: DeliveryRecord = from_item(operation, item)?;
    record.pending.sort_unstable();
    Ok(record)
}

fn is_pending(item: &Item, workspace: &WorkspaceId) -> bool {
    let pending = item.get("pending").and_then(|pending| pending.as_ss().ok());
    pending.is_some_and(|pending| pending.iter().any(|one| one == workspace.as_str()))
}

fn set<'a>(workspaces: impl IntoIterator<Item = &'a WorkspaceId>) -> AttributeValue {
    let mut ids: Vec<_> = workspaces.into_iter().map(ToString::to_string).collect();
    ids.sort_unstable();
    ids.dedup();
    AttributeValue::Ss(ids)
}

fn unknown(operation: &'static str) -> PortError {
    PortError::permanent(operation, "there is no such delivery")
}

fn contended(operation: &'static str) -> PortError {
    PortError::temporary(operation, "others kept changing the row")
}

#[async_trait]
impl RedeliveryLog for DynamoDeliveries {
    async fn redelivered(&self, provider: ProviderKind) -> Result<Option<Redelivered>, PortError> {
        const OPERATION: &str = "read which webhooks were asked for again";
        let item = self.table.get(OPERATION, &Row::Redelivered(provider)).await?;
        item.map(|item| from_item(OPERATION, item)).transpose()
    }

    async fn put_redelivered(&self, redelivered: &Redelivered) -> Result<(), PortError> {
        const OPERATION: &str = "note which webhooks were asked for again";
        let item = to_item(OPERATION, redelivered)?;
        self.table.put(OPERATION, keyed(item, Row::Redelivered(redelivered.provider).key())).await
    }
}
