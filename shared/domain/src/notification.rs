//! What other systems are told of an observation.

use serde::{Deserialize, Serialize};

use crate::observation::{IngestionSource, Observation};
use crate::task::{TASK_VERSION, Task};
use crate::{ProviderKind, RunId, SourceId, Timestamp, WorkspaceId};

/// Tells other systems that a fact was captured. It says which one and how much it matters; the API tells the rest.
///
/// The same fact may be told more than once, and then in the same words. Of a run that holds, facts are told in the
/// order of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// [`TASK_VERSION`] when it was written.
    pub v: u32,
    /// What happened: always `observation.captured`.
    pub event: NotificationEvent,
    /// Whose memory it is in.
    pub workspace: WorkspaceId,
    /// Which fact.
    pub source_id: SourceId,
    /// Where it happened.
    pub provider: ProviderKind,
    /// What kind of fact it is, such as `pull-request.merged`.
    pub source_type: String,
    /// How much it matters, from 0 to 100.
    pub score: u8,
    /// Words to find it by.
    pub topics: Vec<String>,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// Which path brought it.
    pub ingestion_source: IngestionSource,
    /// The run that brought it, when it was backfilled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// Follows it from the edge to the row.
    pub correlation: String,
}

/// What a notification is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotificationEvent {
    /// A new row.
    #[serde(rename = "observation.captured")]
    Captured,
}

impl Notification {
    /// What is told of an observation.
    #[must_use]
    pub fn of(observation: &Observation) -> Self {
        let event = &observation.event;
        Self {
            v: TASK_VERSION,
            event: NotificationEvent::Captured,
            workspace: observation.workspace.clone(),
            source_id: event.source_id.clone(),
            provider: event.source_type.provider(),
            source_type: event.source_type.name().to_owned(),
            score: observation.significance.score,
            topics: observation.topics.clone(),
            occurred_at: event.occurred_at,
            ingestion_source: observation.ingestion_source,
            run: observation.run.clone(),
            correlation: observation.correlation.clone(),
        }
    }
}

impl Task for Notification {
    const NAME: &'static str = "notification";

    fn workspace(&self) -> &WorkspaceId {
        &self.workspace
    }

    fn version(&self) -> u32 {
        self.v
    }
}
