//! Where it is kept what facts have to do with each other, and what makes vectors of texts.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::PortError;
use crate::enrich::{Account, Activity, Embedding, Enrichment, Feature, Identity, Link, LinkKey, Step};
use crate::observation::Observation;
use crate::{SourceId, Timestamp, WorkspaceId};

/// What is kept beside observations. All writes may be repeated: the same one twice is one.
#[async_trait]
pub trait EnrichmentStore: Send + Sync {
    /// An observation, and how far its enrichment is.
    async fn load(
        &self,
        workspace: &WorkspaceId,
        source_id: &SourceId,
    ) -> Result<Option<(Observation, Enrichment)>, PortError>;

    /// Notes which steps are done, beside those noted before; with the last one the row leaves the index of what is due.
    async fn advance(
        &self,
        workspace: &WorkspaceId,
        source_id: &SourceId,
        done: &BTreeSet<Step>,
    ) -> Result<(), PortError>;

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

    /// Indexes what a fact is like.
    async fn put_feature(&self, workspace: &WorkspaceId, feature: &Feature) -> Result<(), PortError>;

    /// The features of a [`week`](crate::enrich::week), in the order of time, without those of things that were deleted.
    async fn features(&self, workspace: &WorkspaceId, week: &str) -> Result<Vec<Feature>, PortError>;
}

/// Makes vectors of texts.
#[async_trait]
pub trait Embedder: Send + Sync {
    /// A vector for each text, in order.
    async fn embed(&self, texts: &[String]) -> Result<Vec<Embedding>, PortError>;
}

/// Makes vectors without any service.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalEmbedder;

#[async_trait]
impl Embedder for LocalEmbedder {
    async fn embed(&self, texts: &[String]) -> Result<Vec<Embedding>, PortError> {
        Ok(texts.iter().map(|text| crate::enrich::embed_text(text)).collect())
    }
}
