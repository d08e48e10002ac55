//! One delivery for one workspace, per message.

use std::sync::Arc;

use connector_domain::backfill::{UnitKey, Window};
use connector_domain::capture::CaptureReport;
use connector_domain::connection::{Integration, SyncSettings};
use connector_domain::delivery::{DeliveryRecord, Origin};
use connector_domain::observation::IngestionSource;
use connector_domain::ports::{
    AuditLog, BackfillStore, Clock, ConnectionStore, DeliveryStore, HoldStore, ObservationStore, PortError, Put, Queue,
    TokenRows,
};
use connector_domain::task::{CaptureMessage, CaptureTask, EnrichTask, ReplayTask};
use connector_domain::transformed::Transformed;
use connector_domain::{Delivery, RunId, Timestamp, Verified, WorkspaceId};
use connector_flows::TeardownPorts;
use connector_flows::documents::{self, DocumentPorts};
use connector_providers::{Pushed, provider};
use tracing::{info, warn};

use crate::assess::Context;
use crate::lifecycle;
use crate::notify::Notify;

use sort::{deletions, sort_out};

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
    /// Where facts go that their run holds back.
    pub holds: Arc<dyn HoldStore>,
    /// Who captures these.
    pub replays: Arc<dyn Queue<ReplayTask>>,
    /// Tokens, which go with their connection. They cannot be opened here.
    pub tokens: Arc<dyn TokenRows>,
    /// Where the end of a connection is noted.
    pub audit: Arc<dyn AuditLog>,
    /// Who enriches what was captured.
    pub enrichments: Arc<dyn Queue<EnrichTask>>,
    /// Who else is told of it; `None` when nobody is.
    pub notify: Option<Notify>,
    /// Who looks at repositories that were pushed to.
    pub documents: DocumentPorts,
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
    /// A port failed while facts of a run were captured that it had held back, or could not be stored.
    #[error("what run {run} has held back is not all captured")]
    Replay {
        /// Which run.
        run: RunId,
        /// What failed.
        #[source]
        source: PortError,
    },
    /// Some observations could not be stored, or nobody could be told of them; the others were.
    #[error("{failed} of {total} observations of {delivery} could not be stored, or nobody could be told of them")]
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

    pub(crate) const fn ports(&self) -> &CapturePorts {
        &self.ports
    }

    /// Does what a message of the queue asks. Safe to repeat.
    ///
    /// # Errors
    /// When a port fails; what was stored stays, and the message should come again.
    pub async fn take(&self, message: CaptureMessage) -> Result<(), CaptureError> {
        match message {
            CaptureMessage::Delivery(task) => self.handle(task).await.map(drop),
            CaptureMessage::Replay(task) => self.replay(task).await.map(drop),
        }
    }

    fn ending(&self) -> TeardownPorts {
        let CapturePorts { connections, backfills, tokens, audit, documents, clock, .. } = self.ports.clone();
        TeardownPorts { connections, backfills, tokens, audit, documents, clock }
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
            let report = record.outcomes.get(&task.workspace);
            self.report_kept(&record, &task.workspace, report).await.map_err(failed)?;
            return Ok(Captured::Already);
        }
        let delivery = Delivery::restored(&record, raw);
        let mut report = self.once(&record, &task.workspace, &delivery).await?;
        // Whoever linked it again a moment ago may have had it sent again, and was told that it waits for its capture.
        while report.is_unlinked() && self.is_linked_again(&record, &task.workspace).await? {
            report = self.once(&record, &task.workspace, &delivery).await?;
        }
        // Facts are named where it is a proof that missed them.
        let missing = if report.missing.is_empty() { 0 } else { report.captured };
        let age = self.ports.clock.now().duration_since(record.received_at).as_secs();
        info!(
            workspace.id = %task.workspace, delivery.id = %record.id, correlation = record.correlation,
            provider = %record.provider, metric.captured = report.captured, metric.duplicates = report.duplicate,
            metric.filtered = report.filtered_total(), metric.quarantined = report.quarantined,
            metric.conflicts = report.conflicts, metric.missing = missing, metric.age_seconds = age, "captured {}", record.id
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
        let provider = provider(record.provider);
        let transformed = match provider {
            Some(provider) => provider.transform(delivery),
            None => Transformed::Ignored(connector_domain::transformed::IgnoreReason::fixed("provider_not_served")),
        };
        let mut report = self.apply(record, workspace, transformed).await?;
        if let Some(push) = provider.and_then(|provider| provider.documents()?.pushed(delivery)) {
            self.pushed(record, workspace, &push).await.map_err(failed)?;
        }
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
                    let (gone, items) = deletions(items);
                    let kept = sort_out(&context, linked_at, items, &mut report);
                    if self.hold_back(record, workspace, &kept).await.map_err(failed)? {
                        report.held = kept.len() as u64;
                    } else {
                        self.store(record, &kept, &mut report).await?;
                    }
                    // Whatever the workspace has subscribed to: what is gone must not be shown.
                    if !gone.is_empty() {
                        self.withhold(workspace, &gone, &record.correlation).await.map_err(failed)?;
                        report.deleted = gone.len() as u64;
                    }
                }
            },
        }
        Ok(report)
    }

    /// What was pushed may change documents, whether or not the push is one of the facts that are wanted.
    async fn pushed(&self, record: &DeliveryRecord, workspace: &WorkspaceId, push: &Pushed) -> Result<(), PortError> {
        let Some(resource) = &record.resource else { return Ok(()) };
        match self.ports.connections.integration(record.provider, resource, workspace).await? {
            Some(link) => documents::pushed(&self.ports.documents, &link, push, &record.correlation).await.map(drop),
            None => Ok(()),
        }
    }

    /// Whether what a delivery brings was missing.
    async fn is_proof(&self, origin: &Origin) -> Result<bool, PortError> {
        let Origin::Page { run, .. } = origin else { return Ok(false) };
        Ok(self.ports.backfills.run(run).await?.is_some_and(|run| run.proves.is_some()))
    }

    /// A page whose facts are dropped is not covered: whoever links the resource again must get them.
    async fn withdraw(&self, record: &DeliveryRecord, workspace: &WorkspaceId) -> Result<(), PortError> {
        let Some((key, run, _, window)) = place(record, workspace) else { return Ok(()) };
        self.take_back(&key, run, window).await
    }

    /// What a run has read of a list is not covered after all.
    pub(crate) async fn take_back(&self, key: &UnitKey, run: &RunId, window: Window) -> Result<(), PortError> {
        while let Some(unit) = self.ports.backfills.unit(key).await? {
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
        if matches!(record.origin, Origin::Page { hold: true, .. }) {
            self.ports.deliveries.complete(&record.id, workspace, report).await?;
            return self.report_kept(record, workspace, Some(report)).await;
        }
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
pub(crate) fn place<'a>(
    record: &'a DeliveryRecord,
    workspace: &WorkspaceId,
) -> Option<(UnitKey, &'a RunId, u32, Window)> {
    let Origin::Page { run, entity, page, window, .. } = &record.origin else { return None };
    let (workspace, resource) = (workspace.clone(), record.resource.clone()?);
    Some((UnitKey { workspace, provider: record.provider, resource, entity: *entity }, run, *page, *window))
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

mod sort;
mod store;
#[cfg(test)]
mod tests;
