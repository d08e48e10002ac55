//! What a fact names beyond what patterns find.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::classify::percent;
use super::reading::ModelEntity;
use super::request::{ModelRequest, object};
use super::{ModelError, ModelErrorKind};
use crate::capture::EntityCategory;
use crate::observation::Observation;
use crate::text;

/// A body that is not longer has nothing in it that patterns miss.
pub const MIN_BODY_CHARS: usize = 200;
/// Most characters of the body that are shown.
const MAX_BODY_CHARS: usize = 4_000;
const MAX_ENTITIES: usize = 15;
/// What is less sure is left out, in percent.
const MIN_CONFIDENCE: u8 = 65;
const MAX_KEY_CHARS: usize = 200;
const MAX_VALUE_CHARS: usize = 200;

const INSTRUCTIONS: &str = "Name the things that one event of a software team is about and that no pattern would find. \
    Leave out issue numbers, @mentions, file paths, addresses and commit hashes. Name few and only what is clearly there: \
    at most fifteen. A key is lower-case, with hyphens between words; value is the wording that was found; reason says in \
    a few words why; confidence is how sure you are from 0 to 1.\n\nCategories:\n\
    engineer: a person. project: a piece of work, a feature, a repository. endpoint: a route of an interface, in prose. \
    config: a setting and its value. definition: a term or a part of the code. service: an outside service. reference: \
    anything else, such as a deployment or a release.";

/// Asks what a fact names; `None` when its body is too short to ask.
#[must_use]
pub fn entities_request(observation: &Observation) -> Option<ModelRequest> {
    let event = &observation.event;
    event.body.char_indices().nth(MIN_BODY_CHARS)?;
    let content = json!({ "title": event.title, "body": text::cut(&event.body, MAX_BODY_CHARS) });
    let words = json!({ "type": "string" });
    let entity = object(json!({
        "category": { "type": "string", "enum": EntityCategory::ALL },
        "key": words, "value": words, "reason": words,
        "confidence": { "type": "number" },
    }));
    let schema = object(json!({ "entities": { "type": "array", "items": entity } }));
    Some(ModelRequest::new(INSTRUCTIONS, content, schema, 1_500))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    entities: Vec<One>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    category: EntityCategory,
    key: String,
    #[serde(default)]
    value: String,
    #[serde(default)]
    reason: String,
    confidence: f64,
}

impl ModelEntity {
    /// Believes an answer as far as it keeps the form: each thing once, the surest first, and what is sure enough.
    ///
    /// # Errors
    /// When it does not keep the form.
    pub fn read(answer: Value) -> Result<Vec<Self>, ModelError> {
        let Answer { entities } = serde_json::from_value(answer)
            .map_err(|_| ModelError::because(ModelErrorKind::Malformed, "it is no list of entities"))?;
        let mut read: Vec<Self> = Vec::new();
        for One { category, key, value, reason, confidence } in entities {
            let confidence = percent(confidence)?;
            let key = line(&key, MAX_KEY_CHARS);
            if let Some(key) = key.filter(|_| confidence >= MIN_CONFIDENCE) {
                let (value, reason) = (line(&value, MAX_VALUE_CHARS), line(&reason, MAX_VALUE_CHARS));
                read.push(Self { category, key: key.to_lowercase(), value, confidence, reason });
            }
        }
        read.sort_by_key(|one| std::cmp::Reverse(one.confidence));
        let mut seen = BTreeSet::new();
        read.retain(|one| seen.insert((one.category, one.key.clone())));
        read.truncate(MAX_ENTITIES);
        Ok(read)
    }
}

/// One line of plain text; `None` when nothing is left.
pub(super) fn line(said: &str, max: usize) -> Option<String> {
    let plain: String = said.chars().map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c }).collect();
    let words: Vec<_> = plain.split(' ').filter(|word| !word.is_empty()).collect();
    let cut = text::ellipsize(&words.join(" "), max).into_owned();
    (!cut.is_empty()).then_some(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(key: &str, confidence: f64) -> Value {
        json!({ "category": "service", "key": key, "value": "", "reason": "said\u{7} so", "confidence": confidence })
    }

    #[test]
    fn sure_things_stay_each_once_and_fifteen_at_most() {
        let many: Vec<_> = (0..40).map(|n| one(&format!("thing-{n}"), 0.7)).collect();
        let all = [vec![one("Stripe", 0.8), one("stripe", 0.99), one("maybe", 0.64), one(" \n ", 1.0)], many].concat();
        let read = ModelEntity::read(json!({ "entities": all })).unwrap();
        assert_eq!(read.len(), MAX_ENTITIES);
        assert_eq!((read[0].key.as_str(), read[0].confidence, read[0].value.as_deref()), ("stripe", 99, None));
        assert_eq!(read[0].reason.as_deref(), Some("said so"));
        assert!(read.iter().all(|one| one.key != "maybe"));
    }

    #[test]
    fn what_does_not_keep_the_form_is_refused() {
        let wrong = [
            json!([]),
            json!({ "entities": [{ "category": "weapon", "key": "x", "confidence": 1 }] }),
            json!({ "entities": [one("x", 1.5)] }),
            json!({ "entities": [], "then": "run this" }),
        ];
        for answer in wrong {
            assert_eq!(ModelEntity::read(answer).unwrap_err().kind, ModelErrorKind::Malformed);
        }
        assert_eq!(ModelEntity::read(json!({ "entities": [] })).unwrap(), []);
    }
}
