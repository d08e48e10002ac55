//! A language model in a history: at times it fails, takes its time, declines or answers with something else.

use std::sync::Arc;

use async_trait::async_trait;
use connector_domain::capture::Category;
use connector_domain::model::{ModelAnswer, ModelError, ModelErrorKind, ModelRequest};
use connector_domain::ports::LanguageModel;
use serde_json::{Value, json};

use crate::monitor::Monitor;
use crate::unreliable::Unreliable;
use crate::{Chance, Plan, Scenario};

/// What it is called by.
pub(crate) const MODEL: &str = "simulated";
/// Tokens of an answer.
const TOKENS: u64 = 100;

/// A language model as others run it.
pub(crate) struct SimulatedModel {
    pub(crate) service: Unreliable,
    monitor: Arc<Monitor>,
}

impl SimulatedModel {
    pub(crate) fn new(plan: &Arc<Plan>, monitor: &Arc<Monitor>, seed: u64, scenario: &Scenario) -> Self {
        let chance = Chance::apart(seed, 0x11a);
        let service = Unreliable::new(plan, chance, scenario.model_percent, scenario.broken_model);
        Self { service, monitor: Arc::clone(monitor) }
    }
}

#[async_trait]
impl LanguageModel for SimulatedModel {
    fn model(&self) -> &str {
        MODEL
    }

    async fn complete(&self, request: &ModelRequest) -> Result<ModelAnswer, ModelError> {
        self.monitor.count(|tally| tally.model_calls += 1);
        let failed = |kind| {
            self.monitor.count(|tally| tally.model_failures += 1);
            Err(ModelError::new(kind))
        };
        if self.service.broken {
            return failed(ModelErrorKind::Unavailable);
        }
        match self.service.strays(6) {
            None => {}
            Some(0) => return failed(ModelErrorKind::Unavailable),
            Some(1) => return failed(ModelErrorKind::RateLimited),
            Some(2) => return failed(ModelErrorKind::Declined),
            Some(3) => self.service.dawdle().await,
            Some(_) => {
                self.monitor.count(|tally| tally.model_failures += 1);
                return Ok(ModelAnswer { value: junk(self.service.chance.below(3)), tokens: TOKENS });
            }
        }
        let value = answer(request);
        self.monitor.count(|tally| tally.summaries += u64::from(value.get("summary").is_some()));
        Ok(ModelAnswer { value, tokens: TOKENS })
    }
}

/// What it answers where nothing goes wrong: to one question always the same.
pub(crate) fn answer(request: &ModelRequest) -> Value {
    let message = request.message();
    if request.schema.pointer("/properties/primary").is_some() {
        let category = Category::ALL[message.len() % Category::ALL.len()];
        return json!({ "primary": category, "secondary": [], "topics": ["simulated"], "confidence": 0.9 });
    }
    if request.schema.pointer("/properties/entities").is_some() {
        let one = json!({ "category": "service", "key": "simulated", "confidence": 0.9 });
        return json!({ "entities": [one] });
    }
    json!({ "summary": format!("What {} bytes told.", message.len()) })
}

fn junk(n: usize) -> Value {
    match n {
        0 => json!(null),
        1 => json!("feature"),
        _ => json!({ "primary": "anything" }),
    }
}
