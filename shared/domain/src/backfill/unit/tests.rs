use std::time::Duration;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn unit() -> Unit {
    let new = NewUnit {
        key: UnitKey {
            workspace: WorkspaceId::parse("acme").unwrap(),
            provider: ProviderKind::Github,
            resource: ResourceId::parse("1").unwrap(),
            entity: EntityType::Issue,
        },
        run: RunId::parse("run-1").unwrap(),
        connection: ConnectionId::parse("c").unwrap(),
        resource: ResourceRef { id: ResourceId::parse("1").unwrap(), name: "o/r".into() },
        window: Window { since: at(0), until: at(1_000) },
        later: Vec::new(),
        hold: false,
        correlation: "x".into(),
    };
    Unit::start(new, None, &Limits::default(), at(1_000))
}

fn granted(unit: &Unit, now: i64) -> Unit {
    match unit.claim(&unit.task(), &Limits::default(), at(now)) {
        Claim::Granted(unit) => *unit,
        other => panic!("not granted: {other:?}"),
    }
}

fn page(cursor: Option<&str>) -> NextPage {
    NextPage { cursor: cursor.map(|c| Cursor::parse(c).unwrap()), items: 10, read: None, pause_until: None }
}

#[test]
fn a_second_message_for_one_page_is_busy_then_stale() {
    let limits = Limits::default();
    let first = unit();
    let task = first.task();
    let claimed = granted(&first, 1_001);
    assert_eq!(claimed.version, first.version + 1);
    assert_eq!(claimed.claim(&task, &limits, at(1_002)), Claim::Busy);
    let advanced = claimed.advance(page(Some("2")), &limits, at(1_003));
    assert_eq!(advanced.claim(&task, &limits, at(1_004)), Claim::Stale);
    assert!(matches!(advanced.claim(&advanced.task(), &limits, at(1_004)), Claim::Granted(_)));
}

#[test]
fn a_dead_worker_loses_its_page_after_the_lease() {
    let claimed = granted(&unit(), 1_001);
    assert!(matches!(claimed.claim(&claimed.task(), &Limits::default(), at(1_001 + 120)), Claim::Granted(_)));
}

#[test]
fn messages_of_an_older_run_do_nothing() {
    let limits = Limits::default();
    let old = unit();
    let ended = old.cancel(at(1_001)).unwrap();
    let new = NewUnit { run: RunId::parse("run-2").unwrap(), ..new_of(&old) };
    let restarted = Unit::start(new, Some(&ended), &limits, at(1_002));
    assert!(restarted.version > ended.version);
    assert_eq!(restarted.claim(&old.task(), &limits, at(1_003)), Claim::Stale);
    assert_eq!(ended.claim(&old.task(), &limits, at(1_003)), Claim::Stale);
}

fn new_of(unit: &Unit) -> NewUnit {
    NewUnit {
        key: unit.key.clone(),
        run: unit.run.clone(),
        connection: unit.connection.clone(),
        resource: unit.resource.clone(),
        window: unit.window,
        later: Vec::new(),
        hold: false,
        correlation: unit.correlation.clone(),
    }
}

#[test]
fn only_the_end_of_the_list_covers_the_window() {
    let limits = Limits { max_pages: 2, ..Limits::default() };
    let first = granted(&unit(), 1_001).advance(page(Some("2")), &limits, at(1_002));
    assert_eq!(first.coverage, Coverage::default());

    let capped = granted(&first, 1_003).advance(page(Some("3")), &limits, at(1_004));
    assert_eq!(capped.state, UnitState::Partial { reason: "page_limit".into() });
    assert_eq!(capped.cursor, Some(Cursor::parse("3").unwrap()));
    assert_eq!(capped.coverage, Coverage::default());

    let done = granted(&first, 1_003).advance(page(None), &limits, at(1_004));
    assert_eq!(done.state, UnitState::Completed);
    assert_eq!(done.coverage.windows(), [done.window]);
    assert_eq!((done.counters.pages, done.counters.items, done.counters.calls), (2, 20, 2));

    let again = Unit::start(new_of(&done), Some(&done), &limits, at(1_005));
    assert_eq!(again.coverage, done.coverage);
}

#[test]
fn a_cursor_that_does_not_move_ends_the_unit() {
    let limits = Limits::default();
    let first = granted(&unit(), 1_001).advance(page(Some("2")), &limits, at(1_002));
    let looped = granted(&first, 1_003).advance(page(Some("2")), &limits, at(1_004));
    assert_eq!(looped.state, UnitState::Failed { code: FailCode::CURSOR_LOOP });
}

#[test]
fn waits_are_visible_and_rate_limits_never_fail_a_unit() {
    let limits = Limits::default();
    let limited = Disposition::Retry { after: Some(Duration::from_secs(3_000)), reason: WaitReason::RateLimit };
    let mut unit = unit();
    let mut now = 1_000;
    for _ in 0..50 {
        let waiting = granted(&unit, now).refuse(&limited, 0.5, &limits, at(now));
        assert_eq!(waiting.claim(&waiting.task(), &limits, at(now)), Claim::Wait { until: at(now + 3_000) });
        assert_eq!(waiting.redrive(&limits, at(now + 2_999)), None);
        now += 3_000;
        unit = waiting;
    }
    assert_eq!(unit.counters.waits, 50);
}

#[test]
fn faults_back_off_and_then_fail() {
    let limits = Limits::default();
    let fault = Disposition::Retry { after: None, reason: WaitReason::Unavailable };
    let mut unit = unit();
    let mut now = at(1_000);
    let mut waits = Vec::new();
    while !unit.state.is_terminal() {
        let Claim::Granted(claimed) = unit.claim(&unit.task(), &limits, now) else { panic!("not granted") };
        unit = claimed.refuse(&fault, 1.0, &limits, now);
        if let UnitState::Waiting { until, .. } = unit.state {
            waits.push(until.as_second() - now.as_second());
            now = until;
        }
    }
    assert_eq!(unit.state, UnitState::Failed { code: FailCode::UNAVAILABLE });
    assert_eq!(waits, [5, 9, 17, 33, 65, 129, 257]);
}

#[test]
fn an_expired_cursor_restarts_the_list_twice_at_most() {
    let limits = Limits::default();
    let mut unit = granted(&unit(), 1_001).advance(page(Some("2")), &limits, at(1_002));
    for _ in 0..2 {
        unit = granted(&unit, 1_003).refuse(&Disposition::Restart, 0.0, &limits, at(1_003));
        assert_eq!((unit.cursor.as_ref(), unit.page), (None, 1));
    }
    unit = granted(&unit, 1_004).refuse(&Disposition::Restart, 0.0, &limits, at(1_004));
    assert_eq!(unit.state, UnitState::Failed { code: FailCode::CURSOR_INVALID });
}

#[test]
fn recovery_leaves_live_work_alone() {
    let limits = Limits::default();
    let unit = unit();
    assert_eq!(unit.redrive(&limits, at(1_000 + 299)), None);
    let stuck = unit.redrive(&limits, at(1_000 + 300)).unwrap();
    assert_eq!(stuck.redrive(&limits, at(1_000 + 301)), None);
    let claimed = granted(&unit, 1_001);
    assert_eq!(claimed.redrive(&limits, at(1_001 + 119)), None);
    assert!(claimed.redrive(&limits, at(1_001 + 420)).is_some());
}

#[test]
fn the_row_reads_back_as_it_was_written() {
    let limits = Limits::default();
    let waiting = granted(&unit(), 1_001).refuse(
        &Disposition::Retry { after: None, reason: WaitReason::Unavailable },
        0.1,
        &limits,
        at(1_002),
    );
    let json = serde_json::to_string(&waiting).unwrap();
    assert_eq!(serde_json::from_str::<Unit>(&json).unwrap(), waiting);
}

#[test]
fn a_page_that_was_dropped_takes_its_window_out_of_what_is_covered() {
    let limits = Limits::default();
    let claimed = granted(&unit(), 1_001);
    let ended = claimed.advance(page(None), &limits, at(1_002));
    let dropped = ended.withdraw(&ended.run, ended.window, at(1_003)).unwrap();
    assert_eq!((&dropped.state, dropped.version), (&UnitState::Completed, ended.version + 1));
    assert_eq!(dropped.coverage.missing_span(ended.window), Some(ended.window));
    assert_eq!(dropped.withdraw(&ended.run, ended.window, at(1_004)), None, "there is nothing left to take back");

    let at_work = claimed.withdraw(&claimed.run, claimed.window, at(1_002)).unwrap();
    assert_eq!(at_work.state, UnitState::Failed { code: FailCode::CONNECTION_REMOVED });
    let earlier = RunId::parse("run-0").unwrap();
    assert_eq!(claimed.withdraw(&earlier, claimed.window, at(1_002)), None, "a later run is not its affair");
}

#[test]
fn a_paused_unit_keeps_its_place_and_takes_no_page_until_it_is_resumed() {
    let limits = Limits::default();
    let claimed = granted(&granted(&unit(), 1_001).advance(page(Some("2")), &limits, at(1_002)), 1_003);
    let paused = claimed.pause(at(1_004)).unwrap();
    assert_eq!(paused.state, UnitState::Paused { why: PauseReason::Asked });
    assert_eq!(paused.pause(at(1_005)), None, "it is at rest");
    assert_eq!(paused.claim(&claimed.task(), &limits, at(9_999)), Claim::Stale);
    assert_eq!(paused.redrive(&limits, at(99_999)), None, "recovery leaves it alone");
    assert!(
        claimed.advance(page(None), &limits, at(1_005)).version <= paused.version,
        "the worker's write comes too late"
    );

    let resumed = paused.resume(&limits, at(2_000)).unwrap();
    assert_eq!((resumed.page, &resumed.cursor, resumed.leased_until), (1, &paused.cursor, None));
    assert!(matches!(resumed.claim(&resumed.task(), &limits, at(2_000)), Claim::Granted(_)));
    assert_eq!(resumed.resume(&limits, at(2_001)), None);
    assert_eq!(paused.cancel(at(2_002)).unwrap().state, UnitState::Cancelled, "it can be given up");
}

#[test]
fn a_refused_token_pauses_a_unit() {
    let limits = Limits::default();
    for refusal in [Disposition::RefreshToken, Disposition::Fail(FailCode::NEEDS_RECONNECT)] {
        let paused = granted(&unit(), 1_001).refuse(&refusal, 0.0, &limits, at(1_002));
        assert_eq!(paused.state, UnitState::Paused { why: PauseReason::NeedsReconnect });
        assert_eq!(paused.resume(&limits, at(1_003)).unwrap().state, UnitState::Pending);
    }
}

#[test]
fn what_stopped_early_goes_on_and_what_failed_is_tried_from_its_page() {
    let limits = Limits { max_pages: 2, ..Limits::default() };
    let first = granted(&unit(), 1_001).advance(page(Some("2")), &limits, at(1_002));
    let capped = granted(&first, 1_003).advance(page(Some("3")), &limits, at(1_004));
    assert_eq!(capped.retry(&limits, at(1_005)), None, "it did not fail");
    let resumed = capped.resume(&limits, at(1_005)).unwrap();
    let third = granted(&resumed, 1_006).advance(page(Some("4")), &limits, at(1_007));
    assert_eq!(third.state, UnitState::Running, "as many pages again");
    assert!(matches!(
        granted(&third, 1_008).advance(page(Some("5")), &limits, at(1_009)).state,
        UnitState::Partial { .. }
    ));
    assert_eq!(first.spend(at(1_003)).state, UnitState::Partial { reason: CALL_BUDGET.into() });

    let forbidden = granted(&first, 1_003).refuse(&Disposition::Fail(FailCode::FORBIDDEN), 0.0, &limits, at(1_004));
    assert_eq!(forbidden.resume(&limits, at(1_005)), None);
    assert_eq!(forbidden.retry(&limits, at(1_005)).unwrap().cursor, first.cursor);
    let looped = granted(&first, 1_003).advance(page(Some("2")), &limits, at(1_004));
    assert_eq!(looped.retry(&limits, at(1_005)).unwrap().cursor, None, "its cursor led nowhere");
    let done = granted(&first, 1_003).advance(page(None), &limits, at(1_004));
    assert_eq!((done.resume(&limits, at(1_005)), done.retry(&limits, at(1_005))), (None, None));
}

#[test]
fn windows_are_read_one_after_the_other() {
    let limits = Limits::default();
    let (newest, oldest) = (Window { since: at(900), until: at(1_000) }, Window { since: at(0), until: at(100) });
    let new = NewUnit { window: newest, later: vec![oldest], ..new_of(&unit()) };
    let first = granted(&Unit::start(new, None, &limits, at(1_000)), 1_001).advance(page(None), &limits, at(1_002));
    assert_eq!((first.state.clone(), first.window, first.page), (UnitState::Running, oldest, 1));
    assert_eq!(first.coverage.windows(), [newest]);
    let done = granted(&first, 1_003).refuse(&Disposition::Empty, 0.0, &limits, at(1_004));
    assert_eq!(done.state, UnitState::Completed);
    assert_eq!(done.coverage.windows(), [oldest, newest]);
}

#[test]
fn what_is_left_takes_as_long_as_what_was_read() {
    let limits = Limits::default();
    let quarter = NextPage { read: Some(Share::of(1, 4)), ..page(Some("2")) };
    let first = granted(&unit(), 1_001).advance(quarter.clone(), &limits, at(1_100));
    assert_eq!((first.share(), first.eta()), (Some(Share::of(1, 4)), Some(at(1_400))));
    let paused = NextPage { pause_until: Some(at(4_100)), ..quarter };
    let waiting = granted(&unit(), 1_001).advance(paused, &limits, at(1_100));
    assert_eq!(waiting.eta(), Some(at(4_400)), "and begins when the wait is over");
    assert_eq!(waiting.counters.waited, 0, "it has not waited yet");
    assert_eq!(waiting.cancel(at(1_160)).unwrap().counters.waited, 60);
    assert_eq!(granted(&waiting, 5_000).counters.waited, 3_000, "what came after the wait was none");
    assert_eq!(unit().eta(), None, "nobody knows");
}
