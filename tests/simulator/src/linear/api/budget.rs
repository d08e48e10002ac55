//! Budgets of requests and of points: <https://linear.app/developers/rate-limiting>.
//!
//! They are leaky buckets: what was spent comes back at a constant rate, within an hour.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{super::fault::Budget, token::Caller};

/// How much an hour allows each caller: an app, whatever its tokens, or somebody's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests.
    pub requests: u32,
    /// Points.
    pub complexity: u32,
}

impl Default for Limits {
    /// Those of an OAuth app. Linear has changed them several times: read the headers.
    fn default() -> Self {
        Self { requests: 5_000, complexity: 2_000_000 }
    }
}

/// All budgets.
#[derive(Default)]
pub(crate) struct Budgets {
    limits: Limits,
    /// When each bucket will be empty again, in microseconds.
    empty_at: BTreeMap<(Caller, bool), i64>,
}

/// How one budget stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// Epoch milliseconds.
    pub(crate) resets_at: i64,
}

const HOUR: i64 = 3_600_000_000;

impl Budgets {
    pub(crate) fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    fn limit(&self, budget: Budget) -> u32 {
        match budget {
            Budget::Requests => self.limits.requests,
            Budget::Complexity => self.limits.complexity,
        }
    }

    pub(crate) fn look(&self, caller: &Caller, budget: Budget, now: Timestamp) -> Standing {
        let limit = self.limit(budget);
        let now = now.as_microsecond();
        let empty_at =
            self.empty_at.get(&(caller.clone(), budget == Budget::Complexity)).copied().unwrap_or(now).max(now);
        let spent = u64::try_from((empty_at - now) * i64::from(limit)).unwrap_or(0).div_ceil(HOUR.unsigned_abs());
        let remaining = limit.saturating_sub(u32::try_from(spent).unwrap_or(u32::MAX));
        Standing { limit, remaining, resets_at: empty_at.div_euclid(1_000) }
    }

    pub(crate) fn spend(&mut self, caller: &Caller, budget: Budget, amount: u64, now: Timestamp) {
        let limit = i64::from(self.limit(budget).max(1));
        let empty_at = self.empty_at.entry((caller.clone(), budget == Budget::Complexity)).or_insert(0);
        let cost = i64::try_from(amount).unwrap_or(i64::MAX).saturating_mul(HOUR) / limit;
        *empty_at = (*empty_at).max(now.as_microsecond()).saturating_add(cost);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_spent_comes_back_little_by_little() {
        let mut budgets = Budgets::default();
        budgets.set_limits(Limits { requests: 60, complexity: 100 });
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        let me = Caller::App;
        for _ in 0..60 {
            budgets.spend(&me, Budget::Requests, 1, at(0));
        }
        let remaining = |minute| budgets.look(&me, Budget::Requests, at(minute)).remaining;
        assert_eq!((remaining(0), remaining(1), remaining(30), remaining(61)), (0, 1, 30, 60));
        assert_eq!(budgets.look(&me, Budget::Requests, at(0)).resets_at, 3_600_000);
        assert_eq!(budgets.look(&me, Budget::Complexity, at(0)).remaining, 100, "another budget");
        assert_eq!(budgets.look(&Caller::Other([1; 32]), Budget::Requests, at(0)).remaining, 60, "another caller");
    }
}
