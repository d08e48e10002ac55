//! How many calls may still be made: by a connection, as its provider says, and by a run, as its starter says.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Version, WaitReason};
use crate::http::RateLimit;
use crate::{ConnectionId, RunId, Timestamp};

/// What a provider counts apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pool {
    /// Calls.
    #[default]
    Calls,
    /// Points of a query language, which GitHub counts beside its calls.
    /// <https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api>
    Points,
}

impl Pool {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Calls, Self::Points];

    /// The name in keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Points => "points",
        }
    }
}

/// Whose budget.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum BudgetKey {
    /// What a provider allows a connection in a while. All units of the connection share it.
    Connection {
        /// Whose.
        connection: ConnectionId,
        /// Of what.
        pool: Pool,
    },
    /// What a run may use in all.
    Run {
        /// Which.
        run: RunId,
    },
}

/// The row of a budget. It is written back with its version as the condition, as a unit is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Whose.
    #[serde(flatten)]
    pub key: BudgetKey,
    /// Number of this writing of the row.
    pub version: Version,
    /// All that there is at the start of a while.
    pub limit: u64,
    /// What is left of it.
    pub remaining: u64,
    /// When it starts anew; unknown between that moment and the next answer, and never for a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resets_at: Option<Timestamp>,
    /// Until when the provider wants no call at all, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<(Timestamp, WaitReason)>,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Whether a call may be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Take {
    /// It may, once this row is stored.
    Granted(Box<Budget>),
    /// Not before then.
    Wait {
        /// When.
        until: Timestamp,
        /// What is waited for.
        reason: WaitReason,
    },
    /// Never: it is used up.
    Spent,
}

/// How long a while is taken for: that of GitHub and of Linear.
const HOUR: Duration = Duration::from_secs(3_600);

/// Resets that differ by less are of one while: providers count it down in whole seconds.
const SAME_WHILE_SECONDS: i64 = 5;

impl Budget {
    /// The budget of a run.
    #[must_use]
    pub const fn of_run(run: RunId, calls: u64, now: Timestamp) -> Self {
        let key = BudgetKey::Run { run };
        Self { key, version: 1, limit: calls, remaining: calls, resets_at: None, blocked: None, updated_at: now }
    }

    /// What a first answer tells of a connection's budget; `None` when it tells nothing.
    #[must_use]
    pub fn first(key: BudgetKey, rate: &RateLimit, now: Timestamp) -> Option<Self> {
        let (limit, remaining) = (rate.limit?, rate.remaining?);
        let resets_at = rate.resets_at;
        Some(Self { key, version: 1, limit, remaining, resets_at, blocked: None, updated_at: now })
    }

    /// A budget of which only is known that the provider wants no call until then.
    #[must_use]
    pub const fn closed(key: BudgetKey, until: Timestamp, reason: WaitReason, now: Timestamp) -> Self {
        let blocked = Some((until, reason));
        Self { key, version: 1, limit: 0, remaining: 0, resets_at: None, blocked, updated_at: now }
    }

    /// Takes one call, and leaves `reserve_percent` of a connection's budget to live work.
    #[must_use]
    pub fn take(&self, reserve_percent: u64, now: Timestamp) -> Take {
        if let Some((until, reason)) = self.blocked.filter(|(until, _)| *until > now) {
            return Take::Wait { until, reason };
        }
        let mut next = self.changed(now);
        next.blocked = None;
        if matches!(self.key, BudgetKey::Run { .. }) {
            let Some(remaining) = self.remaining.checked_sub(1) else { return Take::Spent };
            next.remaining = remaining;
            return Take::Granted(Box::new(next));
        }
        match self.resets_at {
            Some(resets_at) if resets_at <= now => {
                next.remaining = self.limit;
                next.resets_at = None;
            }
            Some(resets_at) if self.remaining.saturating_mul(100) <= self.limit.saturating_mul(reserve_percent) => {
                return Take::Wait { until: resets_at, reason: WaitReason::RateLimit };
            }
            // Of what starts anew at no known time, the next answer tells.
            Some(_) | None => {}
        }
        next.remaining = next.remaining.saturating_sub(1);
        Take::Granted(Box::new(next))
    }

    /// What an answer tells in addition; `None` when that is nothing new. Answers come in any order, so within one while
    /// the lowest number holds.
    #[must_use]
    pub fn learn(&self, rate: &RateLimit, now: Timestamp) -> Option<Self> {
        let told = Self::first(self.key.clone(), rate, now)?;
        let later = match (self.resets_at, told.resets_at) {
            (Some(known), Some(told)) => told.duration_since(known).as_secs(),
            (None, _) => i64::MAX,
            (Some(_), None) => 0,
        };
        let next = if later > SAME_WHILE_SECONDS {
            Self { version: self.version + 1, blocked: self.blocked, ..told }
        } else if later >= -SAME_WHILE_SECONDS && (told.remaining < self.remaining || told.limit != self.limit) {
            Self { limit: told.limit, remaining: told.remaining.min(self.remaining), ..self.changed(now) }
        } else {
            return None;
        };
        Some(next)
    }

    /// After the provider asked for no call until then; `None` when that is known.
    #[must_use]
    pub fn close(&self, until: Timestamp, reason: WaitReason, now: Timestamp) -> Option<Self> {
        if self.blocked.is_some_and(|(known, _)| known >= until) {
            return None;
        }
        Some(Self { blocked: Some((until, reason)), ..self.changed(now) })
    }

    /// How long so many calls would have to wait, were nobody else to make any.
    #[must_use]
    pub fn time_for(&self, calls: u64, reserve_percent: u64, now: Timestamp) -> Duration {
        let each = self.limit.saturating_sub(self.limit.saturating_mul(reserve_percent) / 100).max(1);
        let left = self.remaining.saturating_sub(self.limit - each.min(self.limit));
        let Some(resets_at) = self.resets_at.filter(|_| calls > left) else { return Duration::ZERO };
        let first = Duration::try_from(resets_at.duration_since(now)).unwrap_or(Duration::ZERO);
        first.saturating_add(HOUR.saturating_mul(u32::try_from((calls - left - 1) / each).unwrap_or(u32::MAX)))
    }

    /// Adds calls to what a run may use.
    #[must_use]
    pub fn add(&self, calls: u64, now: Timestamp) -> Self {
        let (limit, remaining) = (self.limit.saturating_add(calls), self.remaining.saturating_add(calls));
        Self { limit, remaining, ..self.changed(now) }
    }

    fn changed(&self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn rate(remaining: u64, limit: u64, resets_at: i64) -> RateLimit {
        RateLimit { remaining: Some(remaining), limit: Some(limit), resets_at: Some(at(resets_at)) }
    }

    fn key() -> BudgetKey {
        BudgetKey::Connection { connection: ConnectionId::parse("c").unwrap(), pool: Pool::Calls }
    }

    fn taken(budget: &Budget, reserve: u64, now: i64) -> Budget {
        match budget.take(reserve, at(now)) {
            Take::Granted(next) => *next,
            other => panic!("not granted: {other:?}"),
        }
    }

    #[test]
    fn calls_are_taken_down_to_the_reserve_and_wait_then_for_the_next_while() {
        let mut budget = Budget::first(key(), &rate(22, 100, 1_000), at(0)).unwrap();
        budget = taken(&taken(&budget, 20, 1), 20, 2);
        assert_eq!(budget.remaining, 20);
        assert_eq!(budget.take(20, at(3)), Take::Wait { until: at(1_000), reason: WaitReason::RateLimit });
        assert_eq!(taken(&budget, 0, 3).remaining, 19, "without a reserve there is some left");
        let anew = taken(&budget, 20, 1_000);
        assert_eq!((anew.remaining, anew.resets_at), (99, None), "the next while has begun");
        assert_eq!(anew.learn(&rate(98, 100, 2_000), at(1_001)).unwrap().resets_at, Some(at(2_000)));
    }

    #[test]
    fn a_provider_that_wants_no_calls_gets_none_from_any_unit() {
        let budget = Budget::first(key(), &rate(90, 100, 1_000), at(0)).unwrap();
        let closed = budget.close(at(60), WaitReason::SecondaryLimit, at(1)).unwrap();
        assert_eq!(closed.take(20, at(59)), Take::Wait { until: at(60), reason: WaitReason::SecondaryLimit });
        assert_eq!(closed.close(at(30), WaitReason::SecondaryLimit, at(1)), None, "a shorter one changes nothing");
        assert_eq!(taken(&closed, 20, 60).blocked, None);
        let unknown = Budget::closed(key(), at(60), WaitReason::RateLimit, at(1));
        assert!(matches!(unknown.take(20, at(59)), Take::Wait { .. }));
        assert!(matches!(unknown.take(20, at(60)), Take::Granted(_)));
    }

    #[test]
    fn answers_that_overtake_each_other_never_raise_what_is_left() {
        let budget = Budget::first(key(), &rate(50, 100, 1_000), at(0)).unwrap();
        assert_eq!(budget.learn(&rate(60, 100, 1_000), at(1)), None, "an earlier answer");
        assert_eq!(budget.learn(&rate(50, 100, 1_002), at(1)), None, "the same while");
        assert_eq!(budget.learn(&rate(40, 100, 1_000), at(1)).unwrap().remaining, 40, "others use it too");
        assert_eq!(budget.learn(&rate(99, 100, 4_600), at(1)).unwrap().remaining, 99, "the next while");
        assert_eq!(budget.learn(&rate(10, 100, -2_600), at(1)), None, "the while before");
        assert_eq!(budget.learn(&RateLimit::default(), at(1)), None);
    }

    #[test]
    fn what_is_over_a_budget_waits_for_the_next_ones() {
        let budget = Budget::first(key(), &rate(30, 100, 1_000), at(0)).unwrap();
        let seconds = |calls| budget.time_for(calls, 20, at(0)).as_secs();
        assert_eq!([seconds(10), seconds(11), seconds(90), seconds(91)], [0, 1_000, 1_000, 4_600]);
    }

    #[test]
    fn a_run_ends_with_its_calls() {
        let run = Budget::of_run(RunId::parse("r").unwrap(), 1, at(0));
        let spent = taken(&run, 20, 1);
        assert_eq!(spent.take(20, at(99_999)), Take::Spent);
        assert_eq!(taken(&spent.add(5, at(2)), 20, 3).remaining, 4);
    }

    proptest! {
        /// However many units share it and however late answers come, no more is taken than there is.
        #[test]
        fn no_more_is_taken_than_there_is(limit in 1_u64..200, reserve in 0_u64..50, answers in proptest::collection::vec(0_u64..200, 0..300)) {
            let mut budget = Budget::first(key(), &rate(limit, limit, 1_000), at(0)).unwrap();
            let mut taken = 0;
            for answer in answers {
                if let Take::Granted(next) = budget.take(reserve, at(1)) {
                    taken += 1;
                    budget = *next;
                }
                budget = budget.learn(&rate(answer.min(limit), limit, 1_000), at(1)).unwrap_or(budget);
            }
            prop_assert!(taken <= limit - limit * reserve / 100);
        }
    }
}
