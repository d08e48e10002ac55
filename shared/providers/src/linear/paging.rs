//! A walk through a list that changes while it is read, and loses no item that is there from start to end.
//!
//! Linear lists by last update, newest first, and has no other order. What is updated while the list is read jumps to its
//! head, where the walk has been already. So, once the end is reached, the walk reads again what was updated since it
//! began, until that fits one page: a page is one moment, within which nothing moves.

use std::time::Duration;

use connector_domain::Timestamp;
use connector_domain::backfill::{Cursor, Share, Window};
use serde::{Deserialize, Serialize};

/// Written into every cursor; another version starts the list again.
const VERSION: u8 = 1;

/// How far the walk goes beyond the window: a thing may be created some milliseconds after its own last update.
const OVERLAP: Duration = Duration::from_secs(60);

/// A place in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    v: u8,
    /// Linear's cursor, from the page before.
    pub(super) after: Option<String>,
    /// Nothing older is asked for.
    pub(super) edge: Timestamp,
    /// Whether this pass looks for what was updated during the one before, which began at `edge`.
    closing: bool,
    /// The newest update when this pass began.
    began: Option<Timestamp>,
}

/// What a page says about its list.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The newest update on it.
    pub(super) newest: Option<Timestamp>,
    /// The oldest.
    pub(super) oldest: Option<Timestamp>,
    /// Linear's cursor of the next page, if there is one.
    pub(super) next: Option<String>,
}

impl Place {
    /// The start of the list of what was updated since.
    pub(super) fn start(since: Timestamp) -> Self {
        Self::pass(since.checked_sub(OVERLAP).unwrap_or(since), false)
    }

    const fn pass(edge: Timestamp, closing: bool) -> Self {
        Self { v: VERSION, after: None, edge, closing, began: None }
    }

    /// The place after a page; `None` at the end.
    pub(super) fn after(&self, page: &Seen) -> Option<Self> {
        let first = self.after.is_none();
        let began = if first { page.newest } else { self.began };
        if let Some(next) = &page.next {
            return Some(Self { after: Some(next.clone()), began, ..self.clone() });
        }
        // If nothing is newer than what the pass before began with, nothing moved during that one.
        if first || (self.closing && began == Some(self.edge)) {
            return None;
        }
        Some(Self::pass(began?, true))
    }

    /// How much of a window is read with a page.
    pub(super) fn share(&self, page: &Seen, window: Window) -> Option<Share> {
        if self.closing { Some(Share::ALL) } else { page.oldest.map(|at| Share::back(window, at)) }
    }

    /// Reads a cursor; `None` when it is not one of ours.
    pub(super) fn read(cursor: &Cursor) -> Option<Self> {
        let place: Self = serde_json::from_str(cursor.as_str()).ok()?;
        (place.v == VERSION).then_some(place)
    }

    pub(super) fn write(&self) -> Option<Cursor> {
        Cursor::parse(serde_json::to_string(self).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn second(at: i64) -> Timestamp {
        Timestamp::from_second(at).unwrap()
    }

    #[test]
    fn a_list_of_one_page_is_one_request() {
        let start = Place::start(second(1_000));
        assert_eq!(start.edge, second(940));
        assert_eq!(start.after(&Seen { newest: Some(second(2_000)), ..Seen::default() }), None);
        assert_eq!(start.after(&Seen::default()), None);
    }

    #[test]
    fn a_cursor_is_read_back_and_a_foreign_one_is_not() {
        let place = Place::start(second(1_000)).after(&Seen { next: Some("uuid".into()), ..Seen::default() }).unwrap();
        assert_eq!(Place::read(&place.write().unwrap()), Some(place));
        for foreign in ["x", "{}", r#"{"v":2,"after":null,"edge":"1970-01-01T00:00:00Z","closing":false,"began":null}"#]
        {
            assert_eq!(Place::read(&Cursor::parse(foreign).unwrap()), None, "{foreign}");
        }
    }

    /// A team's list as Linear keeps it: ids with their last updates, times all different.
    struct List(Vec<(u32, i64)>);

    impl List {
        /// What Linear answers: newest first, not older than the edge, after the item that the cursor names.
        fn page(&self, place: &Place, size: usize) -> (Vec<u32>, Seen) {
            let mut all: Vec<_> = self.0.iter().filter(|(_, at)| second(*at) >= place.edge).copied().collect();
            all.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
            let from = place.after.as_ref().map_or(0, |after| {
                let at = all.iter().position(|(id, _)| id.to_string() == *after);
                at.map_or(all.len(), |at| at + 1)
            });
            let page: Vec<_> = all[from..].iter().take(size).copied().collect();
            let more = from + page.len() < all.len();
            let next = page.last().filter(|_| more).map(|(id, _)| id.to_string());
            let newest = page.iter().map(|(_, at)| second(*at)).max();
            (page.into_iter().map(|(id, _)| id).collect(), Seen { newest, next, ..Seen::default() })
        }
    }

    proptest! {
        #[test]
        fn nothing_that_stays_is_lost(
            items in 1_u32..40,
            size in 1_usize..7,
            edits in proptest::collection::vec(proptest::option::of(0_u32..40), 0..30),
        ) {
            let mut list = List((0..items).map(|id| (id, 1_000 + i64::from(id))).collect());
            let mut seen = std::collections::BTreeSet::new();
            let mut place = Some(Place::start(second(500)));
            let mut edits = edits.into_iter();
            let (mut clock, mut requests) = (5_000, 0);
            while let Some(here) = place {
                let (ids, page) = list.page(&here, size);
                seen.extend(ids);
                place = here.after(&page);
                requests += 1;
                prop_assert!(requests < 500, "the walk does not end");
                if let Some(edited) = edits.next().flatten() {
                    clock += 1;
                    if let Some(item) = list.0.iter_mut().find(|(id, _)| *id == edited) {
                        item.1 = clock;
                    }
                }
            }
            prop_assert_eq!(seen.len(), items as usize);
        }
    }
}
