//! Lists that can be asked for from a time on.

use std::time::Duration;

use connector_domain::Timestamp;
use connector_domain::backfill::{Share, Window};
use serde::{Deserialize, Serialize};

use super::{Pass, Place, Seen, VERSION};
use crate::Extent;

/// How far two requests overlap: `since` is documented as "after" and works as "at or after".
const OVERLAP: Duration = Duration::from_secs(1);

/// Issues and comments: oldest update first, from `since` on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::github) struct KeysetPlace {
    v: u8,
    pub(in crate::github) since: Timestamp,
    /// Above 1 while more items than fit a page share the second of `since`.
    page: u32,
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

impl KeysetPlace {
    fn at(since: Timestamp, before: Option<Before>) -> Self {
        Self { v: VERSION, since, page: 1, pass: Pass::EMPTY, before }
    }
}

impl Place for KeysetPlace {
    fn start(since: Timestamp, _size: u32) -> Self {
        Self::at(since, None)
    }

    fn share(&self, page: &Seen, window: Window) -> Option<Share> {
        page.last().map(|at| Share::forth(window, at))
    }

    fn extent(last: u64) -> Extent {
        Extent::Pages(last)
    }

    fn page(&self) -> u32 {
        self.page
    }

    fn version(&self) -> u8 {
        self.v
    }

    fn after(&self, page: &Seen) -> Option<Self> {
        let reached = page.last().and_then(|at| at.checked_sub(OVERLAP).ok()).filter(|at| *at > self.since);
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
