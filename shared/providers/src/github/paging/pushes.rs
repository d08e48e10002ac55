//! A list that GitHub keeps the place in.

use connector_domain::Timestamp;
use connector_domain::backfill::Cursor;
use serde::{Deserialize, Serialize};

use super::VERSION;

/// Pushes to a branch: newest first, and none is ever changed or taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::github) struct PushPlace {
    v: u8,
    branch: String,
    /// GitHub's cursor, from the page before.
    pub(in crate::github) after: Option<String>,
}

impl PushPlace {
    pub(in crate::github) const fn start(branch: String) -> Self {
        Self { v: VERSION, branch, after: None }
    }

    /// The branch by its full name.
    pub(in crate::github) fn reference(&self) -> String {
        format!("refs/heads/{}", self.branch)
    }

    /// The place after a page whose last push was at `oldest`; `None` at the end, or below the window.
    pub(in crate::github) fn after(
        self,
        oldest: Option<Timestamp>,
        since: Timestamp,
        next: Option<String>,
    ) -> Option<Self> {
        let below = oldest.is_some_and(|at| at < since);
        next.filter(|_| !below).map(|after| Self { after: Some(after), ..self })
    }

    /// Reads a cursor; `None` when it is not one of this list.
    pub(in crate::github) fn read(cursor: &Cursor) -> Option<Self> {
        let place: Self = serde_json::from_str(cursor.as_str()).ok()?;
        (place.v == VERSION).then_some(place)
    }

    pub(in crate::github) fn write(&self) -> Option<Cursor> {
        Cursor::parse(serde_json::to_string(self).ok()?).ok()
    }
}
