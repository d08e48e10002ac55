//! The time the simulated providers believe in.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp};

/// What the simulator takes for "now": set by hand, or asked of someone else's clock.
///
/// Rate-limit windows, token life and the `Date` header follow it. Clones share the same time.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    Manual(Arc<AtomicI64>),
    Asked(Arc<dyn Fn() -> Timestamp + Send + Sync>),
}

impl Clock {
    /// A clock that stands still at `at` until it is moved.
    #[must_use]
    pub fn manual(at: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(at.as_millisecond()))))
    }

    /// A clock that asks `now` each time.
    #[must_use]
    pub fn asking(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Source::Asked(Arc::new(now)))
    }

    /// The present time, in whole milliseconds: no provider tells more.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let millisecond = match &self.0 {
            Source::Manual(millisecond) => millisecond.load(Ordering::SeqCst),
            Source::Asked(now) => now().as_millisecond(),
        };
        Timestamp::from_millisecond(millisecond).unwrap_or(Timestamp::MAX)
    }

    /// Moves a manual clock to `at`. A clock that asks another one cannot be set: the call does nothing.
    pub fn set(&self, at: Timestamp) {
        if let Source::Manual(millisecond) = &self.0 {
            millisecond.store(at.as_millisecond(), Ordering::SeqCst);
        }
    }

    /// Moves a manual clock forward.
    pub fn advance(&self, by: SignedDuration) {
        if let Source::Manual(millisecond) = &self.0 {
            let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            millisecond.fetch_add(by, Ordering::SeqCst);
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}

/// So many days before `until`, where a history begins.
pub(crate) fn days_before(until: Timestamp, days: u32) -> Timestamp {
    until.checked_sub(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MIN)
}

/// The times of GitHub, and of the headers of HTTP, carry no fraction of a second.
pub(crate) fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_is_shared_by_its_clones() {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        let twin = clock.clone();
        clock.advance(SignedDuration::from_millis(90_001));
        assert_eq!(twin.now().as_millisecond(), 90_001);
    }

    #[test]
    fn an_asking_clock_drops_fractions_and_ignores_set() {
        let clock = Clock::asking(|| Timestamp::new(5, 999_999_999).unwrap_or_default());
        clock.set(Timestamp::MAX);
        assert_eq!(clock.now(), Timestamp::from_millisecond(5_999).unwrap_or_default());
    }
}
