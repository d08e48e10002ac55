//! What a [`BackfillStore`] promises.

use connector_domain::backfill::{
    Budget, BudgetKey, Cursor, EntityType, FailCode, PauseReason, Pool, Run, Share, Trigger, Unit, UnitKey, UnitState,
    WaitReason, Window,
};
use connector_domain::capture::CaptureReport;
use connector_domain::http::RateLimit;
use connector_domain::ports::{BackfillStore, Put};
use connector_domain::{ConnectionId, RunId, Timestamp, WorkspaceId};
use futures::future::join_all;

use super::{some_workspace, unique};
use crate::builders::{at, run, unit, unit_key};

/// Runs the whole suite.
///
/// # Panics
/// When the store breaks a promise.
pub async fn backfills(store: &dyn BackfillStore) {
    a_run_is_stored_once(store).await;
    runs_are_listed_newest_first(store).await;
    runs_that_are_to_be_proven_are_due_until_that_is_done(store).await;
    a_unit_comes_back_in_every_state(store).await;
    a_unit_is_written_on_top_of_what_was_read(store).await;
    of_several_writers_one_wins(store).await;
    a_cancelled_run_opens_no_unit(store).await;
    only_open_units_become_due(store).await;
    the_first_report_of_a_page_stays(store).await;
    how_a_unit_ended_is_kept_for_its_run(store).await;
    of_several_that_take_from_a_budget_one_wins(store).await;
}

fn some_run(workspace: &WorkspaceId) -> Run {
    run(&unique("run"), workspace, "9")
}

async fn a_run_is_stored_once(store: &dyn BackfillStore) {
    let workspace = some_workspace();
    let mut first = some_run(&workspace);
    first.entities = EntityType::ALL.to_vec();
    first.call_budget = Some(500);
    first.hold = true;
    first.prove = true;
    first.proves = Some(RunId::parse("earlier").unwrap());
    assert_eq!(store.run(&first.id).await.unwrap(), None);
    assert_eq!(store.put_run(&first).await.unwrap(), Put::Stored);
    let second = Run { trigger: Trigger::Schedule, started_at: at(5), ..first.clone() };
    assert_eq!(store.put_run(&second).await.unwrap(), Put::Conflict);
    assert_eq!(store.run(&first.id).await.unwrap().as_ref(), Some(&first));
    assert_eq!(store.runs_of(&workspace, 9).await.unwrap(), [first], "the refused one leaves no trace");
}

async fn runs_are_listed_newest_first(store: &dyn BackfillStore) {
    let workspace = some_workspace();
    let mut runs: Vec<_> =
        [30, 20, 10].into_iter().map(|t| Run { started_at: at(t), ..some_run(&workspace) }).collect();
    runs.push(Run { started_at: "2025-12-31T23:59:59.999Z".parse().unwrap(), ..some_run(&workspace) });
    for n in [2, 0, 3, 1] {
        store.put_run(&runs[n]).await.unwrap();
    }
    assert_eq!(store.runs_of(&workspace, 9).await.unwrap(), runs);
    assert_eq!(store.runs_of(&workspace, 2).await.unwrap(), runs[..2]);
    assert_eq!(store.runs_of(&some_workspace(), 9).await.unwrap(), []);
}

async fn runs_that_are_to_be_proven_are_due_until_that_is_done(store: &dyn BackfillStore) {
    let workspace = some_workspace();
    let wanted = Run { prove: true, started_at: at(10), ..some_run(&workspace) };
    let other = some_run(&workspace);
    store.put_run(&wanted).await.unwrap();
    store.put_run(&other).await.unwrap();
    let due = async |second| {
        let due = store.due_runs(at(second), 10_000).await.unwrap();
        due.into_iter().filter(|run| [&wanted.id, &other.id].contains(&run)).collect::<Vec<_>>()
    };
    assert_eq!(due(9).await, []);
    assert_eq!(due(10).await, std::slice::from_ref(&wanted.id));
    store.look_again(&wanted.id, Some(at(60))).await.unwrap();
    assert_eq!(due(59).await, []);
    assert_eq!(due(60).await, std::slice::from_ref(&wanted.id));
    assert_eq!(store.run(&wanted.id).await.unwrap().as_ref(), Some(&wanted), "it is as it was");
    store.look_again(&wanted.id, None).await.unwrap();
    store.look_again(&wanted.id, None).await.unwrap();
    assert_eq!(due(86_400).await, []);
    store.look_again(&some_run(&workspace).id, Some(at(0))).await.unwrap();
    assert_eq!(store.runs_of(&workspace, 9).await.unwrap().len(), 2, "what is not there does not come to be");
}

async fn a_unit_comes_back_in_every_state(store: &dyn BackfillStore) {
    let states = [
        UnitState::Pending,
        UnitState::Running,
        UnitState::Waiting { until: at(9), reason: WaitReason::SecondaryLimit },
        UnitState::Paused { why: PauseReason::NeedsReconnect },
        UnitState::Completed,
        UnitState::Partial { reason: "page_limit".to_owned() },
        UnitState::Cancelled,
        UnitState::Failed { code: FailCode::CURSOR_LOOP },
    ];
    let workspace = some_workspace();
    for (n, state) in states.into_iter().enumerate() {
        let mut unit = unit(&workspace, &format!("9#{n}"));
        unit.state = state;
        unit.page = 3;
        unit.cursor = Some(Cursor::parse("after=Y3Vyc29y&x=#%20").unwrap());
        unit.leased_until = Some("2026-02-06T12:00:00.123456789Z".parse().unwrap());
        unit.attempts = 2;
        unit.later = vec![Window { since: at(-20), until: at(-10) }];
        unit.read = Some(Share::of(1, 3));
        unit.last_page = Some(20_000);
        unit.counters.items = 1 << 40;
        unit.coverage.add(Window { since: at(0), until: at(10) });
        unit.coverage.add(Window { since: at(20), until: at(30) });
        assert_eq!(store.unit(&unit.key).await.unwrap(), None);
        assert_eq!(store.put_unit(&unit, None).await.unwrap(), Put::Stored);
        assert_eq!(store.unit(&unit.key).await.unwrap(), Some(unit));
    }
}

fn next(unit: &Unit, attempts: u32) -> Unit {
    Unit { version: unit.version + 1, attempts, ..unit.clone() }
}

async fn a_unit_is_written_on_top_of_what_was_read(store: &dyn BackfillStore) {
    let first = unit(&some_workspace(), "9");
    let key = &first.key;
    assert_eq!(store.put_unit(&first, Some(1)).await.unwrap(), Put::Conflict, "there is none yet");
    assert_eq!(store.unit(key).await.unwrap(), None);
    assert_eq!(store.put_unit(&first, None).await.unwrap(), Put::Stored);
    assert_eq!(store.put_unit(&first, None).await.unwrap(), Put::Conflict, "there is one already");

    let second = next(&first, 2);
    assert_eq!(store.put_unit(&second, Some(0)).await.unwrap(), Put::Conflict);
    assert_eq!(store.put_unit(&second, Some(7)).await.unwrap(), Put::Conflict);
    assert_eq!(store.unit(key).await.unwrap().as_ref(), Some(&first));
    assert_eq!(store.put_unit(&second, Some(1)).await.unwrap(), Put::Stored);
    assert_eq!(store.put_unit(&next(&first, 3), Some(1)).await.unwrap(), Put::Conflict, "a frozen worker is late");
    assert_eq!(store.unit(key).await.unwrap(), Some(second));
}

/// Their rows may be equal to the last byte, and yet only one of them may fetch.
async fn of_several_writers_one_wins(store: &dyn BackfillStore) {
    let first = unit(&some_workspace(), "9");
    let stored =
        |puts: Vec<Result<Put, _>>| puts.into_iter().filter(|put| *put.as_ref().unwrap() == Put::Stored).count();
    assert_eq!(stored(join_all((0..6).map(|_| store.put_unit(&first, None))).await), 1);
    let second = next(&first, 1);
    assert_eq!(stored(join_all((0..6).map(|_| store.put_unit(&second, Some(1)))).await), 1);
    let run = some_run(&some_workspace());
    assert_eq!(stored(join_all((0..6).map(|_| store.put_run(&run))).await), 1);
}

async fn a_cancelled_run_opens_no_unit(store: &dyn BackfillStore) {
    let workspace = some_workspace();
    let run = some_run(&workspace);
    let open = |resource: &str| Unit { run: run.id.clone(), ..unit(&workspace, resource) };
    assert_eq!(store.open_unit(&open("1"), None).await.unwrap(), Put::Conflict, "there is no such run");
    store.put_run(&run).await.unwrap();
    assert_eq!(store.open_unit(&open("1"), None).await.unwrap(), Put::Stored);
    assert_eq!(store.open_unit(&open("1"), None).await.unwrap(), Put::Conflict, "there is one already");
    let next = Unit { version: 2, ..open("1") };
    assert_eq!(store.open_unit(&next, Some(7)).await.unwrap(), Put::Conflict);
    assert_eq!(store.open_unit(&next, Some(1)).await.unwrap(), Put::Stored);
    assert_eq!(due(store, &workspace, at(86_400)).await, std::slice::from_ref(&next.key), "it is open");

    store.cancel_run(&run, at(5)).await.unwrap();
    let cancelled = Run { cancelled_at: Some(at(5)), ..run.clone() };
    assert_eq!(store.run(&run.id).await.unwrap().as_ref(), Some(&cancelled));
    assert_eq!(store.runs_of(&workspace, 9).await.unwrap(), [cancelled], "wherever it is listed");
    assert_eq!(store.open_unit(&open("2"), None).await.unwrap(), Put::Conflict);
    assert_eq!(store.unit(&open("2").key).await.unwrap(), None);
    assert_eq!(store.unit(&next.key).await.unwrap(), Some(next), "what is open is not touched");
}

async fn due(store: &dyn BackfillStore, workspace: &WorkspaceId, now: Timestamp) -> Vec<UnitKey> {
    let mut due = store.due_units(now, 10_000).await.unwrap();
    due.retain(|key| key.workspace == *workspace);
    due
}

async fn only_open_units_become_due(store: &dyn BackfillStore) {
    let workspace = crate::builders::workspace(&unique("ws#%"));
    let put = async |resource: &str, due_at: i64, state: UnitState| {
        let unit = Unit { due_at: at(due_at), state, ..unit(&workspace, resource) };
        assert_eq!(store.put_unit(&unit, None).await.unwrap(), Put::Stored);
        unit
    };
    let late = put("late#1", -10, UnitState::Running).await;
    let early = put("early", -20, UnitState::Pending).await;
    let waiting = put("wait", 10, UnitState::Waiting { until: at(5), reason: WaitReason::RateLimit }).await;
    put("done", -30, UnitState::Completed).await;
    put("paused", -30, UnitState::Paused { why: PauseReason::Asked }).await;
    put("failed", -30, UnitState::Failed { code: FailCode::FORBIDDEN }).await;

    assert_eq!(due(store, &workspace, at(0)).await, [early.key.clone(), late.key.clone()], "the oldest first");
    assert_eq!(due(store, &workspace, at(10)).await, [early.key.clone(), late.key.clone(), waiting.key]);
    assert_eq!(due(store, &workspace, at(-20)).await, std::slice::from_ref(&early.key));
    assert_eq!(store.due_units(at(0), 1).await.unwrap().len(), 1, "no more than asked for");

    let ended = Unit { state: UnitState::Cancelled, ..next(&early, 0) };
    assert_eq!(store.put_unit(&ended, Some(early.version)).await.unwrap(), Put::Stored);
    assert_eq!(due(store, &workspace, at(0)).await, [late.key], "an ended one is gone");
    let again = Unit { state: UnitState::Pending, due_at: at(-1), ..next(&ended, 0) };
    assert_eq!(store.put_unit(&again, Some(ended.version)).await.unwrap(), Put::Stored);
    assert_eq!(due(store, &workspace, at(0)).await.len(), 2, "it comes back with the next run");
}

async fn the_first_report_of_a_page_stays(store: &dyn BackfillStore) {
    let workspace = some_workspace();
    let (one, other) = (RunId::parse(unique("run")).unwrap(), RunId::parse(unique("run")).unwrap());
    let pulls = unit_key(&workspace, "9");
    let issues = UnitKey { entity: EntityType::Issue, ..pulls.clone() };
    let report = |captured| {
        let mut report = CaptureReport { captured, ..CaptureReport::default() };
        report.add_filtered("not_subscribed");
        report
    };
    assert_eq!(store.page_reports(&one).await.unwrap(), []);
    for (run, unit, page, captured) in [
        (&one, &pulls, 0, 1),
        (&one, &pulls, 0, 100),
        (&one, &pulls, 10, 2),
        (&one, &pulls, 9, 4),
        (&one, &issues, 0, 8),
        (&other, &pulls, 0, 16),
    ] {
        store.put_page_report(run, unit, page, &report(captured)).await.unwrap();
    }
    let mut captured: Vec<_> =
        store.page_reports(&one).await.unwrap().into_iter().map(|report| report.captured).collect();
    captured.sort_unstable();
    assert_eq!(captured, [1, 2, 4, 8]);
    assert_eq!(store.page_reports(&other).await.unwrap(), [report(16)]);
    assert_eq!(store.run(&one).await.unwrap(), None, "a report is no run");
}

async fn how_a_unit_ended_is_kept_for_its_run(store: &dyn BackfillStore) {
    let run = RunId::parse(unique("run")).unwrap();
    let ended = Unit { run: run.clone(), state: UnitState::Completed, ..unit(&some_workspace(), "9#%") };
    assert_eq!(store.ended_units(&run).await.unwrap(), []);
    store.put_ended(&Unit { state: UnitState::Cancelled, ..ended.clone() }).await.unwrap();
    store.put_ended(&ended).await.unwrap();
    assert_eq!(store.ended_units(&run).await.unwrap(), std::slice::from_ref(&ended), "the later one replaces it");
    assert_eq!(store.unit(&ended.key).await.unwrap(), None, "it is no unit");
    assert_eq!(store.page_reports(&run).await.unwrap(), [], "and no report");
}

async fn of_several_that_take_from_a_budget_one_wins(store: &dyn BackfillStore) {
    let connection = ConnectionId::parse(unique("conn")).unwrap();
    let key = |pool| BudgetKey::Connection { connection: connection.clone(), pool };
    let rate = RateLimit { remaining: Some(4_999), limit: Some(5_000), resets_at: Some(at(3_600)) };
    let mut first = Budget::first(key(Pool::Calls), &rate, at(0)).unwrap();
    first.blocked = Some((at(60), WaitReason::SecondaryLimit));
    assert_eq!(store.budget(&first.key).await.unwrap(), None);
    assert_eq!(store.put_budget(&first, Some(1)).await.unwrap(), Put::Conflict, "there is none yet");
    assert_eq!(store.put_budget(&first, None).await.unwrap(), Put::Stored);
    assert_eq!(store.budget(&first.key).await.unwrap().as_ref(), Some(&first));
    assert_eq!(store.budget(&key(Pool::Points)).await.unwrap(), None, "it is counted apart");
    let next = Budget { version: 2, remaining: 4_998, ..first.clone() };
    let puts = join_all((0..6).map(|_| store.put_budget(&next, Some(1)))).await;
    assert_eq!(puts.iter().filter(|put| *put.as_ref().unwrap() == Put::Stored).count(), 1);
    assert_eq!(store.budget(&first.key).await.unwrap(), Some(next));
    let run = Budget::of_run(RunId::parse(unique("run")).unwrap(), 10, at(0));
    assert_eq!(store.put_budget(&run, None).await.unwrap(), Put::Stored);
    assert_eq!(store.budget(&run.key).await.unwrap(), Some(run));
}
