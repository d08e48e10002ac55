//! One sweep over deliveries, units and observations that are due.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use connector_domain::backfill::{Limits, UnitKey};
use connector_domain::delivery::DeliveryState;
use connector_domain::documents::DocumentsKey;
use connector_domain::ports::{BackfillStore, Clock, DeliveryStore, EnrichmentStore, HoldStore, PortError, Put, Queue};
use connector_domain::task::{CaptureTask, EnrichTask, PageTask, ReplayTask};
use connector_domain::{DeliveryId, RunId, SourceId, Timestamp, WorkspaceId};
use connector_flows::documents::DocumentPorts;
use connector_flows::{RedeliveryPorts, redeliver};
use connector_lambda::telemetry::chain;
use tracing::{error, info, warn};

/// What the sweep needs of the outside.
#[derive(Clone)]
pub struct RecoveryPorts {
    /// Deliveries that were not captured.
    pub deliveries: Arc<dyn DeliveryStore>,
    /// Units that stand still.
    pub backfills: Arc<dyn BackfillStore>,
    /// Runs that hold facts back.
    pub holds: Arc<dyn HoldStore>,
    /// Observations that were not enriched.
    pub enrichment: Arc<dyn EnrichmentStore>,
    /// Who captures.
    pub captures: Arc<dyn Queue<CaptureTask>>,
    /// Who captures what a run has held back.
    pub replays: Arc<dyn Queue<ReplayTask>>,
    /// Who fetches.
    pub pages: Arc<dyn Queue<PageTask>>,
    /// Who enriches.
    pub enrichments: Arc<dyn Queue<EnrichTask>>,
    /// Documents that are not as they should be.
    pub documents: DocumentPorts,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Sends what is stuck again.
#[derive(Clone)]
pub struct Recovery {
    ports: RecoveryPorts,
    limits: Limits,
    redelivery: Option<RedeliveryPorts>,
}

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Deliveries sent again.
    pub deliveries: u64,
    /// Deliveries given up; their bytes stay.
    pub dead: u64,
    /// Units sent again.
    pub units: u64,
    /// Runs that hold facts back and were looked at again.
    pub holds: u64,
    /// Observations sent again.
    pub observations: u64,
    /// Syncs of documents sent again.
    pub documents: u64,
    /// Observations whose enrichment is given up; it is done when their deliveries are replayed.
    pub unenriched: u64,
    /// Webhooks that a provider was asked for again.
    pub redelivered: u64,
    /// Rows that could not be looked at; the next sweep tries again.
    pub failed: u64,
    /// How many seconds the oldest of them was overdue.
    pub oldest: u64,
}

impl Swept {
    fn overdue(&mut self, due_at: Timestamp, now: Timestamp) {
        let seconds = u64::try_from(now.duration_since(due_at).as_secs()).unwrap_or(0);
        self.oldest = self.oldest.max(seconds);
    }
}

/// Rows looked at per sweep and kind. What is over comes first in the next one.
const BATCH: usize = 200;
/// How often a delivery is sent again before it is given up.
const MAX_ATTEMPTS: u32 = 10;
/// Pause before the second attempt; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(300);
/// Longest pause.
const MAX_PAUSE: Duration = Duration::from_secs(6 * 3_600);

impl Recovery {
    /// The recovery function.
    #[must_use]
    pub const fn new(ports: RecoveryPorts, limits: Limits) -> Self {
        Self { ports, limits, redelivery: None }
    }

    /// The same, which also asks providers for webhooks again that did not arrive.
    #[must_use]
    pub fn redelivering(self, ports: RedeliveryPorts) -> Self {
        Self { redelivery: Some(ports), ..self }
    }

    /// Looks at what is due. Safe to repeat and to run twice at once.
    ///
    /// # Errors
    /// When what is due cannot be listed.
    pub async fn sweep(&self) -> Result<Swept, PortError> {
        let mut swept = Swept::default();
        let now = self.ports.clock.now();
        for id in self.ports.deliveries.due(now, BATCH).await? {
            match self.delivery(&id, now, &mut swept).await {
                Ok(()) => {}
                Err(error) => {
                    swept.failed += 1;
                    warn!(delivery.id = %id, "could not look at {id}: {}", chain(&error));
                }
            }
        }
        for key in self.ports.backfills.due_units(now, BATCH).await? {
            match self.unit(&key, now, &mut swept).await {
                Ok(()) => {}
                Err(error) => {
                    swept.failed += 1;
                    warn!(unit = %key, "could not look at {key}: {}", chain(&error));
                }
            }
        }
        for run in self.ports.holds.due_holds(now, BATCH).await? {
            match self.hold(&run, now).await {
                Ok(looked_at) => swept.holds += u64::from(looked_at),
                Err(error) => {
                    swept.failed += 1;
                    warn!(run.id = %run, "could not look at what {run} holds back: {}", chain(&error));
                }
            }
        }
        self.observations(now, &mut swept).await?;
        for key in self.ports.documents.syncs.due_syncs(now, BATCH).await? {
            match self.documents(&key, now, &mut swept).await {
                Ok(()) => {}
                Err(error) => {
                    swept.failed += 1;
                    warn!(documents = %key, "could not look at the documents of {key}: {}", chain(&error));
                }
            }
        }
        self.redeliver(&mut swept).await;
        if swept != Swept::default() {
            info!(
                metric.deliveries_sent_again = swept.deliveries,
                metric.dead = swept.dead,
                metric.units_sent_again = swept.units,
                metric.observations_sent_again = swept.observations,
                metric.documents_sent_again = swept.documents,
                metric.unenriched = swept.unenriched,
                metric.failed = swept.failed,
                metric.oldest_seconds = swept.oldest,
                "sent again what was stuck"
            );
        }
        Ok(swept)
    }

    async fn redeliver(&self, swept: &mut Swept) {
        let Some(ports) = &self.redelivery else { return };
        for provider in connector_providers::all() {
            match redeliver(ports, *provider).await {
                Ok(done) => swept.redelivered += done.asked,
                Err(error) => {
                    swept.failed += 1;
                    warn!(provider = %provider.kind(), "could not ask for webhooks again: {}", chain(&error));
                }
            }
        }
    }

    async fn delivery(&self, id: &DeliveryId, now: Timestamp, swept: &mut Swept) -> Result<(), PortError> {
        let Some(record) = self.ports.deliveries.record(id).await? else { return Ok(()) };
        if record.state != DeliveryState::Received || record.due_at > now {
            return Ok(());
        }
        if record.attempts >= MAX_ATTEMPTS {
            self.ports.deliveries.bury(id, "attempts_exhausted").await?;
            swept.dead += 1;
            error!(delivery.id = %id, code = "delivery_dead", "gave {id} up after {MAX_ATTEMPTS} attempts");
            return Ok(());
        }
        let due_at = next_attempt(record.attempts, now);
        // Counted before it is sent: a crash between the two costs a pause, not an endless loop.
        if !self.ports.deliveries.redrive(id, record.attempts, due_at).await? {
            return Ok(());
        }
        self.ports.captures.send(&record.pending_tasks(), Duration::ZERO).await?;
        swept.deliveries += 1;
        swept.overdue(record.due_at, now);
        Ok(())
    }

    /// Those of one workspace go in one message.
    async fn observations(&self, now: Timestamp, swept: &mut Swept) -> Result<(), PortError> {
        let mut again: BTreeMap<WorkspaceId, Vec<SourceId>> = BTreeMap::new();
        for (workspace, source_id) in self.ports.enrichment.due(now, BATCH).await? {
            match self.observation(&workspace, &source_id, now, swept).await {
                Ok(true) => again.entry(workspace).or_default().push(source_id),
                Ok(false) => {}
                Err(error) => {
                    swept.failed += 1;
                    warn!(workspace.id = %workspace, "could not look at {source_id}: {}", chain(&error));
                }
            }
        }
        for (workspace, ids) in again {
            match self.ports.enrichments.send(&EnrichTask::split(&workspace, &ids, "recovery"), Duration::ZERO).await {
                Ok(()) => swept.observations += ids.len() as u64,
                Err(error) => {
                    swept.failed += ids.len() as u64;
                    warn!(workspace.id = %workspace, "could not send {} again: {}", ids.len(), chain(&error));
                }
            }
        }
        Ok(())
    }

    /// Whether an observation is to be sent again.
    async fn observation(
        &self,
        workspace: &WorkspaceId,
        source_id: &SourceId,
        now: Timestamp,
        swept: &mut Swept,
    ) -> Result<bool, PortError> {
        let enrichment = &self.ports.enrichment;
        let Some((_, progress)) = enrichment.load(workspace, source_id).await? else { return Ok(false) };
        if progress.due_at.is_none_or(|due_at| due_at > now) {
            return Ok(false);
        }
        if progress.attempts >= MAX_ATTEMPTS {
            if enrichment.redrive(workspace, source_id, progress.attempts, None).await? {
                swept.unenriched += 1;
                error!(
                    workspace.id = %workspace, code = "observation_unenriched",
                    "gave the enrichment of {source_id} up after {MAX_ATTEMPTS} attempts"
                );
            }
            return Ok(false);
        }
        let due_at = next_attempt(progress.attempts, now);
        enrichment.redrive(workspace, source_id, progress.attempts, Some(due_at)).await
    }

    /// Asks once per stall for as long as the run holds.
    async fn hold(&self, run: &RunId, now: Timestamp) -> Result<bool, PortError> {
        let holds = &self.ports.holds;
        let Some(hold) = holds.hold(run).await? else { return Ok(false) };
        let Some(next) = hold.redrive(self.limits.stall, now) else { return Ok(false) };
        if holds.put_hold(&next, Some(hold.version)).await? == Put::Conflict {
            return Ok(false);
        }
        self.ports.replays.send(&[next.task()], Duration::ZERO).await?;
        Ok(true)
    }

    async fn documents(&self, key: &DocumentsKey, now: Timestamp, swept: &mut Swept) -> Result<(), PortError> {
        let DocumentPorts { syncs, tasks, limits, .. } = &self.ports.documents;
        let Some(sync) = syncs.sync(key).await? else { return Ok(()) };
        let Some(next) = sync.redrive(limits, now) else { return Ok(()) };
        if syncs.put_sync(&next, Some(sync.version)).await? == Put::Stored {
            tasks.send(&[next.task()], Duration::ZERO).await?;
            swept.documents += 1;
            if let Some(due_at) = sync.due_at.filter(|_| !sync.state.is_at_rest()) {
                swept.overdue(due_at, now);
            }
        }
        Ok(())
    }

    async fn unit(&self, key: &UnitKey, now: Timestamp, swept: &mut Swept) -> Result<(), PortError> {
        let Some(unit) = self.ports.backfills.unit(key).await? else { return Ok(()) };
        let Some(next) = unit.redrive(&self.limits, now) else { return Ok(()) };
        if self.ports.backfills.put_unit(&next, Some(unit.version)).await? == Put::Stored {
            self.ports.pages.send(&[next.task()], Duration::ZERO).await?;
            swept.units += 1;
            swept.overdue(unit.due_at, now);
        }
        Ok(())
    }
}

/// When what is sent again now is looked at next.
fn next_attempt(attempts: u32, now: Timestamp) -> Timestamp {
    let pause = FIRST_PAUSE.saturating_mul(1 << attempts.min(16)).min(MAX_PAUSE);
    now.checked_add(pause).unwrap_or(now)
}

#[cfg(test)]
mod tests;
