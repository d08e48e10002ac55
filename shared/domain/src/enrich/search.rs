//! What a fact is like, in short: enough to find what is similar and what belongs together without the fact itself.

use serde::{Deserialize, Serialize};

use super::actor::Account;
use super::embedding::Embedding;
use crate::observation::Observation;
use crate::{ProviderKind, SourceId, Timestamp};

/// What a fact is like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Feature {
    /// The fact.
    pub source_id: SourceId,
    /// Whose fact it is.
    pub source: ProviderKind,
    /// What kind of fact, without the provider.
    pub source_type: String,
    /// Its title.
    pub title: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// How much it matters.
    pub score: u8,
    /// Words to find it by.
    pub topics: Vec<String>,
    /// The surest things that it names, as `category:key`.
    pub entities: Vec<String>,
    /// Who acted, as `provider:id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Its text as a vector.
    pub embedding: Embedding,
}

/// Most entities of a feature.
const MAX_ENTITIES: usize = 20;
/// Most characters of the text that is embedded.
const MAX_BODY_CHARS: usize = 1_000;

impl Feature {
    /// The text that is embedded: the title without the label of its type, and the start of the body.
    #[must_use]
    pub fn text(observation: &Observation) -> String {
        let event = &observation.event;
        let label = format!("[{}] ", event.source_type.label());
        let title = event.title.strip_prefix(&label).unwrap_or(&event.title);
        format!("{title}\n\n{}", crate::text::cut(&event.body, MAX_BODY_CHARS))
    }
}

/// What a fact is like; `embedding` is of its [`text`](Feature::text).
#[must_use]
pub fn feature(observation: &Observation, embedding: Embedding) -> Feature {
    let event = &observation.event;
    let category = |category| serde_json::to_value(category).ok().and_then(|name| name.as_str().map(str::to_owned));
    let named = observation.entities.iter().take(MAX_ENTITIES);
    Feature {
        source_id: event.source_id.clone(),
        source: event.provider(),
        source_type: event.source_type.name().to_owned(),
        title: event.title.clone(),
        occurred_at: event.occurred_at,
        score: observation.significance.score,
        topics: observation.topics.clone(),
        entities: named.filter_map(|one| Some(format!("{}:{}", category(one.category)?, one.key))).collect(),
        actor: event.actor.as_ref().map(|actor| Account::new(event.provider(), &actor.id).to_string()),
        embedding,
    }
}

/// A fact that is like what was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Similar {
    /// How alike, from 0 to 1.
    pub similarity: f64,
    /// The fact.
    pub feature: Feature,
}

/// The facts that are most like a text, the most alike first. What has nothing in common with it is left out.
#[must_use]
pub fn similar(features: Vec<Feature>, to: &Embedding, limit: usize) -> Vec<Similar> {
    let mut found: Vec<_> = features
        .into_iter()
        .map(|feature| Similar { similarity: feature.embedding.similarity(to), feature })
        .filter(|one| one.similarity > MIN_SIMILARITY)
        .collect();
    found.sort_by(|a, b| {
        b.similarity.total_cmp(&a.similarity).then_with(|| a.feature.source_id.cmp(&b.feature.source_id))
    });
    found.truncate(limit);
    found
}

/// What is less alike has come near by chance.
const MIN_SIMILARITY: f64 = 0.15;
