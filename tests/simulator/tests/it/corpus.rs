//! Our shapes against payloads that nobody of this project wrote: every field that real data has, ours has.
//!
//! Reads a folder outside the project (`CONNECTORS_CORPUS`, by default `../shared` next to the workspace); where
//! it is absent the test says so and passes.

use std::{collections::BTreeSet, env, fs, path::PathBuf};

use connector_simulator::github::{NewCommit, NewDiscussion, NewRelease};
use serde_json::Value;

use crate::{client::Stage, schema::Specification};

/// A repository's merge settings: real webhooks have them inside `base.repo`, lists have not.
const SETTINGS: [&str; 5] =
    ["allow_", "delete_branch_on_merge", "merge_commit_", "squash_merge_commit_", "use_squash_"];

/// A file or folder of that data; None, with a notice, where it is absent.
#[expect(clippy::disallowed_methods, clippy::print_stderr, reason = "a test's own setting, and its notice")]
pub(crate) fn outside(part: &str) -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = env::var_os("CONNECTORS_CORPUS").map_or_else(|| root.join("../shared"), PathBuf::from);
    let found = folder.join(part);
    if found.exists() {
        return Some(found);
    }
    eprintln!("skipped: nothing at {}", found.display());
    None
}

/// The paths of all fields that `real` has and `ours` lacks, where both are objects.
pub(crate) fn missing(real: &Value, ours: &Value, path: &str, found: &mut BTreeSet<String>) {
    match (real, ours) {
        (Value::Object(real), Value::Object(ours)) => {
            for (field, value) in real {
                let here = format!("{path}.{field}");
                match ours.get(field) {
                    Some(own) => missing(value, own, &here, found),
                    None if SETTINGS.iter().any(|start| field.starts_with(start)) => {}
                    None => {
                        found.insert(here);
                    }
                }
            }
        }
        (Value::Array(real), Value::Array(ours)) => {
            if let (Some(real), Some(own)) = (real.first(), ours.first()) {
                missing(real, own, path, found);
            }
        }
        _ => {}
    }
}

/// The paths of all fields that one of these real webhooks has, and none of ours of that event.
pub(crate) fn lacking(real: Vec<Value>, ours: &[(String, Value)], event: &str) -> BTreeSet<String> {
    let of_event: Vec<&Value> = ours.iter().filter(|(held, _)| held == event).map(|(_, own)| own).collect();
    let lacks = |real: &Value, own: &Value| {
        let mut lacking = BTreeSet::new();
        missing(real, own, event, &mut lacking);
        lacking
    };
    let each = real.iter().flat_map(|real| {
        let lacking = of_event.iter().map(|own| lacks(real, own));
        lacking.reduce(|one, other| one.intersection(&other).cloned().collect()).unwrap()
    });
    each.collect()
}

/// Items of a file: a list, one object per line with the item in `body`, or a delivery with the payload in `body`.
pub(crate) fn items(path: PathBuf) -> Vec<Value> {
    let text = fs::read_to_string(&path).unwrap();
    let parsed: Vec<Value> = match serde_json::from_str(&text) {
        Ok(Value::Array(items)) => items,
        Ok(one) => vec![one],
        Err(_) => text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
    };
    parsed
        .into_iter()
        .map(|item| match (item.get("url"), item.get("headers"), item.get("body")) {
            (Some(_), None, Some(Value::Object(body))) | (None, Some(_), Some(Value::Object(body))) => {
                Value::Object(body.clone())
            }
            _ => item,
        })
        .collect()
}

#[tokio::test]
async fn list_items_have_every_field_of_real_ones() {
    let Some(corpus) = outside("corpus/github") else { return };
    let stage = Stage::lively(80, 60).await;
    let mut found = BTreeSet::new();
    for (file, list) in [
        ("api/devlake/github_api_pull_requests.jsonl", "/repos/acme/rocket/pulls?state=all&per_page=100"),
        ("api/devlake/github_api_issues.jsonl", "/repos/acme/rocket/issues?state=all&per_page=100"),
        ("api/devlake/github_api_events.jsonl", "/repos/acme/rocket/issues/events?per_page=100"),
        ("api/octocrab/repos_releases_list.json", "/repos/acme/rocket/releases"),
        ("api/devlake/github_api_comments.jsonl", "/repos/acme/rocket/issues/comments?per_page=100"),
        ("api/devlake/github_api_pull_request_review_comments.jsonl", "/repos/acme/rocket/pulls/comments?per_page=100"),
    ] {
        let ours = stage.all(list).await;
        let real = items(corpus.join(file));
        assert!(!real.is_empty(), "{file}");
        for item in &real {
            // A kind of item is missing a field only when none of ours has it.
            let lacking = ours
                .iter()
                .map(|own| {
                    let mut lacking = BTreeSet::new();
                    missing(item, own, file, &mut lacking);
                    lacking
                })
                .reduce(|one, other| one.intersection(&other).cloned().collect())
                .unwrap();
            found.extend(lacking);
        }
    }
    // Events of kinds that are not simulated carry objects of their own.
    found.retain(|path| {
        !["rename", "assignee", "assigner", "milestone", "review_requester", "requested_reviewer"]
            .iter()
            .any(|field| path.ends_with(&format!("events.jsonl.{field}")))
    });
    assert!(found.is_empty(), "{found:#?}");
}

#[tokio::test]
async fn webhooks_have_every_field_of_real_ones() {
    let Some(corpus) = outside("corpus/github") else { return };
    let stage = Stage::lively(30, 20).await;
    let now = stage.world.now();
    stage.repository.push("main", &[NewCommit::saying("one")], now);
    stage.repository.publish_release(NewRelease::tagged("v1"), now);
    stage.repository.create_discussion(NewDiscussion::asking("How?"), now);
    let ours: Vec<(String, Value)> = stage
        .repository
        .history_webhooks()
        .iter()
        .map(|webhook| (webhook.event.clone(), serde_json::from_slice(&webhook.body).unwrap()))
        .collect();
    let mut found = BTreeSet::new();
    for (file, event) in [
        ("webhooks/hookdeck/pull_request.json", "pull_request"),
        ("webhooks/zulip/pull_request__opened.json", "pull_request"),
        ("webhooks/zulip/issues.json", "issues"),
        ("webhooks/hookdeck/push.json", "push"),
        ("webhooks/hookdeck/release.json", "release"),
        ("webhooks/zulip/discussion.json", "discussion"),
        ("webhooks/hookdeck/issue_comment.json", "issue_comment"),
        ("webhooks/zulip/issue_comment__pull_request_comment.json", "issue_comment"),
        ("webhooks/zulip/issue_comment__deleted.json", "issue_comment"),
        ("webhooks/zulip/pull_request_review.json", "pull_request_review"),
        ("webhooks/zulip/pull_request_review__empty_body.json", "pull_request_review"),
        ("webhooks/zulip/pull_request_review_comment.json", "pull_request_review_comment"),
        ("webhooks/zulip/deployment.json", "deployment"),
        ("webhooks/zulip/deployment_status.json", "deployment_status"),
    ] {
        found.extend(lacking(items(corpus.join(file)), &ours, event));
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[tokio::test]
async fn answers_are_as_specified() {
    let Some(specification) = Specification::read("github-rest.slice.json") else { return };
    let stage = Stage::lively(40, 20).await;
    let (repository, repo) = ("/repos/acme/rocket", "/repos/{owner}/{repo}");
    let pull = stage.get(&format!("{repository}/pulls/comments")).await.items()[0]["pull_request_url"].clone();
    let pull = pull.as_str().unwrap().rsplit_once('/').unwrap().1.to_owned();
    let deployment = stage.get(&format!("{repository}/deployments")).await.items()[0]["id"].to_string();
    let mut wrong = BTreeSet::new();
    for (path, specified) in [
        ("issues/comments?per_page=100".to_owned(), "issues/comments"),
        ("pulls/comments?per_page=100".to_owned(), "pulls/comments"),
        (format!("pulls/{pull}/reviews"), "pulls/{pull_number}/reviews"),
        ("issues/events?per_page=100".to_owned(), "issues/events"),
        ("activity?per_page=100".to_owned(), "activity"),
        ("deployments".to_owned(), "deployments"),
        (format!("deployments/{deployment}/statuses"), "deployments/{deployment_id}/statuses"),
    ] {
        let answer = stage.get(&format!("{repository}/{path}")).await.json();
        assert!(answer.as_array().is_some_and(|items| !items.is_empty()), "{path}");
        wrong.extend(specification.check(&format!("{repo}/{specified}"), &answer));
    }
    // Real events tell why an issue was closed.
    wrong.retain(|wrong| !wrong.contains("issues/events[].state_reason"));
    assert!(wrong.is_empty(), "{wrong:#?}");
}
