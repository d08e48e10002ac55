//! Budgets of requests that come back when their window ends.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

/// All budgets of one provider, told apart by `K`: who pays, and for what.
pub(crate) struct Budgets<K> {
    windows: BTreeMap<K, Window>,
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

impl<K> Default for Budgets<K> {
    fn default() -> Self {
        Self { windows: BTreeMap::new() }
    }
}

impl<K: Clone + Ord> Budgets<K> {
    /// The budget of `limit` requests in `seconds`, as it stands.
    pub(crate) fn look(&self, key: &K, limit: u32, seconds: i64, now: Timestamp) -> Budget {
        match self.windows.get(key).filter(|window| window.resets_at > now.as_second()) {
            Some(window) => Budget { limit, used: window.used, resets_at: window.resets_at },
            None => Budget { limit, used: 0, resets_at: now.as_second() + seconds },
        }
    }

    /// The same after one request more; its window begins with the first one.
    pub(crate) fn spend(&mut self, key: &K, limit: u32, seconds: i64, now: Timestamp) -> Budget {
        self.spend_many(key, limit, seconds, 1, now)
    }

    /// The same after so much more.
    pub(crate) fn spend_many(&mut self, key: &K, limit: u32, seconds: i64, amount: u32, now: Timestamp) -> Budget {
        let budget = self.look(key, limit, seconds, now);
        let budget = Budget { used: budget.used.saturating_add(amount), ..budget };
        self.windows.insert(key.clone(), Window { used: budget.used, resets_at: budget.resets_at });
        budget
    }
}

impl Budget {
    pub(crate) fn remaining(&self) -> u32 {
        self.limit.saturating_sub(self.used)
    }

    /// The same budget with nothing left until then.
    pub(crate) fn used_up(self, now: Timestamp, reset_in: Duration) -> Self {
        let wait = i64::try_from(reset_in.as_secs()).unwrap_or(i64::MAX);
        Self { used: self.limit, resets_at: now.as_second().saturating_add(wait), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_comes_back_when_its_window_ends() {
        let mut budgets = Budgets::default();
        let at = |second| Timestamp::from_second(second).unwrap_or_default();
        for second in 100..160 {
            budgets.spend(&"one", 60, 3_600, at(second));
        }
        assert_eq!(budgets.look(&"one", 60, 3_600, at(3_699)).remaining(), 0);
        assert_eq!(budgets.look(&"one", 60, 3_600, at(3_700)).remaining(), 60);
        assert_eq!(budgets.look(&"other", 60, 3_600, at(100)).remaining(), 60);
    }
}
