//! Lists that change while they are walked: the very faults a client must survive.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::client::{Stage, numbers};

fn later(stage: &Stage, seconds: i64) -> Timestamp {
    stage.world.now() + SignedDuration::from_secs(seconds)
}

#[tokio::test]
async fn a_touched_item_pushes_another_across_the_edge_of_a_numbered_page() {
    let stage = Stage::filled(20, 0, 0).await;
    let first = stage.get("/repos/acme/rocket/pulls?state=all&sort=updated&direction=desc&per_page=5").await;
    let met = numbers(&first.items());
    let everything = numbers(&stage.all("/repos/acme/rocket/pulls?state=all&per_page=100").await);
    let untouched = *everything.iter().find(|number| !met.contains(number)).unwrap();
    let number = u32::try_from(untouched).unwrap();
    stage.repository.touch_pull_request(number, later(&stage, 60));
    let second = stage.get(&first.link("next").unwrap()).await;
    assert!(numbers(&second.items()).contains(met.last().unwrap()), "seen twice");
    let head = stage.get("/repos/acme/rocket/pulls?state=all&sort=updated&direction=desc&per_page=5").await;
    assert_eq!(numbers(&head.items())[0], untouched, "it is at the head now, where the walk has been already");
}

#[tokio::test]
async fn a_deletion_makes_a_numbered_walk_skip_an_item() {
    let stage = Stage::filled(0, 20, 0).await;
    stage.github.set_issue_paging(connector_simulator::github::IssuePaging::PageNumbers);
    let list = "/repos/acme/rocket/issues?state=all&sort=created&direction=asc&per_page=5";
    let first = stage.get(list).await;
    stage.repository.delete_issue(2, stage.world.now());
    let second = stage.get(&first.link("next").unwrap()).await;
    assert_eq!(numbers(&first.items()), [1, 2, 3, 4, 5]);
    assert_eq!(numbers(&second.items()), [7, 8, 9, 10, 11], "6 moved up and was never shown");
    assert_eq!(stage.get("/repos/acme/rocket/issues/2").await.status, 410);
}

#[tokio::test]
async fn a_walk_by_cursor_skips_nothing_when_items_before_it_go() {
    let stage = Stage::filled(0, 20, 0).await;
    let list = "/repos/acme/rocket/issues?state=all&sort=created&direction=asc&per_page=5";
    let first = stage.get(list).await;
    stage.repository.delete_issue(2, stage.world.now());
    stage.repository.delete_issue(5, stage.world.now());
    let second = stage.get(&first.link("next").unwrap()).await;
    assert_eq!(numbers(&second.items()), [6, 7, 8, 9, 10], "even the item the cursor names may go");
}

#[tokio::test]
async fn an_ascending_walk_by_update_meets_everything_in_spite_of_touches() {
    let stage = Stage::filled(0, 40, 0).await;
    let mut next = Some("/repos/acme/rocket/issues?state=all&sort=updated&direction=asc&per_page=5".to_owned());
    let mut met = BTreeSet::new();
    let mut second = 0;
    while let Some(target) = next {
        let page = stage.get(&target).await;
        let numbers = numbers(&page.items());
        if met.len() < 30 {
            second += 1;
            stage.repository.touch_issue(u32::try_from(numbers[0]).unwrap(), later(&stage, second));
        }
        met.extend(numbers);
        next = page.link("next");
    }
    assert_eq!(met.len(), 40);
}

#[tokio::test]
async fn a_touch_moves_updated_at_and_nothing_else_that_matters() {
    let stage = Stage::filled(0, 3, 0).await;
    let before = stage.get("/repos/acme/rocket/issues/2").await.json();
    let at = later(&stage, 5);
    stage.repository.touch_issue(2, at);
    let after = stage.get("/repos/acme/rocket/issues/2").await.json();
    assert_eq!(after["updated_at"], at.to_string());
    for field in ["id", "title", "state", "created_at", "closed_at", "user", "body"] {
        assert_eq!(before[field], after[field], "{field}");
    }
}
