//! What the enriching function is given of the services that settings name.

use std::sync::Arc;

use connector_adapters::services::Services;
use connector_domain::ports::{Clock, EnrichmentStore, ModelStore, Queue};
use connector_domain::task::EnrichTask;

use crate::enrich::{EnrichPorts, ModelPorts, ModelSteps};

/// What the enriching function has besides services.
pub struct Around {
    /// Observations and what is kept beside them.
    pub enrichment: Arc<dyn EnrichmentStore>,
    /// What language models said and cost.
    pub models: Arc<dyn ModelStore>,
    /// Its own queue.
    pub looks: Arc<dyn Queue<EnrichTask>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// The ports of the enriching function with these services.
#[must_use]
pub fn enrich_ports(services: &Services, around: Around) -> EnrichPorts {
    let Around { enrichment, models, looks, clock } = around;
    let asks = services.asks;
    let steps =
        ModelSteps { classify: asks.classify, extract: asks.extract, summaries: asks.summarise.then_some(looks) };
    let model = services.language.clone().map(|language| ModelPorts {
        language,
        store: models,
        clock,
        steps,
        limit: services.limit,
    });
    EnrichPorts { enrichment, embedder: Arc::clone(&services.embedder), index: services.index.clone(), model }
}
