//! What came for a workspace: one small row for each delivery and workspace, in order of time, that says nothing but where
//! the delivery is. It is written before the delivery's own row, so that where that one is these are; the state is read
//! from that one alone. One that names another moment than the delivery's own row is of a put that came second.

use connector_domain::delivery::{DeliveryRecord, DeliveryState};
use connector_domain::ports::{DeliveryFilter, Page, Paging, PortError};
use connector_domain::{DeliveryId, Timestamp, WorkspaceId};
use futures::future::try_join_all;

use super::{DynamoDeliveries, parse};
use crate::dynamodb::item::{Item, get_number, key_of, keyed, number};
use crate::dynamodb::keys::{self, Row};
use crate::dynamodb::table::Table;
use crate::dynamodb::walk::{Range, Walk, place};

const OPERATION: &str = "list deliveries";
/// What is read of a delivery's row: everything but its bytes. `#s` and `#r` are reserved words.
const COLUMNS: &str = "PK, SK, id, provider, origin, account, #res, received_at, #b, #s, #r, pending, outcomes, attempts, \
                       due_at, correlation, expiresAt";
const ALIASES: [(&str, &str); 4] = [("#s", "state"), ("#r", "reason"), ("#b", "bytes"), ("#res", "resource")];
/// Sorts behind the `#` that follows the moment in a place, whatever comes after it.
const AFTER_SEPARATOR: char = '$';

/// Which log a row is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Log {
    /// Of everything.
    All,
    /// Of what was given up.
    Dead,
}

impl Log {
    const fn prefix(self) -> &'static str {
        match self {
            Self::All => keys::DELIVERIES,
            Self::Dead => keys::DEAD,
        }
    }
}

/// Notes that a delivery came for each of these.
pub(super) async fn note(
    operation: &'static str,
    table: &Table,
    log: Log,
    record: (&DeliveryId, Timestamp),
    workspaces: impl IntoIterator<Item = &WorkspaceId>,
    expires_at: i64,
) -> Result<(), PortError> {
    let (delivery, received_at) = record;
    let puts = workspaces.into_iter().map(|workspace| {
        let (workspace, delivery) = (workspace.clone(), delivery.clone());
        let row = match log {
            Log::All => Row::DeliveryIn { workspace, received_at, delivery },
            Log::Dead => Row::DeadIn { workspace, received_at, delivery },
        };
        let item = Item::from([("expiresAt".to_owned(), number(expires_at))]);
        table.put(operation, keyed(item, row.key()))
    });
    try_join_all(puts).await.map(drop)
}

/// A page of a workspace's log.
pub(super) async fn page(
    store: &DynamoDeliveries,
    workspace: &WorkspaceId,
    filter: &DeliveryFilter,
    paging: &Paging,
) -> Result<Page<DeliveryRecord>, PortError> {
    let dead = DeliveryState::Dead(String::new());
    let log = if filter.state == Some(dead.name()) { Log::Dead } else { Log::All };
    let range = Range {
        pk: keys::workspace(workspace),
        prefix: log.prefix(),
        between: Some((keys::instant(filter.since), format!("{}{AFTER_SEPARATOR}", keys::instant(filter.until)))),
        newest_first: true,
        filtered: filter.provider.is_some() || filter.state.is_some(),
    };
    if filter.since > filter.until {
        return Ok(Page { items: Vec::new(), next: None });
    }
    let mut walk = Walk::new(OPERATION, &store.table, range, paging)?;
    let mut items = Vec::new();
    while let Some(rows) = walk.rows().await? {
        let last = rows.len().saturating_sub(1);
        let mut records = records(store, walk.table(), &rows, filter).await?;
        for (n, row) in rows.iter().enumerate() {
            let Some((received_at, id)) = pointer(row) else { continue };
            let known = records.iter().position(|record| record.id == id && record.received_at == received_at);
            let Some(record) = known.map(|known| records.swap_remove(known)) else { continue };
            let ours = record.workspaces().any(|ws| ws == workspace);
            if !ours || filter.state.is_some_and(|state| record.state_for(workspace).name() != state) {
                continue;
            }
            items.push(record);
            if items.len() == paging.limit {
                let more = n < last || !walk.is_at_end();
                return Ok(Page { items, next: place(row, log.prefix()).filter(|_| more) });
            }
        }
    }
    let next = walk.next(log.prefix());
    Ok(Page { items, next })
}

fn pointer(row: &Item) -> Option<(Timestamp, DeliveryId)> {
    match Row::of(&key_of(row)?)? {
        Row::DeliveryIn { received_at, delivery, .. } | Row::DeadIn { received_at, delivery, .. } => {
            Some((received_at, delivery))
        }
        _ => None,
    }
}

/// The deliveries that some rows of a log point at, without those of another provider and those that have expired.
async fn records(
    store: &DynamoDeliveries,
    table: &Table,
    rows: &[Item],
    filter: &DeliveryFilter,
) -> Result<Vec<DeliveryRecord>, PortError> {
    let of_provider = |id: &DeliveryId| {
        filter.provider.is_none_or(|provider| id.as_str().split('#').next() == Some(provider.as_str()))
    };
    let mut ids: Vec<_> = rows.iter().filter_map(pointer).map(|(_, id)| id).filter(of_provider).collect();
    ids.sort_unstable();
    ids.dedup();
    let wanted: Vec<_> = ids.into_iter().map(Row::Delivery).collect();
    let now = store.clock.now().as_second();
    let heads = table.get_many(OPERATION, &wanted, Some((COLUMNS, &ALIASES))).await?;
    heads
        .into_iter()
        .filter(|head| get_number::<i64>(head, "expiresAt").is_none_or(|expires_at| expires_at > now))
        .map(|head| parse(OPERATION, head))
        .collect()
}
