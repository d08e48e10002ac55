//! Lists that begin with what was updated last.

use connector_domain::Timestamp;
use connector_domain::backfill::{Share, Window};
use serde::{Deserialize, Serialize};

use super::{Place, Seen, VERSION};
use crate::Extent;

/// Pull requests: newest update first, down to `edge`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::github) struct PullPlace {
    v: u8,
    page: u32,
    edge: Timestamp,
    /// Whether this pass looks for what was updated during the one before, which began at `edge`.
    closing: bool,
    /// The newest update when this pass began.
    began: Option<Timestamp>,
}

impl PullPlace {
    const fn pass(edge: Timestamp, closing: bool) -> Self {
        Self { v: VERSION, page: 1, edge, closing, began: None }
    }
}

impl Place for PullPlace {
    fn start(since: Timestamp, _size: u32) -> Self {
        Self::pass(since, false)
    }

    fn share(&self, page: &Seen, window: Window) -> Option<Share> {
        if self.closing { Some(Share::ALL) } else { page.last().map(|at| Share::back(window, at)) }
    }

    fn extent(last: u64) -> Extent {
        Extent::AtMost(last)
    }

    fn page(&self) -> u32 {
        self.page
    }

    fn version(&self) -> u8 {
        self.v
    }

    fn after(&self, page: &Seen) -> Option<Self> {
        let began = if self.page == 1 { page.newest() } else { self.began };
        let below = page.last().is_some_and(|at| at < self.edge);
        if let (false, Some(next)) = (below, page.next) {
            return Some(Self { page: next, began, ..self.clone() });
        }
        // One request is one moment: nothing can have moved within it. And if nothing is newer than what the pass
        // before began with, nothing moved during that one.
        if self.page == 1 || (self.closing && began == Some(self.edge)) {
            return None;
        }
        Some(Self::pass(began?, true))
    }
}
