//! What makes vectors of texts in a history: at times it fails, takes its time, or answers too little or too much.

use std::sync::Arc;

use async_trait::async_trait;
use connector_domain::enrich::Embedding;
use connector_domain::ports::{Embedder, LocalEmbedder, PortError, Purpose};

use crate::unreliable::Unreliable;
use crate::{Chance, Plan, Scenario};

/// An embedder as others run it.
pub(crate) struct SimulatedEmbedder(pub(crate) Unreliable);

impl SimulatedEmbedder {
    pub(crate) fn new(plan: &Arc<Plan>, seed: u64, scenario: &Scenario) -> Self {
        let chance = Chance::apart(seed, 0xe3b);
        Self(Unreliable::new(plan, chance, scenario.embedder_percent, scenario.broken_embedder))
    }
}

#[async_trait]
impl Embedder for SimulatedEmbedder {
    fn model(&self) -> &str {
        MODEL
    }

    async fn embed(&self, purpose: Purpose, texts: &[String]) -> Result<Vec<Embedding>, PortError> {
        let away = || Err(PortError::temporary("embed a text", "the embedder is away"));
        if self.0.broken {
            return away();
        }
        let mut texts = texts.to_vec();
        match self.0.strays(4) {
            None => {}
            Some(0) => return away(),
            Some(1) => self.0.dawdle().await,
            Some(2) => drop(texts.pop()),
            Some(_) => texts.push("What nobody asked for".to_owned()),
        }
        CalmEmbedder.embed(purpose, &texts).await
    }
}

/// What its vectors are called by.
const MODEL: &str = "simulated";

/// The same where nothing goes wrong.
pub(crate) struct CalmEmbedder;

#[async_trait]
impl Embedder for CalmEmbedder {
    fn model(&self) -> &str {
        MODEL
    }

    async fn embed(&self, purpose: Purpose, texts: &[String]) -> Result<Vec<Embedding>, PortError> {
        let made = LocalEmbedder.embed(purpose, texts).await?;
        Ok(made.into_iter().map(|one| Embedding { model: MODEL.to_owned(), ..one }).collect())
    }
}
