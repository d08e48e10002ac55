//! Three walks through lists that change while they are read. None loses an item that is there from start to end.
//!
//! A page number is a place relative to the head: whatever moves before it moves the place. So
//! * issues go by time: each request starts at the last update seen, and an item that is updated moves ahead of the walk;
//! * pull requests, for which GitHub offers no `since`, go from the newest update back, and then over what was updated
//!   meanwhile, until that fits one page;
//! * releases, whose order says nothing about time, are read until two passes agree.
//!
//! The end of a list is where GitHub offers no next page, never a page with few items.

use std::time::Duration;

use connector_domain::Timestamp;
use connector_domain::backfill::Cursor;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Written into every cursor; another version starts the list again.
const VERSION: u8 = 1;

/// How far two requests for issues overlap: `since` is documented as "after" and works as "at or after".
const OVERLAP: Duration = Duration::from_secs(1);

/// What a page says about its list.
#[derive(Debug)]
pub(super) struct Seen {
    /// Its items in order.
    pub(super) stamps: Vec<Stamp>,
    /// The number of the next page, if GitHub offers one.
    pub(super) next: Option<u32>,
}

/// Which item, and when it was last updated; whatever of it can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) id: Option<u64>,
    pub(super) updated_at: Option<Timestamp>,
}

impl Seen {
    fn last_update(&self) -> Option<Timestamp> {
        self.stamps.iter().rev().find_map(|stamp| stamp.updated_at)
    }

    fn newest_update(&self) -> Option<Timestamp> {
        self.stamps.iter().filter_map(|stamp| stamp.updated_at).max()
    }
}

/// A place in a list.
pub(super) trait Place: Serialize + DeserializeOwned {
    /// The place after a page; `None` at the end.
    fn after(&self, page: &Seen) -> Option<Self>;

    fn version(&self) -> u8;

    /// The number of the page it stands at.
    fn page(&self) -> u32;

    /// Reads a cursor; `None` when it is not one of this list.
    fn read(cursor: &Cursor) -> Option<Self> {
        let place: Self = serde_json::from_str(cursor.as_str()).ok()?;
        (place.version() == VERSION).then_some(place)
    }

    fn write(&self) -> Option<Cursor> {
        Cursor::parse(serde_json::to_string(self).ok()?).ok()
    }
}

/// The items of a pass in order, as one number: two passes with the same one saw the same list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Pass(u64);

impl Pass {
    const EMPTY: Self = Self(0xcbf2_9ce4_8422_2325);

    /// FNV-1a over the ids. <https://www.rfc-editor.org/rfc/rfc9923>
    fn then(self, page: &Seen) -> Self {
        let ids = page.stamps.iter().map(|stamp| stamp.id.unwrap_or(u64::MAX));
        Self(
            ids.flat_map(u64::to_le_bytes)
                .fold(self.0, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)),
        )
    }
}

/// Issues: oldest update first, from `since` on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IssuePlace {
    v: u8,
    pub(super) since: Timestamp,
    /// Above 1 while more items than fit a page share the second of `since`.
    pub(super) page: u32,
    /// The earlier pages of this second.
    pass: Pass,
    /// The pass before over this second.
    before: Option<Before>,
}

/// A pass over the pages of one second, and where the walk goes on if it is confirmed; nowhere at the end of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Before {
    pass: Pass,
    then: Option<Timestamp>,
}

impl IssuePlace {
    pub(super) fn start(since: Timestamp) -> Self {
        Self::at(since, None)
    }

    fn at(since: Timestamp, before: Option<Before>) -> Self {
        Self { v: VERSION, since, page: 1, pass: Pass::EMPTY, before }
    }
}

impl Place for IssuePlace {
    fn page(&self) -> u32 {
        self.page
    }

    fn version(&self) -> u8 {
        self.v
    }

    fn after(&self, page: &Seen) -> Option<Self> {
        let reached = page.last_update().and_then(|at| at.checked_sub(OVERLAP).ok()).filter(|at| *at > self.since);
        if let (None, Some(next)) = (reached, page.next) {
            return Some(Self { page: next, pass: self.pass.then(page), ..self.clone() });
        }
        let then = page.next.and(reached);
        let then = match self.before {
            // One request is one moment.
            _ if self.page == 1 => then,
            // None of the items read by the pass before had left until it was over, so none drew an unread one over
            // a page's edge.
            Some(before) if before.pass == self.pass => before.then,
            _ => return Some(Self::at(self.since, Some(Before { pass: self.pass, then }))),
        };
        then.map(|since| Self::at(since, None))
    }
}

/// Pull requests: newest update first, down to `edge`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PullPlace {
    v: u8,
    pub(super) page: u32,
    edge: Timestamp,
    /// Whether this pass looks for what was updated during the one before, which began at `edge`.
    closing: bool,
    /// The newest update when this pass began.
    began: Option<Timestamp>,
}

impl PullPlace {
    pub(super) const fn start(since: Timestamp) -> Self {
        Self { v: VERSION, page: 1, edge: since, closing: false, began: None }
    }
}

impl Place for PullPlace {
    fn page(&self) -> u32 {
        self.page
    }

    fn version(&self) -> u8 {
        self.v
    }

    fn after(&self, page: &Seen) -> Option<Self> {
        let began = if self.page == 1 { page.newest_update() } else { self.began };
        let below = page.last_update().is_some_and(|at| at < self.edge);
        if let (false, Some(next)) = (below, page.next) {
            return Some(Self { page: next, began, ..self.clone() });
        }
        // One request is one moment: nothing can have moved within it. And if nothing is newer than what the pass
        // before began with, nothing moved during that one.
        if self.page == 1 || (self.closing && began == Some(self.edge)) {
            return None;
        }
        Some(Self { closing: true, ..Self::start(began?) })
    }
}

/// Releases: all of them, in GitHub's order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReleasePlace {
    v: u8,
    pub(super) page: u32,
    pass: Pass,
    checked: Option<Pass>,
}

impl ReleasePlace {
    pub(super) const fn start() -> Self {
        Self { v: VERSION, page: 1, pass: Pass::EMPTY, checked: None }
    }
}

impl Place for ReleasePlace {
    fn page(&self) -> u32 {
        self.page
    }

    fn version(&self) -> u8 {
        self.v
    }

    fn after(&self, page: &Seen) -> Option<Self> {
        let pass = self.pass.then(page);
        if let Some(next) = page.next {
            return Some(Self { page: next, pass, ..self.clone() });
        }
        // One request is one moment. After several, a release deleted meanwhile has drawn others over a page's edge.
        let settled = self.page == 1 || self.checked == Some(pass);
        (!settled).then(|| Self { checked: Some(pass), ..Self::start() })
    }
}

#[cfg(test)]
mod tests;
