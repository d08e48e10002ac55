//! What a model said of a fact, kept beside it.

use serde::{Deserialize, Serialize};

use crate::capture::{Category, EntityCategory};
use crate::{SourceId, Timestamp};

/// Most topics of an answer.
pub const MAX_TOPICS: usize = 5;

/// What a model said of a fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// The fact.
    pub source_id: SourceId,
    /// The model.
    pub model: String,
    /// The [`PROMPT_VERSION`](super::PROMPT_VERSION) that it was asked with.
    pub prompt: u32,
    /// When.
    pub at: Timestamp,
    /// What it said.
    pub said: Said,
}

/// The answer to one of the questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Said {
    /// What kind of work it is about.
    Classification(ModelClassification),
    /// What it names, beyond what patterns find.
    Entities(Vec<ModelEntity>),
}

impl Said {
    /// The question what kind of work a fact is about.
    pub const CLASSIFICATION: &'static str = "classification";
    /// The question what it names.
    pub const ENTITIES: &'static str = "entities";

    /// Which question it answers.
    #[must_use]
    pub const fn question(&self) -> &'static str {
        match self {
            Self::Classification(_) => Self::CLASSIFICATION,
            Self::Entities(_) => Self::ENTITIES,
        }
    }
}

/// The kinds of work that a fact is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelClassification {
    /// First of all.
    pub primary: Category,
    /// Also; three at most.
    pub secondary: Vec<Category>,
    /// Words to find it by; five at most.
    pub topics: Vec<String>,
    /// How sure it is, in percent.
    pub confidence: u8,
}

/// A thing that a fact names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelEntity {
    /// What kind of thing.
    pub category: EntityCategory,
    /// Which one.
    pub key: String,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// How sure it is, in percent.
    pub confidence: u8,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
