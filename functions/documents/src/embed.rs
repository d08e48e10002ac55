//! Texts as vectors. Nothing else here knows the embedder.

use std::sync::Arc;

use connector_domain::enrich::{EMBEDDING_DIM, Embedding};
use connector_domain::ports::{Embedder, PortError, Purpose};

/// What makes the vectors: documents of another one are made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// Numbers of a vector.
    pub dimensions: usize,
}

impl Default for Model {
    /// That of the embedder that needs no service.
    fn default() -> Self {
        Self { name: "local-1".to_owned(), dimensions: EMBEDDING_DIM }
    }
}

/// Texts of one call.
const BATCH: usize = 96;

/// A vector for each text, in order.
pub(crate) async fn embed(embedder: &Arc<dyn Embedder>, texts: &[String]) -> Result<Vec<Embedding>, PortError> {
    let mut all = Vec::with_capacity(texts.len());
    for batch in texts.chunks(BATCH) {
        let made = embedder.embed(Purpose::Document, batch).await?;
        if made.len() != batch.len() {
            return Err(PortError::temporary("embed a text", "there is no vector for it"));
        }
        all.extend(made);
    }
    Ok(all)
}
