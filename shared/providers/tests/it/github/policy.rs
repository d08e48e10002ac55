//! No event and no action that GitHub documents is new to us.

use std::fs;

use connector_domain::ProviderKind;
use connector_providers::provider;
use serde_json::Value;

use crate::support::{outcomes, outside, webhook};

/// `pull_request` and `review_requested` of an entry for `pull-request/review-requested`.
fn event_and_action(entry: &Value) -> (String, Option<String>) {
    let post = &entry["post"];
    let event = post["x-github"]["subcategory"].as_str().unwrap().to_owned();
    let action = post["operationId"].as_str().unwrap().split_once('/').map(|(_, action)| action.replace('-', "_"));
    (event, action)
}

/// <https://github.com/octokit/openapi-webhooks>
#[test]
fn every_documented_action_has_a_policy() {
    let Some(root) = outside() else { return };
    let schema: Value =
        serde_json::from_slice(&fs::read(root.join("specs/github-webhooks.slice.json")).unwrap()).unwrap();
    let github = provider(ProviderKind::Github).unwrap();
    let entries = schema["webhooks"].as_object().unwrap();
    assert!(entries.len() > 100);
    for entry in entries.values() {
        let (event, action) = event_and_action(entry);
        let body = action.as_ref().map_or_else(|| "{}".to_owned(), |action| format!(r#"{{"action":"{action}"}}"#));
        let outcomes = outcomes(&github.transform(&webhook(ProviderKind::Github, &event, body.as_bytes())));
        // A body without its thing cannot be read, which is policy enough: it is one that we would take.
        let [outcome] = &outcomes[..] else { panic!("{event} {action:?}: {outcomes:?}") };
        println!("{event:<34} {:<26} {outcome}", action.unwrap_or_default());
        assert!(!outcome.starts_with("ignored unknown"), "{event}: {outcome}");
    }
}
