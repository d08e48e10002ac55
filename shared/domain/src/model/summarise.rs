//! What a cluster is about, in a few sentences.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::extract::line;
use super::request::{ModelRequest, PROMPT_VERSION, object};
use super::{ModelError, ModelErrorKind};
use crate::Timestamp;
use crate::enrich::{Cluster, Feature};

/// A cluster of fewer facts is told by its titles.
pub const MIN_FACTS: usize = 5;
/// Most facts that are shown, the latest ones.
const MAX_FACTS: usize = 20;
const MAX_CHARS: usize = 500;

const INSTRUCTIONS: &str = "Say in at most three plain sentences what a software team did, decided or suffered in these \
    related events, which stand in the order in which they happened: what began it, what became of it, what is open. \
    Name only what is there.";

/// What a model said a cluster is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterSummary {
    /// The cluster.
    pub cluster: String,
    /// Its week.
    pub week: String,
    /// The [content](cluster_content) that it is of.
    pub content: String,
    /// The summary.
    pub text: String,
    /// The model.
    pub model: String,
    /// When it was made.
    pub at: Timestamp,
}

/// What a cluster's summary depends on, as a hash: its facts, which never change, and how it is asked.
#[must_use]
pub fn cluster_content(cluster: &Cluster) -> String {
    let mut hash = Sha256::new().chain_update(PROMPT_VERSION.to_be_bytes());
    for member in &cluster.members {
        hash.update((member.as_str().len() as u64).to_be_bytes());
        hash.update(member.as_str());
    }
    hex::encode(&hash.finalize()[..16])
}

/// Asks what a cluster is about.
#[must_use]
pub fn summary_request(cluster: &Cluster, features: &[Feature]) -> ModelRequest {
    let shown = cluster.members.iter().skip(cluster.members.len().saturating_sub(MAX_FACTS));
    let facts: Vec<_> = shown
        .filter_map(|id| features.iter().find(|feature| feature.source_id == *id))
        .map(|one| json!({ "at": one.occurred_at, "source": one.source, "type": one.source_type, "title": one.title }))
        .collect();
    let schema = object(json!({ "summary": { "type": "string" } }));
    ModelRequest::new(INSTRUCTIONS, json!({ "events": facts }), schema, 300)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    summary: String,
}

impl ClusterSummary {
    /// The text of an answer.
    ///
    /// # Errors
    /// When it does not keep the form, or says nothing.
    pub fn read(answer: Value) -> Result<String, ModelError> {
        let malformed = || ModelError::because(ModelErrorKind::Malformed, "it is no summary");
        let Answer { summary } = serde_json::from_value(answer).map_err(|_| malformed())?;
        line(&summary, MAX_CHARS).ok_or_else(malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_one_line_within_bounds() {
        let read = |text: &str| ClusterSummary::read(json!({ "summary": text }));
        assert_eq!(read(" One.\n\u{1b}[31m Two. ").unwrap(), "One. [31m Two.");
        assert_eq!(read(&"x".repeat(900)).unwrap().chars().count(), MAX_CHARS);
        assert!(read(" \n").is_err() && ClusterSummary::read(json!({ "text": "x" })).is_err());
    }
}
