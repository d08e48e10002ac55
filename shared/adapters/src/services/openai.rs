//! Embeddings by OpenAI's API, which others serve as well.
//! <https://developers.openai.com/api/reference/resources/embeddings>

use async_trait::async_trait;
use connector_domain::enrich::Embedding;
use connector_domain::ports::{Embedder, PortError, Purpose};
use serde::Deserialize;
use serde_json::json;

use super::client::Service;
use super::error::{ServiceError, ServiceErrorKind};
use super::vectors;

/// Texts of one request. The API takes 2,048, and 300,000 tokens in all: these are far below that with the longest texts.
const BATCH: usize = 64;

/// An embedder of that API.
#[derive(Debug, Clone)]
pub struct OpenAi {
    service: Service,
    api_model: String,
    model: String,
    dimensions: usize,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<One>,
}

#[derive(Deserialize)]
struct One {
    index: usize,
    embedding: Vec<f32>,
}

impl OpenAi {
    pub(super) fn new(service: Service, api_model: String, dimensions: usize) -> Self {
        let model = format!("openai:{api_model}:{dimensions}");
        Self { service, api_model, model, dimensions }
    }

    async fn batch(&self, texts: &[String]) -> Result<Vec<Embedding>, ServiceError> {
        let request = json!({
            "model": self.api_model, "input": texts, "dimensions": self.dimensions, "encoding_format": "float",
        });
        let Answer { mut data } = self.service.post("/embeddings", &request).await?;
        data.sort_by_key(|one| one.index);
        if !data.iter().enumerate().all(|(at, one)| at == one.index) {
            return Err(self.service.error(ServiceErrorKind::Malformed, "its vectors are not numbered"));
        }
        let numbers: Vec<_> = data.into_iter().map(|one| one.embedding).collect();
        vectors::read(&self.service, &self.model, self.dimensions, texts.len(), &numbers)
    }
}

#[async_trait]
impl Embedder for OpenAi {
    fn model(&self) -> &str {
        &self.model
    }

    async fn embed(&self, _purpose: Purpose, texts: &[String]) -> Result<Vec<Embedding>, PortError> {
        let mut all = Vec::with_capacity(texts.len());
        for batch in texts.chunks(BATCH) {
            all.extend(self.batch(batch).await.map_err(|error| error.port("embed texts"))?);
        }
        Ok(all)
    }
}
