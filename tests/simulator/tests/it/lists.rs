//! What lists contain, and in which order.

use connector_simulator::{World, github::Populate};
use serde_json::Value;

use crate::client::Stage;

fn texts<'a>(items: &'a [Value], field: &str) -> Vec<&'a str> {
    items.iter().map(|item| item[field].as_str().unwrap()).collect()
}

fn is_descending(texts: &[&str]) -> bool {
    texts.windows(2).all(|pair| pair[0] >= pair[1])
}

fn is_ascending(texts: &[&str]) -> bool {
    texts.windows(2).all(|pair| pair[0] <= pair[1])
}

#[tokio::test]
async fn the_default_state_is_open() {
    let stage = Stage::filled(60, 40, 0).await;
    for list in ["pulls", "issues"] {
        let open = stage.all(&format!("/repos/acme/rocket/{list}?per_page=100")).await;
        let closed = stage.all(&format!("/repos/acme/rocket/{list}?per_page=100&state=closed")).await;
        let all = stage.all(&format!("/repos/acme/rocket/{list}?per_page=100&state=all")).await;
        assert!(!open.is_empty() && open.iter().all(|item| item["state"] == "open"));
        assert!(!closed.is_empty() && closed.iter().all(|item| item["state"] == "closed"));
        assert_eq!(open.len() + closed.len(), all.len());
    }
}

#[tokio::test]
async fn the_default_direction_of_pull_requests_depends_on_the_sort() {
    let stage = Stage::filled(80, 0, 0).await;
    let list = |query: &str| format!("/repos/acme/rocket/pulls?state=all&per_page=100{query}");
    let created = stage.all(&list("")).await;
    assert!(is_descending(&texts(&created, "created_at")), "absent sort: newest first");
    let created = stage.all(&list("&sort=created")).await;
    assert!(is_descending(&texts(&created, "created_at")));
    let updated = stage.all(&list("&sort=updated")).await;
    assert!(is_ascending(&texts(&updated, "updated_at")), "any other sort: oldest first");
    let updated = stage.all(&list("&sort=updated&direction=desc")).await;
    assert!(is_descending(&texts(&updated, "updated_at")));
}

#[tokio::test]
async fn issues_are_newest_first_whatever_the_sort() {
    let stage = Stage::filled(20, 60, 0).await;
    for (query, field) in [("", "created_at"), ("&sort=created", "created_at"), ("&sort=updated", "updated_at")] {
        let items = stage.all(&format!("/repos/acme/rocket/issues?state=all&per_page=9{query}")).await;
        assert_eq!(items.len(), 80);
        assert!(is_descending(&texts(&items, field)), "{query}");
    }
    let items = stage.all("/repos/acme/rocket/issues?state=all&sort=updated&direction=asc&per_page=9").await;
    assert!(is_ascending(&texts(&items, "updated_at")));
}

#[tokio::test]
async fn issues_include_pull_requests_and_say_so() {
    let stage = Stage::filled(30, 20, 0).await;
    let items = stage.all("/repos/acme/rocket/issues?state=all&per_page=100").await;
    let pulls: Vec<&Value> = items.iter().filter(|item| item.get("pull_request").is_some()).collect();
    assert_eq!((items.len(), pulls.len()), (50, 30));
    let listed = stage.all("/repos/acme/rocket/pulls?state=all&per_page=100").await;
    for (issue, pull) in pulls.iter().zip(&listed) {
        for field in ["number", "title", "user", "body", "created_at", "updated_at", "closed_at", "html_url"] {
            assert_eq!(issue[field], pull[field], "{field}");
        }
        assert_eq!(issue["pull_request"]["merged_at"], pull["merged_at"]);
        assert_ne!(issue["id"], pull["id"], "GitHub has two ids for them");
    }
}

#[tokio::test]
async fn since_means_updated_since_and_is_unknown_to_pull_requests() {
    let stage = Stage::filled(50, 50, 0).await;
    let all = stage.all("/repos/acme/rocket/issues?state=all&per_page=100&sort=updated&direction=asc").await;
    let since = all[60]["updated_at"].as_str().unwrap();
    let expected = all.iter().filter(|item| item["updated_at"].as_str().unwrap() >= since).count();
    let later = stage.all(&format!("/repos/acme/rocket/issues?state=all&per_page=11&since={since}")).await;
    assert_eq!(later.len(), expected, "the bound itself belongs to it");
    assert!(later.iter().any(|item| item["created_at"].as_str().unwrap() < since), "created before, updated since");
    let pulls = stage.all(&format!("/repos/acme/rocket/pulls?state=all&per_page=100&since={since}")).await;
    assert_eq!(pulls.len(), 50, "ignored");
    assert_eq!(stage.get("/repos/acme/rocket/issues?since=yesterday").await.status, 422);
}

#[tokio::test]
async fn a_filter_that_is_not_simulated_is_refused_loudly() {
    let stage = Stage::filled(1, 1, 0).await;
    assert_eq!(stage.get("/repos/acme/rocket/pulls?head=acme:main").await.status, 501);
    assert_eq!(stage.get("/repos/acme/rocket/issues?labels=bug").await.status, 501);
    assert_eq!(stage.get("/repos/acme/rocket/issues?no_such_thing=1").await.status, 200, "GitHub ignores these");
}

#[tokio::test]
async fn the_list_is_short_and_the_single_pull_request_is_long() {
    let stage = Stage::filled(40, 0, 0).await;
    let items = stage.all("/repos/acme/rocket/pulls?state=all&per_page=100").await;
    let long_only =
        ["merged", "merged_by", "mergeable", "additions", "deletions", "changed_files", "commits", "comments"];
    for item in &items {
        for field in long_only {
            assert!(item.get(field).is_none(), "{field} is not in the list");
        }
        let single = stage.get(&format!("/repos/acme/rocket/pulls/{}", item["number"])).await.json();
        assert_eq!(single["merged"].as_bool().unwrap(), !item["merged_at"].is_null());
        assert!(single["additions"].is_u64());
        for (field, value) in item.as_object().unwrap() {
            assert_eq!(&single[field], value, "{field}");
        }
    }
}

#[tokio::test]
async fn the_data_has_the_warts_of_real_data() {
    let stage = Stage::filled(300, 200, 20).await;
    let pulls = stage.all("/repos/acme/rocket/pulls?state=all&per_page=100").await;
    let issues = stage.all("/repos/acme/rocket/issues?state=all&per_page=100").await;
    let releases = stage.all("/repos/acme/rocket/releases").await;
    let some = |what: &str, found: bool| assert!(found, "no item with {what}");
    some("a deleted fork", pulls.iter().any(|pull| pull["head"]["repo"].is_null()));
    some("a fork", pulls.iter().any(|pull| pull["head"]["repo"]["fork"] == true));
    some("no user", pulls.iter().any(|pull| pull["user"].is_null()));
    some("the ghost", issues.iter().any(|issue| issue["user"]["login"] == "ghost"));
    some("a bot", pulls.iter().any(|pull| pull["user"]["type"] == "Bot"));
    some("no body", issues.iter().any(|issue| issue["body"].is_null()));
    some("an empty body", issues.iter().any(|issue| issue["body"] == ""));
    some("a huge body", issues.iter().any(|issue| issue["body"].as_str().is_some_and(|body| body.len() > 10_000)));
    some("a link", pulls.iter().any(|pull| pull["body"].as_str().is_some_and(|body| body.contains("Fixes #"))));
    some("a long title", pulls.iter().any(|pull| pull["title"].as_str().unwrap().chars().count() > 120));
    some("a draft", pulls.iter().any(|pull| pull["draft"] == true));
    some("labels", pulls.iter().any(|pull| pull["labels"].as_array().is_some_and(|labels| labels.len() > 1)));
    some("assignees", issues.iter().any(|issue| issue["assignees"].as_array().is_some_and(|all| all.len() > 1)));
    some("closed unmerged", pulls.iter().any(|pull| pull["state"] == "closed" && pull["merged_at"].is_null()));
    some("not planned", issues.iter().any(|issue| issue["state_reason"] == "not_planned"));
    some("reopened", issues.iter().any(|issue| issue["state_reason"] == "reopened"));
    some(
        "an update long after the merge",
        pulls.iter().any(|pull| !pull["merged_at"].is_null() && pull["updated_at"] != pull["merged_at"]),
    );
    some("a shared second", issues.windows(2).any(|pair| pair[0]["created_at"] == pair[1]["created_at"]));
    some("a release without a name", releases.iter().any(|release| release["name"].is_null()));
    some("a prerelease", releases.iter().any(|release| release["prerelease"] == true));
}

#[tokio::test]
async fn events_tell_who_did_what_newest_first() {
    let stage = Stage::filled(60, 40, 0).await;
    let events = stage.all("/repos/acme/rocket/issues/events?per_page=20").await;
    assert!(is_descending(&texts(&events, "created_at")));
    for kind in ["closed", "reopened", "merged", "ready_for_review", "labeled"] {
        assert!(events.iter().any(|event| event["event"] == kind), "{kind}");
    }
    for merged in events.iter().filter(|event| event["event"] == "merged") {
        let twin = events.iter().find(|event| {
            event["event"] == "closed"
                && event["issue"]["number"] == merged["issue"]["number"]
                && event["created_at"] == merged["created_at"]
        });
        assert_eq!(twin.map(|twin| &twin["actor"]), Some(&merged["actor"]), "a merge also closes");
        assert_eq!(merged["issue"]["pull_request"]["merged_at"], merged["created_at"]);
    }
}

#[tokio::test]
async fn the_same_seed_gives_the_same_data() {
    let history = |seed: u64| {
        let world = World::new(seed);
        let repository = world.github().add_repository("acme", "rocket");
        repository.populate(Populate::ending(world.now(), 30));
        (repository.id, repository.history_webhooks())
    };
    assert_eq!(history(5), history(5));
    assert_ne!(history(5).0, history(6).0);
}

#[tokio::test]
async fn the_newer_api_version_has_no_single_assignee() {
    let stage = Stage::filled(3, 0, 0).await;
    for (version, present) in [("2022-11-28", true), ("2026-03-10", false)] {
        let headers = [("x-github-api-version", version)];
        let page = stage.send(hyper::Method::GET, "/repos/acme/rocket/pulls?state=all", &headers).await.unwrap();
        assert_eq!(page.header("x-github-api-version-selected"), Some(version));
        for item in page.items() {
            assert_eq!(item.get("assignee").is_some(), present);
            assert_eq!(item.get("merge_commit_sha").is_some(), present);
        }
    }
    let headers = [("x-github-api-version", "2020-01-01")];
    assert_eq!(stage.send(hyper::Method::GET, "/repos/acme/rocket", &headers).await.unwrap().status, 400);
}

#[tokio::test]
async fn what_is_talked_about_most_comes_first() {
    let stage = Stage::lively(20, 20).await;
    let items = stage.all("/repos/acme/rocket/issues?state=all&sort=comments&per_page=9").await;
    let counts: Vec<u64> = items.iter().map(|item| item["comments"].as_u64().unwrap()).collect();
    assert_eq!(counts.len(), 40);
    assert!(counts[0] > 1 && counts.windows(2).all(|pair| pair[0] >= pair[1]), "{counts:?}");
}
