//! Budgets per caller and endpoint (<https://vercel.com/docs/rest-api/reference/welcome#rate-limits>).

use jiff::Timestamp;

use super::{super::State, token::Caller};
use crate::budget::Budget;

/// How many requests each endpoint takes from each caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests in one window.
    pub requests: u32,
    /// The length of a window in seconds.
    pub seconds: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { requests: 500, seconds: 60 }
    }
}

/// What a request is paid from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) caller: Caller,
    pub(crate) endpoint: &'static str,
}

/// The endpoint whose budget a path is paid from.
pub(crate) fn endpoint(path: &str) -> &'static str {
    match path.split('/').nth(2) {
        Some("deployments") => "deployments",
        Some("projects") => "projects",
        _ => "other",
    }
}

impl State {
    pub(crate) fn budget(&self, key: &Key, now: Timestamp) -> Budget {
        self.budgets.look(key, self.limits.requests, i64::from(self.limits.seconds), now)
    }

    pub(crate) fn spend(&mut self, key: &Key, now: Timestamp) -> Budget {
        self.budgets.spend(key, self.limits.requests, i64::from(self.limits.seconds), now)
    }
}
