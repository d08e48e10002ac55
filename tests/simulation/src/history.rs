//! One history: what happens in it, in an order that chance decides, until everything is quiet.

mod deeds;
mod outcomes;
mod plan;
mod turns;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use connector_domain::backfill::{Run, Trigger, Window};
use connector_domain::http::WebhookRequest;
use connector_domain::oauth::Return;
use connector_domain::ports::{
    BackfillStore, Clock, ConnectionStore, DeliveryStore, DocumentSyncs, EnrichmentStore, HoldStore, TokenError,
};
use connector_domain::task::{CaptureTask, TASK_VERSION};
use connector_domain::{SourceId, Timestamp, UserId};
use connector_flows::connect::{Browser, StartConnect};
use connector_flows::{Ending, StartRequest, start_run, tear_down};
use connector_providers::oauth::Params;
use connector_simulator::World;
use connector_simulator::github::{Fault as ProviderFault, Limits as ProviderLimits, Populate};
use futures::FutureExt;

use crate::embedder::SimulatedEmbedder;
use crate::executor::{End, Executor};
use crate::fault::{At, Flow};
use crate::finding::{Finding, Rule};
use crate::model::SimulatedModel;
use crate::monitor::{Doing, Monitor, Tally};
use crate::place::Place;
use crate::plant::Plant;
use crate::provider::Providers;
use crate::queue::{Message, SimulatedQueue};
use crate::reference::{self, STRANGERS};
use crate::scenario::{Content, Deed, FirstMessages, Scenario};
use crate::setup::{Handlers, Outside, SECRET, SimulatedClock, Stores, handlers};
use crate::stale::Lag;
use crate::tenant::{ACME, BETA, GLOBEX, Tenant, link};
use crate::tokens::{Grants, TokenServer};
use crate::{Chance, Plan};

/// What came of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The stored observations: whose, and which.
    pub observations: BTreeSet<(String, String)>,
    /// What must not be.
    pub findings: Vec<Finding>,
    /// Names of the port calls with what was being done, in order.
    pub calls: Vec<(Flow, &'static str)>,
    /// The faults that happened.
    pub faults: Vec<At>,
    /// What was done.
    pub tally: Tally,
    /// How long it took to come to rest after the last fault; nothing where what cannot heal is given up.
    pub healed_in: Duration,
    /// All that happened as one number: the same seed gives the same.
    pub hash: u64,
}

/// A webhook on its way.
pub(crate) struct Hook {
    pub(crate) place: usize,
    pub(crate) request: WebhookRequest,
    /// How many pushes there were with this one, when it tells of one.
    pub(crate) pushes: Option<usize>,
}

/// A history to be run.
pub struct History {
    pub(crate) scenario: Scenario,
    pub(crate) chance: Chance,
    pub(crate) outside: Outside,
    handlers: Handlers,
    world: World,
    pub(crate) places: Vec<Place>,
    pub(crate) tenants: Vec<Tenant>,
    pub(crate) hooks: Vec<Hook>,
    /// Which webhooks each tenant must have captured.
    pub(crate) owed: BTreeSet<(usize, usize)>,
    agenda: Vec<(Timestamp, Event)>,
    visits: u64,
    /// How often each visit ended in a connection, and when it began.
    visitors: BTreeMap<u64, (u32, Timestamp)>,
    turn: u64,
    next_sweep: Timestamp,
    next_tick: Timestamp,
    next_renewal: Timestamp,
    judged: bool,
    calmed_at: Timestamp,
}

/// Something that is going to happen.
#[derive(Debug, Clone)]
enum Event {
    Link(usize),
    Act(usize),
    Push(usize),
    Hook(usize),
    Deed(Deed, usize),
    Cancel(Box<Run>),
    Disconnect(usize),
    ProviderFails,
    RollOut(bool),
    Tick,
    Ask,
    Visit,
    Callback(Visitor),
}

/// Somebody who stands before the callback.
#[derive(Debug, Clone)]
struct Visitor {
    number: u64,
    /// Which code they bring: whoever comes back twice with one state may bring another.
    code: u32,
    state: String,
    browser: Browser,
}

/// What a task is about.
enum About {
    Hook(usize),
    Message(u64),
    Again(Event),
    Nothing,
    Unlink(usize),
    Linked(usize),
    Cancelled(Box<Run>),
    Visited(Arc<Mutex<Option<Visitor>>>),
    /// Who came back, when, and whether that connected the account.
    Connected(Visitor, Timestamp, Arc<Mutex<Option<bool>>>),
    Asked(Arc<Mutex<Option<Asked>>>),
}

/// What somebody was told who needed a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Token,
    Gone,
    NeedsReconnect,
    Later,
}

const SWEEP_EVERY: Duration = Duration::from_secs(300);
const RENEWAL_EVERY: Duration = Duration::from_secs(300);
const TICK_EVERY: Duration = Duration::from_secs(3_600);
/// How long a history is disturbed at most.
const DISTURBED: Duration = Duration::from_secs(12 * 3_600);
/// By then a state has ended, however long its making took.
const TOO_LATE: i64 = 1_200;
const MAX_TURNS: u64 = 40_000;
/// No history needs as long as this to come to rest.
const LONGEST: Duration = Duration::from_secs(20 * 86_400);
/// 2026-06-01T12:00:00Z.
const BEGINNING: i64 = 1_780_315_200;

impl History {
    /// A history whose schedule is the seed's and whose faults are the plan's.
    ///
    /// # Errors
    /// When a fixed id does not parse, which would be a fault of this crate.
    pub fn new(seed: u64, scenario: Scenario, plan: Plan) -> Result<Self, Box<dyn std::error::Error>> {
        Self::planted(seed, scenario, plan, None)
    }

    /// The history of a seed: scenario, faults and schedule.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn drawn(seed: u64, plant: Option<Plant>) -> Result<Self, Box<dyn std::error::Error>> {
        Self::planted(seed, Scenario::drawn(seed), Scenario::drawn_plan(seed), plant)
    }

    /// The same with a fault built into the system.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn planted(
        seed: u64,
        scenario: Scenario,
        plan: Plan,
        plant: Option<Plant>,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let start = Timestamp::from_second(BEGINNING)?;
        let clock = Arc::new(SimulatedClock::new(start));
        let told = Arc::clone(&clock);
        let world = World::with_clock(7, connector_simulator::Clock::asking(move || told.now()));
        let mut places = vec![place(&world, ACME, "rocket", scenario.content, start)];
        if scenario.stranger {
            places.push(place(&world, GLOBEX, "engine", STRANGERS, start));
        }
        let scheduled = scenario.scheduler.then_some(&scenario.entities);
        let mut tenants = vec![Tenant::new(ACME, &places[0].repository, 0, scheduled, start)?];
        if scenario.second_workspace {
            tenants.push(Tenant::new(BETA, &places[0].repository, 0, scheduled, start)?);
        }
        let monitor = Arc::new(Monitor::default());
        monitor.secret(SECRET);
        let stores = Stores::default();
        if let Some(strange) = places.get(1) {
            let stranger = Tenant::new(GLOBEX, &strange.repository, 1, scheduled, start)?;
            // A link to what is not theirs, however it came to be there.
            let trap = link(&stranger.connection, &places[0].repository, None, start)?;
            stores.connections.put_integration(&trap).now_or_never().ok_or("a memory port waited")??;
            tenants.push(stranger);
        }
        if let Some(calls) = scenario.hourly_calls {
            world.github().set_limits(ProviderLimits { authenticated: calls, ..ProviderLimits::default() });
        }
        let queue = Arc::new(SimulatedQueue::new(Arc::clone(&clock) as Arc<dyn Clock>, Arc::clone(&monitor)));
        let grants = scenario.tokens.map_or(Grants::Grace, |(grants, _)| grants);
        let providers = Arc::new(Providers {
            github: connector_simulator::github_router(world.clone()),
            linear: Arc::new(TokenServer::new(grants)),
            monitor: Arc::clone(&monitor),
            broken: scenario.broken_list.then_some("/issues"),
        });
        let lag = Lag::new(seed, scenario.stale_percent, Arc::clone(&monitor));
        let plan = Arc::new(plan);
        let embedder = Arc::new(SimulatedEmbedder::new(&plan, seed, &scenario));
        let model = Arc::new(SimulatedModel::new(&plan, &monitor, seed, &scenario));
        if scenario.first_messages == FirstMessages::UnenrichedLost {
            queue.withhold_enrichments();
        }
        let outside = Outside { plan, monitor, clock, queue, stores, providers, embedder, model, lag };
        let handlers = handlers(&outside, seed, &scenario, plant).ok_or("a provider is not served")?;
        let mut history = Self {
            chance: Chance::apart(seed, 0x5eed),
            outside,
            handlers,
            world,
            places,
            tenants,
            hooks: Vec::new(),
            owed: BTreeSet::new(),
            agenda: Vec::new(),
            visits: 0,
            visitors: BTreeMap::new(),
            turn: 0,
            next_sweep: later(start, SWEEP_EVERY),
            next_tick: later(start, TICK_EVERY),
            next_renewal: later(start, RENEWAL_EVERY),
            judged: true,
            calmed_at: start,
            scenario,
        };
        history.plan_ahead();
        Ok(history)
    }

    /// Not to be judged: it is what others are judged by.
    pub(crate) fn unjudged(mut self) -> Self {
        self.judged = false;
        self
    }

    /// Runs it until everything is quiet, lets nothing break any more, moves dead letters back, and runs on until it is
    /// quiet again.
    #[must_use]
    pub fn run(mut self) -> Report {
        let mut executor = Executor::new();
        let end = later(self.now(), DISTURBED);
        let mut rests = self.until_quiet(&mut executor, Some(end));
        if rests {
            self.calm();
            self.outside.queue.redrive();
            rests = self.until_quiet(&mut executor, None);
        }
        let healed_in = Duration::try_from(self.now().duration_since(self.calmed_at)).unwrap_or_default();
        let healed_in = if self.scenario.is_unserved() { Duration::ZERO } else { healed_in };
        if !rests {
            let (now, turn) = (self.now(), self.turn);
            self.outside.monitor.find(Rule::Stuck, format!("not at rest at {now}, in turn {turn}"));
        } else if self.judged && !self.outside.monitor.has_findings() {
            crate::judge::judge(&self, healed_in);
        }
        self.report(healed_in)
    }

    /// What is kept of one webhook by the tenant's own link.
    pub(crate) fn capturing(mut self, request: WebhookRequest, tenant: &Tenant, now: Timestamp) -> BTreeSet<SourceId> {
        self.agenda.clear();
        self.outside.clock.set(now);
        let stored = async {
            let store = &self.outside.stores.connections;
            store.put_connection(&tenant.connection).await?;
            store.put_integration(&tenant.link).await
        };
        if stored.now_or_never().is_none_or(|stored| stored.is_err()) {
            return BTreeSet::new();
        }
        self.hooks.push(Hook { place: 0, request, pushes: None });
        self.plan_at(Duration::ZERO, Event::Hook(0));
        let rests = self.until_quiet(&mut Executor::new(), None);
        let mut effects = self.outside.monitor.effects();
        effects.remove(tenant.workspace()).filter(|_| rests).unwrap_or_default()
    }

    fn report(&self, healed_in: Duration) -> Report {
        let mut observations = BTreeSet::new();
        for (workspace, ids) in self.outside.monitor.effects() {
            observations.extend(ids.into_iter().map(|id| (workspace.to_string(), id.to_string())));
        }
        let plan = &self.outside.plan;
        plan.note(observations.len() as u64);
        plan.note(self.turn);
        Report {
            observations,
            findings: self.outside.monitor.findings(),
            calls: plan.calls_and_flows(),
            faults: plan.injected(),
            tally: self.outside.monitor.tally(),
            healed_in,
            hash: plan.hash(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.outside.clock.now()
    }

    const fn doing(&self, flow: Flow) -> Doing {
        Doing::of(flow, self.turn)
    }

    /// The connection of the account whose tokens rotate.
    pub(crate) fn rotating(&self) -> Option<connector_domain::connection::Connection> {
        let account = "org".parse().ok()?;
        let of = self.outside.stores.connections.connections_of(connector_domain::ProviderKind::Linear, &account);
        of.now_or_never()?.ok()?.into_iter().next()
    }

    fn is_quiet(&self) -> bool {
        let rows = async {
            let deliveries = self.outside.stores.deliveries.due(Timestamp::MAX, 1).await;
            let units = self.outside.stores.backfills.due_units(Timestamp::MAX, 1).await;
            let observations = self.outside.stores.observations.due(Timestamp::MAX, 1).await;
            let holds = self.outside.stores.holds.due_holds(Timestamp::MAX, 1).await;
            let looks = self.outside.stores.documents.due_syncs(Timestamp::MAX, 1).await;
            deliveries.is_ok_and(|due| due.is_empty())
                && holds.is_ok_and(|due| due.is_empty())
                && looks.is_ok_and(|due| due.is_empty())
                && units.is_ok_and(|due| due.is_empty())
                && observations.is_ok_and(|due| due.is_empty())
        };
        self.agenda.is_empty() && self.outside.queue.next_visible().is_none() && rows.now_or_never().unwrap_or(false)
    }
}

fn place(world: &World, owner: &str, name: &str, content: Content, start: Timestamp) -> Place {
    let repository = world.github().add_repository(owner, name);
    let Content { pull_requests, issues, releases } = content;
    repository.populate(Populate { pull_requests, issues, releases, ..Populate::ending(start, 20) });
    let items = reference::items(content, usize::from(owner == GLOBEX), &repository);
    Place::new(repository, items)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(by).unwrap_or(at)
}
