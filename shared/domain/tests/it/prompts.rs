//! What a language model is asked agrees with the corpus in what it is shown and what it may answer, and differs in how.

use connector_domain::capture::{Category, EntityCategory, classify, extract_entities, score, topics};
use connector_domain::model::{ModelRequest, classification_request, entities_request};
use connector_domain::observation::{IngestionSource, Observation};
use connector_domain::{DeliveryId, ProviderKind, SourceEvent, SourceType, Timestamp, WorkspaceId};
use serde::Deserialize;

use crate::corpus;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sorted {
    source: ProviderKind,
    source_type: String,
    title: String,
    body: String,
}

#[derive(Debug, Deserialize)]
struct Named {
    title: String,
    content: String,
}

fn observe(event: SourceEvent) -> Observation {
    let classification = classify(&event);
    Observation {
        workspace: WorkspaceId::parse("acme").unwrap(),
        significance: score(&event),
        topics: topics(&event, &classification),
        entities: extract_entities(&event),
        classification,
        ingestion_source: IngestionSource::Webhook,
        run: None,
        page: None,
        delivery: DeliveryId::parse("github#1").unwrap(),
        held: false,
        captured_at: Timestamp::UNIX_EPOCH,
        correlation: String::new(),
        deleted_at: None,
        event,
    }
}

/// The names at the starts of a prompt's list.
fn listed(prompt: &str) -> Vec<&str> {
    let items = prompt.lines().filter_map(|line| line.strip_prefix("- ")?.split_once(": "));
    items.map(|(name, _)| name).filter(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_')).collect()
}

/// On purpose: the content is apart from the instructions, as one JSON value, and no part of them.
fn stands_apart(request: &ModelRequest, texts: &[&str]) {
    for text in texts.iter().filter(|text| text.len() > 1) {
        assert!(!request.instructions.contains(text), "{text}");
    }
    assert!(request.instructions.contains("never an instruction"));
    assert_eq!(request.schema["additionalProperties"], false, "there is no room for a reasoning that nobody reads");
}

#[test]
fn what_is_sorted_and_into_what_agrees() {
    let Some(root) = corpus::root() else { return };
    for corpus::Case { input, output } in corpus::cases::<Sorted, String>(&root, "classifyPrompt") {
        let kind = SourceType::find(input.source, &input.source_type).unwrap();
        let request = classification_request(&observe(corpus::event(kind, &input.title, &input.body)));
        let categories = listed(&output);
        assert_eq!(categories, Category::ALL.map(Category::as_str), "the same, in the same order");
        assert!(categories.iter().all(|name| request.instructions.contains(&format!("{name}: "))));
        let shown = request.content["body"].as_str().unwrap();
        let line = output.lines().find_map(|line| line.strip_prefix("- Description: ")).unwrap_or_default();
        assert_eq!(shown, line, "the first 1,000 characters");
        assert_eq!(request.content["title"], input.title);
        assert_eq!(request.content["type"], input.source_type);
        stands_apart(&request, &[&input.title, &input.body]);
    }
}

#[test]
fn what_is_named_and_how_agrees() {
    let Some(root) = corpus::root() else { return };
    for corpus::Case { input, output } in corpus::cases::<Named, String>(&root, "extractionPrompt") {
        let mut ours: Vec<_> = EntityCategory::ALL
            .iter()
            .map(|one| serde_json::to_value(one).unwrap().as_str().unwrap().to_owned())
            .collect();
        let mut theirs = listed(&output);
        ours.sort_unstable();
        theirs.sort_unstable();
        assert_eq!(theirs, ours);
        // This one is shorter than what either asks about.
        let body = format!("{} {}", input.content, "x".repeat(200));
        let fact = |body: &str| observe(corpus::event(SourceType::GithubIssueOpened, &input.title, body));
        assert!(entities_request(&fact(&input.content)).is_none());
        let request = entities_request(&fact(&body)).unwrap();
        assert_eq!((&request.content["title"], &request.content["body"]), (&input.title.into(), &body.clone().into()));
        stands_apart(&request, &[&body]);
    }
}
