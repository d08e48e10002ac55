//! A fact seen in three ways: by its title, by its body, and by both together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::embedding::Embedding;
use super::search::Feature;
use crate::observation::Observation;
use crate::{SourceId, Timestamp, text};

/// A way to see a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum View {
    /// Its title, without the label of its type. A few words are nearest to it.
    Title,
    /// Its body.
    Content,
    /// The title and the start of the body: what the fact is as a whole, so what belongs together goes by it.
    Summary,
}

/// Most characters of the body in the summary.
const MAX_SUMMARY_CHARS: usize = 1_000;
/// Most characters of the body by itself, which fits every model: 8,192 tokens and more.
const MAX_CONTENT_CHARS: usize = 4_000;

impl View {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Title, Self::Content, Self::Summary];

    /// The name in rows and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Content => "content",
            Self::Summary => "summary",
        }
    }

    /// Finds a view by its name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.as_str() == name)
    }

    /// What is embedded of a fact; `None` where another view says the same or there is nothing to say.
    #[must_use]
    pub fn text(self, observation: &Observation) -> Option<String> {
        let event = &observation.event;
        let label = format!("[{}] ", event.source_type.label());
        let title = text::trim(event.title.strip_prefix(&label).unwrap_or(&event.title));
        let body = text::trim(&event.body);
        let text = match self {
            Self::Title => if body.is_empty() { "" } else { title }.to_owned(),
            Self::Content => text::cut(body, MAX_CONTENT_CHARS).to_owned(),
            Self::Summary => text::trim(&format!("{title}\n\n{}", text::cut(body, MAX_SUMMARY_CHARS))).to_owned(),
        };
        (!text.is_empty()).then_some(text)
    }

    /// What is shown of a fact beside its vector.
    #[must_use]
    pub fn snippet(self, observation: &Observation) -> String {
        let event = &observation.event;
        match self {
            Self::Title => event.title.clone(),
            Self::Content => text::cut(&event.body, 500).to_owned(),
            Self::Summary => format!("{}\n{}", event.title, text::cut(&event.body, 300)),
        }
    }
}

/// A fact as an index outside is given it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indexed {
    /// What it is like.
    pub feature: Feature,
    /// Who acted, by name.
    pub actor: Option<String>,
    /// What is shown of it.
    pub snippets: BTreeMap<View, String>,
}

impl Indexed {
    /// A fact with what it is like.
    #[must_use]
    pub fn new(observation: &Observation, feature: Feature) -> Self {
        let snippets = View::ALL.into_iter().map(|view| (view, view.snippet(observation))).collect();
        Self { feature, actor: observation.event.actor.as_ref().map(|actor| actor.name.clone()), snippets }
    }
}

impl Indexed {
    /// Its vectors: all of one model, a service's where it has them.
    pub fn vectors(&self) -> impl Iterator<Item = (View, &Embedding)> {
        let local = (!self.feature.is_embedded()).then_some((View::Summary, &self.feature.embedding));
        self.feature.views.iter().map(|(view, embedding)| (*view, embedding)).chain(local)
    }
}

/// What to look for in an index.
#[derive(Debug, Clone, PartialEq)]
pub struct VectorQuery {
    /// Like this. Only vectors of its model are looked at.
    pub vector: Embedding,
    /// Only what happened at or after this.
    pub since: Timestamp,
    /// Only what happened at or before this.
    pub until: Timestamp,
    /// Most facts to find.
    pub limit: usize,
}

/// A fact that is like what was looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Nearest {
    /// The fact.
    pub source_id: SourceId,
    /// The view of it that is most alike.
    pub view: View,
    /// How alike, from 0 to 1.
    pub similarity: f64,
}
