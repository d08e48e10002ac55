//! Observations, written in ways that lose them or write them twice.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use connector_domain::capture::CaptureOutcome;
use connector_domain::observation::Observation;
use connector_domain::ports::{ObservationFilter, ObservationPage, ObservationStore, PortError};
use connector_domain::{DeliveryId, SourceId, WorkspaceId};
use connector_testkit::memory::MemoryObservations;

use crate::forward;
use crate::monitor::Monitor;

type Answers = Vec<Result<CaptureOutcome, PortError>>;

pub(crate) struct GetThenPut {
    pub(crate) store: Arc<dyn ObservationStore>,
    pub(crate) monitor: Arc<Monitor>,
}

forward::observations!(GetThenPut {
    async fn put_if_absent(&self, observations: &[Observation]) -> Answers {
        let mut answers = Vec::with_capacity(observations.len());
        for observation in observations {
            let (workspace, source_id) = (&observation.workspace, &observation.event.source_id);
            answers.push(match self.store.get(workspace, source_id).await {
                Err(error) => Err(error),
                Ok(Some(known)) => Ok(known.met(observation)),
                Ok(None) => {
                    let put = self.store.put_if_absent(std::slice::from_ref(observation)).await.pop();
                    // Without a condition the write takes effect whatever is there by now.
                    if matches!(put, Some(Ok(CaptureOutcome::Duplicate { .. }))) {
                        self.monitor.stored(workspace, source_id);
                    }
                    put.unwrap_or(Ok(CaptureOutcome::Captured))
                }
            });
        }
        answers
    }
});

pub(crate) struct SwallowPartial {
    pub(crate) store: Arc<dyn ObservationStore>,
}

forward::observations!(SwallowPartial {
    async fn put_if_absent(&self, observations: &[Observation]) -> Answers {
        let answers = self.store.put_if_absent(observations).await;
        let all_failed = answers.iter().all(Result::is_err);
        if all_failed {
            return answers;
        }
        answers.into_iter().map(|answer| Ok(answer.unwrap_or(CaptureOutcome::Captured))).collect()
    }
});

pub(crate) struct WrongTenantKey {
    pub(crate) store: Arc<dyn ObservationStore>,
    pub(crate) rows: Arc<MemoryObservations>,
}

forward::observations!(WrongTenantKey {
    async fn put_if_absent(&self, observations: &[Observation]) -> Answers {
        let mut answers = Vec::with_capacity(observations.len());
        for observation in observations {
            let same = |row: &Observation| row.event.source_id == observation.event.source_id;
            answers.push(match self.rows.all().into_iter().find(same) {
                Some(row) if row.workspace != observation.workspace => Ok(row.met(observation)),
                Some(_) | None => {
                    let put = self.store.put_if_absent(std::slice::from_ref(observation)).await.pop();
                    put.unwrap_or(Ok(CaptureOutcome::Captured))
                }
            });
        }
        answers
    }
});

/// Observations that are written when their delivery is done, and not before.
#[derive(Default)]
pub(crate) struct Pending(Mutex<BTreeMap<(DeliveryId, WorkspaceId), Vec<Observation>>>);

impl Pending {
    pub(crate) fn take(&self, delivery: &DeliveryId, workspace: &WorkspaceId) -> Vec<Observation> {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pending.remove(&(delivery.clone(), workspace.clone())).unwrap_or_default()
    }
}

pub(crate) struct Deferred {
    pub(crate) store: Arc<dyn ObservationStore>,
    pub(crate) pending: Arc<Pending>,
}

forward::observations!(Deferred {
    async fn put_if_absent(&self, observations: &[Observation]) -> Answers {
        let mut pending = self.pending.0.lock().unwrap_or_else(PoisonError::into_inner);
        for observation in observations {
            let key = (observation.delivery.clone(), observation.workspace.clone());
            pending.entry(key).or_default().push(observation.clone());
        }
        observations.iter().map(|_| Ok(CaptureOutcome::Captured)).collect()
    }
});
