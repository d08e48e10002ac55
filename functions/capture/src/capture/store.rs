//! Storing observations, and who hears of them.

use std::time::Duration;

use connector_domain::capture::{CaptureOutcome, CaptureReport};
use connector_domain::delivery::DeliveryRecord;
use connector_domain::observation::Observation;
use connector_domain::ports::{MAX_DELAY, PortError};
use connector_domain::task::EnrichTask;
use connector_domain::transformed::Deletion;
use connector_domain::{SourceId, WorkspaceId};
use connector_lambda::telemetry::chain;
use tracing::warn;

use super::{Capture, CaptureError};

impl Capture {
    pub(super) async fn store(
        &self,
        record: &DeliveryRecord,
        kept: &[Observation],
        report: &mut CaptureReport,
    ) -> Result<(), CaptureError> {
        self.put(kept, &record.correlation, report).await.map_err(|(failed, source)| CaptureError::Incomplete {
            delivery: record.id.to_string(),
            failed,
            total: kept.len(),
            source,
        })
    }

    /// Stores observations of one workspace. An error says how many were not, and why the first of them.
    pub(crate) async fn put(
        &self,
        observations: &[Observation],
        correlation: &str,
        report: &mut CaptureReport,
    ) -> Result<(), (usize, PortError)> {
        let (mut failures, mut captured) = (Vec::new(), Vec::new());
        for (observation, outcome) in observations.iter().zip(self.ports.observations.put_if_absent(observations).await)
        {
            match outcome {
                Ok(outcome) => {
                    report.add_outcome(&outcome);
                    if outcome == CaptureOutcome::Captured {
                        captured.push(observation);
                        report.add_missing(&observation.event.source_id);
                    }
                }
                Err(error) => failures.push(error),
            }
        }
        if let Some(first) = observations.first() {
            let ids: Vec<_> = captured.iter().map(|observation| observation.event.source_id.clone()).collect();
            self.enrich(&first.workspace, &ids, correlation).await;
        }
        let failed = failures.len();
        if let Some(source) = failures.into_iter().next() {
            return Err((failed, source));
        }
        match &self.ports.notify {
            // Lost, it would not come again: the delivery is captured anew instead.
            Some(notify) => notify.tell(captured.into_iter()).await.map_err(|source| (0, source)),
            None => Ok(()),
        }
    }

    /// What was told of things that are gone is withheld from now on, and later whoever enriched it takes it out of what is
    /// outside: when nobody can be at work any more who began before it was withheld, and would put it there again. That is
    /// asked for first, since nobody may come to do it once it is withheld: the link may have ended when the delivery is
    /// captured anew.
    pub(super) async fn withhold(
        &self,
        workspace: &WorkspaceId,
        gone: &[Deletion],
        correlation: &str,
    ) -> Result<(), PortError> {
        self.ports.enrichments.send(&EnrichTask::deleted(workspace, gone, correlation), MAX_DELAY).await?;
        self.ports.observations.put_deletions(workspace, gone).await
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
}
