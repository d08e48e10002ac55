//! How far a walk through a list has come, by the time it has read of its window.

use serde::{Deserialize, Serialize};

use super::Window;
use crate::Timestamp;

/// A part of a whole, in thousandths. It is an estimate: items are not spread evenly over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Share(u16);

impl Share {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// All of it.
    pub const ALL: Self = Self(1_000);

    /// So many of so many, which is all of it where there are none.
    #[must_use]
    pub fn of(part: u64, whole: u64) -> Self {
        let thousandths = part.saturating_mul(1_000).checked_div(whole).unwrap_or(1_000);
        Self(u16::try_from(thousandths.min(1_000)).unwrap_or(1_000))
    }

    /// What is read of a window by a walk from its end that has come to `at`.
    #[must_use]
    pub fn back(window: Window, at: Timestamp) -> Self {
        Self::of(seconds(at, window.until), seconds(window.since, window.until))
    }

    /// What is read of a window by a walk from its start that has come to `at`.
    #[must_use]
    pub fn forth(window: Window, at: Timestamp) -> Self {
        Self::of(seconds(window.since, at), seconds(window.since, window.until))
    }

    /// In thousandths.
    #[must_use]
    pub const fn thousandths(self) -> u16 {
        self.0
    }

    /// The whole of which `part` is this share; `None` where the share is too small to tell.
    #[must_use]
    pub fn whole(self, part: u64) -> Option<u64> {
        part.saturating_mul(1_000).checked_div(u64::from(self.0))
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_secs()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_walk_has_read_a_part_of_its_window_whichever_way_it_goes() {
        let window = Window { since: at(1_000), until: at(2_000) };
        assert_eq!(Share::back(window, at(1_900)).thousandths(), 100);
        assert_eq!(Share::forth(window, at(1_900)).thousandths(), 900);
        for beyond in [Share::back(window, at(0)), Share::forth(window, at(9_000)), Share::of(0, 0)] {
            assert_eq!(beyond, Share::ALL);
        }
        assert_eq!(Share::back(window, at(9_000)), Share::NONE);
        assert_eq!(Share::back(window, at(1_900)).whole(100), Some(1_000));
        assert_eq!(Share::NONE.whole(100), None);
    }
}
