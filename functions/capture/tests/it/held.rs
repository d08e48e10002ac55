//! Runs that hold their facts back.

use connector_capture::{Captured, Replayed};
use connector_domain::backfill::{EntityType, HoldState, RunState, UnitState};
use connector_domain::capture::CaptureReport;
use connector_domain::connection::Integration;
use connector_domain::ports::{BackfillStore, ConnectionStore, DeliveryStore, HoldStore};
use connector_testkit::builders::{at, capture_task};

use crate::desk::{desk, held};

#[tokio::test]
async fn held_facts_are_captured_in_the_order_of_time_once_all_are_fetched() {
    let desk = desk().await;
    desk.list(EntityType::Release, UnitState::Running, 1).await;
    desk.list(EntityType::Issue, UnitState::Pending, 0).await;
    assert_eq!(held(&desk.releases(0, &[1, 4, 2]).await), (3, 0));
    assert_eq!(desk.replay().await, [Replayed::NotYet], "its lists have not ended");
    assert_eq!(held(&desk.releases(1, &[3, 6, 5]).await), (3, 0));
    assert_eq!(desk.puts(), []);
    let waiting = desk.progress().await;
    assert_eq!((waiting.state, waiting.report.held, waiting.report.captured), (RunState::Running, 6, 0));

    desk.list(EntityType::Release, UnitState::Completed, 2).await;
    desk.list(EntityType::Issue, UnitState::Completed, 1).await;
    assert_eq!(desk.progress().await.state, RunState::Replaying);
    assert_eq!(
        desk.capture.replay(desk.holds.all()[0].task()).await.unwrap(),
        Replayed::NotYet,
        "a page is on its way"
    );
    assert_eq!(held(&desk.page(EntityType::Issue, 0, "[]").await), (0, 0));
    assert_eq!(desk.replay().await.last(), Some(&Replayed::All));

    let days: Vec<_> = (1..=6).rev().map(|day| at(-day * 86_400)).collect();
    assert_eq!(desk.puts(), days);
    let done = desk.progress().await;
    assert_eq!((done.state, done.report.held, done.report.captured), (RunState::Completed, 0, 6));
    assert!(done.is_settled());
    let told: Vec<_> = desk.notifications.drain().iter().map(|told| told.occurred_at).collect();
    assert_eq!(told, days, "others hear of them in that order");
    assert_eq!(desk.enrichments.drain().iter().map(|task| task.observations.len()).sum::<usize>(), 6);
    assert_eq!(desk.holds.held(&desk.run.id, None, 9).await.unwrap(), [], "nothing is left");
    assert_eq!(desk.replay().await, [Replayed::All], "a message too many does nothing");
}

#[tokio::test]
async fn more_facts_than_one_message_takes_and_a_store_that_fails_between_them() {
    let desk = desk().await;
    desk.list(EntityType::Release, UnitState::Completed, 4).await;
    desk.list(EntityType::Issue, UnitState::Cancelled, 0).await;
    for page in 0..4 {
        // Every fourth day, so that each page reaches over all of the time.
        let days: Vec<_> = (0..29).filter(|day| day % 4 == i64::from(page)).collect();
        desk.releases(page, &days).await;
    }
    let many: Vec<_> = (0..250)
        .map(|n| connector_testkit::builders::observation(&desk.link.workspace, &format!("9#{n}"), at(-n * 60)))
        .collect();
    desk.holds.keep(&desk.run.id, &many).await.unwrap();
    let task = desk.holds.all().remove(0).task();
    assert_eq!(desk.capture.replay(task.clone()).await.unwrap(), Replayed::Some(0), "released");
    *desk.observations.refuse.lock().unwrap() = 1;
    assert!(desk.capture.replay(task).await.is_err());
    assert_eq!(desk.replay().await.last(), Some(&Replayed::All));
    let report = desk.holds.all().remove(0).report;
    assert_eq!((report.captured, report.duplicate), (29 + 250, 0), "each once, though a part was put twice");
    assert_eq!(desk.observations.rows.all().len(), 279);
    let all = desk.puts();
    // The failed batch came again from its start.
    let again = all.iter().rposition(|time| *time == all[0]).unwrap_or(0).max(99);
    assert!(all[again..].is_sorted(), "{all:?}");
}

#[tokio::test]
async fn of_two_workers_one_goes_on_and_a_repeated_page_keeps_its_place() {
    let desk = desk().await;
    desk.list(EntityType::Release, UnitState::Completed, 1).await;
    desk.list(EntityType::Issue, UnitState::Completed, 0).await;
    desk.releases(0, &[1, 2]).await;
    let hold = desk.holds.all().remove(0);
    desk.holds.put_hold(&hold.release(), Some(hold.version)).await.unwrap();
    // The worker of the page was stopped after the page was done: its message comes again.
    let id = connector_testkit::builders::delivery_id("github#release-0");
    assert_eq!(desk.capture.handle(capture_task("acme", id.as_str())).await.unwrap(), Captured::Already);
    let looks = desk.replays.drain();
    assert!(looks.len() == 2 && looks.iter().all(|task| task.run == hold.run), "{looks:?}");
    assert_eq!(desk.puts(), [], "it does not overtake what is held");

    let (one, other) = tokio::join!(desk.capture.replay(hold.task()), desk.capture.replay(hold.task()));
    let mut outcomes = [one.unwrap(), other.unwrap()];
    outcomes.sort_by_key(|outcome| format!("{outcome:?}"));
    assert!(outcomes.contains(&Replayed::Some(2)), "{outcomes:?}");
    desk.replay().await;
    let ended = desk.holds.all().remove(0);
    assert_eq!((ended.state, ended.report.captured), (HoldState::Replayed, 2));

    // What is looked at anew afterwards is there.
    assert!(desk.deliveries.replay(&id, &desk.link.workspace, at(300)).await.unwrap());
    let again = desk.capture.handle(capture_task("acme", id.as_str())).await.unwrap();
    assert!(matches!(again, Captured::Done(report) if (report.captured, report.duplicate) == (0, 2)));
}

#[tokio::test]
async fn what_is_held_for_a_link_that_has_ended_is_dropped_and_not_covered() {
    let desk = desk().await;
    desk.list(EntityType::Release, UnitState::Completed, 1).await;
    desk.list(EntityType::Issue, UnitState::Completed, 0).await;
    desk.releases(0, &[1, 2]).await;
    let mut covered = desk.backfills.units().into_iter().find(|unit| unit.key.entity == EntityType::Release).unwrap();
    covered.coverage.add(desk.run.window);
    let there = covered.version;
    covered.version += 1;
    desk.backfills.put_unit(&covered, Some(there)).await.unwrap();
    desk.connections.put_integration(&Integration { active: false, ..desk.link.clone() }).await.unwrap();
    assert_eq!(desk.replay().await.last(), Some(&Replayed::All));
    assert_eq!(desk.puts(), []);
    let mut dropped = CaptureReport::default();
    (0..2).for_each(|_| dropped.add_filtered("unlinked"));
    assert_eq!(desk.holds.all().remove(0).report, dropped);
    let unit = desk.backfills.unit(&covered.key).await.unwrap().unwrap();
    assert_eq!(unit.coverage.missing(desk.run.window), [desk.run.window], "who links it again gets them");
}

#[tokio::test]
async fn a_page_that_was_given_up_does_not_hold_the_others_for_ever() {
    let desk = desk().await;
    desk.list(EntityType::Release, UnitState::Completed, 2).await;
    desk.list(EntityType::Issue, UnitState::Completed, 0).await;
    desk.releases(0, &[1]).await;
    let task = desk.holds.all().remove(0).task();
    assert_eq!(desk.capture.replay(task).await.unwrap(), Replayed::NotYet);
    assert_eq!(desk.puts(), []);
    desk.clock.set(at(86_401));
    assert_eq!(desk.replay().await.last(), Some(&Replayed::All));
    assert_eq!(desk.puts().len(), 1);
    assert_eq!(held(&desk.releases(1, &[5]).await), (0, 1), "what comes after that is captured as it comes");
}

#[tokio::test]
async fn what_is_looked_at_anew_before_its_turn_is_counted_once() {
    let desk = desk().await;
    desk.list(EntityType::Release, UnitState::Completed, 2).await;
    desk.list(EntityType::Issue, UnitState::Completed, 0).await;
    // Two pages tell one fact, and one of them is the one that is kept of it.
    desk.releases(0, &[1, 2]).await;
    desk.releases(1, &[2, 3]).await;
    assert_eq!(desk.capture.replay(desk.holds.all().remove(0).task()).await.unwrap(), Replayed::Some(0), "released");
    let mut counted = 0;
    for id in ["github#release-0", "github#release-1"].map(connector_testkit::builders::delivery_id) {
        assert!(desk.deliveries.replay(&id, &desk.link.workspace, at(300)).await.unwrap());
        counted += held(&desk.capture.handle(capture_task("acme", id.as_str())).await.unwrap()).1;
    }
    desk.replay().await;
    let report = desk.holds.all().remove(0).report;
    assert_eq!((counted, report.captured, report.duplicate), (3, 0, 3));
    assert_eq!(desk.observations.rows.all().len(), 3);
}
