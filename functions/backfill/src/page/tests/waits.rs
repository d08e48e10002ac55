//! What waits for a connection, and goes on with it.

use connector_domain::ports::HoldStore;

use super::*;

#[tokio::test]
async fn history_waits_while_its_connection_does_not_work_and_goes_on_at_once() {
    for (status, why) in [
        (ConnectionStatus::NeedsReconnect, PauseReason::NeedsReconnect),
        (ConnectionStatus::Suspended, PauseReason::Suspended),
    ] {
        let desk = desk().await;
        let scheduler = Scheduler { connections: Arc::clone(&desk.connections) as _, start: desk.start.clone() };
        let own = desk.connections.connection(&desk.link.connection).await.unwrap().unwrap();
        desk.start().await;
        desk.connections.put_connection(&Connection { status, ..own.clone() }).await.unwrap();
        assert_eq!(desk.step().await, PageOutcome::Refused(UnitState::Paused { why }));
        assert!(desk.http.requests().is_empty());
        desk.clock.advance(Duration::from_secs(3 * 86_400));
        assert_eq!(scheduler.tick().await.unwrap(), Tick { links: 1, ..Tick::default() }, "however long it takes");
        desk.connections.put_connection(&own).await.unwrap();
        assert_eq!(scheduler.tick().await.unwrap().resumed, 1);
        let asked = desk.pages.drain();
        assert!(asked.iter().any(|task| task.unit.entity == EntityType::Release), "{asked:?}");
    }
}

#[tokio::test]
async fn an_unlinked_resource_is_not_asked_for() {
    let desk = desk().await;
    desk.start().await;
    desk.connections.put_integration(&Integration { active: false, ..desk.link.clone() }).await.unwrap();
    let failed = UnitState::Failed { code: FailCode::CONNECTION_REMOVED };
    assert_eq!(desk.step().await, PageOutcome::Refused(failed));
    assert!(desk.http.requests().is_empty());
}

#[tokio::test]
async fn a_cancelled_unit_makes_no_call() {
    let desk = desk().await;
    desk.start().await;
    let unit = desk.unit();
    desk.backfills.put_unit(&unit.cancel(at(1)).unwrap(), Some(unit.version)).await.unwrap();
    assert_eq!(desk.step().await, PageOutcome::Dropped);
    assert!(desk.http.requests().is_empty() && desk.pages.is_empty());
}

#[tokio::test]
async fn pages_of_a_run_that_holds_say_so_and_the_end_of_a_list_asks_for_what_is_held() {
    let desk = desk().await;
    let request = StartRequest { hold: true, ..desk.request(&[EntityType::Release]) };
    let run = desk.run(start_run(&desk.start, &request).await.unwrap()).await;
    let hold = desk.holds.hold(&run.id).await.unwrap().unwrap();
    desk.http.respond(503, &[], "");
    assert!(matches!(desk.step().await, PageOutcome::Refused(UnitState::Waiting { .. })));
    assert!(desk.replays.is_empty(), "more is to come");
    desk.clock.set(at(3_600));
    desk.http.respond(200, &[], "[]");
    assert_eq!(desk.step().await, PageOutcome::Fetched(UnitState::Completed));
    assert_eq!(desk.replays.drain(), [hold.task()]);
    let holds = |record: &DeliveryRecord| matches!(record.origin, Origin::Page { hold: true, .. });
    assert!(desk.deliveries.all().iter().all(holds));
    assert_eq!(runs::progress(&*desk.backfills, &*desk.holds, &run).await.unwrap().0.state, RunState::Replaying);
}

#[tokio::test]
async fn a_second_start_joins_the_first_and_what_is_covered_is_not_asked_for() {
    let desk = desk().await;
    let first = desk.start().await.run.unwrap();
    let second = desk.start().await;
    assert_eq!(second.units, [(EntityType::Release, UnitStart::Active(first))]);
    desk.http.respond(200, &[], "[]");
    desk.step().await;
    assert_eq!(desk.start().await.units, [(EntityType::Release, UnitStart::Covered)]);
}

#[tokio::test]
async fn the_scheduler_fills_gaps_and_leaves_the_present_to_live_capture() {
    let desk = desk().await;
    let scheduler = Scheduler { connections: Arc::clone(&desk.connections) as _, start: desk.start.clone() };
    let ticked = async |hours: i64| {
        desk.clock.set(at(hours * 3_600));
        let tick = scheduler.tick().await.unwrap();
        for task in desk.pages.drain() {
            desk.http.respond(200, &[], "[]");
            desk.worker.handle(task).await.unwrap();
        }
        tick.started
    };
    assert_eq!(ticked(0).await, 1, "nothing is covered yet");
    assert_eq!(ticked(1).await, 0);
    assert_eq!(ticked(23).await, 0);
    assert_eq!(ticked(25).await, 1, "a day is to be proven");
    desk.connections.put_integration(&Integration { active: false, ..desk.link.clone() }).await.unwrap();
    assert_eq!(ticked(100).await, 0, "the link is gone");
    assert_eq!(scheduler.tick().await.unwrap(), Tick::default());
}

#[tokio::test]
async fn a_run_that_is_to_be_proven_is_once_all_of_it_is_captured() {
    let desk = desk().await;
    let scheduler = Scheduler { connections: Arc::clone(&desk.connections) as _, start: desk.start.clone() };
    let mut quiet = desk.link.clone();
    quiet.settings.backfill.enabled = false;
    desk.connections.put_integration(&quiet).await.unwrap();
    let request = StartRequest { prove: true, ..desk.request(&[EntityType::Release]) };
    let run = desk.run(start_run(&desk.start, &request).await.unwrap()).await;
    let proofs = async |minute: i64| {
        desk.clock.set(at(minute * 60));
        scheduler.tick().await.unwrap().proofs
    };
    assert_eq!(proofs(1).await, 0, "it is at work");
    desk.http.respond(200, &[], "[]");
    desk.step().await;
    assert_eq!(proofs(20).await, 0, "its page is not captured");
    let unit = desk.unit();
    desk.backfills.put_page_report(&run.id, &unit.key, 0, &CaptureReport::default()).await.unwrap();
    assert_eq!(proofs(21).await, 0, "it is looked at every quarter of an hour");
    assert_eq!(proofs(36).await, 1);
    let proof = desk.backfills.run(&desk.unit().run).await.unwrap().unwrap();
    assert_eq!((proof.proves, proof.window, proof.prove), (Some(run.id), run.window, false));
    assert_eq!(proofs(90).await, 0, "once");
}

#[tokio::test]
async fn a_run_that_failed_is_not_proven() {
    let desk = desk().await;
    let scheduler = Scheduler { connections: Arc::clone(&desk.connections) as _, start: desk.start.clone() };
    let request = StartRequest { prove: true, ..desk.request(&[EntityType::Release]) };
    let run = desk.run(start_run(&desk.start, &request).await.unwrap()).await;
    runs::cancel(&*desk.backfills, &*desk.start.clock, &run).await.unwrap();
    desk.clock.set(at(60));
    assert_eq!(scheduler.tick().await.unwrap().proofs, 0);
    assert_eq!(desk.backfills.due_runs(at(86_400), 9).await.unwrap(), []);
}

#[tokio::test]
async fn the_report_of_a_page_stands_as_it_was_first() {
    let desk = desk().await;
    let run = desk.start().await.run.unwrap();
    let report = |captured| CaptureReport { captured, ..CaptureReport::default() };
    for captured in [3, 0] {
        desk.backfills.put_page_report(&run, &desk.unit().key, 0, &report(captured)).await.unwrap();
    }
    assert_eq!(desk.backfills.page_reports(&run).await.unwrap(), [report(3)]);
}

#[test]
fn a_reserve_is_left_to_live_work() {
    let at = Timestamp::from_second(9).unwrap();
    let rate = |remaining| RateLimit { remaining, limit: Some(5_000), resets_at: Some(at) };
    assert_eq!(pause(&rate(Some(1_001)), 20), None);
    assert_eq!(pause(&rate(Some(1_000)), 20), Some(at));
    assert_eq!(pause(&rate(None), 20), None);
    assert_eq!(pause(&rate(Some(0)), 0), Some(at));
}
