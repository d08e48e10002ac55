//! A walk through a list whose items have lists of their own, which may be longer than fits beside them.

use std::time::Duration;

use connector_domain::Timestamp;
use connector_domain::backfill::{Cursor, Share, Window};
use serde::{Deserialize, Serialize};

use super::VERSION;

/// What a page says about its list.
#[derive(Debug, Default)]
pub(in crate::github) struct Branches {
    /// The time of its last item, and of its newest.
    pub(in crate::github) last: Option<Timestamp>,
    pub(in crate::github) newest: Option<Timestamp>,
    /// GitHub's cursor of the next page, if there is one.
    pub(in crate::github) next: Option<String>,
    /// The items whose own lists are not read to the end.
    pub(in crate::github) open: Vec<String>,
}

/// A place in such a list. What is open is read to its end before the list goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::github) struct TreePlace {
    v: u8,
    /// The list itself; `None` once it is read to its end.
    trunk: Option<Trunk>,
    /// What is open below it, from the outer to the inner; an outer one may be done but for the inner.
    open: Vec<Open>,
}

/// A place in the list itself: newest first, down to `edge`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trunk {
    /// GitHub's cursor, from the page before.
    after: Option<String>,
    edge: Timestamp,
    /// Whether this pass looks for what moved to the head during the one before, which began at `edge`.
    closing: bool,
    /// The newest item when this pass began.
    began: Option<Timestamp>,
}

/// Items whose own lists are to be read, the first of them from `after` on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    ids: Vec<String>,
    after: Option<String>,
}

impl TreePlace {
    pub(in crate::github) fn start(since: Timestamp, look_back: Duration) -> Self {
        let edge = since.checked_sub(look_back).unwrap_or(Timestamp::MIN);
        Self { v: VERSION, trunk: Some(Trunk::pass(edge, false)), open: Vec::new() }
    }

    /// How many lists below the list itself it is.
    pub(in crate::github) const fn depth(&self) -> usize {
        self.open.len()
    }

    /// The item whose list is read; `None` in the list itself.
    pub(in crate::github) fn item(&self) -> Option<&str> {
        self.open.last()?.ids.first().map(String::as_str)
    }

    /// GitHub's cursor of the page before.
    pub(in crate::github) fn after(&self) -> Option<&str> {
        match self.open.last() {
            Some(open) => open.after.as_deref(),
            None => self.trunk.as_ref()?.after.as_deref(),
        }
    }

    /// Whether an item of the list itself is too old to matter.
    pub(in crate::github) fn is_below_edge(&self, at: Timestamp) -> bool {
        self.trunk.as_ref().is_some_and(|trunk| at < trunk.edge)
    }

    /// The place after a page; `None` at the end. `moves` is whether an item that changes moves to the head.
    pub(in crate::github) fn next(mut self, page: Branches, moves: bool) -> Option<Self> {
        match self.open.last_mut() {
            None => self.trunk = self.trunk.and_then(|trunk| trunk.next(&page, moves)),
            Some(open) => {
                open.after = page.next;
                if open.after.is_none() {
                    open.ids.remove(0);
                }
            }
        }
        self.open.push(Open { ids: page.open, after: None });
        while self.open.pop_if(|open| open.ids.is_empty()).is_some() {}
        (self.trunk.is_some() || !self.open.is_empty()).then_some(self)
    }

    /// How much of a window is read with a page; what is open counts as read.
    pub(in crate::github) fn share(&self, page: &Branches, window: Window) -> Option<Share> {
        let trunk = self.trunk.as_ref().filter(|_| self.open.is_empty())?;
        if trunk.closing { Some(Share::ALL) } else { page.last.map(|at| Share::back(window, at)) }
    }

    /// Reads a cursor of a list that is `depth` lists deep; `None` when it is not one.
    pub(in crate::github) fn read(cursor: &Cursor, depth: usize) -> Option<Self> {
        let place: Self = serde_json::from_str(cursor.as_str()).ok()?;
        let fit = place.v == VERSION
            && place.depth() <= depth
            && (place.trunk.is_some() || !place.open.is_empty())
            && place.open.last().is_none_or(|open| !open.ids.is_empty());
        fit.then_some(place)
    }

    pub(in crate::github) fn write(&self) -> Option<Cursor> {
        Cursor::parse(serde_json::to_string(self).ok()?).ok()
    }
}

impl Trunk {
    const fn pass(edge: Timestamp, closing: bool) -> Self {
        Self { after: None, edge, closing, began: None }
    }

    fn next(self, page: &Branches, moves: bool) -> Option<Self> {
        let first = self.after.is_none();
        let began = if first { page.newest } else { self.began };
        let below = page.last.is_some_and(|at| at < self.edge);
        if let (false, Some(next)) = (below, &page.next) {
            return Some(Self { after: Some(next.clone()), began, ..self });
        }
        // One request is one moment. And if nothing is newer than what the pass before began with, nothing moved during
        // that one.
        if !moves || first || (self.closing && began == Some(self.edge)) {
            return None;
        }
        Some(Self::pass(began?, true))
    }
}

#[cfg(test)]
mod tests;
