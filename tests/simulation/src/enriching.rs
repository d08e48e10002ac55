//! What enriching stands on: the store, and services where a history has some.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use connector_capture::{EnrichPorts, ModelPorts, ModelSteps};
use connector_domain::ports::{Embedder, EnrichmentStore, FeatureIndex, LanguageModel, ModelStore, Queue, VectorIndex};
use connector_domain::task::EnrichTask;

use crate::faulty::Faulty;
use crate::plant::{self, Plant};
use crate::said;
use crate::scenario::Scenario;
use crate::setup::Outside;
use crate::stale::Stale;

/// A new port of it is added here.
pub(crate) fn enriching(outside: &Outside, scenario: &Scenario, plant: Option<Plant>) -> EnrichPorts {
    let Outside { plan, monitor, stores, embedder, lag, .. } = outside;
    let store = Stale::new(Arc::clone(&stores.observations), lag);
    let store: Arc<dyn EnrichmentStore> = Faulty::of(plan, &store);
    let embedder: Arc<dyn Embedder> = Faulty::of(plan, embedder);
    EnrichPorts {
        enrichment: match plant {
            Some(Plant::CountedTwice) => Arc::new(plant::CountedTwice { store, next: AtomicU64::new(0) }),
            Some(Plant::LinksOfFirst) => {
                let (linked, monitor) = (plant::Linked::default(), Arc::clone(monitor));
                Arc::new(plant::LinksOfFirst { store, linked, monitor })
            }
            Some(Plant::NotedFirst) => Arc::new(plant::NotedFirst { store }),
            _ => store,
        },
        embedder: if plant == Some(Plant::JunkTaken) { Arc::new(plant::JunkTaken { embedder }) } else { embedder },
        index: scenario.services.then(|| {
            let index: Arc<dyn VectorIndex> = Arc::new(FeatureIndex(Arc::clone(&stores.index) as _));
            Faulty::of(plan, &index) as _
        }),
        model: scenario.services.then(|| reading(outside, scenario, plant)),
    }
}

/// A language model that is asked everything.
fn reading(outside: &Outside, scenario: &Scenario, plant: Option<Plant>) -> ModelPorts {
    let Outside { plan, queue, stores, model, clock, .. } = outside;
    let store: Arc<dyn ModelStore> = Faulty::of(plan, &stores.models);
    let summaries: Arc<dyn Queue<EnrichTask>> = Faulty::of(plan, queue);
    ModelPorts {
        language: Faulty::of(plan, model) as Arc<dyn LanguageModel>,
        store: match plant {
            Some(plant @ (Plant::BudgetIgnored | Plant::AnswerDropped)) => {
                Arc::new(plant::CarelessModels { store, plant })
            }
            _ => store,
        },
        clock: Arc::clone(clock) as _,
        steps: ModelSteps { classify: true, extract: true, summaries: Some(summaries) },
        limit: said::limit(scenario),
    }
}
