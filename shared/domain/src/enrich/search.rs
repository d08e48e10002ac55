//! What a fact is like, in short: enough to find what is similar and what belongs together without the fact itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::actor::Account;
use super::embedding::{Embedding, embed_text};
use super::views::View;
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
    /// Its summary as a vector that is made without any service, so that any two facts can be compared.
    pub embedding: Embedding,
    /// Its other vectors: all views of one model.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub views: BTreeMap<View, Embedding>,
}

/// Most entities of a feature.
const MAX_ENTITIES: usize = 20;

impl Feature {
    /// Whether it has vectors of a service.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.views.values().any(|view| view.model != self.embedding.model)
    }

    /// All its vectors.
    pub fn vectors(&self) -> impl Iterator<Item = (View, &Embedding)> {
        let views = self.views.iter().map(|(view, embedding)| (*view, embedding));
        views.chain(std::iter::once((View::Summary, &self.embedding)))
    }

    /// How alike it is, from 0 to 1, and by which view.
    #[must_use]
    pub fn nearest(&self, to: &Embedding) -> (f64, View) {
        let alike = self.vectors().map(|(view, embedding)| (embedding.similarity(to), view));
        alike.fold((0.0, View::Summary), |best, next| if next.0 > best.0 { next } else { best })
    }

    /// The same with a service's vectors.
    #[must_use]
    pub fn with_views(mut self, views: BTreeMap<View, Embedding>) -> Self {
        self.views = views;
        self
    }
}

/// What a fact is like, as can be told without any service.
#[must_use]
pub fn feature(observation: &Observation) -> Feature {
    let local = |view: View| view.text(observation).map(|text| (view, embed_text(&text)));
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
        embedding: embed_text(&View::Summary.text(observation).unwrap_or_default()),
        views: [View::Title, View::Content].into_iter().filter_map(local).collect(),
    }
}

/// A fact that is like what was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Similar {
    /// How alike, from 0 to 1.
    pub similarity: f64,
    /// The view of it that is most alike.
    pub view: View,
    /// The fact.
    pub feature: Feature,
}

/// The facts that are most like a text, the most alike first. What has nothing in common with it is left out.
#[must_use]
pub fn similar(features: Vec<Feature>, to: &Embedding, limit: usize) -> Vec<Similar> {
    let mut found: Vec<_> = features
        .into_iter()
        .map(|feature| {
            let (similarity, view) = feature.nearest(to);
            Similar { similarity, view, feature }
        })
        .filter(|one| one.similarity > MIN_SIMILARITY)
        .collect();
    found.sort_by(|a, b| {
        b.similarity.total_cmp(&a.similarity).then_with(|| a.feature.source_id.cmp(&b.feature.source_id))
    });
    found.truncate(limit);
    found
}

/// What is less alike has come near by chance.
pub const MIN_SIMILARITY: f64 = 0.15;
