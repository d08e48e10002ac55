//! Lists that only grow, at their head, and may lose items.
//!
//! What is added draws items that were read over a page's edge; they are read again. What is deleted draws unread ones
//! over it. So each page is cut such that it begins with what the one before ended with, and where it does not, the walk
//! goes back.

use connector_domain::Timestamp;
use connector_domain::backfill::{Share, Window};
use serde::{Deserialize, Serialize};

use super::{MAX_PAGE_SIZE, Place, Seen, VERSION};
use crate::Extent;

/// Smaller pages have too few ways to overlap.
const MIN_PAGE_SIZE: u32 = 10;

/// Most times that a walk goes back: no walk can outrun a list that is deleted for ever.
const MAX_RETURNS: u8 = 100;

/// Events: newest first, down to `edge`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::github) struct EventPlace {
    v: u8,
    edge: Timestamp,
    /// The largest page.
    most: u32,
    /// How many items are before the unread ones.
    read: u32,
    /// The last of them.
    last: Option<u64>,
    returns: u8,
}

impl EventPlace {
    /// The page that holds the last item read and the most unread ones: its size, and how many such pages are before it.
    /// Where no page holds both, the one that begins with the unread ones.
    fn cut(&self) -> (u32, u32) {
        let most = self.most.clamp(MIN_PAGE_SIZE, MAX_PAGE_SIZE);
        let Some(joint) = self.read.checked_sub(1) else { return (most, 0) };
        let unread = |size: &u32| size - 1 - joint % size;
        let best = (most / 2 + 1..=most).max_by_key(unread).filter(|size| unread(size) > 0);
        best.map_or((most, self.read / most), |size| (size, joint / size))
    }
}

impl Place for EventPlace {
    fn start(since: Timestamp, size: u32) -> Self {
        Self { v: VERSION, edge: since, most: size, read: 0, last: None, returns: 0 }
    }

    fn version(&self) -> u8 {
        self.v
    }

    fn share(&self, page: &Seen, window: Window) -> Option<Share> {
        page.last().map(|at| Share::back(window, at))
    }

    fn extent(last: u64) -> Extent {
        Extent::AtMost(last)
    }

    fn page(&self) -> u32 {
        self.cut().1.saturating_add(1)
    }

    fn size(&self) -> Option<u32> {
        Some(self.cut().0)
    }

    fn after(&self, page: &Seen) -> Option<Self> {
        let (size, before) = self.cut();
        let start = before * size;
        // A later event has a larger id. Pages that cannot overlap are taken for joined.
        let reaches = |last| page.stamps.iter().any(|stamp| stamp.id.is_none_or(|id| id >= last));
        let joined = start >= self.read || self.last.is_none_or(reaches);
        if !joined && self.returns < MAX_RETURNS {
            return Some(Self { read: start.saturating_sub(self.most), returns: self.returns + 1, ..self.clone() });
        }
        page.next?;
        if page.last().is_some_and(|at| at < self.edge) {
            return None;
        }
        // Where GitHub hides some of its items, nothing tells whether the next page joins.
        let whole = page.stamps.len() >= size as usize;
        let last = page.stamps.iter().rev().find_map(|stamp| stamp.id).filter(|_| whole);
        Some(Self { read: start.saturating_add(size), last, ..self.clone() })
    }
}
