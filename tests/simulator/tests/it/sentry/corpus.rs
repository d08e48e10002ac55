//! Our shapes against Sentry's specification, and against payloads that nobody of this project wrote.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Stage;
use crate::{
    corpus::{items, lacking, missing, outside},
    schema::Specification,
};

const PROJECT: &str = "/api/0/projects/{organization_id_or_slug}/{project_id_or_slug}";

#[tokio::test]
async fn answers_are_as_specified() {
    let Some(specification) = Specification::read("sentry-2024-11.slice.json") else { return };
    let stage = Stage::filled(120).await;
    let events = stage.events("").await.json();
    let mut wrong = specification.check(&format!("{PROJECT}/events/"), &events);
    let issues = stage.issues("query=").await.json();
    wrong.extend(specification.check(&format!("{PROJECT}/issues/"), &issues));
    for issue in issues.as_array().unwrap().iter().take(30) {
        let one = stage.http.get(&format!("/api/0/issues/{}/", issue["id"].as_str().unwrap())).await.json();
        wrong.extend(specification.check("/api/0/issues/{issue_id}/", &one));
    }
    for event in events.as_array().unwrap().iter().take(30) {
        let path = format!("/api/0/projects/acme/rocket/events/{}/", event["id"].as_str().unwrap());
        let one = stage.http.get(&path).await.json();
        wrong.extend(specification.check(&format!("{PROJECT}/events/{{event_id}}/"), &one));
    }
    let project = stage.http.get("/api/0/organizations/acme/projects/").await.json();
    let specified = "/api/0/organizations/{organization_id_or_slug}/projects/";
    wrong.extend(specification.check(specified, &project));
    // The specification is older than what Sentry answers.
    wrong.retain(|wrong| !wrong.ends_with("is not in the specification"));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn answers_have_every_field_of_real_ones() {
    let Some(corpus) = outside("corpus/sentry/api") else { return };
    let stage = Stage::filled(60).await;
    let examples = corpus.join("openapi-examples-2024-11");
    let mut found = BTreeSet::new();
    let mut compare = |file: &str, ours: &Value, what: &str| {
        for real in items(examples.join(file)) {
            missing(&real, ours, what, &mut found);
        }
    };
    let events = stage.events("").await.items();
    let listed = "get-List-a-Project-s-Error-Events-200-ReturnAListOfErrorEventsBoundToAProject.json";
    compare(listed, &events[0], "event");
    let issues = stage.issues("query=").await.items();
    let message = issues.iter().find(|issue| issue["metadata"]["title"].is_string()).unwrap();
    compare("get-List-a-Project-s-Issues-200-example.json", message, "issue");
    assert!(found.is_empty(), "{found:#?}");
}

#[tokio::test]
async fn webhooks_have_every_field_of_real_ones() {
    let Some(corpus) = outside("corpus/sentry/webhooks") else { return };
    let stage = Stage::filled(80).await;
    let ours: Vec<(String, Value)> = stage
        .project
        .history_webhooks()
        .iter()
        .map(|webhook| {
            (format!("{}.{}", webhook.resource, webhook.action), serde_json::from_slice(&webhook.body).unwrap())
        })
        .collect();
    let mut found = BTreeSet::new();
    for (file, event) in [
        ("trigger.dev/issue.created.json", "issue.created"),
        ("zulip/issue_created_for_exception.json", "issue.created"),
        ("zulip/issue_created_for_message.json", "issue.created"),
        ("zulip/issue_resolved.json", "issue.resolved"),
        ("zulip/issue_assigned_to_individual.json", "issue.assigned"),
        ("zulip/issue_assigned_to_team.json", "issue.assigned"),
        ("zulip/issue_ignored.json", "issue.ignored"),
    ] {
        found.extend(lacking(items(corpus.join(file)), &ours, event));
    }
    assert!(found.is_empty(), "{found:#?}");
}
