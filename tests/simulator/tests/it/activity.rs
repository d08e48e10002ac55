//! The list of a repository's pushes.

use std::collections::BTreeMap;

use connector_simulator::github::{NewCommit, NewPullRequest};
use jiff::SignedDuration;
use serde_json::Value;

use crate::client::Stage;

const LIST: &str = "/repos/acme/rocket/activity";

fn kinds(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["activity_type"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_push_is_one_entry_and_was_told_alike() {
    let stage = Stage::lively(40, 0).await;
    let told: BTreeMap<(String, String, String), Value> = stage
        .repository
        .history_webhooks()
        .iter()
        .filter(|webhook| webhook.event == "push")
        .map(|webhook| {
            let body: Value = serde_json::from_slice(&webhook.body).unwrap();
            let text = |field: &str| body[field].as_str().unwrap().to_owned();
            ((text("ref"), text("before"), text("after")), body.clone())
        })
        .collect();
    let entries = stage.all(&format!("{LIST}?per_page=7")).await;
    assert_eq!(entries.len(), told.len());
    let mut heads: BTreeMap<&str, &str> = BTreeMap::new();
    for entry in entries.iter().rev() {
        let text = |field: &str| entry[field].as_str().unwrap();
        let push = &told[&(text("ref").to_owned(), text("before").to_owned(), text("after").to_owned())];
        assert_eq!(push["sender"]["login"], entry["actor"]["login"]);
        assert_eq!(push["forced"] == true, text("activity_type") == "force_push");
        assert_eq!(push["deleted"] == true, text("activity_type") == "branch_deletion");
        assert_eq!(push["created"] == true, text("activity_type") == "branch_creation");
        let unknown = if text("activity_type") == "pr_merge" { text("before") } else { NOTHING };
        let before = heads.insert(text("ref"), text("after")).unwrap_or(unknown);
        assert_eq!(text("before"), before, "each begins where the one before it ended");
    }
    for kind in ["push", "force_push", "branch_creation", "branch_deletion", "pr_merge"] {
        assert!(kinds(&entries).contains(&kind), "{kind}");
    }
}

const NOTHING: &str = "0000000000000000000000000000000000000000";

#[tokio::test]
async fn pages_are_linked_by_cursor_alone() {
    let stage = Stage::lively(30, 0).await;
    let pages = stage.walk(&format!("{LIST}?per_page=10")).await;
    let next = pages[0].link("next").unwrap();
    let start = format!("/github/repositories/{}/activity?per_page=10&after=", stage.repository.id);
    assert!(next.contains(&start) && !next.contains("page=2"), "{next}");
    let rels: Vec<String> = pages[1].links().into_iter().map(|(rel, _)| rel).collect();
    assert_eq!(rels, ["next", "prev"]);
    let back = stage.get(&pages[1].link("prev").unwrap()).await;
    assert_eq!(back.items(), pages[0].items());
    let newest = stage.all(LIST).await;
    let oldest = stage.all(&format!("{LIST}?direction=asc&per_page=9")).await;
    assert!(newest.iter().eq(oldest.iter().rev()));
    assert_eq!(stage.get(&format!("{LIST}?after=garbage")).await.status, 422);
    stage.repository.push("main", &[NewCommit::saying("one")], stage.world.now());
    let second = stage.get(&next).await;
    assert_eq!(second.items(), pages[1].items(), "what comes before the place moves nothing");
}

#[tokio::test]
async fn filters_take_what_they_name() {
    let stage = Stage::lively(40, 0).await;
    let all = stage.all(&format!("{LIST}?per_page=100")).await;
    for (query, field, value) in [
        ("ref=refs/heads/main", "ref", "refs/heads/main"),
        ("ref=main", "ref", "refs/heads/main"),
        ("activity_type=pr_merge", "activity_type", "pr_merge"),
    ] {
        let found = stage.all(&format!("{LIST}?per_page=100&{query}")).await;
        let expected = all.iter().filter(|entry| entry[field] == value).count();
        assert!(found.len() == expected && expected > 0, "{query}");
    }
    let login = all[0]["actor"]["login"].as_str().unwrap();
    let theirs = stage.all(&format!("{LIST}?per_page=100&actor={login}")).await;
    assert!(!theirs.is_empty() && theirs.iter().all(|entry| entry["actor"]["login"] == login));
    let week = (stage.world.now() - SignedDuration::from_hours(7 * 24)).to_string();
    let recent = stage.all(&format!("{LIST}?per_page=100&time_period=week")).await;
    assert_eq!(recent.len(), all.iter().filter(|entry| entry["timestamp"].as_str().unwrap() >= week.as_str()).count());
    assert_eq!(stage.get(&format!("{LIST}?time_period=century")).await.status, 422);
}

#[tokio::test]
async fn a_branch_lives_its_life() {
    let stage = Stage::empty().await;
    let repository = &stage.repository;
    let at = |minutes| stage.world.now() + SignedDuration::from_mins(minutes);
    repository.push("main", &[NewCommit::saying("one")], at(0));
    repository.push("main", &[NewCommit::saying("two")], at(1));
    repository.force_push("main", &[NewCommit::saying("three")], at(2));
    repository.open_pull_request(NewPullRequest::titled("feat: launch"), at(3));
    repository.merge_pull_request(1, "octavia", at(4));
    let merge: Value = serde_json::from_slice(&repository.push_merge(1, at(4)).body).unwrap();
    let gone: Value = serde_json::from_slice(&repository.delete_branch("main", at(5)).body).unwrap();
    let entries = stage.get(LIST).await.items();
    assert_eq!(kinds(&entries), ["branch_deletion", "pr_merge", "force_push", "push", "branch_creation"]);
    let pull = stage.get("/repos/acme/rocket/pulls/1").await.json();
    assert_eq!((&merge["after"], &merge["sender"]["login"]), (&pull["merge_commit_sha"], &"octavia".into()));
    assert!(merge["head_commit"]["message"].as_str().unwrap().starts_with("Merge pull request #1 "));
    assert_eq!((&gone["deleted"], &gone["after"], &gone["head_commit"]), (&true.into(), &NOTHING.into(), &Value::Null));
    assert_eq!(entries[0]["before"], merge["after"]);
}
