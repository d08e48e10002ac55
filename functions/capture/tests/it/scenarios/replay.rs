//! A scenario, replayed through capture and enrichment in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use connector_capture::{Assessed, Context, Enrich, EnrichPorts, ModelPorts, ModelSteps, assess};
use connector_domain::capture::{CaptureOutcome, FilterReason};
use connector_domain::connection::{SyncSettings, WorkspaceSettings};
use connector_domain::model::{DailyLimit, ModelAnswer, ModelError, ModelRequest};
use connector_domain::observation::{IngestionSource, Observation};
use connector_domain::ports::{LanguageModel, ObservationStore};
use connector_domain::task::EnrichTask;
use connector_domain::{DeliveryId, WorkspaceId};
use connector_testkit::memory::{ManualClock, MemoryModels, MemoryObservations};
use serde_json::{Value, json};

use super::script::{Scenario, Script, Told};

/// What the earlier system took to matter enough. Here it is the workspace's own, and 30 to begin with.
const THRESHOLD: u8 = 40;

/// A language model that says what the scenario says, in the form that is asked for.
pub(super) struct Scripted {
    pub(super) rules: Value,
}

#[async_trait]
impl LanguageModel for Scripted {
    fn model(&self) -> &str {
        "scripted"
    }

    async fn complete(&self, request: &ModelRequest) -> Result<ModelAnswer, ModelError> {
        let said = |n: usize| &self.rules["rules"][n]["object"];
        let value = if request.schema["properties"].get("primary").is_some() {
            let said = said(0);
            json!({
                "primary": said["primaryCategory"], "secondary": said["secondaryCategories"],
                "topics": said["topics"], "confidence": said["confidence"],
            })
        } else {
            let mut entities = said(1)["entities"].clone();
            for entity in entities.as_array_mut().unwrap() {
                let reason = entity.as_object_mut().unwrap().remove("reasoning").unwrap_or_default();
                entity["reason"] = json!(reason.as_str().unwrap_or_default());
            }
            json!({ "entities": entities })
        };
        Ok(ModelAnswer { value, tokens: 1 })
    }
}

/// What became of a scenario here.
pub(super) struct Replayed {
    pub(super) outcomes: Vec<String>,
    pub(super) store: Arc<MemoryObservations>,
    pub(super) models: Arc<MemoryModels>,
    /// Ours, by the earlier system's identity.
    pub(super) facts: BTreeMap<String, Vec<Observation>>,
}

impl Replayed {
    pub(super) fn all(&self) -> impl Iterator<Item = &Observation> {
        self.facts.values().flatten()
    }
}

pub(super) async fn replay(script: &Script) -> Replayed {
    let scenario = &script.scenario;
    let (store, models): (Arc<MemoryObservations>, Arc<MemoryModels>) = Default::default();
    let model = (!scenario.llm.is_null()).then(|| ModelPorts {
        language: Arc::new(Scripted { rules: scenario.llm.clone() }),
        store: Arc::clone(&models) as _,
        clock: Arc::new(ManualClock::new(scenario.now)),
        steps: ModelSteps { classify: true, extract: true, summaries: None },
        limit: DailyLimit::default(),
    });
    let enrich = Enrich::new(EnrichPorts { model, ..EnrichPorts::local(Arc::clone(&store) as _) });
    let (mut outcomes, mut facts) = (Vec::new(), BTreeMap::<String, Vec<Observation>>::new());
    for (n, sent) in scenario.events.iter().enumerate() {
        let workspace = WorkspaceId::parse(sent.workspace_id.as_str()).unwrap();
        let Some(event) = sent.source_event.event() else {
            outcomes.push("not_ours".to_owned());
            continue;
        };
        let Some(sync) = wanted(scenario, &sent.source_event) else {
            outcomes.push("unlinked".to_owned());
            continue;
        };
        let context = Context {
            workspace: &workspace,
            sync: &sync,
            settings: &WorkspaceSettings { significance_threshold: THRESHOLD, ..WorkspaceSettings::default() },
            source: IngestionSource::Webhook,
            page: None,
            delivery: &DeliveryId::parse(format!("github#{n}")).unwrap(),
            correlation: "c",
            now: scenario.now,
        };
        let outcome = match assess(&context, event) {
            Assessed::Filtered(FilterReason::BelowThreshold) => "below_threshold",
            Assessed::Filtered(_) => "filtered",
            Assessed::Kept(fact) => {
                let outcome = store.put_if_absent(std::slice::from_ref(&*fact)).await.remove(0).unwrap();
                let ids = [fact.event.source_id.clone()];
                enrich.handle(EnrichTask::split(&workspace, &ids, "c").remove(0)).await.unwrap();
                if outcome == CaptureOutcome::Captured {
                    facts.entry(sent.source_event.source_id.clone()).or_default().push(*fact);
                    "captured"
                } else {
                    "duplicate"
                }
            }
        };
        outcomes.push(outcome.to_owned());
    }
    Replayed { outcomes, store, models, facts }
}

/// What the links of a scenario want of an event; `None` when there is no active one. Without any, everything is wanted.
pub(super) fn wanted(scenario: &Scenario, told: &Told) -> Option<SyncSettings> {
    let mut sync = SyncSettings::everything(told.source);
    if scenario.integrations.is_empty() {
        return Some(sync);
    }
    let resource = told.metadata["repoId"].to_string();
    let link = scenario.integrations.iter().find(|one| one.provider_resource_id == resource && one.is_active)?;
    let events = link.source_config["sync"]["events"].as_array().unwrap();
    sync.events = events.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    Some(sync)
}
