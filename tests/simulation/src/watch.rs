//! The stores below everything that may break: what they hold is what is durable, and each change of it is looked at.

use std::sync::Arc;

use async_trait::async_trait;
use connector_domain::backfill::{Run, Unit, UnitKey, UnitState, Version};
use connector_domain::capture::{CaptureOutcome, CaptureReport};
use connector_domain::observation::Observation;
use connector_domain::ports::{BackfillStore, ObservationFilter, ObservationPage, ObservationStore, PortError, Put};
use connector_domain::{RunId, SourceId, Timestamp, WorkspaceId};
use connector_testkit::memory::{MemoryBackfills, MemoryObservations};

use crate::finding::Rule;
use crate::forward;
use crate::monitor::Monitor;

/// Observations, each new one noted.
pub(crate) struct WatchedObservations {
    pub(crate) store: Arc<MemoryObservations>,
    pub(crate) monitor: Arc<Monitor>,
}

forward::observations!(WatchedObservations {
    async fn put_if_absent(&self, observations: &[Observation]) -> Vec<Result<CaptureOutcome, PortError>> {
        let mut answers = Vec::with_capacity(observations.len());
        for observation in observations {
            let (workspace, source_id) = (&observation.workspace, &observation.event.source_id);
            let known = self.store.get(workspace, source_id).await.is_ok_and(|row| row.is_some());
            let answer = self.store.put_if_absent(std::slice::from_ref(observation)).await.pop();
            let answer = answer.unwrap_or_else(|| Err(PortError::permanent("store an observation", "no answer")));
            if answer.is_ok() && !known {
                self.monitor.stored(workspace, source_id);
            }
            if let Ok(CaptureOutcome::Duplicate { conflicts }) = &answer
                && !conflicts.is_empty()
                && !is_of_its_minute(source_id, conflicts)
            {
                self.monitor.find(Rule::Conflict, format!("{source_id}: {conflicts:?} differ"));
            }
            answers.push(answer);
        }
        answers
    }
});

/// What is opened twice again within a minute is one fact, of either moment: `docs/parity.md`.
fn is_of_its_minute(source_id: &SourceId, conflicts: &[&str]) -> bool {
    conflicts == ["occurredAt"] && source_id.as_str().contains(":reopened@")
}

/// Runs and units; each step of a unit is looked at.
pub(crate) struct WatchedBackfills {
    pub(crate) store: Arc<MemoryBackfills>,
    pub(crate) monitor: Arc<Monitor>,
}

impl WatchedBackfills {
    fn look(&self, before: Option<&Unit>, after: &Unit) {
        let Some(before) = before.filter(|before| before.run == after.run) else { return };
        let key = &after.key;
        if before.state.is_terminal() && before.state != after.state {
            let (was, is) = (before.state.name(), after.state.name());
            self.monitor.find(Rule::WentBack, format!("{key} was {was} and is {is}"));
        }
        if after.version <= before.version {
            self.monitor.find(Rule::WentBack, format!("{key} has version {} again", after.version));
        }
        if after.page < before.page {
            self.monitor.find(Rule::WentBack, format!("{key} is at page {} after {}", after.page, before.page));
        }
        self.monitor.count(|tally| {
            tally.pages += u64::from(after.page > before.page);
            tally.restarts += u64::from(after.restarts > before.restarts);
            let ended = after.state == UnitState::Cancelled && before.state != UnitState::Cancelled;
            tally.overtaken += u64::from(ended);
        });
    }
}

forward::backfills!(WatchedBackfills {
    async fn put_unit(&self, unit: &Unit, expected: Option<Version>) -> Result<Put, PortError> {
        let before = self.store.unit(&unit.key).await?;
        let put = self.store.put_unit(unit, expected).await?;
        if put == Put::Stored {
            self.look(before.as_ref(), unit);
        }
        Ok(put)
    }

    async fn open_unit(&self, unit: &Unit, expected: Option<Version>) -> Result<Put, PortError> {
        let before = self.store.unit(&unit.key).await?;
        let put = self.store.open_unit(unit, expected).await?;
        if put == Put::Stored {
            self.look(before.as_ref(), unit);
        }
        Ok(put)
    }
} also unit due_units rest);
