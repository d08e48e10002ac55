//! One delivery for one workspace, per message.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use connector_domain::backfill::{UnitKey, Window};
use connector_domain::capture::{CaptureOutcome, CaptureReport};
use connector_domain::connection::{Integration, SyncSettings};
use connector_domain::delivery::{DeliveryRecord, Origin};
use connector_domain::observation::{IngestionSource, Observation};
use connector_domain::ports::{
    AuditLog, BackfillStore, Clock, ConnectionStore, DeliveryStore, ObservationStore, PortError, Put, Queue, TokenRows,
};
use connector_domain::task::{CaptureTask, EnrichTask};
use connector_domain::transformed::{Item, Transformed};
use connector_domain::{Delivery, RunId, SourceEvent, SourceId, Timestamp, Verified, WorkspaceId};
use connector_flows::TeardownPorts;
use connector_lambda::telemetry::chain;
use connector_providers::provider;
use tracing::{info, warn};

use crate::assess::{Assessed, Context, assess};
use crate::lifecycle;

/// What the capture function needs of the outside.
#[derive(Clone)]
pub struct CapturePorts {
    /// Where the bytes are.
    pub deliveries: Arc<dyn DeliveryStore>,
    /// Links and settings, which a lifecycle event changes.
    pub connections: Arc<dyn ConnectionStore>,
    /// Where observations go.
    pub observations: Arc<dyn ObservationStore>,
    /// Where a page's report goes.
    pub backfills: Arc<dyn BackfillStore>,
    /// Tokens, which go with their connection. They cannot be opened here.
    pub tokens: Arc<dyn TokenRows>,
    /// Where the end of a connection is noted.
    pub audit: Arc<dyn AuditLog>,
    /// Who enriches what was captured.
    pub enrichments: Arc<dyn Queue<EnrichTask>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// What a message led to.
#[derive(Debug, Clone, PartialEq)]
pub enum Captured {
    /// This became of the delivery.
    Done(CaptureReport),
    /// The workspace had captured it before.
    Already,
    /// Its retention is over.
    Expired,
}

/// A delivery could not be captured; the message must come again.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// A port failed.
    #[error("the capture of {delivery} did not finish")]
    Port {
        /// Which delivery.
        delivery: String,
        /// What failed.
        #[source]
        source: PortError,
    },
    /// Some observations could not be stored; the others were.
    #[error("{failed} of {total} observations of {delivery} could not be stored")]
    Incomplete {
        /// Which delivery.
        delivery: String,
        /// How many failed.
        failed: usize,
        /// Of how many.
        total: usize,
        /// The first failure.
        #[source]
        source: PortError,
    },
}

/// Captures deliveries.
#[derive(Clone)]
pub struct Capture {
    ports: CapturePorts,
}

impl Capture {
    /// The capture function.
    #[must_use]
    pub const fn new(ports: CapturePorts) -> Self {
        Self { ports }
    }

    fn ending(&self) -> TeardownPorts {
        let CapturePorts { connections, backfills, tokens, audit, clock, .. } = self.ports.clone();
        TeardownPorts { connections, backfills, tokens, audit, clock }
    }

    /// Does what a message asks. Safe to repeat.
    ///
    /// # Errors
    /// When a port fails; what was stored stays, and the message should come again.
    pub async fn handle(&self, task: CaptureTask) -> Result<Captured, CaptureError> {
        let failed = |source| CaptureError::Port { delivery: task.delivery.to_string(), source };
        let Some((record, raw)) = self.ports.deliveries.load(&task.delivery).await.map_err(failed)? else {
            warn!(delivery.id = %task.delivery, "the bytes of {} are gone", task.delivery);
            return Ok(Captured::Expired);
        };
        let waits = record.pending.contains(&task.workspace)
            || (record.was_unlinked_for(&task.workspace) && self.is_linked_again(&record, &task.workspace).await?);
        if !waits {
            return Ok(Captured::Already);
        }
        let delivery = Delivery::restored(&record, raw);
        let mut report = self.once(&record, &task.workspace, &delivery).await?;
        // Whoever linked it again a moment ago may have had it sent again, and was told that it waits for its capture.
        while report.is_unlinked() && self.is_linked_again(&record, &task.workspace).await? {
            report = self.once(&record, &task.workspace, &delivery).await?;
        }
        let age = self.ports.clock.now().duration_since(record.received_at).as_secs();
        info!(
            workspace.id = %task.workspace, delivery.id = %record.id, correlation = record.correlation,
            provider = %record.provider, metric.captured = report.captured, metric.duplicates = report.duplicate,
            metric.filtered = report.filtered_total(), metric.quarantined = report.quarantined,
            metric.conflicts = report.conflicts, metric.age_seconds = age, "captured {}", record.id
        );
        Ok(Captured::Done(report))
    }

    /// Captures it with the links as they are now.
    async fn once(
        &self,
        record: &DeliveryRecord,
        workspace: &WorkspaceId,
        delivery: &Delivery<Verified>,
    ) -> Result<CaptureReport, CaptureError> {
        let failed = |source| CaptureError::Port { delivery: record.id.to_string(), source };
        let transformed = match provider(record.provider) {
            Some(provider) => provider.transform(delivery),
            None => Transformed::Ignored(connector_domain::transformed::IgnoreReason::fixed("provider_not_served")),
        };
        let mut report = self.apply(record, workspace, transformed).await?;
        if !report.missing.is_empty() && !self.is_proof(&record.origin).await.map_err(failed)? {
            report.missing.clear();
        }
        self.finish(record, workspace, &report).await.map_err(failed)?;
        Ok(report)
    }

    /// Whether there is a link again for a webhook that was dropped for want of one. A page is fetched anew.
    async fn is_linked_again(&self, record: &DeliveryRecord, workspace: &WorkspaceId) -> Result<bool, CaptureError> {
        if !matches!(record.origin, Origin::Webhook { .. }) {
            return Ok(false);
        }
        let failed = |source| CaptureError::Port { delivery: record.id.to_string(), source };
        Ok(self.sync(record, workspace).await.map_err(failed)?.is_some())
    }

    async fn apply(
        &self,
        record: &DeliveryRecord,
        workspace: &WorkspaceId,
        transformed: Transformed,
    ) -> Result<CaptureReport, CaptureError> {
        let failed = |source| CaptureError::Port { delivery: record.id.to_string(), source };
        let mut report = CaptureReport::default();
        match transformed {
            Transformed::Ignored(reason) => report.add_filtered(reason.as_str()),
            Transformed::Lifecycle(change) => {
                let ending = self.ending();
                lifecycle::apply(&ending, record.provider, workspace, &change, record.received_at)
                    .await
                    .map_err(failed)?;
                report.lifecycle = Some(change.action.name().to_owned());
            }
            Transformed::Items(items) => match self.sync(record, workspace).await.map_err(failed)? {
                None => {
                    self.withdraw(record, workspace).await.map_err(failed)?;
                    report.add_unlinked();
                }
                Some((sync, linked_at)) => {
                    let settings = self.ports.connections.settings(workspace).await.map_err(failed)?;
                    let context = Context {
                        workspace,
                        sync: &sync,
                        settings: &settings,
                        source: source(&record.origin),
                        page: page(&record.origin),
                        delivery: &record.id,
                        correlation: &record.correlation,
                        now: self.ports.clock.now(),
                    };
                    let kept = sort_out(&context, linked_at, items, &mut report);
                    self.store(record, &kept, &mut report).await?;
                }
            },
        }
        Ok(report)
    }

    /// Whether what a delivery brings was missing.
    async fn is_proof(&self, origin: &Origin) -> Result<bool, PortError> {
        let Origin::Page { run, .. } = origin else { return Ok(false) };
        Ok(self.ports.backfills.run(run).await?.is_some_and(|run| run.proves.is_some()))
    }

    async fn store(
        &self,
        record: &DeliveryRecord,
        kept: &[Observation],
        report: &mut CaptureReport,
    ) -> Result<(), CaptureError> {
        let (mut failures, mut captured) = (Vec::new(), Vec::new());
        for (observation, outcome) in kept.iter().zip(self.ports.observations.put_if_absent(kept).await) {
            match outcome {
                Ok(outcome) => {
                    report.add_outcome(&outcome);
                    if outcome == CaptureOutcome::Captured {
                        captured.push(observation.event.source_id.clone());
                        report.add_missing(&observation.event.source_id);
                    }
                }
                Err(error) => failures.push(error),
            }
        }
        if let Some(first) = kept.first() {
            self.enrich(&first.workspace, &captured, &record.correlation).await;
        }
        let (failed, total) = (failures.len(), kept.len());
        match failures.into_iter().next() {
            None => Ok(()),
            Some(source) => Err(CaptureError::Incomplete { delivery: record.id.to_string(), failed, total, source }),
        }
    }

    /// Were the message lost, the rows are due and recovery sends it.
    async fn enrich(&self, workspace: &WorkspaceId, captured: &[SourceId], correlation: &str) {
        let tasks = EnrichTask::split(workspace, captured, correlation);
        if tasks.is_empty() {
            return;
        }
        if let Err(error) = self.ports.enrichments.send(&tasks, Duration::ZERO).await {
            warn!(correlation, "stored {} and could not enqueue their enrichment: {}", captured.len(), chain(&error));
        }
    }

    /// A page whose facts are dropped is not covered: whoever links the resource again must get them.
    async fn withdraw(&self, record: &DeliveryRecord, workspace: &WorkspaceId) -> Result<(), PortError> {
        let Some((key, run, _, window)) = place(record, workspace) else { return Ok(()) };
        while let Some(unit) = self.ports.backfills.unit(&key).await? {
            let Some(next) = unit.withdraw(run, window, self.ports.clock.now()) else { break };
            if self.ports.backfills.put_unit(&next, Some(unit.version)).await? == Put::Stored {
                break;
            }
        }
        Ok(())
    }

    /// The page's report before the delivery's end: a crash between them repeats both, and the first report stands.
    async fn finish(
        &self,
        record: &DeliveryRecord,
        workspace: &WorkspaceId,
        report: &CaptureReport,
    ) -> Result<(), PortError> {
        if let Some((unit, run, page, _)) = place(record, workspace) {
            self.ports.backfills.put_page_report(run, &unit, page, report).await?;
        }
        self.ports.deliveries.complete(&record.id, workspace, report).await
    }

    /// What the workspace wants of the resource, and since when it is linked; `None` when it has unlinked it since. A
    /// delivery that names no resource is for whoever has linked anything of its account: what any of these links wants is
    /// wanted.
    async fn sync(
        &self,
        record: &DeliveryRecord,
        workspace: &WorkspaceId,
    ) -> Result<Option<(SyncSettings, Timestamp)>, PortError> {
        let connections = &self.ports.connections;
        if let Some(resource) = &record.resource {
            let link = connections.integration(record.provider, resource, workspace).await?;
            return Ok(link.filter(|link| link.active).map(|link| (link.settings, link.linked_at)));
        }
        let links = connections.integrations_in(workspace).await?;
        let ours = |link: &Integration| {
            link.active && link.provider == record.provider && Some(&link.account) == record.account.as_ref()
        };
        let links = links.into_iter().filter(ours).map(|link| (link.settings, link.linked_at));
        Ok(links.reduce(|(mut all, first), (more, linked_at)| {
            all.events.extend(more.events);
            (all, first.min(linked_at))
        }))
    }
}

/// Of which unit and run a delivery is a page, which one, and of which window.
fn place<'a>(record: &'a DeliveryRecord, workspace: &WorkspaceId) -> Option<(UnitKey, &'a RunId, u32, Window)> {
    let Origin::Page { run, entity, page, window, .. } = &record.origin else { return None };
    let (workspace, resource) = (workspace.clone(), record.resource.clone()?);
    Some((UnitKey { workspace, provider: record.provider, resource, entity: *entity }, run, *page, *window))
}

/// A fact of the time since the link, which webhooks tell, and nobody knows any more by which identity.
const TOLD_LIVE: &str = "told_live";

/// What is to be stored; all else is counted. A fact that one delivery names twice is stored once.
fn sort_out(
    context: &Context<'_>,
    linked_at: Timestamp,
    items: Vec<Item>,
    report: &mut CaptureReport,
) -> Vec<Observation> {
    let mut kept = Vec::new();
    let mut seen = BTreeSet::new();
    for item in items {
        let event = match item {
            Item::Ignored(reason) => {
                report.add_filtered(reason.as_str());
                continue;
            }
            Item::Quarantined(at) => {
                report.add_quarantined(&at.path, &at.reason);
                continue;
            }
            Item::History { event, live } if event.occurred_at >= linked_at => match live {
                Some(source_id) => SourceEvent { source_id, ..*event },
                None => {
                    report.add_filtered(TOLD_LIVE);
                    continue;
                }
            },
            Item::Event(event) | Item::History { event, .. } => *event,
        };
        match assess(context, event) {
            Assessed::Filtered(reason) => report.add_filtered(reason.as_str()),
            Assessed::Kept(observation) if seen.insert(observation.event.source_id.clone()) => kept.push(*observation),
            Assessed::Kept(_) => report.duplicate += 1,
        }
    }
    kept
}

const fn source(origin: &Origin) -> IngestionSource {
    match origin {
        Origin::Webhook { .. } => IngestionSource::Webhook,
        Origin::Page { .. } => IngestionSource::Backfill,
    }
}

const fn page(origin: &Origin) -> Option<(&connector_domain::RunId, u32)> {
    match origin {
        Origin::Webhook { .. } => None,
        Origin::Page { run, page, .. } => Some((run, *page)),
    }
}

#[cfg(test)]
mod tests;
