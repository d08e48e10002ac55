//! What the list of a project's events contains.

use connector_simulator::sentry::NewIssue;
use jiff::SignedDuration;

use super::{Stage, is_descending, texts};

#[tokio::test]
async fn the_newest_come_first_in_whole_seconds() {
    let stage = Stage::filled(30).await;
    let events = stage.walk(stage.events("per_page=9").await).await;
    let times = texts(&events, "dateCreated");
    assert!(events.len() > 60 && is_descending(&times));
    assert!(times.iter().all(|time| time.len() == 20), "no fractions");
    let issues = stage.walk(stage.issues("query=").await).await;
    for issue in &issues {
        let own = events.iter().filter(|event| event["groupID"] == issue["id"]);
        assert_eq!(own.count().to_string(), issue["count"].as_str().unwrap());
    }
    let project = stage.project.id.to_string();
    assert!(events.iter().all(|event| event["projectID"] == project.as_str()));
}

#[tokio::test]
async fn the_asked_for_time_is_heeded_or_not() {
    let stage = Stage::empty().await;
    let issue = stage.project.open_issue(NewIssue::default(), stage.at(-30)).issue.unwrap();
    stage.project.capture(issue, stage.at(-20) + SignedDuration::from_millis(900));
    stage.project.capture(issue, stage.at(-10));
    let span = format!("start={}&end={}", stage.at(-20), stage.at(-10));
    assert_eq!(stage.events(&span).await.items().len(), 1, "the start is in, the end is not");
    assert_eq!(stage.events(&format!("start={}", stage.at(-20))).await.status, 400);
    stage.sentry.set_dated_events(false);
    assert_eq!(stage.events(&span).await.items().len(), 3, "as servers of some years ago");
}

#[tokio::test]
async fn page_sizes_have_a_limit() {
    let stage = Stage::filled(60).await;
    assert_eq!(stage.events("").await.items().len(), 100);
    assert_eq!(stage.events("per_page=100").await.items().len(), 100);
    for bad in ["per_page=101", "per_page=0", "per_page=many", "cursor=1", "cursor=a:b:c"] {
        assert_eq!(stage.events(bad).await.status, 400, "{bad}");
    }
    for unknown in ["full=true", "sample=1", "query=x"] {
        assert_eq!(stage.events(unknown).await.status, 501, "{unknown}");
    }
}
