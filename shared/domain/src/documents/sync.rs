//! How far the documents of one repository are: a state machine that is written back with its version as the condition,
//! as a unit of history is.
//!
//! A message names a step. One for a step that is done does nothing, and of two workers at one step the claim lets one in.
//! Whoever wants the repository looked at counts up [`Sync::asked`]; a pass takes what was asked before it read the head,
//! and what was asked later makes the next step read the head again. So the newest commit wins, whatever arrives when.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::DocumentsKey;
use crate::backfill::{FailCode, Version};
use crate::connection::{Integration, ResourceRef};
use crate::task::{DocumentsTask, TASK_VERSION};
use crate::time::{backoff, doubled, later};
use crate::{ConnectionId, Timestamp};

mod limits;
mod pass;
mod state;
#[cfg(test)]
mod tests;

pub use limits::SyncLimits;
pub use pass::{ConfigFile, Counts, FileFailure, Head, MAX_FAILURES, Pass, Step};
pub use state::{Hold, SyncState};

/// The row of a sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sync {
    /// Whose documents.
    pub key: DocumentsKey,
    /// Number of this writing of the row.
    pub version: Version,
    /// Through which connection.
    pub connection: ConnectionId,
    /// The repository with the name it had last.
    pub resource: ResourceRef,
    /// How it stands.
    #[serde(flatten)]
    pub state: SyncState,
    /// Number of the next step; it never goes back.
    pub step: u64,
    /// How often a step was claimed. The documents of a later claim are not overwritten by an earlier one.
    pub claims: u64,
    /// How often somebody asked for a look.
    pub asked: u64,
    /// How many of these the present pass has taken.
    pub taken: u64,
    /// A commit that the head is said to have reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<String>,
    /// The pass under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<Pass>,
    /// The commit of the last pass that came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The configuration it goes by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<ConfigFile>,
    /// What the present pass did, or the last one.
    #[serde(default)]
    pub counts: Counts,
    /// Files that could not be read in it, [`MAX_FAILURES`] at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<FileFailure>,
    /// Until when a worker has the step to itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leased_until: Option<Timestamp>,
    /// Tries of the step that the provider did not answer.
    #[serde(default)]
    pub attempts: u32,
    /// Passes that were made again because files could not be read.
    #[serde(default)]
    pub retries: u32,
    /// How often the head did not show what was told of it.
    #[serde(default)]
    pub behind: u32,
    /// When recovery should look at it; `None` when there is nothing to do by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// When the last pass came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synced_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Follows the work through logs and rows.
    pub correlation: String,
}

/// Whether a worker may do the step that a message names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It may, once this row is stored.
    Granted(Box<Sync>),
    /// The step is done, or nothing is to be done: drop the message.
    Stale,
    /// Another worker is at it: drop the message, recovery watches the lease.
    Busy,
    /// It waits: come back then.
    Wait {
        /// When it goes on.
        until: Timestamp,
    },
}

impl Sync {
    /// After somebody asked for a look at the repository of a link: the first row, or on top of the known one. `told` is
    /// the commit that its head is said to have.
    #[must_use]
    pub fn ask(
        known: Option<&Self>,
        link: &Integration,
        told: Option<&str>,
        correlation: &str,
        limits: &SyncLimits,
        now: Timestamp,
    ) -> Self {
        let mut next = known.map_or_else(|| Self::first(link, now), |known| known.changed(now));
        next.connection = link.connection.clone();
        next.resource = link.resource.clone();
        next.asked += 1;
        next.told = told.map(str::to_owned).or(next.told);
        next.behind = 0;
        // One at work finds out when its step ends; one that waits for a limit or a fault goes on waiting.
        if next.state.is_at_rest() || next.state.can_be_asked_on() {
            next.state = SyncState::Pending;
            next.step += 1;
            next.retries = 0;
            next.attempts = 0;
            next.due_at = Some(later(now, limits.stall));
            correlation.clone_into(&mut next.correlation);
        }
        next
    }

    /// After a push that brought no configuration to a repository that has none: at that commit it has none either.
    #[must_use]
    pub fn without_config_at(&self, commit: &str, now: Timestamp) -> Self {
        Self { commit: Some(commit.to_owned()), ..self.changed(now) }
    }

    fn first(link: &Integration, now: Timestamp) -> Self {
        Self {
            key: DocumentsKey::of(link),
            version: 1,
            connection: link.connection.clone(),
            resource: link.resource.clone(),
            state: SyncState::Off,
            step: 0,
            claims: 0,
            asked: 0,
            taken: 0,
            told: None,
            pass: None,
            commit: None,
            config: None,
            counts: Counts::default(),
            failures: Vec::new(),
            leased_until: None,
            attempts: 0,
            retries: 0,
            behind: 0,
            due_at: None,
            synced_at: None,
            updated_at: now,
            correlation: String::new(),
        }
    }

    /// The message for its next step.
    #[must_use]
    pub fn task(&self) -> DocumentsTask {
        DocumentsTask {
            v: TASK_VERSION,
            documents: self.key.clone(),
            step: self.step,
            correlation: self.correlation.clone(),
        }
    }

    /// Whether the present pass goes on. Otherwise the head must be read.
    #[must_use]
    pub fn goes_on(&self) -> Option<&Pass> {
        self.pass.as_ref().filter(|_| self.asked == self.taken)
    }

    /// Whether a worker may do the step that `task` names.
    #[must_use]
    pub fn claim(&self, task: &DocumentsTask, limits: &SyncLimits, now: Timestamp) -> Claim {
        if self.step != task.step || self.state.is_at_rest() {
            return Claim::Stale;
        }
        if self.leased_until.is_some_and(|until| until > now) {
            return Claim::Busy;
        }
        if let SyncState::Waiting { until, .. } = self.state
            && until > now
        {
            return Claim::Wait { until };
        }
        let mut next = self.changed(now);
        next.state = SyncState::Running;
        next.claims += 1;
        next.leased_until = Some(later(now, limits.lease));
        next.due_at = Some(later(now, limits.lease + limits.stall));
        Claim::Granted(Box::new(next))
    }

    /// Whether this is still the step that `claimed` is: nobody else has claimed it since.
    #[must_use]
    pub const fn is_still(&self, claimed: &Self) -> bool {
        self.step == claimed.step && self.claims == claimed.claims
    }

    /// After a step that `claimed` began. `self` is the row as it is now, in which somebody may have asked meanwhile.
    /// `jitter` in 0..1 spreads the returns of many syncs.
    #[must_use]
    pub fn after(&self, claimed: &Self, step: Step, jitter: f64, limits: &SyncLimits, now: Timestamp) -> Self {
        let mut next = self.changed(now);
        next.leased_until = None;
        match step {
            Step::Hold { reason, after } => {
                next.hold(reason, after, jitter, limits, now);
                return next;
            }
            Step::Fail { code, detail } => {
                next.pass = None;
                next.taken = claimed.asked;
                next.rest(SyncState::Failed { code, detail }, limits, now);
            }
            Step::Cleared { to, commit, removed, more } => {
                let first = next.taken != claimed.asked;
                next.begin(Counts { removed, ..Counts::default() }, first);
                next.failures.clear();
                next.pass = None;
                next.config = None;
                next.taken = claimed.asked;
                next.commit = commit;
                if more {
                    // Whatever was asked for meanwhile, the rest of it is looked at by the next step.
                    next.go_on(limits, now);
                    return next;
                }
                next.synced_at = Some(now);
                next.rest(to, limits, now);
            }
            Step::Done { pass, config, first, counts, failures } => {
                next.begin(counts, first);
                if first {
                    next.failures.clear();
                    next.taken = claimed.asked;
                }
                next.failures.extend(failures);
                next.failures.truncate(MAX_FAILURES);
                next.config = Some(config);
                if pass.cursor.is_some() {
                    next.pass = Some(pass);
                    next.go_on(limits, now);
                    return next;
                }
                next.pass = None;
                next.commit = Some(pass.head.commit);
                next.synced_at = Some(now);
                let state = if next.counts.failed == 0 { SyncState::Synced } else { SyncState::Partial };
                next.rest(state, limits, now);
            }
        }
        next
    }

    /// Before recovery sends its message again: puts the next look off. A sync that is partial is made again. `None` when
    /// it is not stuck.
    #[must_use]
    pub fn redrive(&self, limits: &SyncLimits, now: Timestamp) -> Option<Self> {
        let leased = self.leased_until.is_some_and(|until| until > now);
        if leased || self.due_at.is_none_or(|due_at| due_at > now) {
            return None;
        }
        let mut next = self.changed(now);
        if self.state.is_at_rest() {
            next.state = SyncState::Pending;
            next.step += 1;
            next.attempts = 0;
            next.retries += 1;
        }
        next.due_at = Some(later(now, limits.stall));
        Some(next)
    }

    fn begin(&mut self, counts: Counts, first: bool) {
        self.counts = if first { counts } else { self.counts.and(counts) };
    }

    /// On to the next step.
    fn go_on(&mut self, limits: &SyncLimits, now: Timestamp) {
        self.state = SyncState::Pending;
        self.step += 1;
        self.attempts = 0;
        self.due_at = Some(later(now, limits.stall));
    }

    /// At rest, unless somebody has asked meanwhile.
    fn rest(&mut self, state: SyncState, limits: &SyncLimits, now: Timestamp) {
        self.attempts = 0;
        if self.asked != self.taken {
            self.go_on(limits, now);
            return;
        }
        let again = state == SyncState::Partial && self.retries < limits.max_retries;
        self.due_at = again.then(|| later(now, doubled(limits.retry_after, self.retries)));
        if state == SyncState::Synced {
            self.retries = 0;
        }
        self.state = state;
    }

    fn hold(&mut self, reason: Hold, after: Option<Duration>, jitter: f64, limits: &SyncLimits, now: Timestamp) {
        let fault = |attempts| backoff(limits.backoff, limits.max_backoff, attempts, jitter);
        let wait = match reason {
            Hold::RateLimit => after.unwrap_or_else(|| fault(self.attempts)),
            Hold::SecondaryLimit | Hold::Unavailable => {
                self.attempts += 1;
                if self.attempts >= limits.max_attempts {
                    self.pass = None;
                    self.taken = self.asked;
                    self.rest(SyncState::Failed { code: FailCode::UNAVAILABLE, detail: None }, limits, now);
                    return;
                }
                after.unwrap_or_else(|| fault(self.attempts))
            }
            Hold::Behind => {
                self.behind += 1;
                doubled(limits.backoff, self.behind)
            }
            Hold::NeedsReconnect | Hold::Suspended => limits.look_again,
        };
        let until = later(now, wait);
        self.state = SyncState::Waiting { until, reason };
        self.due_at = Some(later(until, limits.stall));
    }

    fn changed(&self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }
}
