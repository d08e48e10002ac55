//! What makes vectors of texts in a history: at times it fails, takes its time, or answers too little or too much.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use connector_domain::enrich::Embedding;
use connector_domain::ports::{Embedder, LocalEmbedder, PortError};

use crate::{Chance, Plan, Scenario};

/// An embedder as others run it.
pub(crate) struct SimulatedEmbedder {
    plan: Arc<Plan>,
    chance: Chance,
    /// How often in a hundred it does not answer as it should.
    percent: AtomicU64,
    /// It is away for good.
    broken: bool,
}

impl SimulatedEmbedder {
    pub(crate) fn new(plan: &Arc<Plan>, seed: u64, scenario: &Scenario) -> Self {
        Self {
            plan: Arc::clone(plan),
            chance: Chance::apart(seed, 0xe3b),
            percent: AtomicU64::new(scenario.embedder_percent),
            broken: scenario.broken_embedder,
        }
    }

    /// From here on it answers as it should, if it does at all.
    pub(crate) fn calm(&self) {
        self.percent.store(0, Ordering::Relaxed);
    }
}

#[async_trait]
impl Embedder for SimulatedEmbedder {
    async fn embed(&self, texts: &[String]) -> Result<Vec<Embedding>, PortError> {
        let away = || Err(PortError::temporary("embed a text", "the embedder is away"));
        if self.broken {
            return away();
        }
        let mut texts = texts.to_vec();
        if self.chance.percent(self.percent.load(Ordering::Relaxed)) {
            match self.chance.below(4) {
                0 => return away(),
                // Longer than its caller waits, at times: the message comes again meanwhile.
                1 => self.plan.sleep(Duration::from_secs(self.chance.pick([2, 30, 400]))).await,
                2 => drop(texts.pop()),
                _ => texts.push("What nobody asked for".to_owned()),
            }
        }
        LocalEmbedder.embed(&texts).await
    }
}
