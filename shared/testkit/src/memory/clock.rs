//! A clock that stands still until it is told otherwise.

use std::sync::Mutex;
use std::time::Duration;

use connector_domain::Timestamp;
use connector_domain::ports::Clock;
use connector_domain::time::later;

use super::lock;

/// A clock that stands still until it is told otherwise.
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub const fn new(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    /// Shows another time, earlier or later.
    pub fn set(&self, now: Timestamp) {
        *lock(&self.0) = now;
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        let mut now = lock(&self.0);
        *now = later(*now, by);
    }
}

impl Default for ManualClock {
    /// Starts at noon of 6 February 2026, as the fixtures do.
    fn default() -> Self {
        Self::new(crate::builders::at(0))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *lock(&self.0)
    }
}
