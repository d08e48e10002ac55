//! The walk through deployments, from the newest back. It goes by their time of creation, which never changes, so
//! neither new deployments nor removed ones move the place.
//!
//! Vercel names the time at which to go on. Whether deployments of exactly that time come again is not documented, so
//! each request reaches back over it by a millisecond: what comes twice is found to be the same, and what shares its
//! millisecond with the last one of a page is not lost.

use connector_domain::Timestamp;
use connector_domain::backfill::Cursor;
use serde::{Deserialize, Serialize};

/// Written into every cursor; another version starts the list again.
const VERSION: u8 = 1;

/// Vercel gives no larger pages.
pub(super) const MAX_PAGE_SIZE: u32 = 100;

/// What a page says about its list, in milliseconds since 1970.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) items: usize,
    /// The time of its oldest deployment.
    pub(super) oldest: Option<i64>,
    /// Where Vercel says that the next page starts.
    pub(super) next: Option<i64>,
}

/// A place in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    v: u8,
    /// What was created later has been read.
    pub(super) until: i64,
    /// Grows while more deployments share one moment than fit a page.
    pub(super) limit: u32,
}

/// More deployments share one moment than fit the largest page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stuck;

impl Place {
    pub(super) fn start(until: Timestamp, page_size: u32) -> Self {
        Self::at(until.as_millisecond().saturating_add(1), page_size)
    }

    fn at(until: i64, page_size: u32) -> Self {
        Self { v: VERSION, until, limit: page_size.clamp(1, MAX_PAGE_SIZE) }
    }

    /// Reads a cursor; `None` when it is not one of this list.
    pub(super) fn read(cursor: &Cursor) -> Option<Self> {
        let place: Self = serde_json::from_str(cursor.as_str()).ok()?;
        (place.v == VERSION && (1..=MAX_PAGE_SIZE).contains(&place.limit)).then_some(place)
    }

    pub(super) fn write(&self) -> Option<Cursor> {
        Cursor::parse(serde_json::to_string(self).ok()?).ok()
    }

    /// The place after a page; `None` at the end, which is where Vercel names no next page or the edge is passed.
    pub(super) fn after(&self, page: &Seen, edge: i64, page_size: u32) -> Result<Option<Self>, Stuck> {
        let Some(next) = page.next else { return Ok(None) };
        let reached = page.oldest.map_or(next, |oldest| oldest.max(next));
        if reached < edge {
            return Ok(None);
        }
        let until = reached.saturating_add(1);
        if until < self.until {
            return Ok(Some(Self::at(until, page_size)));
        }
        // All that is left was created in the millisecond of `until`, or nothing is.
        if page.items < self.limit as usize {
            return Ok(None);
        }
        if self.limit == MAX_PAGE_SIZE {
            return Err(Stuck);
        }
        Ok(Some(Self::at(self.until, self.limit.saturating_mul(2))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list as Vercel keeps it. `inclusive` and `named` are what its documentation leaves open.
    struct List {
        created: Vec<i64>,
        inclusive: bool,
        /// Whether a next page is named even after the last one.
        always: bool,
    }

    impl List {
        fn page(&self, place: &Place) -> Vec<usize> {
            let before = |at: i64| if self.inclusive { at <= place.until } else { at < place.until };
            let mut all: Vec<usize> = (0..self.created.len()).filter(|n| before(self.created[*n])).collect();
            all.sort_by_key(|n| std::cmp::Reverse(self.created[*n]));
            all
        }

        /// Which deployments a walk sees, or that it got stuck; it ends in any case.
        fn walk(&self, page_size: u32, edge: i64) -> Result<Vec<usize>, Stuck> {
            let mut place = Place::start(Timestamp::from_millisecond(1_000).unwrap(), page_size);
            let mut seen = Vec::new();
            for _ in 0..200 {
                let left = self.page(&place);
                let page = &left[..left.len().min(place.limit as usize)];
                seen.extend(page);
                let oldest = page.last().map(|n| self.created[*n]);
                let more = self.always || left.len() > page.len();
                let told = Seen { items: page.len(), oldest, next: oldest.filter(|_| more) };
                match place.after(&told, edge, page_size)? {
                    Some(next) => {
                        let kept = Place::read(&next.write().unwrap()).unwrap();
                        assert_ne!(kept, place, "the walk stands still");
                        place = kept;
                    }
                    None => return Ok(seen),
                }
            }
            panic!("the walk does not end");
        }
    }

    fn each(created: &[i64], then: impl Fn(&List)) {
        for (inclusive, always) in [(false, false), (false, true), (true, false), (true, true)] {
            then(&List { created: created.to_vec(), inclusive, always });
        }
    }

    fn sees_all(list: &List, page_size: u32) {
        let mut seen = list.walk(page_size, 0).unwrap();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), list.created.len(), "{:?} by {page_size}: {seen:?}", list.created);
    }

    #[test]
    fn no_deployment_is_lost_between_pages() {
        for page_size in 1..8 {
            each(&[], |list| sees_all(list, page_size));
            each(&[900, 800, 700, 600, 500], |list| sees_all(list, page_size));
            each(&[900, 899, 898, 897, 896, 895], |list| sees_all(list, page_size));
            // Several in one millisecond, over the edge of a page and more of them than fit one.
            each(&[900, 800, 800, 800, 700, 700, 600], |list| sees_all(list, page_size));
            each(&[500; 17], |list| sees_all(list, page_size));
        }
    }

    #[test]
    fn the_walk_ends_at_the_edge() {
        let list = List { created: (0..900).collect(), inclusive: false, always: true };
        let seen = list.walk(10, 850).unwrap();
        assert!(seen.iter().min().is_some_and(|n| (830..850).contains(n)), "{seen:?}");
    }

    #[test]
    fn a_moment_that_no_page_can_hold_is_told_and_not_skipped() {
        let list = List { created: vec![500; 101], inclusive: false, always: false };
        assert_eq!(list.walk(7, 0), Err(Stuck));
    }
}
