use std::collections::BTreeSet;

use connector_domain::backfill::{EntityType, Trigger, WaitReason, Window};
use connector_domain::capture::CaptureReport;
use connector_domain::connection::{ConnectionStatus, Integration};
use connector_testkit::builders::{at, connection, integration, workspace};
use connector_testkit::memory::{
    ManualClock, MemoryBackfills, MemoryConnections, MemoryDeliveries, MemoryQueue, ScriptedHttp, SeededRandom,
    StaticTokens,
};

use super::*;
use crate::{Scheduler, Tick};
use connector_flows::{StartPorts, StartRequest, Started, UnitStart, start_run};

struct Desk {
    worker: PageWorker,
    start: StartPorts,
    clock: Arc<ManualClock>,
    connections: Arc<MemoryConnections>,
    backfills: Arc<MemoryBackfills>,
    deliveries: Arc<MemoryDeliveries>,
    captures: Arc<MemoryQueue<CaptureTask>>,
    pages: Arc<MemoryQueue<PageTask>>,
    http: Arc<ScriptedHttp>,
    link: Integration,
}

/// A linked repository, and a provider that answers what the test tells it to.
async fn desk() -> Desk {
    let clock = Arc::new(ManualClock::new(at(0)));
    let ticking = || Arc::clone(&clock) as Arc<dyn Clock>;
    let (connections, backfills): (Arc<MemoryConnections>, Arc<MemoryBackfills>) = Default::default();
    let (deliveries, http): (Arc<MemoryDeliveries>, Arc<ScriptedHttp>) = Default::default();
    let (captures, pages) = (Arc::new(MemoryQueue::new(ticking())), Arc::new(MemoryQueue::new(ticking())));
    let random = Arc::new(SeededRandom::new(1));
    let made = connection("connection", &workspace("acme"), "42");
    connections.put_connection(&made).await.unwrap();
    let link = integration(&made, "9");
    connections.put_integration(&link).await.unwrap();
    let worker = PageWorker::new(
        PagePorts {
            backfills: Arc::clone(&backfills) as _,
            connections: Arc::clone(&connections) as _,
            deliveries: Arc::clone(&deliveries) as _,
            captures: Arc::clone(&captures) as _,
            pages: Arc::clone(&pages) as _,
            tokens: Arc::new(StaticTokens::of("token")),
            http: Arc::clone(&http) as _,
            clock: ticking(),
            random: Arc::clone(&random) as _,
        },
        PageSettings::default(),
    );
    let start = StartPorts {
        backfills: Arc::clone(&backfills) as _,
        pages: Arc::clone(&pages) as _,
        clock: ticking(),
        random,
        limits: Limits::default(),
    };
    Desk { worker, start, clock, connections, backfills, deliveries, captures, pages, http, link }
}

impl Desk {
    async fn start(&self) -> Started {
        self.start_of(EntityType::Release).await
    }

    async fn start_of(&self, entity: EntityType) -> Started {
        let request = StartRequest {
            integration: self.link.clone(),
            entities: BTreeSet::from([entity]),
            window: Window { since: at(-86_400), until: at(0) },
            trigger: Trigger::Manual,
            again: false,
        };
        start_run(&self.start, &request).await.unwrap()
    }

    /// Handles the one message that is in the queue.
    async fn step(&self) -> PageOutcome {
        let mut tasks = self.pages.drain();
        assert_eq!(tasks.len(), 1);
        self.worker.handle(tasks.remove(0)).await.unwrap()
    }

    fn unit(&self) -> Unit {
        self.backfills.units().remove(0)
    }
}

#[tokio::test]
async fn a_page_is_stored_and_captured_and_ends_the_list() {
    let desk = desk().await;
    desk.start().await;
    desk.http.respond(200, &[], "[]");
    assert_eq!(desk.step().await, PageOutcome::Fetched(UnitState::Completed));
    let stored = desk.deliveries.all();
    assert_eq!(desk.captures.drain()[0].delivery, stored[0].id);
    assert!(desk.pages.is_empty());
    assert_eq!(desk.http.requests()[0].bearer.as_deref(), Some("token"));
}

#[tokio::test]
async fn what_nobody_is_shown_without_a_token_is_not_asked_for() {
    let mut desk = desk().await;
    desk.worker.ports.tokens = Arc::new(StaticTokens::none());
    desk.start_of(EntityType::Review).await;
    let failed = UnitState::Failed { code: FailCode::NEEDS_TOKEN };
    assert_eq!(desk.step().await, PageOutcome::Refused(failed));
    assert!(desk.http.requests().is_empty());
    let connection = desk.connections.connection(&desk.link.connection).await.unwrap().unwrap();
    assert_eq!(connection.status, ConnectionStatus::Active, "other lists go on");
    desk.start().await;
    desk.http.respond(200, &[], "[]");
    assert_eq!(desk.step().await, PageOutcome::Fetched(UnitState::Completed));
}

#[tokio::test]
async fn a_limit_is_a_visible_wait_and_a_delayed_message() {
    let desk = desk().await;
    desk.start().await;
    let reset = (at(0).as_second() + 1_800).to_string();
    desk.http.respond(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &reset)], "{}");
    let until = at(1_800);
    let waiting = UnitState::Waiting { until, reason: WaitReason::RateLimit };
    assert_eq!(desk.step().await, PageOutcome::Refused(waiting));
    assert_eq!(desk.pages.next_visible_at(), Some(at(900)), "the longest delay, of two");
    desk.clock.set(at(900));
    assert_eq!(desk.step().await, PageOutcome::Deferred { until });
    assert_eq!(desk.pages.next_visible_at(), Some(until));
    desk.clock.set(until);
    desk.http.respond(200, &[], "[]");
    assert_eq!(desk.step().await, PageOutcome::Fetched(UnitState::Completed));
    assert_eq!(desk.unit().counters.waits, 1);
}

#[tokio::test]
async fn a_token_that_stays_refused_ends_the_unit_and_shows_at_the_connection() {
    let desk = desk().await;
    desk.start().await;
    desk.http.respond(401, &[], "{}");
    let failed = UnitState::Failed { code: FailCode::NEEDS_RECONNECT };
    assert_eq!(desk.step().await, PageOutcome::Refused(failed));
    let connection = desk.connections.connection(&desk.link.connection).await.unwrap().unwrap();
    assert_eq!(connection.status, ConnectionStatus::NeedsReconnect);
    assert_eq!(desk.http.requests().len(), 1, "a token that cannot be refreshed is not tried again");
}

#[tokio::test]
async fn history_waits_while_its_connection_does_not_work_and_goes_on_at_once() {
    for (status, code) in [
        (ConnectionStatus::NeedsReconnect, FailCode::NEEDS_RECONNECT),
        (ConnectionStatus::Suspended, FailCode::SUSPENDED),
    ] {
        let desk = desk().await;
        let scheduler = Scheduler { connections: Arc::clone(&desk.connections) as _, start: desk.start.clone() };
        let own = desk.connections.connection(&desk.link.connection).await.unwrap().unwrap();
        desk.start().await;
        desk.connections.put_connection(&Connection { status, ..own.clone() }).await.unwrap();
        assert_eq!(desk.step().await, PageOutcome::Refused(UnitState::Failed { code }));
        assert!(desk.http.requests().is_empty());
        desk.clock.advance(Duration::from_secs(3 * 86_400));
        assert_eq!(scheduler.tick().await.unwrap(), Tick { links: 1, ..Tick::default() }, "however long it takes");
        desk.connections.put_connection(&own).await.unwrap();
        assert_eq!(scheduler.tick().await.unwrap().started, 1);
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
