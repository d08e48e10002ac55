//! Which port call fails, and how.

use std::collections::BTreeMap;
use std::future::{Future, pending, poll_fn};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use crate::Chance;

/// What happens at a port call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

/// The number of a port call within a history, from 0.
pub type Point = usize;

/// The faults of one history, and what it has called so far.
#[derive(Debug)]
pub struct Plan(Mutex<State>);

#[derive(Debug)]
struct State {
    scripted: BTreeMap<Point, Fault>,
    random: Option<(Chance, u64)>,
    budget: u32,
    calls: Vec<&'static str>,
    crashed: bool,
}

impl Plan {
    /// These faults at these calls.
    #[must_use]
    pub fn scripted(faults: impl IntoIterator<Item = (Point, Fault)>) -> Self {
        Self::of(faults.into_iter().collect(), None, 0)
    }

    /// A fault at `percent` of all calls, `budget` times at most, so that every history comes to rest.
    #[must_use]
    pub fn random(seed: u64, percent: u64, budget: u32) -> Self {
        Self::of(BTreeMap::new(), Some((Chance::new(seed), percent)), budget)
    }

    fn of(scripted: BTreeMap<Point, Fault>, random: Option<(Chance, u64)>, budget: u32) -> Self {
        Self(Mutex::new(State { scripted, random, budget, calls: Vec::new(), crashed: false }))
    }

    /// The names of the port calls so far, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<&'static str> {
        self.state().calls.clone()
    }

    /// Whether the task that was polled last has crashed; asking forgets it.
    #[must_use]
    pub fn take_crash(&self) -> bool {
        std::mem::take(&mut self.state().crashed)
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
        let mut state = self.state();
        let point = state.calls.len();
        state.calls.push(name);
        if let Some(fault) = state.scripted.remove(&point) {
            return Some(fault);
        }
        if state.budget == 0 {
            return None;
        }
        let (chance, percent) = state.random.as_ref()?;
        if !chance.percent(*percent) {
            return None;
        }
        let fault = Fault::ALL[chance.below(Fault::ALL.len())];
        state.budget -= 1;
        Some(fault)
    }

    async fn crash<T>(&self) -> T {
        self.state().crashed = true;
        pending().await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn yield_once() {
    let mut yielded = false;
    poll_fn(|_| if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}
