//! Budgets per caller and endpoint, and how many requests may be under way
//! (<https://docs.sentry.io/api/ratelimits/>).

use jiff::Timestamp;

use super::{
    super::State,
    routes::endpoint,
    token::{Caller, Refusal},
};
use crate::{World, budget::Budget, wire::Call};

/// How many requests each endpoint takes from each caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests in one window.
    pub requests: u32,
    /// The length of a window in seconds.
    pub seconds: u32,
    /// Requests under way at once.
    pub concurrent: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { requests: 600, seconds: 60, concurrent: 25 }
    }
}

/// What a request is paid from. All tokens of one organization's integration share a budget.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) caller: Caller,
    pub(crate) endpoint: &'static str,
}

/// How a budget stands, and how many requests are under way.
#[derive(Clone, Copy)]
pub(crate) struct Meter {
    pub(crate) budget: Budget,
    pub(crate) seconds: u32,
    pub(crate) under_way: u32,
    pub(crate) concurrent: u32,
}

impl Meter {
    pub(crate) fn is_crowded(&self) -> bool {
        self.under_way > self.concurrent
    }

    pub(crate) fn headers(&self) -> [(&'static str, String); 5] {
        let left = self.concurrent.saturating_sub(self.under_way);
        [
            ("x-sentry-rate-limit-limit", self.budget.limit.to_string()),
            ("x-sentry-rate-limit-remaining", self.budget.remaining().to_string()),
            ("x-sentry-rate-limit-reset", self.budget.resets_at.to_string()),
            ("x-sentry-rate-limit-concurrentlimit", self.concurrent.to_string()),
            ("x-sentry-rate-limit-concurrentremaining", left.to_string()),
        ]
    }
}

impl State {
    pub(crate) fn meter(&self, key: &Key, now: Timestamp) -> Meter {
        self.metered(key, self.budgets.look(key, self.limits.requests, i64::from(self.limits.seconds), now))
    }

    pub(crate) fn spend(&mut self, key: &Key, now: Timestamp) -> Meter {
        let budget = self.budgets.spend(key, self.limits.requests, i64::from(self.limits.seconds), now);
        self.metered(key, budget)
    }

    fn metered(&self, key: &Key, budget: Budget) -> Meter {
        Meter {
            budget,
            seconds: self.limits.seconds,
            under_way: self.under_way.get(key).copied().unwrap_or(0),
            concurrent: self.limits.concurrent,
        }
    }
}

/// Counts a request as under way for as long as it lives: its caller may go away in the middle.
pub(crate) struct UnderWay {
    world: World,
    key: Result<Key, Refusal>,
}

impl UnderWay {
    pub(crate) fn enter(world: &World, call: &Call) -> Self {
        let now = world.now();
        let state = &mut *world.sentry_state();
        let key = state.tokens.caller(call, now).map(|caller| Key { caller, endpoint: endpoint(&call.path) });
        if let Ok(key) = &key {
            *state.under_way.entry(key.clone()).or_default() += 1;
        }
        Self { world: world.clone(), key }
    }

    pub(crate) fn key(&self) -> Result<&Key, Refusal> {
        self.key.as_ref().map_err(|refusal| *refusal)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let state = &mut *self.world.sentry_state();
        if let Ok(key) = &self.key
            && let Some(count) = state.under_way.get_mut(key)
        {
            *count = count.saturating_sub(1);
        }
    }
}
