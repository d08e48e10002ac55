//! The state of all simulated providers.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use crate::{
    Clock,
    github::{self, GitHub},
    linear::{self, Linear},
    sentry::{self, Sentry},
    vercel::{self, Vercel},
};

/// The simulated providers. Clones share one state.
#[derive(Clone)]
pub struct World(Arc<Inner>);

struct Inner {
    seed: u64,
    clock: Clock,
    github: Mutex<github::State>,
    linear: Mutex<linear::State>,
    sentry: Mutex<sentry::State>,
    vercel: Mutex<vercel::State>,
}

/// Where a world begins unless told otherwise: 2026-06-01T12:00:00Z.
const BEGINNING: i64 = 1_780_315_200;

impl World {
    /// A world on a manual clock that stands at 2026-06-01T12:00:00Z: the same seed gives the same data.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with_clock(seed, Clock::manual(Timestamp::from_second(BEGINNING).unwrap_or_default()))
    }

    /// A world whose time is `clock`'s.
    #[must_use]
    pub fn with_clock(seed: u64, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            seed,
            clock,
            github: Mutex::new(github::State::new(seed)),
            linear: Mutex::new(linear::State::new(seed)),
            sentry: Mutex::new(sentry::State::new(seed)),
            vercel: Mutex::new(vercel::State::new(seed)),
        }))
    }

    /// The GitHub side.
    #[must_use]
    pub fn github(&self) -> GitHub {
        GitHub::new(self.clone())
    }

    /// The Linear side: one organisation.
    #[must_use]
    pub fn linear(&self) -> Linear {
        Linear::new(self.clone())
    }

    /// The Sentry side.
    #[must_use]
    pub fn sentry(&self) -> Sentry {
        Sentry::new(self.clone())
    }

    /// The Vercel side.
    #[must_use]
    pub fn vercel(&self) -> Vercel {
        Vercel::new(self.clone())
    }

    /// The clock the providers live by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The providers' present time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(crate) fn github_state(&self) -> MutexGuard<'_, github::State> {
        lock(&self.0.github)
    }

    pub(crate) fn linear_state(&self) -> MutexGuard<'_, linear::State> {
        lock(&self.0.linear)
    }

    pub(crate) fn sentry_state(&self) -> MutexGuard<'_, sentry::State> {
        lock(&self.0.sentry)
    }

    pub(crate) fn vercel_state(&self) -> MutexGuard<'_, vercel::State> {
        lock(&self.0.vercel)
    }
}

/// A scenario that panicked under the lock has failed its own test; the others go on.
fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("seed", &self.0.seed).field("clock", &self.0.clock).finish_non_exhaustive()
    }
}
