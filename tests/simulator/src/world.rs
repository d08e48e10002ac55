//! The state of all simulated providers.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
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
    github: Side<github::State>,
    linear: Side<linear::State>,
    sentry: Side<sentry::State>,
    vercel: Side<vercel::State>,
}

/// One provider's state, made when it is asked for first.
struct Side<T>(OnceLock<Mutex<T>>);

impl<T> Side<T> {
    const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// A scenario that panicked under the lock has failed its own test; the others go on.
    fn state(&self, made: impl FnOnce() -> T) -> MutexGuard<'_, T> {
        self.0.get_or_init(|| Mutex::new(made())).lock().unwrap_or_else(PoisonError::into_inner)
    }
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
            github: Side::new(),
            linear: Side::new(),
            sentry: Side::new(),
            vercel: Side::new(),
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
        self.0.github.state(|| github::State::new(self.0.seed))
    }

    pub(crate) fn linear_state(&self) -> MutexGuard<'_, linear::State> {
        self.0.linear.state(|| linear::State::new(self.0.seed))
    }

    pub(crate) fn sentry_state(&self) -> MutexGuard<'_, sentry::State> {
        self.0.sentry.state(|| sentry::State::new(self.0.seed))
    }

    pub(crate) fn vercel_state(&self) -> MutexGuard<'_, vercel::State> {
        self.0.vercel.state(|| vercel::State::new(self.0.seed))
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("seed", &self.0.seed).field("clock", &self.0.clock).finish_non_exhaustive()
    }
}
