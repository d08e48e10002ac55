use super::*;
use crate::documents::Config;

const LIMITS: SyncLimits = SyncLimits {
    lease: Duration::from_secs(240),
    stall: Duration::from_secs(300),
    max_attempts: 3,
    backoff: Duration::from_secs(2),
    max_backoff: Duration::from_secs(600),
    max_retries: 2,
    retry_after: Duration::from_secs(900),
    max_behind: 3,
    look_again: Duration::from_secs(3_600),
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_770_379_200 + seconds).unwrap()
}

fn link() -> Integration {
    serde_json::from_value(serde_json::json!({
        "id": "i", "workspace": "acme", "connection": "c", "provider": "github", "account": "5",
        "resource": { "id": "9", "name": "acme/rocket" },
        "settings": { "events": [], "backfill": { "enabled": false, "depth": 30 } },
        "active": true, "linked_at": at(0), "updated_at": at(0),
    }))
    .unwrap()
}

fn asked(known: Option<&Sync>, now: Timestamp) -> Sync {
    Sync::ask(known, &link(), Some("c1"), "cor", &LIMITS, now)
}

fn claimed(sync: &Sync, now: Timestamp) -> Sync {
    match sync.claim(&sync.task(), &LIMITS, now) {
        Claim::Granted(claimed) => *claimed,
        other => panic!("{other:?}"),
    }
}

fn done(cursor: Option<&str>, first: bool, failed: u64) -> Step {
    let config = Config { version: 1, store: "docs".to_owned(), include: vec!["**/*.md".to_owned()] };
    Step::Done {
        pass: Pass {
            head: Head { commit: "c1".to_owned(), tree: "t1".to_owned() },
            cursor: cursor.map(str::to_owned),
            by_folder: false,
        },
        config: ConfigFile { path: "connectors.yml".to_owned(), blob: "b".to_owned(), config },
        first,
        counts: Counts { written: 2, failed, ..Counts::default() },
        failures: (0..failed).map(|n| FileFailure { path: n.to_string(), code: FailCode::NOT_FOUND }).collect(),
    }
}

#[test]
fn a_pass_goes_step_by_step_and_a_message_for_a_step_that_is_done_does_nothing() {
    let start = asked(None, at(0));
    assert_eq!((start.state.clone(), start.asked, start.taken), (SyncState::Pending, 1, 0));
    let first = claimed(&start, at(1));
    assert_eq!(first.claim(&start.task(), &LIMITS, at(2)), Claim::Busy);
    let second = first.after(&first, done(Some("m"), true, 0), 0.0, &LIMITS, at(3));
    assert_eq!((second.state.name(), second.step, second.counts.written), ("pending", start.step + 1, 2));
    assert_eq!(second.goes_on().and_then(|pass| pass.cursor.as_deref()), Some("m"));
    assert_eq!(second.claim(&start.task(), &LIMITS, at(4)), Claim::Stale);
    let last = claimed(&second, at(5)).after(&claimed(&second, at(5)), done(None, false, 0), 0.0, &LIMITS, at(6));
    assert_eq!((last.state.clone(), last.counts.written, last.due_at), (SyncState::Synced, 4, None));
    assert_eq!((last.commit.as_deref(), last.pass), (Some("c1"), None));
}

#[test]
fn what_is_asked_for_during_a_step_makes_the_next_one_read_the_head() {
    let mine = claimed(&asked(None, at(0)), at(1));
    let overtaken = asked(Some(&mine), at(2));
    assert!(overtaken.is_still(&mine), "the worker goes on");
    let middle = overtaken.after(&mine, done(Some("m"), true, 0), 0.0, &LIMITS, at(3));
    assert_eq!(middle.goes_on(), None);
    let ended = overtaken.after(&mine, done(None, true, 0), 0.0, &LIMITS, at(3));
    assert_eq!((ended.state.name(), ended.due_at.is_some()), ("pending", true), "it is not at rest");
    let failed = overtaken.after(&mine, Step::Fail { code: FailCode::NOT_FOUND, detail: None }, 0.0, &LIMITS, at(3));
    assert_eq!(failed.state.name(), "pending");
}

#[test]
fn a_frozen_worker_finds_that_the_step_is_not_its_own_any_more() {
    let frozen = claimed(&asked(None, at(0)), at(1));
    let other = claimed(&frozen, at(1 + 240));
    assert!(!other.is_still(&frozen) && other.claims > frozen.claims);
}

#[test]
fn files_that_fail_make_it_partial_and_it_is_made_again_a_few_times() {
    let mut sync = asked(None, at(0));
    let mut passes = 0;
    let mut now = at(0);
    loop {
        let mine = claimed(&sync, now);
        sync = mine.after(&mine, done(None, true, 60), 0.0, &LIMITS, now);
        assert_eq!((sync.state.clone(), sync.failures.len()), (SyncState::Partial, MAX_FAILURES));
        passes += 1;
        let Some(due_at) = sync.due_at else { break };
        assert_eq!(sync.redrive(&LIMITS, now), None);
        now = due_at;
        sync = sync.redrive(&LIMITS, now).unwrap();
    }
    assert_eq!(passes, 1 + LIMITS.max_retries);
    assert_eq!(asked(Some(&sync), now).retries, 0, "whoever asks again starts anew");
}

#[test]
fn a_provider_that_does_not_answer_is_waited_for_with_an_end() {
    let mut sync = asked(None, at(0));
    let mut now = at(0);
    for _ in 0..2 {
        let mine = claimed(&sync, now);
        sync = mine.after(&mine, Step::Hold { reason: Hold::Unavailable, after: None }, 1.0, &LIMITS, now);
        let SyncState::Waiting { until, .. } = sync.state else { panic!("{sync:?}") };
        assert_eq!(sync.claim(&sync.task(), &LIMITS, now), Claim::Wait { until });
        now = until;
    }
    let mine = claimed(&sync, now);
    let failed = mine.after(&mine, Step::Hold { reason: Hold::Unavailable, after: None }, 1.0, &LIMITS, now);
    assert_eq!(failed.state, SyncState::Failed { code: FailCode::UNAVAILABLE, detail: None });
    let limited = Step::Hold { reason: Hold::RateLimit, after: Some(Duration::from_secs(60)) };
    let waits = mine.after(&mine, limited, 1.0, &LIMITS, now);
    assert_eq!(waits.attempts, mine.attempts, "a budget that is used up is nobody's fault");
}

#[test]
fn what_waits_for_a_person_goes_on_when_somebody_asks() {
    let mine = claimed(&asked(None, at(0)), at(0));
    let waits = mine.after(&mine, Step::Hold { reason: Hold::NeedsReconnect, after: None }, 0.0, &LIMITS, at(1));
    let again = asked(Some(&waits), at(2));
    assert_eq!((again.state.clone(), again.step), (SyncState::Pending, waits.step + 1));
    let limited = mine.after(&mine, Step::Hold { reason: Hold::RateLimit, after: None }, 0.0, &LIMITS, at(1));
    assert_eq!(asked(Some(&limited), at(2)).state.name(), "waiting", "a limit is not asked away");
}

#[test]
fn what_is_cleared_is_at_rest_when_nothing_is_left() {
    let mine = claimed(&asked(None, at(0)), at(0));
    let cleared = |more| Step::Cleared { to: SyncState::Off, commit: None, removed: 2, more };
    let more = mine.after(&mine, cleared(true), 0.0, &LIMITS, at(1));
    assert_eq!(more.state.name(), "pending");
    let mine = claimed(&more, at(2));
    let off = mine.after(&mine, cleared(false), 0.0, &LIMITS, at(3));
    assert_eq!((off.state.clone(), off.counts.removed, off.due_at), (SyncState::Off, 4, None));
}

#[test]
fn recovery_sends_again_what_stands_still_and_leaves_a_lease_alone() {
    let start = asked(None, at(0));
    assert_eq!(start.redrive(&LIMITS, at(299)), None);
    let again = start.redrive(&LIMITS, at(300)).unwrap();
    assert_eq!((again.step, again.due_at), (start.step, Some(at(600))));
    let mine = claimed(&again, at(301));
    assert_eq!(mine.redrive(&LIMITS, at(301 + 239)), None);
    assert!(mine.redrive(&LIMITS, at(301 + 240 + 300)).is_some());
}
