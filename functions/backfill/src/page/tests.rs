mod waits;

use connector_domain::audit::AuditAction;
use connector_domain::backfill::Run;
use connector_domain::backfill::{
    Budget, BudgetKey, EntityType, FailCode, PauseReason, Pool, RunState, Trigger, WaitReason, Window,
};
use connector_domain::capture::CaptureReport;
use connector_domain::connection::{Connection, ConnectionStatus, Integration};
use connector_domain::http::{HttpError, HttpRequest};
use connector_domain::ports::AuditLog;
use connector_domain::{ProviderKind, Secret};
use connector_testkit::builders::{at, connection, integration, workspace};
use connector_testkit::memory::{
    FakeSigner, ManualClock, ManualPause, MemoryAudit, MemoryBackfills, MemoryConnections, MemoryDeliveries,
    MemoryQueue, MemoryVault, ScriptedHttp, SeededRandom, StaticSecrets, StaticTokens,
};

use super::*;
use crate::{Scheduler, Tick};
use connector_flows::{ConnectionTokens, StartPorts, StartRequest, Started, TokenPorts, UnitStart, runs, start_run};

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
        start_run(&self.start, &self.request(&[entity])).await.unwrap()
    }

    fn request(&self, entities: &[EntityType]) -> StartRequest {
        StartRequest {
            integration: self.link.clone(),
            entities: entities.iter().copied().collect(),
            window: Window { since: at(-86_400), until: at(0) },
            trigger: Trigger::Manual,
            again: false,
            call_budget: None,
            proves: None,
        }
    }

    async fn run(&self, started: Started) -> Run {
        self.backfills.run(&started.run.unwrap()).await.unwrap().unwrap()
    }

    /// Handles the one message that is in the queue.
    async fn step(&self) -> PageOutcome {
        let mut tasks = self.pages.drain();
        assert_eq!(tasks.len(), 1);
        self.worker.handle(tasks.remove(0)).await.unwrap()
    }

    /// What is left of the connection's calls.
    async fn budget(&self) -> Budget {
        let key = BudgetKey::Connection { connection: self.link.connection.clone(), pool: Pool::Calls };
        self.backfills.budget(&key).await.unwrap().unwrap()
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
async fn a_token_that_stays_refused_pauses_the_unit_until_the_connection_is_made_anew() {
    let mut desk = desk().await;
    let audit = Arc::new(MemoryAudit::default());
    desk.worker.ports.tokens = Arc::new(ConnectionTokens::new(TokenPorts {
        vault: Arc::new(MemoryVault::default()),
        connections: Arc::clone(&desk.connections) as _,
        secrets: Arc::new(StaticSecrets::of(ProviderKind::Github, &["secret"])),
        signer: Arc::new(FakeSigner),
        audit: Arc::clone(&audit) as _,
        http: Arc::clone(&desk.http) as _,
        clock: Arc::clone(&desk.clock) as _,
        random: Arc::new(SeededRandom::new(2)),
        pause: Arc::new(ManualPause(Arc::clone(&desk.clock))),
    }));
    desk.start().await;
    for _ in 0..2 {
        desk.http.respond(201, &[], r#"{"token": "t", "expires_at": "2030-01-01T00:00:00Z"}"#);
        desk.http.respond(401, &[], "{}");
    }
    let paused = UnitState::Paused { why: PauseReason::NeedsReconnect };
    assert_eq!(desk.step().await, PageOutcome::Refused(paused));
    let connection = desk.connections.connection(&desk.link.connection).await.unwrap().unwrap();
    assert_eq!(connection.status, ConnectionStatus::NeedsReconnect);
    let noted: Vec<_> = audit.entries(&connection.id, 10).await.unwrap();
    let noted: Vec<_> = noted.iter().map(|entry| (entry.action, entry.detail.as_deref())).collect();
    assert_eq!(noted, [(AuditAction::NeedsReconnect, Some("token_refused"))], "a person can read why");
    assert_eq!(desk.http.requests().len(), 4, "it is asked for once more, with a token that is new");
    assert!(desk.pages.is_empty(), "nothing happens by itself");

    let scheduler = Scheduler { connections: Arc::clone(&desk.connections) as _, start: desk.start.clone() };
    let off = |link: &Integration| {
        let mut link = link.clone();
        link.settings.backfill.enabled = false;
        link
    };
    desk.connections.put_integration(&off(&desk.link)).await.unwrap();
    assert_eq!(scheduler.tick().await.unwrap().resumed, 0, "it is not connected yet");
    let connected = Connection { status: ConnectionStatus::Active, ..connection };
    desk.connections.put_connection(&connected).await.unwrap();
    assert_eq!(scheduler.tick().await.unwrap().resumed, 1);
    desk.http.respond(200, &[], "[]");
    assert_eq!(desk.step().await, PageOutcome::Fetched(UnitState::Completed));
}

/// The page of releases that has a next one.
fn first_page(desk: &Desk) {
    desk.http.respond(200, &[("link", "<https://api.github.com/x?page=2>; rel=\"next\"")], "[]");
}

#[tokio::test]
async fn a_paused_run_asks_for_nothing_and_goes_on_where_it_was() {
    let desk = desk().await;
    let run = desk.run(desk.start().await).await;
    first_page(&desk);
    desk.step().await;
    assert_eq!(runs::pause(&*desk.backfills, &*desk.start.clock, &run).await.unwrap(), 1);
    assert_eq!(desk.step().await, PageOutcome::Dropped, "the message finds it paused");
    assert_eq!(runs::progress(&*desk.backfills, &run).await.unwrap().0.state, RunState::Paused);
    assert_eq!(runs::pause(&*desk.backfills, &*desk.start.clock, &run).await.unwrap(), 0, "it is paused already");
    assert_eq!(desk.http.requests().len(), 1);

    assert_eq!(runs::resume(&desk.start, &run).await.unwrap(), 1);
    desk.http.respond(200, &[], "[]");
    desk.step().await;
    let asked = &desk.http.requests()[1].request;
    assert!(asked.query.contains(&("page", "2".to_owned())), "{:?}", asked.query);
}

/// Pauses the run while its page is on the way.
struct PausesMeanwhile {
    http: Arc<ScriptedHttp>,
    backfills: Arc<MemoryBackfills>,
}

#[async_trait::async_trait]
impl ProviderHttp for PausesMeanwhile {
    async fn send(&self, request: &HttpRequest, bearer: Option<&Secret>) -> Result<HttpResponse, HttpError> {
        let unit = self.backfills.units().remove(0);
        self.backfills.put_unit(&unit.pause(at(1)).unwrap(), Some(unit.version)).await.unwrap();
        self.http.send(request, bearer).await
    }
}

#[tokio::test]
async fn a_page_that_comes_after_a_pause_is_kept_and_not_sent_on() {
    let mut desk = desk().await;
    desk.worker.ports.http =
        Arc::new(PausesMeanwhile { http: Arc::clone(&desk.http), backfills: Arc::clone(&desk.backfills) });
    desk.start().await;
    desk.http.respond(200, &[], "[]");
    assert_eq!(desk.step().await, PageOutcome::Overtaken);
    assert_eq!(desk.deliveries.all().len(), 1, "its bytes are durable");
    assert!(desk.captures.is_empty() && desk.pages.is_empty());
    assert_eq!(desk.unit().state, UnitState::Paused { why: PauseReason::Asked });
}

#[tokio::test]
async fn a_run_stops_at_its_calls_and_gets_as_many_when_it_is_resumed() {
    let desk = desk().await;
    let request = StartRequest { call_budget: Some(1), ..desk.request(&[EntityType::Release]) };
    let run = desk.run(start_run(&desk.start, &request).await.unwrap()).await;
    let next = ("link", "<https://api.github.com/x?page=2>; rel=\"next\"");
    let reset = (at(0).as_second() + 600).to_string();
    let rate = [("x-ratelimit-limit", "100"), ("x-ratelimit-remaining", "98"), ("x-ratelimit-reset", &*reset)];
    desk.http.respond(200, &[&[next], &rate[..]].concat(), "[]");
    desk.step().await;
    let partial = UnitState::Partial { reason: "call_budget".to_owned() };
    assert_eq!(desk.step().await, PageOutcome::Held(partial));
    assert_eq!((desk.http.requests().len(), desk.unit().counters.calls), (1, 1), "no call was made in vain");
    assert_eq!(desk.budget().await.remaining, 98, "nor was one taken from the connection's budget");
    assert_eq!(runs::resume(&desk.start, &run).await.unwrap(), 1);
    desk.http.respond(200, &[], "[]");
    assert!(matches!(desk.step().await, PageOutcome::Fetched(_)));
}

#[tokio::test]
async fn units_of_a_connection_share_its_budget_and_leave_some_to_live_work() {
    let desk = desk().await;
    let reset = (at(0).as_second() + 600).to_string();
    let headers = [("x-ratelimit-limit", "100"), ("x-ratelimit-remaining", "21"), ("x-ratelimit-reset", &*reset)];
    start_run(&desk.start, &desk.request(&[EntityType::Release, EntityType::Issue, EntityType::Comment]))
        .await
        .unwrap();
    desk.http.respond(200, &headers, "[]");
    desk.http.respond(200, &headers, "[]");
    let mut held = 0;
    for task in desk.pages.drain() {
        held += usize::from(matches!(desk.worker.handle(task).await.unwrap(), PageOutcome::Held(_)));
    }
    // The second one took the last call above the reserve, whatever the answer to it says.
    assert_eq!((held, desk.http.requests().len()), (1, 2));
    let waiting = desk.backfills.units().into_iter().find(|unit| !unit.state.is_terminal()).unwrap();
    assert_eq!(waiting.state, UnitState::Waiting { until: at(600), reason: WaitReason::RateLimit });
    assert_eq!((waiting.counters.calls, waiting.counters.waits), (0, 1));
    assert_eq!(desk.pages.next_visible_at(), Some(at(600)));
}

#[tokio::test]
async fn a_secondary_limit_stops_all_units_of_a_connection() {
    let desk = desk().await;
    start_run(&desk.start, &desk.request(&[EntityType::Release, EntityType::Issue])).await.unwrap();
    desk.http.respond(403, &[("retry-after", "60")], "{}");
    for task in desk.pages.drain() {
        desk.worker.handle(task).await.unwrap();
    }
    assert_eq!(desk.http.requests().len(), 1, "the other one did not ask");
    let waiting = UnitState::Waiting { until: at(60), reason: WaitReason::SecondaryLimit };
    assert!(desk.backfills.units().iter().all(|unit| unit.state == waiting));
}

#[tokio::test]
async fn only_what_failed_is_tried_again() {
    let desk = desk().await;
    let started = start_run(&desk.start, &desk.request(&[EntityType::Release, EntityType::Issue])).await.unwrap();
    let run = desk.run(started).await;
    for (task, status) in desk.pages.drain().into_iter().zip([200, 404]) {
        desk.http.respond(status, &[], "[]");
        desk.worker.handle(task).await.unwrap();
    }
    assert_eq!(runs::progress(&*desk.backfills, &run).await.unwrap().0.state, RunState::Failed);
    assert_eq!(runs::resume(&desk.start, &run).await.unwrap(), 0, "nothing is paused");
    assert_eq!(runs::retry(&desk.start, &run).await.unwrap(), 1);
    desk.http.respond(200, &[], "[]");
    desk.step().await;
    assert_eq!(runs::progress(&*desk.backfills, &run).await.unwrap().0.state, RunState::Completed);
    assert_eq!(desk.http.requests().len(), 3);
}

#[tokio::test]
async fn a_later_run_leaves_an_older_one_its_numbers() {
    let desk = desk().await;
    let old = desk.run(desk.start().await).await;
    desk.http.respond(200, &[], "[]");
    desk.step().await;
    let again = StartRequest { again: true, ..desk.request(&[EntityType::Release]) };
    let new = desk.run(start_run(&desk.start, &again).await.unwrap()).await;
    let (progress, units) = runs::progress(&*desk.backfills, &old).await.unwrap();
    assert_eq!((progress.state, progress.counters.pages, units[0].run.clone()), (RunState::Completed, 1, old.id));
    let (progress, _) = runs::progress(&*desk.backfills, &new).await.unwrap();
    assert_eq!((progress.state, progress.counters.pages), (RunState::Running, 0));
}
