//! What the list of issues contains, and in which order.

use std::collections::BTreeSet;

use connector_simulator::{
    World,
    sentry::{NewIssue, Populate, Resolution},
};
use jiff::SignedDuration;
use serde_json::Value;

use super::{Stage, ids, is_descending, texts};

#[tokio::test]
async fn without_a_query_only_unresolved_issues_are_listed() {
    let stage = Stage::filled(60).await;
    let of = async |query: &str| stage.walk(stage.issues(query).await).await;
    let unresolved = of("").await;
    assert!(!unresolved.is_empty() && unresolved.iter().all(|issue| issue["status"] == "unresolved"));
    assert_eq!(ids(&of("query=is:unresolved").await), ids(&unresolved));
    let (resolved, archived) = (of("query=is:resolved").await, of("query=is:archived").await);
    assert!(resolved.iter().all(|issue| issue["status"] == "resolved"));
    assert!(archived.iter().all(|issue| issue["status"] == "ignored"));
    let all = of("query=").await;
    assert_eq!((all.len(), unresolved.len() + resolved.len() + archived.len()), (60, 60));
    assert_eq!(stage.issues("query=assigned:me").await.status, 501, "refused loudly");
}

#[tokio::test]
async fn the_default_sort_is_when_it_was_last_seen() {
    let stage = Stage::filled(60).await;
    let last = stage.walk(stage.issues("query=&limit=7").await).await;
    assert!(is_descending(&texts(&last, "lastSeen")));
    let first = stage.walk(stage.issues("query=&sort=new&limit=7").await).await;
    assert_eq!((last.len(), first.len()), (60, 60));
    assert!(is_descending(&texts(&first, "firstSeen")));
    assert_ne!(ids(&last), ids(&first));
    assert_eq!(stage.issues("sort=freq").await.status, 501);
}

#[tokio::test]
async fn an_asked_for_time_counts_what_is_inside_and_tells_the_whole_life_beside() {
    let stage = Stage::empty().await;
    let opened = stage.at(-3_000);
    let issue = stage.project.open_issue(NewIssue::default(), opened + SignedDuration::from_millis(123)).issue.unwrap();
    for minutes in [-2_000, -1_000, -10] {
        stage.project.capture(issue, stage.at(minutes));
    }
    let span = |from: i64, to: i64| format!("query=&start={}&end={}", plain(stage.at(from)), plain(stage.at(to)));
    let inside = stage.issues(&span(-2_500, -500)).await.items();
    assert_eq!((&inside[0]["count"], &inside[0]["lifetime"]["count"]), (&"2".into(), &"4".into()));
    assert_eq!(inside[0]["firstSeen"], stage.at(-2_000).to_string());
    assert_eq!(inside[0]["lastSeen"], stage.at(-1_000).to_string());
    assert_eq!(inside[0]["lifetime"]["firstSeen"], "2026-05-30T10:00:00.123000Z", "to the microsecond");
    assert_eq!(inside[0]["lifetime"]["lastSeen"], stage.at(-10).to_string());
    assert!(stage.issues(&span(-900, -500)).await.items().is_empty(), "no event then");
    assert!(stage.issues(&span(-2_500, -2_000)).await.items().is_empty(), "the end is open");
    let period = stage.issues("query=&statsPeriod=24h").await.items();
    assert_eq!(period[0]["count"], "2");
    for bad in ["start=2026-01-01T00:00:00", "start=x&end=y", "statsPeriod=soon", "limit=many", "project=rocket"] {
        assert_eq!(stage.issues(bad).await.status, 400, "{bad}");
    }
}

fn plain(at: jiff::Timestamp) -> String {
    at.to_string().trim_end_matches('Z').to_owned()
}

#[tokio::test]
async fn projects_are_chosen_by_id() {
    let stage = Stage::filled(3).await;
    let other = stage.sentry.add_project("acme", "pad");
    other.open_issue(NewIssue::default(), stage.at(-5));
    let count = async |query: String| stage.issues(&format!("query={query}")).await.items().len();
    assert_eq!(count(String::new()).await, 4);
    assert_eq!(count("&project=-1".to_owned()).await, 4);
    assert_eq!(count(format!("&project={}", other.id)).await, 1);
    assert_eq!(count(format!("&project={}&project={}", other.id, stage.project.id)).await, 4);
    assert_eq!(stage.issues("project=17").await.status, 403);
}

#[tokio::test]
async fn lists_know_of_an_event_later_than_the_issue_itself_does() {
    let stage = Stage::empty().await;
    stage.sentry.set_index_lag(SignedDuration::from_secs(30));
    let issue = stage.project.open_issue(NewIssue::default(), stage.world.now()).issue.unwrap();
    assert!(stage.issues("query=").await.items().is_empty(), "the webhook came before");
    assert!(stage.events("").await.items().is_empty());
    let path = format!("/api/0/organizations/acme/issues/{issue}/");
    assert_eq!(stage.http.get(&path).await.status, 200);
    stage.world.clock().advance(SignedDuration::from_secs(30));
    assert_eq!(stage.issues("query=").await.items().len(), 1);
    assert_eq!(stage.events("").await.items().len(), 1);
}

#[tokio::test]
async fn old_events_are_gone_and_the_issue_is_not() {
    let stage = Stage::empty().await;
    let old = stage.project.open_issue(NewIssue::default(), stage.at(-60 * 24 * 40)).issue.unwrap();
    let event = stage.events("").await.items()[0]["eventID"].as_str().unwrap().to_owned();
    let path = format!("/api/0/projects/acme/rocket/events/{event}/");
    assert_eq!(stage.http.get(&path).await.status, 200);
    stage.sentry.set_retention_days(30);
    assert_eq!(stage.http.get(&path).await.status, 404);
    assert!(stage.events("").await.items().is_empty() && stage.issues("query=").await.items().is_empty());
    assert_eq!(stage.http.get(&format!("/api/0/organizations/acme/issues/{old}/")).await.status, 200);
}

#[tokio::test]
async fn a_deleted_issue_is_gone_everywhere() {
    let stage = Stage::empty().await;
    let issue = stage.project.open_issue(NewIssue::default(), stage.at(-5)).issue.unwrap();
    let told = stage.project.history_webhooks();
    stage.project.delete_issue(issue);
    assert!(stage.issues("query=").await.items().is_empty() && stage.events("").await.items().is_empty());
    assert_eq!(stage.http.get(&format!("/api/0/issues/{issue}/")).await.status, 404);
    assert_eq!(stage.project.history_webhooks(), told, "what was told stays told");
}

#[tokio::test]
async fn the_data_has_the_warts_of_real_data() {
    let stage = Stage::filled(300).await;
    let issues = stage.walk(stage.issues("query=").await).await;
    let events = stage.walk(stage.events("").await).await;
    let some = |what: &str, found: bool| assert!(found, "nothing {what}");
    some("that is a mere message", issues.iter().any(|issue| issue["metadata"].get("type").is_none()));
    some("without a text", issues.iter().any(|issue| issue["metadata"]["value"] == ""));
    some("with a long title", issues.iter().any(|issue| issue["title"].as_str().unwrap().chars().count() > 200));
    some("assigned to a team", issues.iter().any(|issue| issue["assignedTo"]["type"] == "team"));
    some("assigned to a person", issues.iter().any(|issue| issue["assignedTo"]["email"].is_string()));
    some("unassigned", issues.iter().any(|issue| issue["assignedTo"].is_null()));
    some("waiting for a release", issues.iter().any(|issue| issue["statusDetails"]["inRelease"].is_string()));
    some("waiting for the next release", issues.iter().any(|issue| issue["statusDetails"]["inNextRelease"] == true));
    for substatus in ["new", "ongoing", "regressed", "escalating", "archived_until_escalating"] {
        some(substatus, issues.iter().any(|issue| issue["substatus"] == substatus));
    }
    some("with comments", issues.iter().any(|issue| issue["numComments"].as_u64().unwrap() > 1));
    some("in a storm", issues.iter().any(|issue| issue["count"].as_str().unwrap().parse::<u32>().unwrap() > 40));
    assert!(issues.iter().all(|issue| issue["count"].is_string() && issue["userCount"].is_u64()));
    let tag = |event: &Value, key: &str| event["tags"].as_array().unwrap().iter().any(|tag| tag["key"] == key);
    some("that tells who was hit", events.iter().any(|event| event["user"]["ip_address"].is_string()));
    some("that does not", events.iter().any(|event| event["user"].is_null()));
    some("without an environment", events.iter().any(|event| !tag(event, "environment")));
    some("without a release", events.iter().any(|event| !tag(event, "release")));
    let seconds: BTreeSet<String> = texts(&events, "dateCreated").into_iter().collect();
    some("in a shared second", seconds.len() < events.len());
}

#[tokio::test]
async fn a_resolved_issue_comes_back_with_the_next_event_unless_a_release_is_to_fix_it() {
    let stage = Stage::empty().await;
    let resolved = |how: Resolution, minutes: i64| {
        let issue = stage.project.open_issue(NewIssue::error("Error", "x"), stage.at(minutes)).issue.unwrap();
        stage.project.resolve(issue, how, "tadeo", stage.at(minutes + 1));
        stage.project.capture(issue, stage.at(minutes + 2));
        issue
    };
    let now = resolved(Resolution::Now, -30).to_string();
    let release = resolved(Resolution::InRelease("rocket@2.0.0".to_owned()), -20).to_string();
    let issues = stage.issues("query=").await.items();
    let status = |id: &str| {
        let issue = issues.iter().find(|issue| issue["id"] == id).unwrap();
        (issue["status"].clone(), issue["substatus"].clone())
    };
    assert_eq!(status(&now), ("unresolved".into(), "regressed".into()));
    assert_eq!(status(&release), ("resolved".into(), Value::Null));
}

#[tokio::test]
async fn the_same_seed_gives_the_same_data() {
    let history = |seed: u64| {
        let world = World::new(seed);
        let project = world.sentry().add_project("acme", "rocket");
        project.populate(Populate::ending(world.now(), 30));
        (project.id, project.installation.clone(), project.history_webhooks())
    };
    assert_eq!(history(5), history(5));
    assert_ne!(history(5).1, history(6).1);
}
