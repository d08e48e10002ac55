//! How a unit comes to rest, and goes on from there; and how much is left of it.

use std::time::Duration;

use super::{CALL_BUDGET, Unit, seconds};
use crate::Timestamp;
use crate::backfill::{FailCode, Limits, PauseReason, Share, UnitState, WaitReason};
use crate::time::later;

impl Unit {
    /// Instead of a call that the budget does not allow now: nothing was asked.
    #[must_use]
    pub fn defer(&self, until: Timestamp, reason: WaitReason, limits: &Limits, now: Timestamp) -> Self {
        let mut next = self.changed(now);
        next.leased_until = None;
        next.wait(until, reason, limits);
        next
    }

    /// Stops it because its run may make no more calls.
    #[must_use]
    pub fn spend(&self, now: Timestamp) -> Self {
        let mut next = self.changed(now);
        next.leased_until = None;
        next.state = UnitState::Partial { reason: CALL_BUDGET.to_owned() };
        next
    }

    /// Stops it until it is resumed. A page that is being fetched is kept and fetched again. `None` when it is at rest.
    #[must_use]
    pub fn pause(&self, now: Timestamp) -> Option<Self> {
        if self.state.is_at_rest() {
            return None;
        }
        let mut next = self.changed(now);
        next.state = UnitState::Paused { why: PauseReason::Asked };
        next.leased_until = None;
        Some(next)
    }

    /// Goes on where it was paused or stopped early; `None` when it was not.
    #[must_use]
    pub fn resume(&self, limits: &Limits, now: Timestamp) -> Option<Self> {
        let stopped = matches!(self.state, UnitState::Paused { .. } | UnitState::Partial { .. });
        stopped.then(|| self.go_on(limits, now))
    }

    /// Tries again what failed, from the page at which it did; `None` when it did not fail.
    #[must_use]
    pub fn retry(&self, limits: &Limits, now: Timestamp) -> Option<Self> {
        let UnitState::Failed { code } = &self.state else { return None };
        let mut next = self.go_on(limits, now);
        if matches!(code, code if *code == FailCode::CURSOR_LOOP || *code == FailCode::CURSOR_INVALID) {
            next.cursor = None;
        }
        Some(next)
    }

    fn go_on(&self, limits: &Limits, now: Timestamp) -> Self {
        let mut next = self.changed(now);
        next.state = if self.page == 0 { UnitState::Pending } else { UnitState::Running };
        next.attempts = 0;
        next.restarts = 0;
        next.last_page = Some(self.page.saturating_add(limits.max_pages));
        next.due_at = later(now, limits.stall);
        next
    }

    /// How much of its time is read, where that can be told.
    #[must_use]
    pub fn share(&self) -> Option<Share> {
        if self.state == UnitState::Completed { Some(Share::ALL) } else { self.read }
    }

    /// When its list should be read, as fast as up to now; `None` where that cannot be told.
    #[must_use]
    pub fn eta(&self) -> Option<Timestamp> {
        let read = self.read.filter(|read| *read > Share::NONE && self.later.is_empty())?;
        let working = seconds(self.started_at, self.updated_at).saturating_sub(self.counters.waited);
        let from = match self.state {
            UnitState::Waiting { until, .. } => until.max(self.updated_at),
            _ => self.updated_at,
        };
        let left = read.whole(working)?.saturating_sub(working);
        from.checked_add(Duration::from_secs(left)).ok()
    }
}
