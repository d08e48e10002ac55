//! Which stretches of time are known to be complete, so that only what is missing is fetched.

use serde::{Deserialize, Serialize};

use super::Window;

/// Disjoint windows in order of time. A failed run takes nothing away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Coverage(Vec<Window>);

impl Coverage {
    /// The windows.
    #[must_use]
    pub fn windows(&self) -> &[Window] {
        &self.0
    }

    /// Adds a window and joins what touches.
    pub fn add(&mut self, window: Window) {
        self.0.push(window);
        self.0.sort_unstable();
        let mut joined: Vec<Window> = Vec::with_capacity(self.0.len());
        for next in self.0.drain(..) {
            match joined.last_mut() {
                Some(last) if next.since <= last.until => last.until = last.until.max(next.until),
                Some(_) | None => joined.push(next),
            }
        }
        self.0 = joined;
    }

    /// Takes a window away: what it held was dropped.
    pub fn remove(&mut self, window: Window) {
        let before = |known: &Window| Window { since: known.since, until: known.until.min(window.since) };
        let after = |known: &Window| Window { since: known.since.max(window.until), until: known.until };
        let left = self.0.iter().flat_map(|known| [before(known), after(known)]);
        self.0 = left.filter(|left| left.since < left.until).collect();
    }

    /// What of `wanted` is not covered, in order of time.
    #[must_use]
    pub fn missing(&self, wanted: Window) -> Vec<Window> {
        let mut gaps = Vec::new();
        let mut from = wanted.since;
        for window in &self.0 {
            if window.until < from {
                continue;
            }
            if window.since > wanted.until {
                break;
            }
            if window.since > from {
                gaps.push(Window { since: from, until: window.since });
            }
            from = window.until;
            if from >= wanted.until {
                return gaps;
            }
        }
        gaps.push(Window { since: from, until: wanted.until });
        gaps
    }

    /// The one window that spans all that is missing: what a single pass over a list must read.
    #[must_use]
    pub fn missing_span(&self, wanted: Window) -> Option<Window> {
        let gaps = self.missing(wanted);
        Some(Window { since: gaps.first()?.since, until: gaps.last()?.until })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Timestamp;

    fn window(since: i64, until: i64) -> Window {
        Window { since: Timestamp::from_second(since).unwrap(), until: Timestamp::from_second(until).unwrap() }
    }

    fn covered(windows: &[(i64, i64)]) -> Coverage {
        let mut coverage = Coverage::default();
        for (since, until) in windows {
            coverage.add(window(*since, *until));
        }
        coverage
    }

    #[test]
    fn only_gaps_are_missing() {
        let coverage = covered(&[(30, 40), (10, 20), (20, 25)]);
        assert_eq!(coverage.windows(), [window(10, 25), window(30, 40)]);
        assert_eq!(coverage.missing(window(0, 50)), [window(0, 10), window(25, 30), window(40, 50)]);
        assert_eq!(coverage.missing(window(12, 20)), []);
        assert_eq!(coverage.missing(window(12, 28)), [window(25, 28)]);
        assert_eq!(coverage.missing_span(window(0, 35)), Some(window(0, 30)));
        assert_eq!(coverage.missing_span(window(30, 40)), None);
        assert_eq!(Coverage::default().missing(window(1, 2)), [window(1, 2)]);
    }

    #[test]
    fn what_was_dropped_is_missing_again() {
        let mut coverage = covered(&[(10, 20), (30, 40)]);
        coverage.remove(window(15, 32));
        assert_eq!(coverage.windows(), [window(10, 15), window(32, 40)]);
        coverage.remove(window(33, 34));
        assert_eq!(coverage.windows(), [window(10, 15), window(32, 33), window(34, 40)]);
        coverage.remove(window(0, 50));
        assert_eq!(coverage.windows(), []);
    }

    proptest! {
        #[test]
        fn fetching_what_is_missing_leaves_nothing_missing(
            parts in proptest::collection::vec((0i64..100, 0i64..30), 0..8), since in 0i64..100, len in 1i64..60,
        ) {
            let wanted = window(since, since + len);
            let mut coverage = covered(&parts.iter().map(|(s, l)| (*s, s + l)).collect::<Vec<_>>());
            for gap in coverage.missing(wanted) {
                prop_assert!(wanted.contains(gap.since) && wanted.contains(gap.until));
                coverage.add(gap);
            }
            prop_assert_eq!(coverage.missing(wanted), []);
            prop_assert!(coverage.windows().windows(2).all(|w| w[0].until < w[1].since));
        }
    }
}
