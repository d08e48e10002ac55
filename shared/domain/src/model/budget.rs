//! What a workspace may spend on a language model in a day (UTC).

use jiff::tz::Offset;
use serde::Serialize;

use crate::Timestamp;

/// Most of a day. A call is begun only while both are below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyLimit {
    /// Calls.
    pub calls: u64,
    /// Tokens in and out; the last call may go beyond.
    pub tokens: u64,
}

impl Default for DailyLimit {
    fn default() -> Self {
        Self { calls: 500, tokens: 1_000_000 }
    }
}

/// The day of a moment, as in `2026-02-06`.
#[must_use]
pub fn day(at: Timestamp) -> String {
    Offset::UTC.to_datetime(at).date().to_string()
}

/// What is spent of a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Calls that were begun, answered or not.
    pub calls: u64,
    /// Tokens in and out.
    pub tokens: u64,
}

impl Usage {
    /// Whether another call may begin.
    #[must_use]
    pub const fn allows(self, limit: DailyLimit) -> bool {
        self.calls < limit.calls && self.tokens < limit.tokens
    }
}
