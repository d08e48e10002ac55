//! Hourly budgets (<https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>).

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

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

/// All budgets.
#[derive(Default)]
pub(crate) struct Budgets {
    limits: Limits,
    windows: BTreeMap<Caller, Window>,
}

#[derive(Clone, Copy)]
struct Window {
    used: u32,
    resets_at: i64,
}

/// How one budget stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    pub(crate) limit: u32,
    pub(crate) used: u32,
    /// Epoch seconds.
    pub(crate) resets_at: i64,
}

const HOUR: i64 = 3_600;

impl Budgets {
    pub(crate) fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    pub(crate) fn look(&self, caller: &Caller, now: Timestamp) -> Budget {
        let limit = match caller {
            Caller::Anonymous => self.limits.anonymous,
            Caller::Installation(_) | Caller::Token(_) => self.limits.authenticated,
        };
        match self.windows.get(caller).filter(|window| window.resets_at > now.as_second()) {
            Some(window) => Budget { limit, used: window.used, resets_at: window.resets_at },
            None => Budget { limit, used: 0, resets_at: now.as_second() + HOUR },
        }
    }

    pub(crate) fn spend(&mut self, caller: &Caller, now: Timestamp) -> Budget {
        let budget = self.look(caller, now);
        let budget = Budget { used: budget.used.saturating_add(1), ..budget };
        self.windows.insert(caller.clone(), Window { used: budget.used, resets_at: budget.resets_at });
        budget
    }
}

impl Budget {
    pub(crate) fn remaining(&self) -> u32 {
        self.limit.saturating_sub(self.used)
    }

    /// The same budget with nothing left until then.
    pub(crate) fn used_up(self, now: Timestamp, reset_in: Duration) -> Self {
        let wait = i64::try_from(reset_in.as_secs()).unwrap_or(HOUR);
        Self { used: self.limit, resets_at: now.as_second().saturating_add(wait), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_comes_back_after_its_hour() {
        let mut budgets = Budgets::default();
        let at = |second| Timestamp::from_second(second).unwrap_or_default();
        for _ in 0..60 {
            budgets.spend(&Caller::Anonymous, at(100));
        }
        assert_eq!(budgets.look(&Caller::Anonymous, at(3_699)).remaining(), 0);
        assert_eq!(budgets.look(&Caller::Anonymous, at(3_700)).remaining(), 60);
        assert_eq!(budgets.look(&Caller::Installation(1), at(100)).remaining(), 5_000);
    }
}
