//! Fills the queues anew when a stack starts.
//!
//! SQS keeps messages while nobody is there; these queues live in memory. But every row that is not in a last state says
//! which message it waits for, so the messages can be made again from the rows. Recovery would do it too, minutes later:
//! it waits for rows to be overdue, which here is known from the start.

use std::collections::BTreeMap;
use std::time::Duration;

use connector_domain::backfill::{Unit, UnitState};
use connector_domain::delivery::DeliveryState;
use connector_domain::documents::SyncState;
use connector_domain::ports::PortError;
use connector_domain::task::EnrichTask;
use connector_domain::{Timestamp, time};
use connector_recovery::RecoveryPorts;
use tracing::info;

/// Most rows of a kind; recovery finds those beyond.
const MOST: usize = 100_000;

/// Sends the message of every unfinished row. A message too many does no harm: another process may be at work on the
/// same file.
pub(super) async fn refill(ports: &RecoveryPorts) -> Result<(), PortError> {
    let now = ports.clock.now();
    let mut captures = 0;
    for id in ports.deliveries.due(Timestamp::MAX, MOST).await? {
        if let Some(record) = ports.deliveries.record(&id).await?
            && record.state == DeliveryState::Received
        {
            let tasks = record.pending_tasks();
            ports.captures.send(&tasks, Duration::ZERO).await?;
            captures += tasks.len();
        }
    }
    let mut pages = 0;
    for key in ports.backfills.due_units(Timestamp::MAX, MOST).await? {
        if let Some(unit) = ports.backfills.unit(&key).await?
            && !unit.state.is_at_rest()
        {
            ports.pages.send(&[unit.task()], wait(&unit, now)).await?;
            pages += 1;
        }
    }
    for run in ports.holds.due_holds(Timestamp::MAX, MOST).await? {
        if let Some(hold) = ports.holds.hold(&run).await? {
            ports.replays.send(&[hold.task()], Duration::ZERO).await?;
        }
    }
    let mut waiting: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (workspace, source_id) in ports.enrichment.due(Timestamp::MAX, MOST).await? {
        waiting.entry(workspace).or_default().push(source_id);
    }
    let mut enrichments = 0;
    for (workspace, ids) in waiting {
        ports.enrichments.send(&EnrichTask::split(&workspace, &ids, "start"), Duration::ZERO).await?;
        enrichments += ids.len();
    }
    let mut documents = 0;
    for key in ports.documents.syncs.due_syncs(Timestamp::MAX, MOST).await? {
        // Those that are at rest are due for another pass, later.
        if let Some(sync) = ports.documents.syncs.sync(&key).await?
            && !sync.state.is_at_rest()
        {
            let waiting = if let SyncState::Waiting { until, .. } = sync.state { Some(until) } else { None };
            ports.documents.tasks.send(&[sync.task()], later(now, [waiting, sync.leased_until])).await?;
            documents += 1;
        }
    }
    if captures + pages + enrichments + documents > 0 {
        info!(captures, pages, enrichments, documents, "went on with what was unfinished");
    }
    Ok(())
}

/// A worker drops the message of a page that another one holds, so the message comes when the lease is over.
fn wait(unit: &Unit, now: Timestamp) -> Duration {
    let waiting = if let UnitState::Waiting { until, .. } = unit.state { Some(until) } else { None };
    later(now, [waiting, unit.leased_until])
}

fn later(now: Timestamp, moments: [Option<Timestamp>; 2]) -> Duration {
    time::until(now, moments.into_iter().flatten().max().unwrap_or(now))
}
