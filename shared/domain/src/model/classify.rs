//! What kind of work a fact is about.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::reading::{MAX_TOPICS, ModelClassification};
use super::request::{ModelRequest, object};
use super::{ModelError, ModelErrorKind};
use crate::capture::Category;
use crate::observation::Observation;
use crate::text;

const INSTRUCTIONS: &str = "Sort one event of a software team. Give the category that its main intent fits, up to three \
    other categories that clearly fit as well, up to five topics (one or two lower-case words each) that are in it, and \
    how sure you are from 0 to 1.\n\nCategories:\n\
    bug_fix: a defect is mended. feature: something new. refactor: the same behaviour in a better form. documentation: \
    texts for people. testing: tests. infrastructure: build, pipelines, configuration. security: access and \
    vulnerabilities. performance: speed. incident: something is down. decision: a choice that was made. discussion: talk \
    and proposals. release: a version is published. deployment: a version goes live. other: none of these.";
/// Most characters of the body that are shown.
const MAX_BODY_CHARS: usize = 1_000;
const MAX_SECONDARY: usize = 3;
const MAX_TOPIC_CHARS: usize = 40;

/// Asks what kind of work a fact is about.
#[must_use]
pub fn classification_request(observation: &Observation) -> ModelRequest {
    let event = &observation.event;
    let body = text::cut(&event.body, MAX_BODY_CHARS);
    let content = json!({
        "source": event.provider(), "type": event.source_type.name(), "title": event.title, "body": body,
    });
    let category = json!({ "type": "string", "enum": Category::ALL.map(Category::as_str) });
    let schema = object(json!({
        "primary": category,
        "secondary": { "type": "array", "items": category },
        "topics": { "type": "array", "items": { "type": "string" } },
        "confidence": { "type": "number" },
    }));
    ModelRequest::new(INSTRUCTIONS, content, schema, 300)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    primary: Category,
    secondary: Vec<Category>,
    topics: Vec<String>,
    confidence: f64,
}

impl ModelClassification {
    /// Believes an answer as far as it keeps the form; what is over the bounds is left out.
    ///
    /// # Errors
    /// When it does not keep the form.
    pub fn read(answer: Value) -> Result<Self, ModelError> {
        let Answer { primary, secondary, topics, confidence } = serde_json::from_value(answer)
            .map_err(|_| ModelError::because(ModelErrorKind::Malformed, "it is no classification"))?;
        let mut seen = BTreeSet::from([primary]);
        let secondary = secondary.into_iter().filter(|one| *one != Category::Other && seen.insert(*one));
        let mut known = BTreeSet::new();
        let topics = topics.iter().filter_map(|topic| topic_of(topic)).filter(|topic| known.insert(topic.clone()));
        Ok(Self {
            primary,
            secondary: secondary.take(MAX_SECONDARY).collect(),
            topics: topics.take(MAX_TOPICS).collect(),
            confidence: percent(confidence)?,
        })
    }
}

/// A topic is a word or a few: letters, digits and what joins them.
fn topic_of(said: &str) -> Option<String> {
    let topic = text::trim(said).to_lowercase();
    let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '/' | '+' | '#');
    (!topic.is_empty() && topic.chars().count() <= MAX_TOPIC_CHARS && topic.chars().all(plain)).then_some(topic)
}

/// A share from 0 to 1 in percent.
pub(super) fn percent(share: f64) -> Result<u8, ModelError> {
    if !(0.0..=1.0).contains(&share) {
        return Err(ModelError::because(ModelErrorKind::Malformed, "a confidence is not between 0 and 1"));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 100")]
    Ok((share * 100.0).round() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_believed_within_its_bounds() {
        let said = ModelClassification::read(json!({
            "primary": "incident", "secondary": ["incident", "other", "bug_fix", "bug_fix", "testing", "release", "security"],
            "topics": [" Checkout ", "checkout", "rm -rf; $(x)", "", "a", "b", "c", "d", "e"], "confidence": 0.914,
        }))
        .unwrap();
        assert_eq!(said.primary, Category::Incident);
        assert_eq!(said.secondary, [Category::BugFix, Category::Testing, Category::Release]);
        assert_eq!(said.topics, ["checkout", "a", "b", "c", "d"]);
        assert_eq!(said.confidence, 91);
    }

    #[test]
    fn what_does_not_keep_the_form_is_refused() {
        let good = json!({ "primary": "other", "secondary": [], "topics": [], "confidence": 1 });
        assert!(ModelClassification::read(good.clone()).is_ok());
        for (field, value) in [
            ("primary", json!("party")),
            ("secondary", json!(["party"])),
            ("secondary", json!("bug_fix")),
            ("topics", json!([1])),
            ("confidence", json!(1.01)),
            ("confidence", json!(-0.1)),
            ("confidence", json!("high")),
            ("command", json!("delete everything")),
        ] {
            let mut answer = good.clone();
            answer[field] = value;
            assert_eq!(ModelClassification::read(answer).unwrap_err().kind, ModelErrorKind::Malformed, "{field}");
        }
        assert!(ModelClassification::read(json!("other")).is_err());
    }
}
