//! Walks through lists that change while they are read. None loses an item that is there from start to end.
//!
//! A page number is a place relative to the head: whatever moves before it moves the place. So
//! * issues and comments go by time: each request starts at the last update seen, and an item that is updated moves ahead
//!   of the walk;
//! * pull requests, for which GitHub offers no `since`, go from the newest update back, and then over what was updated
//!   meanwhile, until that fits one page;
//! * events of issues, which never change but vanish with their issue, go from the newest back in pages that overlap;
//! * releases, whose order says nothing about time, are read until two passes agree.
//!
//! Pushes are never changed or taken away, and GitHub keeps the place among them. What is asked for through GraphQL goes
//! as pull requests do, where it moves, with GitHub's cursors in place of numbers.
//!
//! The end of a list is where GitHub offers no next page, never a page with few items.

mod descent;
mod keyset;
mod overlap;
mod passes;
mod pushes;
mod tree;

use connector_domain::Timestamp;
use connector_domain::backfill::{Cursor, Share, Window};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Extent;

pub(super) use descent::PullPlace;
pub(super) use keyset::KeysetPlace;
pub(super) use overlap::EventPlace;
pub(super) use passes::ReleasePlace;
pub(super) use pushes::PushPlace;
pub(super) use tree::{Branches, TreePlace};

/// Written into every cursor; another version starts the list again.
const VERSION: u8 = 1;

/// GitHub gives no larger pages. <https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api>
pub(super) const MAX_PAGE_SIZE: u32 = 100;

/// What a page says about its list.
#[derive(Debug)]
pub(super) struct Seen {
    /// Its items in order.
    pub(super) stamps: Vec<Stamp>,
    /// The number of the next page, if GitHub offers one.
    pub(super) next: Option<u32>,
}

/// Which item, and the time that its list goes by; whatever of it can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) id: Option<u64>,
    pub(super) at: Option<Timestamp>,
}

impl Seen {
    fn last(&self) -> Option<Timestamp> {
        self.stamps.iter().rev().find_map(|stamp| stamp.at)
    }

    fn newest(&self) -> Option<Timestamp> {
        self.stamps.iter().filter_map(|stamp| stamp.at).max()
    }
}

/// A place in a list.
pub(super) trait Place: Serialize + DeserializeOwned {
    /// The start of a walk through what happened since, by pages of a size.
    fn start(since: Timestamp, size: u32) -> Self;

    /// The place after a page; `None` at the end.
    fn after(&self, page: &Seen) -> Option<Self>;

    /// How much of a window is read with a page.
    fn share(&self, page: &Seen, window: Window) -> Option<Share>;

    /// How long the list is that ends with the page of a number.
    fn extent(last: u64) -> Extent;

    fn version(&self) -> u8;

    /// The number of the page it stands at.
    fn page(&self) -> u32;

    /// The size of the pages that are counted; `None` where any does.
    fn size(&self) -> Option<u32> {
        None
    }

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

#[cfg(test)]
mod tests;
