//! What language models said of an observation.

use connector_domain::Timestamp;
use connector_domain::capture::EntityCategory;
use connector_domain::model::{ModelEntity, Reading, Said};
use serde::Serialize;
use utoipa::ToSchema;

/// What a language model said of an observation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Reading)]
pub(crate) struct ReadingView {
    /// The model.
    #[schema(example = "claude-haiku-4-5")]
    model: String,
    /// The version of the question.
    prompt: u32,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What kind of work it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    classification: Option<ModelClassificationView>,
    /// What it names, beyond what patterns find.
    #[serde(skip_serializing_if = "Option::is_none")]
    entities: Option<Vec<ModelEntityView>>,
}

/// The kinds of work that a language model sorts an observation into.
#[derive(Serialize, ToSchema)]
#[schema(as = ModelClassification)]
pub(crate) struct ModelClassificationView {
    primary: &'static str,
    secondary: Vec<&'static str>,
    topics: Vec<String>,
    /// How sure it is, in percent.
    confidence: u8,
}

/// A thing that an observation names, as a language model says.
#[derive(Serialize, ToSchema)]
#[schema(as = ModelEntity)]
pub(crate) struct ModelEntityView {
    #[schema(value_type = String, example = "service")]
    category: EntityCategory,
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    /// How sure it is, in percent.
    confidence: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl From<Reading> for ReadingView {
    fn from(reading: Reading) -> Self {
        let Reading { model, prompt, at, said, .. } = reading;
        let (classification, entities) = match said {
            Said::Classification(said) => (Some(said), None),
            Said::Entities(said) => (None, Some(said)),
        };
        let classification = classification.map(|said| ModelClassificationView {
            primary: said.primary.as_str(),
            secondary: said.secondary.iter().map(|category| category.as_str()).collect(),
            topics: said.topics,
            confidence: said.confidence,
        });
        let entity = |one: ModelEntity| ModelEntityView {
            category: one.category,
            key: one.key,
            value: one.value,
            confidence: one.confidence,
            reason: one.reason,
        };
        let entities = entities.map(|all| all.into_iter().map(entity).collect());
        Self { model, prompt, at, classification, entities }
    }
}
