//! One (resource × entity type) of a run: a state machine that is written back with its version as the condition.
//!
//! Every change makes a new [`Version`], and a change is stored only on top of the version it was made from. So of two
//! workers on one page, or of a worker and a cancel, exactly one wins, and a frozen worker that wakes up late writes nothing.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    Counters, Coverage, Cursor, Disposition, EntityType, FailCode, Limits, PauseReason, Share, UnitState, WaitReason,
    Window,
};
use crate::connection::{Integration, ResourceRef};
use crate::task::{PageTask, TASK_VERSION};
use crate::time::{backoff, later};
use crate::{ConnectionId, ProviderKind, ResourceId, RunId, Timestamp, WorkspaceId};

/// Which unit: one at a time is active for each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitKey {
    /// For whom.
    pub workspace: WorkspaceId,
    /// Where.
    pub provider: ProviderKind,
    /// Of which resource.
    pub resource: ResourceId,
    /// Which list.
    pub entity: EntityType,
}

impl UnitKey {
    /// The unit of a linked resource.
    #[must_use]
    pub fn of(link: &Integration, entity: EntityType) -> Self {
        Self { workspace: link.workspace.clone(), provider: link.provider, resource: link.resource.id.clone(), entity }
    }
}

impl fmt::Display for UnitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.workspace, self.provider, self.resource, self.entity)
    }
}

/// Why a unit is partial: it has as many pages as a unit may have.
pub const PAGE_LIMIT: &str = "page_limit";
/// Why a unit is partial: its run has made as many calls as it may.
pub const CALL_BUDGET: &str = "call_budget";

/// Counts the writes of a unit's row.
pub type Version = u64;

/// What starts a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUnit {
    /// Which.
    pub key: UnitKey,
    /// For which run.
    pub run: RunId,
    /// Through which connection.
    pub connection: ConnectionId,
    /// The resource with its present name.
    pub resource: ResourceRef,
    /// What to read first.
    pub window: Window,
    /// What to read after that, the last one first.
    pub later: Vec<Window>,
    /// Whether its run holds facts back.
    pub hold: bool,
    /// Follows the work through logs and rows.
    pub correlation: String,
}

/// The row of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Which.
    pub key: UnitKey,
    /// Number of this writing of the row.
    pub version: Version,
    /// For which run.
    pub run: RunId,
    /// Through which connection.
    pub connection: ConnectionId,
    /// The resource with its name when the run started.
    pub resource: ResourceRef,
    /// What is being read.
    pub window: Window,
    /// What is to be read after that, the last one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub later: Vec<Window>,
    /// Whether its run holds facts back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hold: bool,
    /// How much of the window is read, where that can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Share>,
    /// At which page it stops for want of pages, where that is later than usual because it was resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_page: Option<u32>,
    /// How it stands.
    #[serde(flatten)]
    pub state: UnitState,
    /// Number of the next page.
    pub page: u32,
    /// Where the next page starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// Until when a worker has the page to itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leased_until: Option<Timestamp>,
    /// Failed attempts at the next page.
    #[serde(default)]
    pub attempts: u32,
    /// Times the list was started again because its cursor had expired.
    #[serde(default)]
    pub restarts: u32,
    /// What was done.
    pub counters: Counters,
    /// What is complete, over all runs.
    #[serde(default)]
    pub coverage: Coverage,
    /// When recovery should look at it, while it is not terminal.
    pub due_at: Timestamp,
    /// When this run of it started.
    pub started_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Follows the work through logs and rows.
    pub correlation: String,
}

/// Whether a worker may fetch the page that a message names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It may, once this row is stored.
    Granted(Box<Unit>),
    /// The message is about a page that is done, an older run, or a unit that has ended: drop it.
    Stale,
    /// Another worker has the page: drop the message, recovery watches the lease.
    Busy,
    /// The unit waits: come back then.
    Wait {
        /// When it goes on.
        until: Timestamp,
    },
}

/// What follows a page that was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextPage {
    /// Where the next page starts; `None` at the end of the list.
    pub cursor: Option<Cursor>,
    /// Items on the page that was stored.
    pub items: u64,
    /// How much of the window is read, where that can be told.
    pub read: Option<Share>,
    /// A wait before the next page, to leave the rest of the budget to live work.
    pub pause_until: Option<Timestamp>,
}

impl Unit {
    /// The row that starts a unit: the first one, or on top of an ended one, whose coverage it keeps.
    #[must_use]
    pub fn start(new: NewUnit, previous: Option<&Self>, limits: &Limits, now: Timestamp) -> Self {
        Self {
            key: new.key,
            version: previous.map_or(1, |unit| unit.version + 1),
            run: new.run,
            connection: new.connection,
            resource: new.resource,
            window: new.window,
            later: new.later,
            hold: new.hold,
            read: None,
            last_page: None,
            state: UnitState::Pending,
            page: 0,
            cursor: None,
            leased_until: None,
            attempts: 0,
            restarts: 0,
            counters: Counters::default(),
            coverage: previous.map(|unit| unit.coverage.clone()).unwrap_or_default(),
            due_at: later(now, limits.stall),
            started_at: now,
            updated_at: now,
            correlation: new.correlation,
        }
    }

    /// The message for its next page.
    #[must_use]
    pub fn task(&self) -> PageTask {
        PageTask {
            v: TASK_VERSION,
            unit: self.key.clone(),
            run: self.run.clone(),
            page: self.page,
            correlation: self.correlation.clone(),
        }
    }

    /// Whether a worker may fetch the page that `task` names.
    #[must_use]
    pub fn claim(&self, task: &PageTask, limits: &Limits, now: Timestamp) -> Claim {
        if self.run != task.run || self.page != task.page || self.state.is_at_rest() {
            return Claim::Stale;
        }
        if self.leased_until.is_some_and(|until| until > now) {
            return Claim::Busy;
        }
        if let UnitState::Waiting { until, .. } = self.state
            && until > now
        {
            return Claim::Wait { until };
        }
        let mut next = self.changed(now);
        next.state = UnitState::Running;
        next.leased_until = Some(later(now, limits.lease));
        next.counters.calls += 1;
        next.due_at = later(now, limits.lease + limits.stall);
        Claim::Granted(Box::new(next))
    }

    /// After a page was stored.
    #[must_use]
    pub fn advance(&self, page: NextPage, limits: &Limits, now: Timestamp) -> Self {
        let mut next = self.changed(now);
        next.leased_until = None;
        next.attempts = 0;
        next.page += 1;
        next.counters.pages += 1;
        next.counters.items += page.items;
        next.due_at = later(now, limits.stall);
        next.read = page.read.or(next.read);
        match page.cursor {
            None => next.end_of_list(),
            Some(cursor) if self.cursor.as_ref() == Some(&cursor) => {
                next.state = UnitState::Failed { code: FailCode::CURSOR_LOOP };
            }
            Some(cursor) => {
                next.cursor = Some(cursor);
                if next.page >= next.last_page.unwrap_or(limits.max_pages) {
                    next.state = UnitState::Partial { reason: PAGE_LIMIT.to_owned() };
                } else if let Some(until) = page.pause_until.filter(|until| *until > now) {
                    next.wait(until, WaitReason::RateLimit, limits);
                }
            }
        }
        next
    }

    /// After an answer that is not a page. `jitter` in 0..1 spreads the returns of many units.
    #[must_use]
    pub fn refuse(&self, disposition: &Disposition, jitter: f64, limits: &Limits, now: Timestamp) -> Self {
        let mut next = self.changed(now);
        next.leased_until = None;
        next.due_at = later(now, limits.stall);
        match disposition {
            Disposition::Retry { after, reason } => {
                // A budget that is used up is not the fault of this page: it must never fail the unit.
                if !matches!(reason, WaitReason::RateLimit) {
                    next.attempts += 1;
                }
                if next.attempts >= limits.max_attempts {
                    next.state = UnitState::Failed { code: FailCode::UNAVAILABLE };
                } else {
                    let wait =
                        after.unwrap_or_else(|| backoff(limits.backoff, limits.max_backoff, next.attempts, jitter));
                    next.wait(later(now, wait), *reason, limits);
                }
            }
            Disposition::Restart if next.restarts < 2 => {
                next.restarts += 1;
                next.cursor = None;
            }
            Disposition::Restart => next.state = UnitState::Failed { code: FailCode::CURSOR_INVALID },
            Disposition::Empty => {
                next.state = UnitState::Running;
                next.end_of_list();
            }
            Disposition::RefreshToken => next.state = UnitState::Paused { why: PauseReason::NeedsReconnect },
            Disposition::Fail(code) => {
                next.state = match PauseReason::of(code) {
                    Some(why) => UnitState::Paused { why },
                    None => UnitState::Failed { code: code.clone() },
                };
            }
        }
        next
    }

    /// Stops it for good; what was captured stays. `None` when it has ended already.
    #[must_use]
    pub fn cancel(&self, now: Timestamp) -> Option<Self> {
        if self.state.is_terminal() {
            return None;
        }
        let mut next = self.changed(now);
        next.state = UnitState::Cancelled;
        next.leased_until = None;
        Some(next)
    }

    /// After a page of `run` was dropped because its link had ended: the window is not covered any more, and a unit that is
    /// still at it ends. Otherwise nobody would fetch it again when the link comes back. `None` when it says nothing of it.
    #[must_use]
    pub fn withdraw(&self, run: &RunId, window: Window, now: Timestamp) -> Option<Self> {
        let mut next = self.changed(now);
        next.coverage.remove(window);
        if !self.state.is_terminal() && self.run == *run {
            next.state = UnitState::Failed { code: FailCode::CONNECTION_REMOVED };
            next.leased_until = None;
        } else if next.coverage == self.coverage {
            return None;
        }
        Some(next)
    }

    /// Before recovery sends its message again: puts the next look off. `None` when it is not stuck.
    #[must_use]
    pub fn redrive(&self, limits: &Limits, now: Timestamp) -> Option<Self> {
        let leased = self.leased_until.is_some_and(|until| until > now);
        if self.state.is_at_rest() || leased || self.due_at > now {
            return None;
        }
        let mut next = self.changed(now);
        next.due_at = later(now, limits.stall);
        Some(next)
    }

    /// The window is read: on to the next one.
    fn end_of_list(&mut self) {
        self.cursor = None;
        self.coverage.add(self.window);
        match self.later.pop() {
            Some(window) => {
                self.window = window;
                self.read = None;
                self.restarts = 0;
            }
            None => self.state = UnitState::Completed,
        }
    }

    fn wait(&mut self, until: Timestamp, reason: WaitReason, limits: &Limits) {
        self.state = UnitState::Waiting { until, reason };
        self.counters.waits += 1;
        self.due_at = later(until, limits.stall);
    }

    fn changed(&self, now: Timestamp) -> Self {
        let mut next = self.clone();
        if let UnitState::Waiting { until, .. } = self.state {
            next.counters.waited += seconds(self.updated_at, now.min(until));
        }
        next.version += 1;
        next.updated_at = now;
        next
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_secs()).unwrap_or(0)
}

mod rest;
#[cfg(test)]
mod tests;
