//! Takes calls from a budget, and keeps it as answers say.
//!
//! The row is a state machine like a unit's: of two that change it at once one wins, and the other one looks again.

use connector_domain::backfill::{Budget, BudgetKey, Take, Version, WaitReason};
use connector_domain::http::RateLimit;
use connector_domain::ports::{BackfillStore, PortError, Put};
use connector_domain::{RunId, Timestamp};

/// How often a change is tried that others overtake. A call that could not be counted is made nevertheless: the next
/// answer says how many are left.
const TRIES: u32 = 8;

/// Whether a call may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// It may.
    Yes,
    /// Not before then.
    Later {
        /// When.
        until: Timestamp,
        /// What is waited for.
        reason: WaitReason,
    },
    /// Never: it is used up.
    Never,
}

/// Takes one call. What nothing is known of allows it.
///
/// # Errors
/// When the store fails.
pub async fn take(
    store: &dyn BackfillStore,
    key: &BudgetKey,
    reserve_percent: u64,
    now: Timestamp,
) -> Result<Allowed, PortError> {
    for _ in 0..TRIES {
        let Some(budget) = store.budget(key).await? else { return Ok(Allowed::Yes) };
        match budget.take(reserve_percent, now) {
            Take::Wait { until, reason } => return Ok(Allowed::Later { until, reason }),
            Take::Spent => return Ok(Allowed::Never),
            Take::Granted(next) => {
                if store.put_budget(&next, Some(budget.version)).await? == Put::Stored {
                    return Ok(Allowed::Yes);
                }
            }
        }
    }
    Ok(Allowed::Yes)
}

/// Notes what an answer says of a budget.
///
/// # Errors
/// When the store fails.
pub async fn learn(
    store: &dyn BackfillStore,
    key: &BudgetKey,
    rate: &RateLimit,
    now: Timestamp,
) -> Result<(), PortError> {
    change(store, key, |known| match known {
        Some(budget) => budget.learn(rate, now),
        None => Budget::first(key.clone(), rate, now),
    })
    .await
}

/// Notes that the provider wants no call until then.
///
/// # Errors
/// When the store fails.
pub async fn close(
    store: &dyn BackfillStore,
    key: &BudgetKey,
    until: Timestamp,
    reason: WaitReason,
    now: Timestamp,
) -> Result<(), PortError> {
    change(store, key, |known| match known {
        Some(budget) => budget.close(until, reason, now),
        None => Some(Budget::closed(key.clone(), until, reason, now)),
    })
    .await
}

/// Sets how many calls a run may make, or adds as many.
///
/// # Errors
/// When the store fails.
pub(crate) async fn allow(store: &dyn BackfillStore, run: &RunId, calls: u64, now: Timestamp) -> Result<(), PortError> {
    change(store, &BudgetKey::Run { run: run.clone() }, |known| {
        Some(match known {
            Some(budget) => budget.add(calls, now),
            None => Budget::of_run(run.clone(), calls, now),
        })
    })
    .await
}

async fn change(
    store: &dyn BackfillStore,
    key: &BudgetKey,
    next: impl Fn(Option<&Budget>) -> Option<Budget>,
) -> Result<(), PortError> {
    for _ in 0..TRIES {
        let known = store.budget(key).await?;
        let Some(next) = next(known.as_ref()) else { return Ok(()) };
        let expected: Option<Version> = known.map(|budget| budget.version);
        if store.put_budget(&next, expected).await? == Put::Stored {
            return Ok(());
        }
    }
    Ok(())
}
