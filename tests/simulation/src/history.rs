//! One history: what happens in it, in an order that chance decides, until everything is quiet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use connector_domain::backfill::{Run, Trigger, UnitKey, Window};
use connector_domain::http::WebhookRequest;
use connector_domain::oauth::Return;
use connector_domain::ports::{BackfillStore, Clock, ConnectionStore, DeliveryStore, TokenError};
use connector_domain::task::{CaptureTask, TASK_VERSION};
use connector_domain::{SourceId, Timestamp, UserId};
use connector_flows::connect::{Browser, StartConnect};
use connector_flows::{Ending, StartRequest, start_run, tear_down};
use connector_providers::oauth::Params;
use connector_simulator::World;
use connector_simulator::github::{Fault as ProviderFault, Limits as ProviderLimits, Populate};
use futures::FutureExt;

use crate::executor::{End, Executor};
use crate::fault::{At, Flow};
use crate::finding::{Finding, Rule};
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
    /// How long it took to come to rest after the last fault.
    pub healed_in: Duration,
    /// All that happened as one number: the same seed gives the same.
    pub hash: u64,
}

/// A webhook on its way.
pub(crate) struct Hook {
    pub(crate) place: usize,
    pub(crate) request: WebhookRequest,
    /// Whether the sender has heard that it was accepted.
    pub(crate) accepted: bool,
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
    judged: bool,
    calmed_at: Timestamp,
}

/// Something that is going to happen.
#[derive(Debug, Clone)]
enum Event {
    Link(usize),
    Act(usize),
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
    Cancelled(Box<Run>, Vec<UnitKey>),
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
            github: connector_simulator::router(world.clone()),
            linear: Arc::new(TokenServer::new(grants)),
            monitor: Arc::clone(&monitor),
            broken: scenario.broken_list.then_some("/issues"),
        });
        let lag = Lag::new(seed, scenario.stale_percent, Arc::clone(&monitor));
        let outside = Outside { plan: Arc::new(plan), monitor, clock, queue, stores, providers, lag };
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
        if !stored.now_or_never().is_some_and(|stored| stored.is_ok()) {
            return BTreeSet::new();
        }
        self.hooks.push(Hook { place: 0, request, accepted: false });
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

    fn plan_ahead(&mut self) {
        let Scenario { acts, provider_faults, deploy, webhook_every, .. } = self.scenario;
        for tenant in 0..self.tenants.len() {
            // The second workspace may come later.
            let at = if tenant == 0 { Duration::ZERO } else { self.moment() };
            self.plan_at(at, Event::Link(tenant));
        }
        for _ in 0..acts {
            let place = if self.chance.percent(80) { 0 } else { self.chance.below(self.places.len()) };
            let at = self.moment();
            self.plan_at(at, Event::Act(place));
        }
        for deed in self.scenario.deeds.clone() {
            let tenant = self.chance.below(self.tenants.len());
            let at = self.moment();
            self.plan_at(at, Event::Deed(deed, tenant));
        }
        for _ in 0..provider_faults {
            let at = self.moment();
            self.plan_at(at, Event::ProviderFails);
        }
        if self.scenario.scheduler {
            let at = self.moment();
            self.plan_at(at, Event::Tick);
        }
        if deploy {
            let at = self.moment();
            self.plan_at(at, Event::RollOut(true));
            self.plan_at(at + Duration::from_secs(1_800), Event::RollOut(false));
        }
        if let Some((_, asks)) = self.scenario.tokens {
            self.plan_at(Duration::ZERO, Event::Visit);
            for _ in 0..asks {
                // Tokens live for a thousand seconds: many ask at the moment when they end.
                let at = self.chance.pick([60, 900, 1_000, 1_001, 2_100]);
                self.plan_at(Duration::from_secs(at), Event::Ask);
            }
        }
        if webhook_every > 0 {
            let history = self.places[0].repository.history_webhooks();
            for webhook in history.iter().step_by(webhook_every) {
                let at = self.moment();
                self.told(0, webhook, at);
            }
        }
    }

    /// Most of what happens happens while pages are fetched, the rest later.
    fn moment(&self) -> Duration {
        let seconds = match self.chance.below(6) {
            0..3 => self.chance.between(0, 3),
            3 => self.chance.between(0, 60),
            4 => self.chance.between(60, 900),
            _ => self.chance.between(900, 7_200),
        };
        Duration::from_secs(seconds)
    }

    fn plan_at(&mut self, after: Duration, event: Event) {
        let at = later(self.now(), after);
        self.agenda.push((at, event));
    }

    /// A webhook is made, and sent or lost.
    fn told(&mut self, place: usize, webhook: &connector_simulator::github::Webhook, after: Duration) {
        let hook = self.hooks.len();
        self.hooks.push(Hook { place, request: reference::request(webhook), accepted: false });
        if !self.chance.percent(self.scenario.drop_percent) {
            self.plan_at(after, Event::Hook(hook));
        } else if self.chance.percent(70) {
            // Somebody finds it among the failed deliveries, and has it sent again.
            let late = Duration::from_secs(self.chance.between(600, 7_200));
            self.plan_at(after + late, Event::Hook(hook));
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.outside.clock.now()
    }

    fn calm(&mut self) {
        self.outside.plan.calm();
        self.outside.lag.catch_up();
        self.world.github().set_limits(ProviderLimits::default());
        self.scenario = Scenario {
            duplicate_percent: 0,
            drop_percent: 0,
            resend_percent: 0,
            stale_percent: 0,
            freeze_per_mille: 0,
            ..self.scenario.clone()
        };
        self.calmed_at = self.now();
        if self.scenario.tokens.is_some() {
            // Once more after all of it, when the tokens have ended.
            self.plan_at(Duration::from_secs(2_000), Event::Ask);
        }
    }

    /// Whether it came to rest.
    fn until_quiet(&mut self, executor: &mut Executor<About>, until: Option<Timestamp>) -> bool {
        let give_up = later(self.now(), LONGEST);
        loop {
            self.turn += 1;
            let now = self.now();
            let unhandled = self.scenario.first_messages != FirstMessages::Handled;
            if unhandled && executor.is_empty() && self.agenda.is_empty() {
                self.outside.queue.set_all_aside(self.scenario.first_messages == FirstMessages::SetAside);
                self.outside.queue.redrive();
                self.scenario.first_messages = FirstMessages::Handled;
            }
            if self.turn > MAX_TURNS || now > give_up || self.outside.monitor.has_findings() {
                return self.outside.monitor.has_findings();
            }
            if until.is_some_and(|until| now > until) {
                return true;
            }
            let visible =
                if self.scenario.first_messages != FirstMessages::Handled { 0 } else { self.outside.queue.visible() };
            let awake = executor.awake(now);
            let due = self.agenda.iter().filter(|(at, _)| *at <= now).count();
            if awake + visible + due == 0 {
                if executor.is_empty() && self.is_quiet() {
                    return true;
                }
                self.let_time_pass(executor);
                continue;
            }
            if self.chance.percent(6) {
                self.outside.clock.set(later(now, Duration::from_secs(1)));
            }
            let choice = self.chance.below(2 * awake + visible.min(4) + due.min(2));
            if choice < 2 * awake {
                self.turn_of(executor, now);
            } else if choice < 2 * awake + visible.min(4) {
                self.deliver(executor);
            } else {
                self.happen(executor, due);
            }
        }
    }

    fn turn_of(&mut self, executor: &mut Executor<About>, now: Timestamp) {
        let (chance, per_mille) = (&self.chance, self.scenario.freeze_per_mille);
        let monitor = &self.outside.monitor;
        let freeze = || {
            let frozen = chance.per_mille(per_mille);
            frozen.then(|| {
                monitor.count(|tally| tally.frozen += 1);
                later(now, Duration::from_secs(chance.pick([20, 40, 130, 500])))
            })
        };
        if let Some((about, end)) = executor.turn(&self.chance, &self.outside.plan, monitor, now, freeze) {
            self.ended(about, end, executor);
        }
    }

    /// Nothing can go on now: the next thing that is planned, hidden, asleep or regular comes.
    fn let_time_pass(&mut self, executor: &mut Executor<About>) {
        let planned = self.agenda.iter().map(|(at, _)| *at).min();
        let regular = if self.scenario.scheduler { self.next_sweep.min(self.next_tick) } else { self.next_sweep };
        let at = [planned, self.outside.queue.next_visible(), executor.next_awake()].into_iter().flatten().min();
        let at = at.map_or(regular, |at| at.min(regular)).max(self.now());
        self.outside.clock.set(at);
        self.outside.plan.note(at.as_second().unsigned_abs());
        if at >= self.next_sweep {
            self.next_sweep = later(at, SWEEP_EVERY);
            let recovery = self.handlers.recovery.clone();
            executor.start(About::Nothing, self.doing(Flow::Sweep), async move { recovery.sweep().await.is_ok() });
        }
        if self.scenario.scheduler && at >= self.next_tick {
            self.next_tick = later(at, TICK_EVERY);
            self.tick(executor);
        }
    }

    fn tick(&self, executor: &mut Executor<About>) {
        let scheduler = self.handlers.scheduler.clone();
        executor.start(About::Nothing, self.doing(Flow::Tick), async move { scheduler.tick().await.is_ok() });
    }

    const fn doing(&self, flow: Flow) -> Doing {
        Doing::of(flow, self.turn)
    }

    fn doing_for(&self, flow: Flow, tenant: usize) -> Doing {
        let doing = self.doing(flow);
        match self.tenants.get(tenant) {
            Some(tenant) => doing.for_workspace(tenant.workspace()),
            None => doing,
        }
    }

    fn deliver(&self, executor: &mut Executor<About>) {
        let twice = self.chance.percent(self.scenario.duplicate_percent);
        let n = self.chance.below(self.outside.queue.visible());
        let Some(received) = self.outside.queue.receive(n, twice, self.chance.percent(50)) else { return };
        let id = received.id;
        match received.message {
            // It waits for a newer function.
            None => {}
            Some(Message::Capture(task)) => {
                let capture = self.handlers.capture.clone();
                let doing = self.doing(Flow::Capture).for_workspace(&task.workspace);
                executor.start(About::Message(id), doing, async move { capture.handle(task).await.is_ok() });
            }
            Some(Message::Page(task)) => {
                let pages = self.handlers.pages.clone();
                let page = Some((task.unit.clone(), task.run.clone(), task.page));
                let doing = Doing { page, ..self.doing(Flow::Page).for_workspace(&task.unit.workspace) };
                executor.start(About::Message(id), doing, async move { pages.handle(task).await.is_ok() });
            }
        }
    }

    fn happen(&mut self, executor: &mut Executor<About>, due: usize) {
        let now = self.now();
        let n = self.chance.below(due);
        let Some((place, _)) = self.agenda.iter().enumerate().filter(|(_, (at, _))| *at <= now).nth(n) else { return };
        let (_, event) = self.agenda.swap_remove(place);
        match event {
            Event::Act(place) => {
                let webhook = self.places.get_mut(place).and_then(|place| place.act(&self.chance, now));
                if let Some(webhook) = webhook {
                    self.told(place, &webhook, Duration::ZERO);
                }
            }
            Event::Hook(hook) => self.send(executor, hook),
            Event::Link(tenant) => self.link(executor, tenant),
            Event::Deed(deed, tenant) => self.deed(executor, deed, tenant),
            Event::Cancel(run) => self.cancel(executor, run),
            Event::Disconnect(tenant) => self.disconnect(executor, tenant),
            Event::ProviderFails => self.provider_fails(),
            Event::RollOut(begins) => self.outside.queue.deploy(begins),
            Event::Tick => self.tick(executor),
            Event::Ask => self.ask(executor),
            Event::Visit => self.visit(executor),
            Event::Callback(visitor) => self.callback(executor, visitor),
        }
    }

    fn send(&self, executor: &mut Executor<About>, hook: usize) {
        let Some(sent) = self.hooks.get(hook) else { return };
        let (webhook, request, monitor) =
            (self.handlers.webhook.clone(), sent.request.clone(), Arc::clone(&self.outside.monitor));
        executor.start(About::Hook(hook), self.doing(Flow::Webhook), async move {
            let reply = webhook.handle(request).await;
            if !matches!(reply.status, 200 | 503) {
                monitor.find(Rule::NoCode, format!("a webhook was answered {}", reply.status));
            }
            reply.status == 200
        });
    }

    /// Somebody links the repository, for the first time or again, as the management API does.
    fn link(&mut self, executor: &mut Executor<About>, tenant: usize) {
        let Some(held) = self.tenants.get(tenant) else { return };
        let (mut connection, mut link) = (held.connection.clone(), held.link.clone());
        let (store, now) = (Arc::clone(&self.handlers.connections), self.now());
        connection.created_at = now;
        (connection.updated_at, link.updated_at) = (now, now);
        if !held.was_disconnected {
            link.linked_at = now;
        }
        self.tenants[tenant].link.linked_at = link.linked_at;
        executor.start(About::Linked(tenant), self.doing_for(Flow::Link, tenant), async move {
            store.put_connection(&connection).await.is_ok() && store.put_integration(&link).await.is_ok()
        });
    }

    fn deed(&mut self, executor: &mut Executor<About>, deed: Deed, tenant: usize) {
        let Some(held) = self.tenants.get_mut(tenant) else { return };
        match deed {
            Deed::Start => self.start(executor, tenant),
            Deed::StartTwice => {
                self.start(executor, tenant);
                self.start(executor, tenant);
            }
            Deed::Cancel => {
                let runs = self.outside.stores.backfills.runs_of(held.workspace(), 1).now_or_never();
                if let Some(run) = runs.and_then(Result::ok).and_then(|runs| runs.into_iter().next()) {
                    self.cancel(executor, Box::new(run));
                }
            }
            // Only what is connected can be disconnected.
            Deed::Disconnect if held.linked_since.is_none() => {}
            Deed::Disconnect => {
                held.linked_since = None;
                held.was_disconnected = true;
                self.owed.retain(|(of, _)| *of != tenant);
                self.disconnect(executor, tenant);
            }
            Deed::Redrive => self.outside.queue.redrive(),
            Deed::Replay => self.replay(executor, tenant),
            Deed::Connect => self.visit(executor),
        }
    }

    fn start(&self, executor: &mut Executor<About>, tenant: usize) {
        let Some(held) = self.tenants.get(tenant) else { return };
        let (ports, store) = (self.handlers.start.clone(), Arc::clone(&self.handlers.connections));
        let (known, entities) = (held.link.clone(), self.scenario.entities.clone());
        let again = self.chance.percent(10);
        let event = Event::Deed(Deed::Start, tenant);
        executor.start(About::Again(event), self.doing_for(Flow::Start, tenant), async move {
            let until = ports.clock.now();
            let link = store.integration(known.provider, &known.resource.id, &known.workspace).await;
            // Nothing can be started without a link, and nobody tries again.
            let Ok(Some(integration)) = link.map(|link| link.filter(|link| link.active)) else { return true };
            let window = Window { since: Timestamp::UNIX_EPOCH, until };
            let request = StartRequest { integration, entities, window, trigger: Trigger::Manual, again };
            start_run(&ports, &request).await.is_ok()
        });
    }

    fn cancel(&self, executor: &mut Executor<About>, run: Box<Run>) {
        let (store, clock) = (Arc::clone(&self.handlers.start.backfills), Arc::clone(&self.handlers.start.clock));
        // What a start that is still at it opens later is not cancelled by this.
        let there = self.outside.stores.backfills.units().into_iter().filter(|unit| unit.run == run.id);
        let about = About::Cancelled(run.clone(), there.map(|unit| unit.key).collect());
        let doing = self.doing(Flow::Cancel).for_workspace(&run.workspace);
        executor.start(
            about,
            doing,
            async move { connector_flows::runs::cancel(&*store, &*clock, &run).await.is_ok() },
        );
    }

    fn disconnect(&self, executor: &mut Executor<About>, tenant: usize) {
        let Some(held) = self.tenants.get(tenant) else { return };
        let (ports, revoke, id) =
            (self.handlers.teardown.clone(), self.handlers.revoke.clone(), held.connection.id.clone());
        executor.start(About::Unlink(tenant), self.doing_for(Flow::Teardown, tenant), async move {
            let connection = match ports.connections.connection(&id).await {
                Ok(Some(connection)) => connection,
                Ok(None) => return true,
                Err(_) => return false,
            };
            let ending = Ending { by: connector_domain::audit::Actor::System, reason: "disconnected" };
            tear_down(&ports, &connection, &ending, Some(&revoke)).await.is_ok()
        });
    }

    /// Somebody has a delivery captured anew, as the management API does.
    fn replay(&self, executor: &mut Executor<About>, tenant: usize) {
        let Some(held) = self.tenants.get(tenant) else { return };
        let workspace = held.workspace().clone();
        let all = self.outside.stores.deliveries.all();
        let Some(record) =
            all.get(self.chance.below(all.len())).filter(|record| record.workspaces().any(|ws| *ws == workspace))
        else {
            return;
        };
        let task = CaptureTask { v: TASK_VERSION, ..record.capture_task(&workspace) };
        let (deliveries, captures, due_at) = (
            Arc::clone(&self.handlers.deliveries),
            Arc::clone(&self.handlers.captures),
            later(self.now(), SWEEP_EVERY),
        );
        executor.start(About::Nothing, self.doing_for(Flow::Start, tenant), async move {
            let opened = deliveries.replay(&task.delivery, &task.workspace, due_at).await.is_ok();
            opened && captures.send(&[task], Duration::ZERO).await.is_ok()
        });
    }

    fn provider_fails(&self) {
        let minute = Duration::from_secs(60);
        let fault = match self.chance.below(7) {
            0 => ProviderFault::ServerError(500),
            1 => ProviderFault::ServerError(502),
            2 => ProviderFault::PrimaryLimit { status: 403, reset_in: 20 * minute },
            3 => ProviderFault::SecondaryLimit { status: 429, retry_after: Some(minute) },
            4 => ProviderFault::SecondaryLimit { status: 403, retry_after: None },
            5 => ProviderFault::Malformed,
            _ => ProviderFault::HtmlPage,
        };
        self.world.github().inject(fault.on("/repos"));
    }

    fn visit(&mut self, executor: &mut Executor<About>) {
        self.visits += 1;
        let (number, connect) = (self.visits, self.handlers.connect.clone());
        self.visitors.insert(number, (0, self.now()));
        let slot = Arc::new(Mutex::new(None));
        let found = Arc::clone(&slot);
        let Some(workspace) = self.tenants.first().map(|tenant| tenant.workspace().clone()) else { return };
        executor.start(About::Visited(slot), self.doing_for(Flow::Connect, 0), async move {
            let Ok(user) = UserId::parse("user") else { return false };
            let Ok(started) = connect.start(StartConnect { workspace, user, back: Return::Cli }).await else {
                return false;
            };
            let Ok(opened) = connect.open(Some(started.state.clone()), None).await else { return false };
            let browser = Browser { secret: Some(opened.browser), state: None };
            *lock(&found) = Some(Visitor { number, code: 1, state: started.state.expose().to_owned(), browser });
            true
        });
    }

    fn callback(&self, executor: &mut Executor<About>, visitor: Visitor) {
        let connect = self.handlers.connect.clone();
        let slot = Arc::new(Mutex::new(None));
        let (done, who) = (Arc::clone(&slot), visitor.clone());
        executor.start(About::Connected(visitor, self.now(), slot), self.doing_for(Flow::Connect, 0), async move {
            let code = format!("code-{}-{}", who.number, who.code);
            let pairs = [("code", code.as_str()), ("state", who.state.as_str())];
            let params = Params::of(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
            let connected = connect.callback(params.as_ref(), who.browser).await.is_ok();
            *lock(&done) = Some(connected);
            connected
        });
    }

    /// Somebody needs a token of the account whose tokens rotate.
    fn ask(&self, executor: &mut Executor<About>) {
        let Some(connection) = self.rotating() else { return };
        let tokens = Arc::clone(&self.handlers.tokens);
        let slot = Arc::new(Mutex::new(None));
        let told = Arc::clone(&slot);
        executor.start(About::Asked(slot), self.doing_for(Flow::Refresh, 0), async move {
            let answer = match tokens.bearer(&connection, None, None).await {
                Ok(Some(_)) => Asked::Token,
                Ok(None) => Asked::Gone,
                Err(TokenError::NeedsReconnect) => Asked::NeedsReconnect,
                Err(TokenError::Port(_)) => Asked::Later,
            };
            *lock(&told) = Some(answer);
            answer != Asked::Later
        });
    }

    /// The connection of the account whose tokens rotate.
    pub(crate) fn rotating(&self) -> Option<connector_domain::connection::Connection> {
        let account = "org".parse().ok()?;
        let of = self.outside.stores.connections.connections_of(connector_domain::ProviderKind::Linear, &account);
        of.now_or_never()?.ok()?.into_iter().next()
    }

    fn ended(&mut self, about: About, end: End, executor: &mut Executor<About>) {
        let done = end == End::Done;
        let soon = Duration::from_secs(self.chance.between(1, 90));
        self.outside.plan.note(end as u64);
        match about {
            About::Nothing => {}
            About::Message(id) if done => self.outside.queue.delete(id),
            // A message that was not handled becomes visible again.
            About::Message(_) => {}
            About::Hook(hook) if done => self.accepted(hook),
            // A sender, or a person with its delivery log, sends again what was not accepted.
            About::Hook(hook) => self.plan_at(soon, Event::Hook(hook)),
            About::Again(_) if done => {}
            About::Again(event) => self.plan_at(soon, event),
            About::Linked(tenant) if done => self.linked(executor, tenant),
            About::Linked(tenant) => self.plan_at(soon, Event::Link(tenant)),
            About::Unlink(tenant) if done => {
                if let Some(held) = self.tenants.get(tenant) {
                    self.outside.monitor.ended(held.workspace(), self.turn);
                }
                let again = Duration::from_secs(self.chance.between(1, 3_600));
                self.plan_at(again, Event::Link(tenant));
            }
            About::Unlink(tenant) => self.plan_at(soon, Event::Disconnect(tenant)),
            About::Cancelled(run, units) if done => self.outside.monitor.cancelled(&run.id, units, self.turn),
            About::Cancelled(run, _) => self.plan_at(soon, Event::Cancel(run)),
            About::Visited(slot) => self.visited(lock(&slot).take(), soon),
            About::Connected(visitor, at, slot) => self.came_back(&visitor, at, *lock(&slot), soon),
            About::Asked(slot) => self.answered(*lock(&slot), soon),
        }
    }

    fn accepted(&mut self, hook: usize) {
        let began = self.outside.monitor.began();
        let Some(held) = self.hooks.get_mut(hook) else { return };
        let before = std::mem::replace(&mut held.accepted, true);
        let place = held.place;
        for (n, tenant) in self.tenants.iter().enumerate() {
            let linked = tenant.linked_since.is_some_and(|since| since <= began);
            // What was dropped at the end of a link is known, and not taken up again: history brings it.
            if tenant.place == place && linked && !(before && tenant.was_disconnected) {
                self.owed.insert((n, hook));
            }
        }
        if self.chance.percent(self.scenario.resend_percent) {
            let at = self.moment();
            self.plan_at(at, Event::Hook(hook));
        }
    }

    fn linked(&mut self, executor: &mut Executor<About>, tenant: usize) {
        let turn = self.turn;
        let Some(held) = self.tenants.get_mut(tenant) else { return };
        held.linked_since = Some(turn);
        self.outside.monitor.began_again(held.workspace());
        if self.scenario.backfill {
            self.start(executor, tenant);
        }
    }

    fn visited(&mut self, visitor: Option<Visitor>, soon: Duration) {
        let Some(visitor) = visitor else {
            self.plan_at(soon, Event::Visit);
            return;
        };
        let wait = Duration::from_secs(self.chance.pick([1, 1, 5, 120, 1_500]));
        if self.chance.percent(30) {
            self.plan_at(wait, Event::Callback(Visitor { code: 2, ..visitor.clone() }));
        }
        self.plan_at(wait, Event::Callback(visitor));
    }

    fn came_back(&mut self, visitor: &Visitor, at: Timestamp, connected: Option<bool>, soon: Duration) {
        let Some((times, began)) = self.visitors.get_mut(&visitor.number) else { return };
        if connected == Some(true) {
            *times += 1;
            // The state is made a little after the visit begins, which may be frozen meanwhile.
            let age = at.duration_since(*began).as_secs();
            if *times > 1 || age > TOO_LATE {
                let detail = format!("a state was good {times} times, at last after {age} s");
                self.outside.monitor.find(Rule::StateReused, detail);
            }
        } else if self.rotating().is_none() && self.visits < 20 {
            self.plan_at(soon, Event::Visit);
        }
    }

    fn answered(&mut self, asked: Option<Asked>, soon: Duration) {
        let calm = self.outside.plan.injections() == 0 && self.outside.monitor.tally().frozen == 0;
        let grace = matches!(self.scenario.tokens, Some((Grants::Grace, _)));
        match asked {
            Some(Asked::Token) => {}
            Some(Asked::Gone) => self.outside.monitor.find(Rule::TokensDead, "a connection without tokens"),
            Some(Asked::NeedsReconnect) => {
                if calm || grace {
                    self.outside.monitor.find(Rule::TokensDead, "tokens died though no answer was lost for good");
                }
                if self.visits < 20 {
                    self.plan_at(soon, Event::Visit);
                    self.plan_at(soon + Duration::from_secs(1_100), Event::Ask);
                }
            }
            Some(Asked::Later) | None => self.plan_at(soon, Event::Ask),
        }
    }

    fn is_quiet(&self) -> bool {
        let rows = async {
            let deliveries = self.outside.stores.deliveries.due(Timestamp::MAX, 1).await;
            let units = self.outside.stores.backfills.due_units(Timestamp::MAX, 1).await;
            deliveries.is_ok_and(|due| due.is_empty()) && units.is_ok_and(|due: Vec<UnitKey>| due.is_empty())
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
