//! What is enriched, with the services that are imitated.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use connector_adapters::services::{ServiceKeys, ServiceLimits, Services};
use connector_capture::{Around, Enrich, EnrichError, Enriched, enrich_ports};
use connector_domain::SourceId;
use connector_domain::enrich::Enrichment;
use connector_domain::observation::Observation;
use connector_domain::ports::{EnrichmentStore, ObservationStore};
use connector_domain::task::EnrichTask;
use connector_simulator::services::{KEY, Services as Simulated};
use connector_testkit::builders::{at, event, observe, workspace};
use connector_testkit::memory::{ManualClock, MemoryModels, MemoryObservations, MemoryQueue};
use serde_json::{Value, json};

/// A body that is long enough to ask what it names.
pub(super) const LONG: &str = "The checkout failed for some customers since the payment service did not answer in time. We raised the \
    timeout of the call to the service to thirty seconds, and now tell the customer to wait instead of showing an error \
    page. An alarm tells when it takes longer than that.";

pub(super) struct Scene {
    pub(super) simulated: Simulated,
    pub(super) store: Arc<MemoryObservations>,
    pub(super) models: Arc<MemoryModels>,
    pub(super) queue: Arc<MemoryQueue<EnrichTask>>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) settings: BTreeMap<&'static str, String>,
    pub(super) keys: Value,
}

impl Scene {
    pub(super) async fn new(on: &[(&'static str, &str)]) -> Self {
        let simulated = Simulated::start().await.unwrap();
        let mut settings = BTreeMap::from(
            ["EMBEDDER_URL", "VECTOR_INDEX_URL", "LANGUAGE_MODEL_URL"].map(|name| (name, simulated.url().to_owned())),
        );
        settings.insert("EMBEDDER_DIMENSIONS", "64".to_owned());
        settings.extend(on.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let clock = Arc::new(ManualClock::default());
        let queue = Arc::new(MemoryQueue::new(Arc::clone(&clock) as _));
        let keys = json!({ "openai": KEY, "cohere": KEY, "pinecone": KEY, "anthropic": KEY });
        Self { simulated, store: Arc::default(), models: Arc::default(), queue, clock, settings, keys }
    }

    pub(super) fn enrich(&self) -> Enrich {
        let limits = ServiceLimits { total: Duration::from_millis(400), ..ServiceLimits::default() };
        let services = Services::from_settings(
            |name| self.settings.get(name).cloned(),
            &ServiceKeys::parse(&self.keys.to_string()).unwrap(),
            limits,
        );
        let around = Around {
            enrichment: Arc::clone(&self.store) as _,
            models: Arc::clone(&self.models) as _,
            looks: Arc::clone(&self.queue) as _,
            clock: Arc::clone(&self.clock) as _,
        };
        Enrich::new(enrich_ports(&services.unwrap(), around))
    }

    pub(super) async fn captured(&self, facts: impl IntoIterator<Item = (i64, &str, &str)>) -> Vec<Observation> {
        let acme = workspace("acme");
        let observation = |(n, title, body): (i64, &str, &str)| {
            let mut event = event(&format!("9#{n}"), at(n));
            event.title = format!("[PR Merged] {title}");
            event.body = body.to_owned();
            observe(&acme, event)
        };
        let rows: Vec<_> = facts.into_iter().map(observation).collect();
        assert!(self.store.put_if_absent(&rows).await.iter().all(Result::is_ok));
        rows
    }

    pub(super) async fn handle(&self, rows: &[Observation]) -> Result<Enriched, EnrichError> {
        let ids: Vec<SourceId> = rows.iter().map(|one| one.event.source_id.clone()).collect();
        let outcome = self.enrich().handle(EnrichTask::split(&workspace("acme"), &ids, "c").remove(0)).await;
        if let Err(error) = &outcome {
            assert!(
                !format!("{error:?}").contains("canary") && !format!("{error:?}").contains("customers"),
                "{error:?}"
            );
        }
        outcome
    }

    pub(super) async fn progress(&self, row: &Observation) -> Enrichment {
        let (kept, progress) = self.store.load(&row.workspace, &row.event.source_id).await.unwrap().unwrap();
        assert_eq!(kept, *row, "the fact itself is as it was captured");
        progress
    }

    pub(super) fn asked(&self, path: &str) -> usize {
        self.simulated.asked().iter().filter(|one| one.path == path).count()
    }
}
