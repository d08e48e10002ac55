//! Hourly budgets (<https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>).

use jiff::Timestamp;

use super::super::State;
use crate::budget::Budget;

/// How many requests an hour allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Without a token, all callers together: they share one address here.
    pub anonymous: u32,
    /// For each token, and for each installation whatever its token.
    pub authenticated: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { anonymous: 60, authenticated: 5_000 }
    }
}

/// Whose budget a request is paid from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Caller {
    Anonymous,
    /// An installation token of ours: all tokens of one installation share a budget.
    Installation(u64),
    /// Any other token, known by its digest only.
    Token([u8; 32]),
}

const HOUR: i64 = 3_600;

impl State {
    pub(crate) fn budget(&self, caller: &Caller, now: Timestamp) -> Budget {
        self.budgets.look(caller, self.limit(caller), HOUR, now)
    }

    pub(crate) fn spend(&mut self, caller: &Caller, now: Timestamp) -> Budget {
        self.budgets.spend(caller, self.limit(caller), HOUR, now)
    }

    /// The budget of GraphQL, which is apart from the other and counts points.
    pub(crate) fn points(&self, caller: &Caller, now: Timestamp) -> Budget {
        self.points.look(caller, self.limit(caller), HOUR, now)
    }

    pub(crate) fn spend_points(&mut self, caller: &Caller, points: u64, now: Timestamp) -> Budget {
        let points = u32::try_from(points).unwrap_or(u32::MAX);
        self.points.spend_many(caller, self.limit(caller), HOUR, points, now)
    }

    fn limit(&self, caller: &Caller) -> u32 {
        match caller {
            Caller::Anonymous => self.limits.anonymous,
            Caller::Installation(_) | Caller::Token(_) => self.limits.authenticated,
        }
    }
}
