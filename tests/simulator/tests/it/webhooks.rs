//! Webhooks, and that they tell the same facts as the lists.

use std::collections::{BTreeMap, BTreeSet};

use connector_simulator::github::{
    CloseReason, NewCommit, NewDiscussion, NewIssue, NewPullRequest, NewRelease, Origin, Webhook,
};
use jiff::SignedDuration;
use serde_json::Value;

use crate::client::Stage;

fn body(webhook: &Webhook) -> Value {
    serde_json::from_slice(&webhook.body).unwrap()
}

/// Every field of a list item must have the same value in the webhook's object.
fn assert_agrees(listed: &Value, told: &Value) {
    for (field, value) in listed.as_object().unwrap() {
        assert_eq!(&told[field], value, "{field} of {}", listed["html_url"]);
    }
}

#[tokio::test]
async fn the_last_webhook_of_each_item_says_all_that_the_list_says() {
    let stage = Stage::filled(120, 90, 12).await;
    let mut last: BTreeMap<(String, u64), Value> = BTreeMap::new();
    for webhook in stage.repository.history_webhooks() {
        let body = body(&webhook);
        for (field, id) in [("pull_request", "id"), ("issue", "id"), ("release", "id")] {
            if let Some(object) = body.get(field) {
                last.insert((field.to_owned(), object[id].as_u64().unwrap()), object.clone());
            }
        }
    }
    let mut compared = 0;
    for (field, list) in [
        ("pull_request", "/repos/acme/rocket/pulls?state=all&per_page=100"),
        ("issue", "/repos/acme/rocket/issues?state=all&per_page=100"),
        ("release", "/repos/acme/rocket/releases"),
    ] {
        for item in stage.all(list).await {
            if field == "issue" && item.get("pull_request").is_some() {
                continue;
            }
            let told = &last[&(field.to_owned(), item["id"].as_u64().unwrap())];
            assert_agrees(&item, told);
            compared += 1;
        }
    }
    assert_eq!((compared, last.len()), (222, 222));
}

#[tokio::test]
async fn every_transition_a_list_item_proves_was_told_at_the_same_time() {
    let stage = Stage::filled(120, 90, 12).await;
    let told: BTreeSet<(String, String, u64, String)> = stage
        .repository
        .history_webhooks()
        .iter()
        .map(|webhook| {
            let body = body(webhook);
            let action = match body["pull_request"]["merged"].as_bool() {
                Some(true) if body["action"] == "closed" => "merged".to_owned(),
                _ => webhook.action.clone().unwrap(),
            };
            let id = ["pull_request", "issue", "release"].iter().find_map(|field| body[field]["id"].as_u64());
            (webhook.event.clone(), action, id.unwrap(), webhook.at.to_string())
        })
        .collect();
    let was_told = |event: &str, action: &str, item: &Value, time: &str| {
        let fact = (
            event.to_owned(),
            action.to_owned(),
            item["id"].as_u64().unwrap(),
            item[time].as_str().unwrap().to_owned(),
        );
        assert!(told.contains(&fact), "{fact:?}");
    };
    for pull in stage.all("/repos/acme/rocket/pulls?state=all&per_page=100").await {
        was_told("pull_request", "opened", &pull, "created_at");
        if !pull["merged_at"].is_null() {
            was_told("pull_request", "merged", &pull, "merged_at");
        } else if !pull["closed_at"].is_null() {
            was_told("pull_request", "closed", &pull, "closed_at");
        }
    }
    for issue in stage.all("/repos/acme/rocket/issues?state=all&per_page=100").await {
        if issue.get("pull_request").is_none() {
            was_told("issues", "opened", &issue, "created_at");
            if !issue["closed_at"].is_null() {
                was_told("issues", "closed", &issue, "closed_at");
            }
        }
    }
    for release in stage.all("/repos/acme/rocket/releases").await {
        was_told("release", "published", &release, "published_at");
    }
}

#[tokio::test]
async fn issue_events_name_the_sender_of_the_webhook() {
    let stage = Stage::filled(60, 60, 0).await;
    let mut told: BTreeMap<(u64, String), Vec<Value>> = BTreeMap::new();
    for webhook in stage.repository.history_webhooks() {
        let number = u64::from(webhook.number.unwrap());
        told.entry((number, webhook.at.to_string())).or_default().push(body(&webhook)["sender"]["login"].clone());
    }
    for event in stage.all("/repos/acme/rocket/issues/events?per_page=100").await {
        let key = (event["issue"]["number"].as_u64().unwrap(), event["created_at"].as_str().unwrap().to_owned());
        assert!(told[&key].contains(&event["actor"]["login"]), "{key:?}");
    }
}

#[tokio::test]
async fn the_history_is_in_order_and_each_fact_keeps_its_bytes_and_id() {
    let stage = Stage::filled(40, 30, 4).await;
    let before = stage.repository.history_webhooks();
    assert!(before.windows(2).all(|pair| pair[0].at <= pair[1].at));
    let ids: BTreeSet<&str> = before.iter().map(|webhook| webhook.delivery_id.as_str()).collect();
    assert_eq!(ids.len(), before.len());
    let now = stage.world.now();
    let opened = stage.repository.open_pull_request(NewPullRequest::titled("fix: leak"), now);
    stage.repository.rename("starship", now + SignedDuration::from_secs(1));
    let after = stage.repository.history_webhooks();
    assert_eq!(after[..before.len()], before[..]);
    assert_eq!(after[before.len()], opened);
    assert_eq!(after.len(), before.len() + 2);
}

#[tokio::test]
async fn every_webhook_can_be_routed() {
    let stage = Stage::filled(5, 5, 2).await;
    let now = stage.world.now();
    stage.repository.push("main", &[NewCommit::saying("fix: leak")], now);
    stage.repository.create_discussion(NewDiscussion::asking("How?"), now);
    for webhook in stage.repository.history_webhooks() {
        let body = body(&webhook);
        assert_eq!(body["installation"]["id"], stage.repository.installation_id);
        assert_eq!(body["repository"]["id"], stage.repository.id);
        assert_eq!(body["repository"]["full_name"], "acme/rocket");
        assert_eq!(body["organization"]["login"], "acme");
        assert!(body["sender"]["login"].is_string());
        assert_eq!(body["action"].as_str(), webhook.action.as_deref());
        assert_eq!(body["repository"]["created_at"].is_i64(), webhook.event == "push", "only a push has numbers here");
    }
}

#[tokio::test]
async fn a_pull_request_lives_its_life() {
    let stage = Stage::empty().await;
    let repository = &stage.repository;
    let at = |minutes| stage.world.now() + SignedDuration::from_mins(minutes);
    let draft = NewPullRequest {
        body: Some("Fixes #1".to_owned()),
        author: Some("wren42".to_owned()),
        from: Origin::Fork,
        draft: true,
        labels: vec!["bug".to_owned()],
        ..NewPullRequest::titled("feat: launch")
    };
    let opened = repository.open_pull_request(draft, at(0));
    let number = opened.number.unwrap();
    let sent = [
        opened,
        repository.ready_for_review(number, "wren42", at(1)),
        repository.close_pull_request(number, "tadeo", at(2)),
        repository.reopen_pull_request(number, "wren42", at(3)),
        repository.merge_pull_request(number, "octavia", at(4)),
        repository.touch_pull_request(number, at(5)),
    ];
    assert_eq!(repository.history_webhooks(), sent, "told again later, each is as it was then");
    let actions = sent.map(|webhook| body(&webhook));
    let told: Vec<(&str, &str, bool, &str)> = actions
        .iter()
        .map(|body| {
            let pull = &body["pull_request"];
            let text = |value: &'_ Value| -> &str { if value.is_string() { "set" } else { "null" } };
            (
                body["action"].as_str().unwrap(),
                pull["state"].as_str().unwrap(),
                pull["merged"].as_bool().unwrap(),
                text(&pull["closed_at"]),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("opened", "open", false, "null"),
            ("ready_for_review", "open", false, "null"),
            ("closed", "closed", false, "set"),
            ("reopened", "open", false, "null"),
            ("closed", "closed", true, "set"),
            ("labeled", "closed", true, "set"),
        ]
    );
    assert_eq!(actions[0]["pull_request"]["draft"], true);
    assert_eq!(actions[0]["pull_request"]["head"]["label"], "wren42:patch-1");
    assert_eq!(actions[1]["pull_request"]["draft"], false);
    assert_eq!(actions[2]["sender"]["login"], "tadeo");
    assert_eq!(actions[4]["pull_request"]["merged_by"]["login"], "octavia");
    assert_eq!(actions[4]["pull_request"]["merged_at"], at(4).to_string());
    assert_eq!(actions[5]["pull_request"]["updated_at"], at(5).to_string());
    assert!(actions[5]["label"]["name"].is_string());
    let listed = stage.get("/repos/acme/rocket/pulls?state=all").await.items();
    assert_agrees(&without_repos(&listed[0]), &without_repos(&actions[5]["pull_request"]));
}

/// The repositories inside a pull request are as they were at that moment, so they may differ.
fn without_repos(pull: &Value) -> Value {
    let mut pull = pull.clone();
    for side in ["head", "base"] {
        pull[side]["repo"] = Value::Null;
    }
    pull
}

#[tokio::test]
async fn an_issue_lives_its_life() {
    let stage = Stage::empty().await;
    let repository = &stage.repository;
    let at = |minutes| stage.world.now() + SignedDuration::from_mins(minutes);
    let number = repository.open_issue(NewIssue::titled("It leaks"), at(0)).number.unwrap();
    let closed = body(&repository.close_issue(number, "tadeo", at(1)));
    assert_eq!(
        (&closed["issue"]["state_reason"], &closed["issue"]["closed_at"]),
        (&"completed".into(), &at(1).to_string().into())
    );
    let reopened = body(&repository.reopen_issue(number, "octavia", at(2)));
    assert_eq!(
        (&reopened["issue"]["state_reason"], &reopened["issue"]["closed_at"]),
        (&"reopened".into(), &Value::Null)
    );
    let closed = body(&repository.close_issue_as(number, CloseReason::NotPlanned, "tadeo", at(3)));
    assert_eq!(closed["issue"]["state_reason"], "not_planned");
    let deleted = body(&repository.delete_issue(number, at(4)));
    assert_eq!((&deleted["action"], &deleted["issue"]["title"]), (&"deleted".into(), &"It leaks".into()));
    assert!(stage.get("/repos/acme/rocket/issues?state=all").await.items().is_empty());
    assert_eq!(repository.history_webhooks().len(), 5, "what was told stays told");
}

#[tokio::test]
async fn a_release_is_told_three_times() {
    let stage = Stage::empty().await;
    let published = stage.repository.publish_release(NewRelease::tagged("v1.0.0"), stage.world.now());
    assert_eq!(published.action.as_deref(), Some("published"));
    let rc = NewRelease { prerelease: true, name: None, ..NewRelease::tagged("v1.1.0-rc.1") };
    stage.repository.publish_release(rc, stage.world.now());
    let actions: Vec<String> =
        stage.repository.history_webhooks().into_iter().filter_map(|webhook| webhook.action).collect();
    assert_eq!(actions, ["created", "published", "released", "created", "published", "prereleased"]);
    let listed = stage.get("/repos/acme/rocket/releases").await.items();
    assert_eq!(listed.len(), 2);
    assert_agrees(listed.iter().find(|item| item["tag_name"] == "v1.0.0").unwrap(), &body(&published)["release"]);
}

#[tokio::test]
async fn pushes_follow_each_other() {
    let stage = Stage::empty().await;
    let now = stage.world.now();
    let first = body(&stage.repository.push("main", &[NewCommit::saying("one"), NewCommit::saying("two")], now));
    let second = body(&stage.repository.push("main", &[NewCommit::saying("three")], now));
    assert_eq!((&first["ref"], &first["created"]), (&"refs/heads/main".into(), &true.into()));
    assert_eq!(first["before"], "0".repeat(40));
    assert_eq!(first["head_commit"]["message"], "two");
    assert_eq!(first["after"], first["commits"][1]["id"]);
    assert_eq!((&second["before"], &second["created"]), (&first["after"], &false.into()));
    assert_eq!(second["head_commit"]["timestamp"], "2026-06-01T14:00:00+02:00", "the author's own offset");
}

#[tokio::test]
async fn a_discussion_is_asked_and_answered() {
    let stage = Stage::empty().await;
    let now = stage.world.now();
    let asked = stage.repository.create_discussion(NewDiscussion::asking("How?"), now);
    let number = asked.number.unwrap();
    let answered = body(&stage.repository.answer_discussion(number, "priya-n", now + SignedDuration::from_mins(5)));
    assert!(body(&asked)["discussion"]["answer_html_url"].is_null());
    assert_eq!(answered["action"], "answered");
    assert_eq!(answered["answer"]["user"]["login"], "priya-n");
    assert_eq!(answered["discussion"]["answer_html_url"], answered["answer"]["html_url"]);
    let issue = stage.repository.open_issue(NewIssue::default(), now);
    assert_eq!(issue.number, Some(number + 1), "they share one row of numbers");
}

#[tokio::test]
async fn a_signed_webhook_has_githubs_headers() {
    let stage = Stage::empty().await;
    let webhook = stage.repository.open_issue(NewIssue::default(), stage.world.now());
    let signed = webhook.signed(b"secret");
    assert_eq!(signed.header("x-github-event"), Some("issues"));
    assert_eq!(signed.header("x-github-delivery"), Some(webhook.delivery_id.as_str()));
    assert_eq!(signed.header("content-type"), Some("application/json"));
    assert!(signed.header("user-agent").unwrap().starts_with("GitHub-Hookshot/"));
    let signature = signed.header("x-hub-signature-256").unwrap();
    assert!(signature.starts_with("sha256=") && signature.len() == 71);
    assert_ne!(webhook.signed(b"other").header("x-hub-signature-256"), Some(signature));
    assert!(!format!("{signed:?}").contains(&signature[7..]), "not in a log");
    let id = &webhook.delivery_id;
    assert_eq!((id.len(), id.as_bytes()[14], id.as_bytes()[8]), (36, b'4', b'-'), "a version 4 UUID: {id}");
}

#[tokio::test]
#[should_panic(expected = "acme/rocket#1 is not in a state that can change so")]
async fn a_scenario_that_contradicts_itself_stops() {
    let stage = Stage::empty().await;
    stage.repository.open_pull_request(NewPullRequest::default(), stage.world.now());
    stage.repository.merge_pull_request(1, "octavia", stage.world.now());
    stage.repository.merge_pull_request(1, "octavia", stage.world.now());
}
