//! What a [`HoldStore`] promises.

use connector_domain::RunId;
use connector_domain::backfill::{Hold, HoldState, Place};
use connector_domain::capture::CaptureReport;
use connector_domain::observation::Observation;
use connector_domain::ports::{HoldStore, Put};
use std::time::Duration;

use super::{some_workspace, unique};
use crate::builders::{at, observation};

/// Runs the whole suite.
///
/// # Panics
/// When the store breaks a promise.
pub async fn holds(store: &dyn HoldStore) {
    a_hold_is_written_on_top_of_what_was_read(store).await;
    facts_come_in_the_order_of_time(store).await;
    many_and_large_facts_are_kept(store).await;
    only_holds_that_are_not_over_become_due(store).await;
}

fn some_hold() -> Hold {
    Hold::start(RunId::parse(unique("run")).unwrap(), some_workspace(), Duration::from_secs(300), at(0))
}

async fn a_hold_is_written_on_top_of_what_was_read(store: &dyn HoldStore) {
    let hold = some_hold();
    assert_eq!(store.hold(&hold.run).await.unwrap(), None);
    assert_eq!(store.put_hold(&hold, Some(1)).await.unwrap(), Put::Conflict);
    assert_eq!(store.put_hold(&hold, None).await.unwrap(), Put::Stored);
    assert_eq!(store.put_hold(&hold, None).await.unwrap(), Put::Conflict);
    let place = Place::of(&observation(&hold.workspace, "9#7", at(5)));
    let report = CaptureReport { captured: 3, duplicate: 1, ..CaptureReport::default() };
    let next = hold.release().captured(place, &report);
    assert_eq!(store.put_hold(&hold.release(), Some(hold.version)).await.unwrap(), Put::Stored);
    assert_eq!(store.put_hold(&hold.release(), Some(hold.version)).await.unwrap(), Put::Conflict);
    assert_eq!(store.put_hold(&next, Some(hold.version + 1)).await.unwrap(), Put::Stored);
    assert_eq!(store.hold(&hold.run).await.unwrap(), Some(next));
}

async fn facts_come_in_the_order_of_time(store: &dyn HoldStore) {
    let (hold, other) = (some_hold(), some_hold());
    let fact = |id: &str, second: i64| observation(&hold.workspace, id, at(second));
    // Two of one moment are told apart by their identity.
    let ordered = [fact("9#3", -5), fact("9#1", 5), fact("9#2", 5), fact("9#0", 60), fact("9#9", 3_600)];
    for n in [4, 1, 0, 3, 2, 1] {
        store.keep(&hold.run, &ordered[n..=n]).await.unwrap();
    }
    store.keep(&other.run, &[fact("9#5", 7)]).await.unwrap();
    assert_eq!(store.held(&hold.run, None, 9).await.unwrap(), ordered);
    let first = store.held(&hold.run, None, 2).await.unwrap();
    assert_eq!(first, ordered[..2]);
    let place = |fact: &Observation| Place::of(fact);
    assert_eq!(store.held(&hold.run, Some(&place(&first[1])), 9).await.unwrap(), ordered[2..]);
    assert_eq!(store.held(&hold.run, Some(&place(&ordered[4])), 9).await.unwrap(), []);

    let places: Vec<_> = ordered[..2].iter().chain(&ordered[..1]).map(place).collect();
    store.forget(&hold.run, &places).await.unwrap();
    store.forget(&hold.run, &places).await.unwrap();
    store.forget(&hold.run, &[]).await.unwrap();
    assert_eq!(store.held(&hold.run, None, 9).await.unwrap(), ordered[2..]);
    assert_eq!(store.held(&other.run, None, 9).await.unwrap().len(), 1);
    assert_eq!(store.held(&some_hold().run, None, 9).await.unwrap(), []);
}

async fn many_and_large_facts_are_kept(store: &dyn HoldStore) {
    let hold = some_hold();
    let body = "x".repeat(20_000);
    let facts: Vec<_> = (0..60)
        .map(|n| {
            let mut fact = observation(&hold.workspace, &format!("9#{n}"), at(n));
            fact.event.body.clone_from(&body);
            fact.event.metadata.insert("number".to_owned(), serde_json::json!({"deep": [1.5, null, {"a": 1}]}));
            fact
        })
        .collect();
    store.keep(&hold.run, &facts).await.unwrap();
    assert_eq!(store.held(&hold.run, None, 100).await.unwrap(), facts);
    store.forget(&hold.run, &facts.iter().map(Place::of).collect::<Vec<_>>()).await.unwrap();
    assert_eq!(store.held(&hold.run, None, 100).await.unwrap(), []);
}

async fn only_holds_that_are_not_over_become_due(store: &dyn HoldStore) {
    let hold = some_hold();
    store.put_hold(&hold, None).await.unwrap();
    let due = async |second| store.due_holds(at(second), 10_000).await.unwrap().contains(&hold.run);
    assert!(!due(299).await);
    assert!(due(300).await);
    let later = hold.redrive(Duration::from_secs(300), at(300)).unwrap();
    store.put_hold(&later, Some(hold.version)).await.unwrap();
    assert!(!due(599).await && due(600).await);
    let released = later.release();
    store.put_hold(&released, Some(later.version)).await.unwrap();
    assert!(due(600).await, "until all is captured");
    let ended = released.end();
    assert_eq!(ended.state, HoldState::Replayed);
    store.put_hold(&ended, Some(released.version)).await.unwrap();
    assert!(!due(86_400).await);
}
