//! What makes vectors of texts, and where vectors are looked for.

use std::sync::Arc;

use async_trait::async_trait;

use super::{EnrichmentStore, PortError};
use crate::enrich::{Embedding, Indexed, LOCAL_MODEL, Nearest, VectorQuery, embed_text, similar, weeks};
use crate::{SourceId, Timestamp, WorkspaceId};

/// What a text is embedded for. Some models make other vectors of a question than of what may answer it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To be found.
    Document,
    /// To find.
    Query,
}

/// Makes vectors of texts.
#[async_trait]
pub trait Embedder: Send + Sync {
    /// What its vectors are called by, with all that makes them comparable: maker, model and dimensions.
    fn model(&self) -> &str;

    /// A vector for each text, in order. No text may be empty; one that is too long for the model counts with its start.
    async fn embed(&self, purpose: Purpose, texts: &[String]) -> Result<Vec<Embedding>, PortError>;
}

/// A vector for each text that is to be found, in order. An embedder that answers with another number of them has failed.
///
/// # Errors
/// When there is not one for each.
pub async fn embed_all(embedder: &dyn Embedder, texts: &[String]) -> Result<Vec<Embedding>, PortError> {
    let vectors = embedder.embed(Purpose::Document, texts).await?;
    if vectors.len() != texts.len() {
        return Err(PortError::temporary("embed texts", "there are not as many vectors as texts"));
    }
    Ok(vectors)
}

/// Makes vectors without any service.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalEmbedder;

#[async_trait]
impl Embedder for LocalEmbedder {
    fn model(&self) -> &str {
        LOCAL_MODEL
    }

    async fn embed(&self, _purpose: Purpose, texts: &[String]) -> Result<Vec<Embedding>, PortError> {
        Ok(texts.iter().map(|text| embed_text(text)).collect())
    }
}

/// Where vectors are looked for. No workspace ever sees another one's.
#[async_trait]
pub trait VectorIndex: Send + Sync {
    /// What it is called by.
    fn name(&self) -> &str;

    /// Indexes facts, each with all its views; the same one twice is one.
    async fn upsert(&self, workspace: &WorkspaceId, facts: &[Indexed]) -> Result<(), PortError>;

    /// The facts that are most like a vector, the most alike first, each once with the view that is.
    async fn nearest(&self, workspace: &WorkspaceId, query: &VectorQuery) -> Result<Vec<Nearest>, PortError>;

    /// Takes facts out, which may not be there.
    async fn delete(&self, workspace: &WorkspaceId, facts: &[(SourceId, Timestamp)]) -> Result<(), PortError>;
}

/// Most weeks that are looked through one by one: a quarter of a year.
pub const MAX_WEEKS: usize = 13;

/// The index without any service: what is kept of each fact is looked through, at most [`MAX_WEEKS`] back from the end.
#[derive(Clone)]
pub struct FeatureIndex(pub Arc<dyn EnrichmentStore>);

#[async_trait]
impl VectorIndex for FeatureIndex {
    fn name(&self) -> &str {
        "local"
    }

    async fn upsert(&self, workspace: &WorkspaceId, facts: &[Indexed]) -> Result<(), PortError> {
        for fact in facts {
            self.0.put_feature(workspace, &fact.feature).await?;
        }
        Ok(())
    }

    async fn nearest(&self, workspace: &WorkspaceId, query: &VectorQuery) -> Result<Vec<Nearest>, PortError> {
        let mut all = Vec::new();
        for week in weeks(query.since, query.until, MAX_WEEKS) {
            let features = self.0.features(workspace, &week).await?;
            all.extend(features.into_iter().filter(|one| (query.since..=query.until).contains(&one.occurred_at)));
        }
        let found = similar(all, &query.vector, query.limit).into_iter();
        Ok(found
            .map(|one| Nearest { source_id: one.feature.source_id, view: one.view, similarity: one.similarity })
            .collect())
    }

    async fn delete(&self, workspace: &WorkspaceId, facts: &[(SourceId, Timestamp)]) -> Result<(), PortError> {
        self.0.delete_features(workspace, facts).await
    }
}
