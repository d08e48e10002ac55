//! Embeddings by Cohere.
//! <https://docs.cohere.com/reference/embed>

use async_trait::async_trait;
use connector_domain::enrich::Embedding;
use connector_domain::ports::{Embedder, PortError, Purpose};
use serde::Deserialize;
use serde_json::json;

use super::client::Service;
use super::error::ServiceError;
use super::vectors;

/// Texts of one request, as many as the API takes.
const BATCH: usize = 96;
/// The model whose dimensions can be chosen; those before it have their own.
const CHOOSES: &str = "embed-v4";

/// Cohere's embedder.
#[derive(Debug, Clone)]
pub struct Cohere {
    service: Service,
    api_model: String,
    model: String,
    dimensions: usize,
}

#[derive(Deserialize)]
struct Answer {
    embeddings: ByType,
}

#[derive(Deserialize)]
struct ByType {
    float: Vec<Vec<f32>>,
}

impl Cohere {
    pub(super) fn new(service: Service, api_model: String, dimensions: usize) -> Self {
        let model = format!("cohere:{api_model}:{dimensions}");
        Self { service, api_model, model, dimensions }
    }

    async fn batch(&self, purpose: Purpose, texts: &[String]) -> Result<Vec<Embedding>, ServiceError> {
        let input_type = match purpose {
            Purpose::Document => "search_document",
            Purpose::Query => "search_query",
        };
        let mut request = json!({
            "model": self.api_model, "texts": texts, "input_type": input_type, "embedding_types": ["float"], "truncate": "END",
        });
        if self.api_model.starts_with(CHOOSES) {
            request["output_dimension"] = self.dimensions.into();
        }
        let Answer { embeddings } = self.service.post("/v2/embed", &request).await?;
        vectors::read(&self.service, &self.model, self.dimensions, texts.len(), &embeddings.float)
    }
}

#[async_trait]
impl Embedder for Cohere {
    fn model(&self) -> &str {
        &self.model
    }

    async fn embed(&self, purpose: Purpose, texts: &[String]) -> Result<Vec<Embedding>, PortError> {
        let mut all = Vec::with_capacity(texts.len());
        for batch in texts.chunks(BATCH) {
            all.extend(self.batch(purpose, batch).await.map_err(|error| error.port("embed texts"))?);
        }
        Ok(all)
    }
}
