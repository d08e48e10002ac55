//! Walking lists page by page, also while they change.

use std::collections::BTreeSet;

use connector_simulator::sentry::{Limits, NewIssue};
use jiff::SignedDuration;

use super::{Stage, direction, ids, next};

#[tokio::test]
async fn both_directions_are_always_there() {
    let stage = Stage::filled(9).await;
    let first = stage.issues("query=&limit=4").await;
    let ((previous, has_previous), (next, has_next)) = (direction(&first, "previous"), direction(&first, "next"));
    assert_eq!((has_previous, has_next), (false, true));
    assert!(
        next.starts_with("http://127.0.0.1:")
            && next.contains("/sentry/api/0/organizations/acme/issues/?query=&limit=4&cursor="),
        "{next}"
    );
    assert!(previous.ends_with(":1") && next.ends_with(":0"), "{previous} {next}");
    let second = stage.http.get(&next).await;
    let back = stage.http.get(&direction(&second, "previous").0).await;
    assert_eq!(ids(&back.items()), ids(&first.items()));
    let last = stage.http.get(&direction(&second, "next").0).await;
    assert_eq!((last.items().len(), direction(&last, "next").1), (1, false));
    let past = stage.http.get(&direction(&last, "next").0).await;
    assert_eq!((past.status, past.items().len()), (200, 0), "whoever goes on gets nothing, for ever");
    assert_eq!(first.header("x-hits"), Some("9"));

    let empty = Stage::empty().await.issues("").await;
    assert_eq!((direction(&empty, "previous").1, direction(&empty, "next").1), (false, false));
}

#[tokio::test]
async fn a_walk_meets_every_item_exactly_once() {
    let stage = Stage::filled(77).await;
    stage.sentry.set_limits(Limits { requests: 10_000, ..Limits::default() });
    let events = stage.walk(stage.events("").await).await.len();
    for size in [1, 7, 30, 100] {
        for (first, expected) in [
            (stage.issues(&format!("query=&sort=new&limit={size}")).await, 77),
            (stage.issues(&format!("query=&sort=date&limit={size}")).await, 77),
            (stage.events(&format!("per_page={size}")).await, events),
        ] {
            let items = stage.walk(first).await;
            let distinct: BTreeSet<&str> = ids(&items).into_iter().collect();
            assert_eq!((items.len(), distinct.len()), (expected, expected), "by {size}");
        }
    }
}

#[tokio::test]
async fn a_page_can_be_short_though_more_follow() {
    let stage = Stage::filled(30).await;
    stage.sentry.set_largest_page(4);
    let first = stage.issues("query=&limit=25").await;
    assert_eq!((first.items().len(), direction(&first, "next").1), (4, true));
    assert_eq!(stage.walk(first).await.len(), 30);
}

#[tokio::test]
async fn an_event_takes_an_issue_to_the_head_and_out_of_the_walk_by_last_seen() {
    let stage = Stage::filled(20).await;
    let whole = stage.walk(stage.issues("query=").await).await;
    let first = stage.issues("query=&limit=5").await;
    let tail: u64 = ids(&whole)[15].parse().unwrap();
    stage.world.clock().advance(SignedDuration::from_mins(2));
    stage.project.capture(tail, stage.at(-1));
    let walked = stage.walk(first).await;
    assert_eq!(walked.len(), 19);
    assert!(!ids(&walked).contains(&ids(&whole)[15]), "it moved to where the walk had been");
}

#[tokio::test]
async fn a_walk_by_first_seen_misses_nothing() {
    let stage = Stage::filled(20).await;
    let whole = stage.walk(stage.issues("query=&sort=new").await).await;
    let first = stage.issues("query=&sort=new&limit=5").await;
    stage.world.clock().advance(SignedDuration::from_mins(2));
    for index in [15, 3, 8] {
        stage.project.capture(ids(&whole)[index].parse().unwrap(), stage.at(-1));
    }
    stage.project.open_issue(NewIssue::default(), stage.at(-1));
    stage.project.delete_issue(ids(&whole)[1].parse().unwrap());
    let walked = stage.walk(first).await;
    assert_eq!(ids(&walked), ids(&whole));
}

#[tokio::test]
async fn a_deletion_draws_events_over_the_edge_of_a_page() {
    let stage = Stage::empty().await;
    let issues: Vec<u64> = (0..6)
        .map(|minutes| stage.project.open_issue(NewIssue::default(), stage.at(minutes - 60)).issue.unwrap())
        .collect();
    let first = stage.events("per_page=2").await;
    stage.project.delete_issue(issues[5]);
    let second = stage.http.get(&next(&first).unwrap()).await;
    let groups: Vec<String> =
        second.items().iter().map(|event| event["groupID"].as_str().unwrap().to_owned()).collect();
    assert_eq!(groups, [issues[2].to_string(), issues[1].to_string()], "3 was never shown");
}
