//! Which port call fails, and how.

use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, pending, poll_fn};
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use crate::Chance;
use crate::trace::Trace;

/// What happens at a port call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// It fails and has no effect.
    FailBefore,
    /// It takes effect and fails all the same: the answer is lost.
    FailAfter,
    /// The process ends before it.
    CrashBefore,
    /// The process ends after it took effect.
    CrashAfter,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::FailBefore, Self::FailAfter, Self::CrashBefore, Self::CrashAfter];
}

/// What a task is doing: port calls are counted for each flow apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flow {
    /// A webhook is accepted.
    Webhook,
    /// A delivery is captured for one workspace.
    Capture,
    /// A page is fetched.
    Page,
    /// What a run has held back is captured.
    Replay,
    /// Observations are enriched.
    Enrich,
    /// A repository's files are looked at.
    Documents,
    /// A token is asked for, and renewed when it must be.
    Refresh,
    /// Tokens that are due are looked at, before anybody asks for them.
    Renewal,
    /// Somebody connects an account: the callback.
    Connect,
    /// What stands still is sent again.
    Sweep,
    /// The scheduler looks for time that is not covered.
    Tick,
    /// Somebody starts a run.
    Start,
    /// Somebody cancels a run.
    Cancel,
    /// Somebody links a resource, for the first time or again.
    Link,
    /// Somebody ends a connection.
    Teardown,
}

/// The number of a port call within a history, from 0; where only one flow is broken, among its calls.
pub type Point = usize;

/// A fault and where it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct At(pub Point, pub Fault);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{:?}", self.0, self.1)
    }
}

/// The text is no fault with its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a fault is written as the number of a call and its kind, such as 12:CrashAfter")]
pub struct NotAFault;

impl FromStr for At {
    type Err = NotAFault;

    fn from_str(text: &str) -> Result<Self, NotAFault> {
        let (point, kind) = text.trim().split_once(':').ok_or(NotAFault)?;
        let fault = Fault::ALL.into_iter().find(|fault| format!("{fault:?}") == kind).ok_or(NotAFault)?;
        Ok(Self(point.parse().map_err(|_| NotAFault)?, fault))
    }
}

/// How often calls break, drawn once for a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many of a thousand calls.
    pub per_mille: u64,
    /// How many in all, so that every history comes to rest.
    pub budget: u32,
    /// Which kinds.
    pub kinds: [bool; 4],
    /// A port that fails goes on failing for so many of its calls: a store that is throttled, a queue that is away.
    pub burst: u32,
}

/// The faults of one history, and what it has called so far.
#[derive(Debug)]
pub struct Plan(Mutex<State>);

#[derive(Debug)]
struct State {
    source: Source,
    flow: Flow,
    trace: Trace,
    calls: Vec<(Flow, &'static str)>,
    injected: Vec<At>,
    crashed: bool,
    sleep: Option<Duration>,
}

#[derive(Debug)]
enum Source {
    /// These faults at these calls, of one flow or of all.
    Scripted {
        faults: BTreeMap<Point, Fault>,
        flow: Option<Flow>,
        seen: Point,
    },
    Random {
        chance: Chance,
        rate: Rate,
        left: u32,
        burst: Option<(&'static str, u32)>,
    },
}

impl Plan {
    /// These faults at these calls.
    #[must_use]
    pub fn scripted(faults: impl IntoIterator<Item = (Point, Fault)>) -> Self {
        Self::of(Source::Scripted { faults: faults.into_iter().collect(), flow: None, seen: 0 })
    }

    /// These faults at these calls of one flow; the others do not count.
    #[must_use]
    pub fn within(flow: Flow, faults: impl IntoIterator<Item = (Point, Fault)>) -> Self {
        Self::of(Source::Scripted { faults: faults.into_iter().collect(), flow: Some(flow), seen: 0 })
    }

    /// Faults that a seed draws.
    #[must_use]
    pub fn random(seed: u64, rate: Rate) -> Self {
        let chance = Chance::apart(seed, 0xfa17);
        Self::of(Source::Random { chance, rate, left: rate.budget, burst: None })
    }

    fn of(source: Source) -> Self {
        Self(Mutex::new(State {
            source,
            flow: Flow::Start,
            trace: Trace::default(),
            calls: Vec::new(),
            injected: Vec::new(),
            crashed: false,
            sleep: None,
        }))
    }

    /// The names of the port calls so far, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<&'static str> {
        self.state().calls.iter().map(|(_, name)| *name).collect()
    }

    /// Those of one flow.
    #[must_use]
    pub fn calls_of(&self, flow: Flow) -> Vec<&'static str> {
        self.state().calls.iter().filter(|(of, _)| *of == flow).map(|(_, name)| *name).collect()
    }

    /// The port calls so far with what was being done.
    pub(crate) fn calls_and_flows(&self) -> Vec<(Flow, &'static str)> {
        self.state().calls.clone()
    }

    /// The faults that happened so far.
    #[must_use]
    pub fn injected(&self) -> Vec<At> {
        self.state().injected.clone()
    }

    /// How many.
    pub(crate) fn injections(&self) -> usize {
        self.state().injected.len()
    }

    /// From here on nothing breaks by chance.
    pub(crate) fn calm(&self) {
        if let Source::Random { left, .. } = &mut self.state().source {
            *left = 0;
        }
    }

    /// What the task that runs now is doing.
    pub(crate) fn enter(&self, flow: Flow) {
        self.state().flow = flow;
    }

    /// Notes something that is part of the history's identity.
    pub(crate) fn note(&self, what: u64) {
        self.state().trace.number(what);
    }

    /// What all of it comes to.
    pub(crate) fn hash(&self) -> u64 {
        self.state().trace.value()
    }

    /// Whether the task that was polled last has crashed; asking forgets it.
    #[must_use]
    pub fn take_crash(&self) -> bool {
        std::mem::take(&mut self.state().crashed)
    }

    /// How long the task that was polled last wants to sleep; asking forgets it.
    pub(crate) fn take_sleep(&self) -> Option<Duration> {
        self.state().sleep.take()
    }

    /// A task lets time pass.
    pub(crate) async fn sleep(&self, time: Duration) {
        self.state().sleep = Some(time);
        yield_once().await;
    }

    /// One port call: others may run first, then it happens, or fails, or never returns.
    pub(crate) async fn call<T>(
        &self,
        name: &'static str,
        effect: impl Future<Output = T>,
        failed: impl FnOnce() -> T,
    ) -> T {
        yield_once().await;
        match self.next(name) {
            None => effect.await,
            Some(Fault::FailBefore) => failed(),
            Some(Fault::FailAfter) => {
                drop(effect.await);
                failed()
            }
            Some(Fault::CrashBefore) => self.crash().await,
            Some(Fault::CrashAfter) => {
                drop(effect.await);
                self.crash().await
            }
        }
    }

    fn next(&self, name: &'static str) -> Option<Fault> {
        let state = &mut *self.state();
        let point = state.calls.len();
        state.calls.push((state.flow, name));
        state.trace.text(name);
        state.trace.number(state.flow as u64);
        let fault = state.source.draw(name, point, state.flow);
        if let Some(fault) = fault {
            state.trace.number(fault as u64);
            state.injected.push(At(point, fault));
        }
        fault
    }

    async fn crash<T>(&self) -> T {
        self.state().crashed = true;
        pending().await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source {
    fn draw(&mut self, name: &'static str, point: Point, flow: Flow) -> Option<Fault> {
        match self {
            Self::Scripted { faults, flow: None, .. } => faults.remove(&point),
            Self::Scripted { faults, flow: Some(of), seen } => {
                if *of != flow {
                    return None;
                }
                *seen += 1;
                faults.remove(&(*seen - 1))
            }
            Self::Random { chance, rate, left, burst } => {
                if *left == 0 {
                    return None;
                }
                if let Some((port, more)) = burst
                    && port_of(name) == *port
                {
                    *more -= 1;
                    *left -= 1;
                    if *more == 0 {
                        *burst = None;
                    }
                    return Some(Fault::FailBefore);
                }
                if !chance.per_mille(rate.per_mille) {
                    return None;
                }
                let kinds = || Fault::ALL.into_iter().zip(rate.kinds).filter(|(_, on)| *on);
                let (fault, _) = kinds().nth(chance.below(kinds().count()))?;
                *left -= 1;
                if fault == Fault::FailBefore && rate.burst > 0 && burst.is_none() {
                    *burst = Some((port_of(name), rate.burst));
                }
                Some(fault)
            }
        }
    }
}

fn port_of(name: &'static str) -> &'static str {
    name.split_once("::").map_or(name, |(port, _)| port)
}

async fn yield_once() {
    let mut yielded = false;
    poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        // Of several that run at once within a task, only those are asked again that say so.
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
