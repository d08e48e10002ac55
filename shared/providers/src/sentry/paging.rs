//! Walks through lists that change while they are read. None loses an item that is there from start to end.
//!
//! * Issues go by when they were first seen, which never changes, so Sentry's own cursor keeps its place. What happened to
//!   them goes the same way, and asks for each issue of a page before the next page.
//! * For events that cursor is a number of items to leave out: whatever is deleted before the place draws other items
//!   over a page's edge, unread. So each request ends the asked-for time where the last page ended, and the cursor only
//!   leads through a second that holds more than a page.
//!
//! A page may hold few items and not be the last: the end is where Sentry says that the next one has no results.
//! <https://docs.sentry.io/api/pagination/>

use std::time::Duration;

use connector_domain::Timestamp;
use connector_domain::backfill::Cursor;
use connector_domain::http::Headers;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::headers;

mod history;

pub(super) use history::{HistoryPlace, Step};

/// Written into every cursor; another version starts the list again.
const VERSION: u8 = 1;

/// Sentry's moments are asked for in whole seconds.
const SECOND: Duration = Duration::from_secs(1);

/// What a page says about its list.
#[derive(Debug)]
pub(super) struct Seen {
    /// When its items happened, in order; whatever of it can be read.
    pub(super) seconds: Vec<Option<Timestamp>>,
    /// Sentry's cursor to the next page, if that has results.
    pub(super) next: Option<String>,
}

/// The link to the next page is there and cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadLink;

/// Sentry's cursor to the next page. The link is there at the end, too, and then says that nothing follows.
pub(super) fn next(headers: &Headers) -> Result<Option<String>, BadLink> {
    let Some(link) = headers::link_with(headers, "next").filter(|link| link.parameter("results") == Some("true"))
    else {
        return Ok(None);
    };
    link.parameter("cursor").filter(|cursor| is_cursor(cursor)).map(|cursor| Some(cursor.to_owned())).ok_or(BadLink)
}

/// `value:offset:direction`, all of them numbers.
fn is_cursor(text: &str) -> bool {
    let fit = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-');
    text.len() <= 100 && text.split(':').count() == 3 && text.split(':').all(fit)
}

/// A place in a list.
pub(super) trait Place: Serialize + DeserializeOwned {
    /// The place after a page; `None` at the end.
    fn after(&self, page: Seen) -> Option<Self>;

    fn is_fit(&self) -> bool;

    /// Reads a cursor; `None` when it is not one of this list.
    fn read(cursor: &Cursor) -> Option<Self> {
        serde_json::from_str(cursor.as_str()).ok().filter(Self::is_fit)
    }

    fn write(&self) -> Option<Cursor> {
        Cursor::parse(serde_json::to_string(self).ok()?).ok()
    }
}

/// Issues: first seen last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IssuePlace {
    v: u8,
    pub(super) cursor: Option<String>,
}

impl IssuePlace {
    pub(super) const fn start() -> Self {
        Self { v: VERSION, cursor: None }
    }
}

impl Place for IssuePlace {
    fn is_fit(&self) -> bool {
        self.v == VERSION && self.cursor.as_deref().is_none_or(is_cursor)
    }

    fn after(&self, page: Seen) -> Option<Self> {
        page.next.map(|cursor| Self { cursor: Some(cursor), ..self.clone() })
    }
}

/// Events: newest first, from `since` up to `end`, which itself is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventPlace {
    v: u8,
    since: Timestamp,
    pub(super) end: Timestamp,
    pub(super) cursor: Option<String>,
    /// The server does not look at the asked-for time, as those of some years ago: only its cursor leads on.
    by_cursor: bool,
}

impl EventPlace {
    /// The last second of the window is part of it.
    pub(super) fn start(since: Timestamp, until: Timestamp) -> Self {
        Self { v: VERSION, since, end: after(until), cursor: None, by_cursor: false }
    }
}

/// The next whole second.
pub(super) fn after(at: Timestamp) -> Timestamp {
    let second = Timestamp::from_second(at.as_second()).unwrap_or(at);
    second.checked_add(SECOND).unwrap_or(second)
}

impl Place for EventPlace {
    fn is_fit(&self) -> bool {
        self.v == VERSION && self.cursor.as_deref().is_none_or(is_cursor)
    }

    fn after(&self, page: Seen) -> Option<Self> {
        let cursor = Some(page.next?);
        let known = || page.seconds.iter().flatten().copied();
        let oldest = known().next_back();
        if oldest.is_some_and(|at| after(at) <= self.since) {
            return None;
        }
        let by_cursor = self.by_cursor || known().any(|at| at > self.end);
        Some(match oldest.map(after).filter(|end| *end < self.end && !by_cursor) {
            Some(end) => Self { end, cursor: None, ..self.clone() },
            None => Self { cursor, by_cursor, ..self.clone() },
        })
    }
}

#[cfg(test)]
mod tests;
