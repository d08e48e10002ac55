//! Where it is kept what facts have to do with each other.

use async_trait::async_trait;

use super::PortError;
use crate::enrich::{Account, Activity, Advance, Enrichment, Feature, Identity, Link, LinkKey};
use crate::observation::Observation;
use crate::{SourceId, Timestamp, WorkspaceId};

/// What is kept beside observations. All writes may be repeated: the same one twice is one.
#[async_trait]
pub trait EnrichmentStore: Send + Sync {
    /// Observations, and how far the enrichment of each is: those that there are, in the order of `source_ids`.
    async fn load_all(
        &self,
        workspace: &WorkspaceId,
        source_ids: &[SourceId],
    ) -> Result<Vec<(Observation, Enrichment)>, PortError>;

    /// An observation, and how far its enrichment is.
    async fn load(
        &self,
        workspace: &WorkspaceId,
        source_id: &SourceId,
    ) -> Result<Option<(Observation, Enrichment)>, PortError> {
        Ok(self.load_all(workspace, std::slice::from_ref(source_id)).await?.pop())
    }

    /// The facts of a thing, by the subject of their identities.
    async fn facts_of(&self, workspace: &WorkspaceId, subject: &str) -> Result<Vec<SourceId>, PortError>;

    /// Notes how steps went, beside what was noted before; what is complete leaves the index of what is due.
    async fn advance(&self, workspace: &WorkspaceId, source_id: &SourceId, advance: &Advance) -> Result<(), PortError>;

    /// Observations that wait for enrichment since before `now`, the oldest first.
    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(WorkspaceId, SourceId)>, PortError>;

    /// Counts an attempt and moves the due time, if the row still has `attempts`; without a time it is given up and
    /// leaves the index. Answers whether it did.
    async fn redrive(
        &self,
        workspace: &WorkspaceId,
        source_id: &SourceId,
        attempts: u32,
        due_at: Option<Timestamp>,
    ) -> Result<bool, PortError>;

    /// Indexes what facts have to do with.
    async fn put_links(&self, workspace: &WorkspaceId, links: &[Link]) -> Result<(), PortError>;

    /// The facts that have to do with a thing, without those of things that were deleted: of those before `at` and of those from then on the `limit` nearest each,
    /// in the order of time.
    async fn links(
        &self,
        workspace: &WorkspaceId,
        key: &LinkKey,
        at: Timestamp,
        limit: usize,
    ) -> Result<Vec<Link>, PortError>;

    /// Counts that an account acted in these facts, in each once. Who it is, the latest of all its facts says.
    async fn note_activity(
        &self,
        workspace: &WorkspaceId,
        account: &Account,
        acts: &[Activity],
    ) -> Result<(), PortError>;

    /// All accounts that have acted.
    async fn identities(&self, workspace: &WorkspaceId) -> Result<Vec<Identity>, PortError>;

    /// Indexes what a fact is like. One without vectors of a service does not replace one that is there.
    async fn put_feature(&self, workspace: &WorkspaceId, feature: &Feature) -> Result<(), PortError>;

    /// What a fact is like, if that is indexed.
    async fn feature(
        &self,
        workspace: &WorkspaceId,
        source_id: &SourceId,
        at: Timestamp,
    ) -> Result<Option<Feature>, PortError>;

    /// Forgets what facts are like, which may not be there.
    async fn delete_features(&self, workspace: &WorkspaceId, facts: &[(SourceId, Timestamp)]) -> Result<(), PortError>;

    /// The features of a [`week`](crate::enrich::week), in the order of time, without those of things that were deleted.
    async fn features(&self, workspace: &WorkspaceId, week: &str) -> Result<Vec<Feature>, PortError>;
}
