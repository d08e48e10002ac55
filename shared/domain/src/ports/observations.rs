//! Where observations are kept.

use async_trait::async_trait;

use super::PortError;
use crate::capture::CaptureOutcome;
use crate::observation::Observation;
use crate::transformed::Deletion;
use crate::{ProviderKind, SourceId, Timestamp, WorkspaceId};

/// Which observations to list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservationFilter {
    /// Only this provider.
    pub provider: Option<ProviderKind>,
    /// Only this type, such as `pull-request.merged`.
    pub source_type: Option<String>,
    /// Only what this actor did, by the provider's id of it.
    pub actor: Option<String>,
    /// Only what names this thing, by its [`key`](crate::capture::Entity::key).
    pub entity: Option<String>,
    /// Only what happened at or after this.
    pub since: Timestamp,
    /// Only what happened at or before this.
    pub until: Timestamp,
    /// Most rows to answer.
    pub limit: usize,
    /// Go on after this place, from [`ObservationPage::next`].
    pub cursor: Option<String>,
}

/// A page of observations.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ObservationPage {
    /// The rows, newest first.
    pub observations: Vec<Observation>,
    /// Where to go on, when there may be more.
    pub next: Option<String>,
}

/// Observations, each under (workspace, source id) once. What is told of a thing that was deleted at its provider is
/// [withheld](Observation::withheld) from whoever reads.
#[async_trait]
pub trait ObservationStore: Send + Sync {
    /// Stores each observation unless its (workspace, source id) is there. One answer per observation, in order:
    /// that one fails says nothing about the others.
    ///
    /// A row that the same delivery wrote answers `Captured` again: after a lost answer or a repeated message the report
    /// of a delivery says what it did, not what it found of itself.
    async fn put_if_absent(&self, observations: &[Observation]) -> Vec<Result<CaptureOutcome, PortError>>;

    /// Notes that things are gone, whether or not there are facts of them yet. Of two deletions the later one stays.
    async fn put_deletions(&self, workspace: &WorkspaceId, deletions: &[Deletion]) -> Result<(), PortError>;

    /// One observation.
    async fn get(&self, workspace: &WorkspaceId, source_id: &SourceId) -> Result<Option<Observation>, PortError>;

    /// A page of a workspace's observations, newest first.
    async fn list(&self, workspace: &WorkspaceId, filter: &ObservationFilter) -> Result<ObservationPage, PortError>;
}
