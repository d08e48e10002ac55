//! One history: webhooks and a backfill of one repository, with whatever the plan breaks, until everything is quiet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use connector_domain::backfill::{EntityType, RunProgress, Trigger, Unit, UnitState, Window};
use connector_domain::connection::Integration;
use connector_domain::http::WebhookRequest;
use connector_domain::ports::{BackfillStore, Clock, DeliveryStore, ObservationFilter, ObservationStore};
use connector_domain::{RunId, Timestamp, WorkspaceId};
use connector_flows::{StartRequest, start_run};
use connector_simulator::World;
use connector_simulator::github::Populate;
use connector_testkit::memory::{MemoryBackfills, MemoryConnections, MemoryDeliveries, MemoryObservations};
use futures::FutureExt;

use crate::executor::{End, Executor};
use crate::queue::{Message, SimulatedQueue};
use crate::setup::{Handlers, SimulatedClock, Stores, WORKSPACE, handlers, link, webhooks};
use crate::{Chance, Plan};

/// The lists that the simulator has.
const LISTS: [EntityType; 3] = [EntityType::PullRequest, EntityType::Issue, EntityType::Release];

/// What happens in a history, faults aside.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Pull requests in the repository.
    pub pull_requests: u32,
    /// Issues in it.
    pub issues: u32,
    /// Releases in it.
    pub releases: u32,
    /// Items per page.
    pub page_size: u32,
    /// Every n-th fact also comes by webhook; 0 for none.
    pub webhook_every: usize,
    /// Whether history is fetched.
    pub backfill: bool,
    /// How often in a hundred a queue delivers a message once more than needed.
    pub duplicate_percent: u64,
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It never came to rest.
    Stuck,
    /// A unit did not complete: which, and how it stands.
    UnitEnded(String, UnitState),
    /// Two paths told different stories of one fact.
    Conflicts(u64),
    /// A message stayed in a dead-letter queue after it was moved back.
    DeadLetters(usize),
}

/// What came of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Identities of the stored observations.
    pub observations: BTreeSet<String>,
    /// What must not be.
    pub findings: Vec<Finding>,
    /// Names of the port calls, in order: the same seed gives the same.
    pub calls: Vec<&'static str>,
    /// Calls made to the provider.
    pub provider_calls: usize,
    /// Pages fetched and stored.
    pub pages: u64,
}

/// A history to be run.
pub struct History {
    scenario: Scenario,
    plan: Arc<Plan>,
    chance: Chance,
    clock: Arc<SimulatedClock>,
    queue: Arc<SimulatedQueue>,
    world: World,
    stores: Stores,
    handlers: Handlers,
    unsent: Vec<(u64, WebhookRequest)>,
    started: Arc<Mutex<Option<RunId>>>,
    integration: Integration,
}

/// What a task is about.
enum About {
    Webhook(u64, WebhookRequest),
    Message(u64),
    Start,
    Sweep,
}

const SWEEP_EVERY: Duration = Duration::from_secs(300);
const MAX_TURNS: usize = 200_000;
/// 2026-06-01T12:00:00Z.
const BEGINNING: i64 = 1_780_315_200;

impl History {
    /// A history whose schedule is the seed's and whose faults are the plan's.
    ///
    /// # Errors
    /// When a fixed id does not parse, which would be a fault of this file.
    pub fn new(seed: u64, scenario: Scenario, plan: Plan) -> Result<Self, Box<dyn std::error::Error>> {
        let start = Timestamp::from_second(BEGINNING)?;
        let clock = Arc::new(SimulatedClock(Mutex::new(start)));
        let told = Arc::clone(&clock);
        let world = World::with_clock(7, connector_simulator::Clock::asking(move || told.now()));
        let repository = world.github().add_repository(WORKSPACE, "rocket");
        repository.populate(Populate {
            pull_requests: scenario.pull_requests,
            issues: scenario.issues,
            releases: scenario.releases,
            ..Populate::ending(start, 20)
        });
        let plan = Arc::new(plan);
        let queue = Arc::new(SimulatedQueue::new(Arc::clone(&clock) as Arc<dyn Clock>));
        let connections = Arc::new(MemoryConnections::default());
        let integration = link(&connections, &repository, start)?;
        let stores = Stores {
            deliveries: Arc::new(MemoryDeliveries::default()),
            observations: Arc::new(MemoryObservations::default()),
            backfills: Arc::new(MemoryBackfills::default()),
        };
        let handlers = handlers(&plan, &clock, &queue, &world, &connections, &stores, scenario)?;
        let unsent = webhooks(&repository, scenario.webhook_every);
        Ok(Self {
            scenario,
            plan,
            chance: Chance::new(seed),
            clock,
            queue,
            world,
            stores,
            handlers,
            unsent,
            started: Arc::default(),
            integration,
        })
    }

    /// Runs it until everything is quiet, moves dead letters back once, and runs on until it is quiet again.
    #[must_use]
    pub fn run(mut self) -> Report {
        let mut findings = Vec::new();
        let mut executor = Executor::new();
        if self.scenario.backfill {
            self.start_backfill(&mut executor);
        }
        if !self.until_quiet(&mut executor) {
            findings.push(Finding::Stuck);
        } else {
            self.queue.redrive();
            if !self.until_quiet(&mut executor) {
                findings.push(Finding::Stuck);
            }
        }
        self.report(findings)
    }

    fn until_quiet(&mut self, executor: &mut Executor<About>) -> bool {
        let mut next_sweep = later(self.clock.now(), SWEEP_EVERY);
        for _ in 0..MAX_TURNS {
            let (visible, unsent) = (self.queue.visible(), self.unsent.len());
            let choice = self.chance.below(2 * executor.len() + visible.min(4) + unsent.min(2));
            if executor.len() + visible + unsent == 0 {
                if self.is_quiet() {
                    return true;
                }
                let at = self.queue.next_visible().map_or(next_sweep, |at| at.min(next_sweep));
                self.clock.set(at);
                if at >= next_sweep {
                    next_sweep = later(next_sweep, SWEEP_EVERY);
                    let recovery = self.handlers.recovery.clone();
                    executor.start(About::Sweep, async move { recovery.sweep().await.is_ok() });
                }
            } else if choice < 2 * executor.len() {
                if let Some((about, end)) = executor.turn(&self.chance, &self.plan) {
                    self.ended(about, end, executor);
                }
            } else if choice < 2 * executor.len() + visible.min(4) {
                self.deliver(executor);
            } else {
                self.send_webhook(executor);
            }
        }
        false
    }

    fn deliver(&self, executor: &mut Executor<About>) {
        let twice = self.chance.percent(self.scenario.duplicate_percent);
        let Some((id, message)) = self.queue.receive(self.chance.below(self.queue.visible()), twice) else { return };
        match message {
            Message::Capture(task) => {
                let capture = self.handlers.capture.clone();
                executor.start(About::Message(id), async move { capture.handle(task).await.is_ok() });
            }
            Message::Page(task) => {
                let pages = self.handlers.pages.clone();
                executor.start(About::Message(id), async move { pages.handle(task).await.is_ok() });
            }
        }
    }

    fn send_webhook(&mut self, executor: &mut Executor<About>) {
        let (id, request) = self.unsent.swap_remove(self.chance.below(self.unsent.len()));
        let (webhook, body) = (self.handlers.webhook.clone(), request.clone());
        executor.start(About::Webhook(id, request), async move { webhook.handle(body).await.status == 200 });
    }

    fn start_backfill(&self, executor: &mut Executor<About>) {
        let (ports, started) = (self.handlers.start.clone(), Arc::clone(&self.started));
        let now = self.clock.now();
        let request = StartRequest {
            integration: self.integration.clone(),
            entities: BTreeSet::from(LISTS),
            window: Window { since: Timestamp::UNIX_EPOCH, until: now },
            trigger: Trigger::Manual,
            again: false,
            call_budget: None,
            proves: None,
        };
        executor.start(About::Start, async move {
            let Ok(run) = start_run(&ports, &request).await else { return false };
            *started.lock().unwrap_or_else(PoisonError::into_inner) = run.run;
            true
        });
    }

    fn ended(&mut self, about: About, end: End, executor: &mut Executor<About>) {
        match (about, end) {
            (About::Message(id), End::Done) => self.queue.delete(id),
            // A sender, or a person with its delivery log, sends again what was not accepted.
            (About::Webhook(id, request), End::Failed | End::Crashed) => self.unsent.push((id, request)),
            (About::Start, End::Failed | End::Crashed) => self.start_backfill(executor),
            // A message that was not handled becomes visible again; a sweep comes again.
            (About::Message(_), End::Failed | End::Crashed) | (About::Sweep, _) | (_, End::Done) => {}
        }
    }

    fn is_quiet(&self) -> bool {
        let rows = async {
            let deliveries = self.stores.deliveries.due(Timestamp::MAX, 1).await;
            let units = self.stores.backfills.due_units(Timestamp::MAX, 1).await;
            deliveries.is_ok_and(|due| due.is_empty()) && units.is_ok_and(|due| due.is_empty())
        };
        self.queue.next_visible().is_none() && rows.now_or_never().unwrap_or(false)
    }

    fn report(&self, mut findings: Vec<Finding>) -> Report {
        if self.queue.dead() > 0 {
            findings.push(Finding::DeadLetters(self.queue.dead()));
        }
        let observations = observations(&self.stores.observations).now_or_never().unwrap_or_default();
        let (progress, units) = self.progress().now_or_never().flatten().unzip();
        for unit in units.into_iter().flatten().filter(|unit| unit.state != UnitState::Completed) {
            findings.push(Finding::UnitEnded(unit.key.to_string(), unit.state));
        }
        if let Some(conflicts) = progress.as_ref().map(|progress| progress.report.conflicts).filter(|count| *count > 0)
        {
            findings.push(Finding::Conflicts(conflicts));
        }
        Report {
            observations,
            findings,
            calls: self.plan.calls(),
            provider_calls: self.world.github().requests().len(),
            pages: progress.map_or(0, |progress| progress.counters.pages),
        }
    }

    /// The units of the repository, whichever run holds them now.
    async fn progress(&self) -> Option<(RunProgress, Vec<Unit>)> {
        if !self.scenario.backfill {
            return None;
        }
        let workspace = WorkspaceId::parse(WORKSPACE).ok()?;
        let mut units = BTreeMap::new();
        let mut reports = Vec::new();
        for run in self.stores.backfills.runs_of(&workspace, 1_000).await.ok()? {
            reports.extend(self.stores.backfills.page_reports(&run.id).await.ok()?);
            for key in run.unit_keys() {
                if let Some(unit) = self.stores.backfills.unit(&key).await.ok()? {
                    units.insert(key, unit);
                }
            }
        }
        let units: Vec<_> = units.into_values().collect();
        Some((RunProgress::of(&units, &reports), units))
    }
}

async fn observations(store: &MemoryObservations) -> BTreeSet<String> {
    let Ok(workspace) = WorkspaceId::parse(WORKSPACE) else { return BTreeSet::new() };
    let filter = ObservationFilter {
        provider: None,
        source_type: None,
        actor: None,
        since: Timestamp::MIN,
        until: Timestamp::MAX,
        limit: usize::MAX,
        cursor: None,
    };
    let page = store.list(&workspace, &filter).await.unwrap_or_default();
    page.observations.into_iter().map(|observation| observation.event.source_id.to_string()).collect()
}

fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(by).unwrap_or(at)
}
