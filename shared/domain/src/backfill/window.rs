//! The stretch of time a run is about.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// `since` to `until`, both included and both frozen when the run starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Window {
    /// The first moment.
    pub since: Timestamp,
    /// The last moment.
    pub until: Timestamp,
}

impl Window {
    /// A window that is not reversed.
    #[must_use]
    pub fn new(since: Timestamp, until: Timestamp) -> Option<Self> {
        (since <= until).then_some(Self { since, until })
    }

    /// The last `depth` before `now`.
    #[must_use]
    pub fn last(depth: Depth, now: Timestamp) -> Self {
        let since = now.checked_sub(depth.duration()).unwrap_or(Timestamp::MIN);
        Self { since, until: now }
    }

    /// Whether a moment is inside.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.since <= at && at <= self.until
    }
}

/// How far back: a closed set, so that "15" or "-1" cannot be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub enum Depth {
    /// One day.
    Days1,
    /// A week.
    Days7,
    /// A month.
    Days30,
    /// A quarter.
    Days90,
}

impl Depth {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Days1, Self::Days7, Self::Days30, Self::Days90];

    /// In days.
    #[must_use]
    pub const fn days(self) -> u16 {
        match self {
            Self::Days1 => 1,
            Self::Days7 => 7,
            Self::Days30 => 30,
            Self::Days90 => 90,
        }
    }

    /// As a duration.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.days() as u64 * 86_400)
    }
}

/// The number is none of 1, 7, 30 and 90.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("depth must be 1, 7, 30 or 90 days")]
pub struct UnknownDepth;

impl TryFrom<u16> for Depth {
    type Error = UnknownDepth;
    fn try_from(days: u16) -> Result<Self, UnknownDepth> {
        Self::ALL.into_iter().find(|depth| depth.days() == days).ok_or(UnknownDepth)
    }
}

impl From<Depth> for u16 {
    fn from(depth: Depth) -> Self {
        depth.days()
    }
}

impl FromStr for Depth {
    type Err = UnknownDepth;
    fn from_str(text: &str) -> Result<Self, UnknownDepth> {
        text.parse::<u16>().map_err(|_| UnknownDepth)?.try_into()
    }
}

impl fmt::Display for Depth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.days())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_four_depths_exist() {
        for (text, ok) in [
            ("1", true),
            ("7", true),
            ("30", true),
            ("90", true),
            ("0", false),
            ("15", false),
            ("-7", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<Depth>().is_ok(), ok, "{text:?}");
        }
    }

    #[test]
    fn a_window_is_never_reversed() {
        let (a, b) = (Timestamp::from_second(1).unwrap(), Timestamp::from_second(2).unwrap());
        assert!(Window::new(b, a).is_none());
        let window = Window::new(a, b).unwrap();
        assert!(window.contains(a) && window.contains(b));
        assert_eq!(Window::last(Depth::Days1, Timestamp::MIN).since, Timestamp::MIN);
    }
}
