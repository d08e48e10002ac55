//! History that is held back until all of its run is fetched, and then captured in the order of time.
//!
//! Facts of a run that holds are kept beside it, each at its [`Place`]. When nothing more is to be expected they are
//! captured from the first place to the last, a few at a time; how far that has come is written on top of the version
//! it was made from. So each fact is counted once, and of two workers one goes on.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Counters, Unit, Version};
use crate::capture::CaptureReport;
use crate::observation::Observation;
use crate::task::ReplayTask;
use crate::{RunId, SourceId, Timestamp, WorkspaceId};

/// A page that nobody has captured this long after its list has ended has been given up.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(24 * 3_600);

/// Where a fact stands in the order of time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// When it happened.
    pub at: Timestamp,
    /// Which it is, among those of one moment.
    pub source_id: SourceId,
}

impl Place {
    /// The place of a fact.
    #[must_use]
    pub fn of(observation: &Observation) -> Self {
        Self { at: observation.event.occurred_at, source_id: observation.event.source_id.clone() }
    }
}

/// How far a hold is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldState {
    /// Facts are kept back.
    Holding,
    /// They are being captured in order; what comes now is captured as it comes.
    Replaying,
    /// All are captured.
    Replayed,
}

/// The row of a run that holds its facts back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Which run.
    pub run: RunId,
    /// Whose.
    pub workspace: WorkspaceId,
    /// Number of this writing of the row.
    pub version: Version,
    /// How far it is.
    pub state: HoldState,
    /// Up to where facts are captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured_to: Option<Place>,
    /// What became of them.
    #[serde(default)]
    pub report: CaptureReport,
    /// When recovery should look at it, while it is not over.
    pub due_at: Timestamp,
    /// Follows the work through logs and rows.
    pub correlation: String,
}

impl Hold {
    /// A run holds from now on.
    #[must_use]
    pub fn start(run: RunId, workspace: WorkspaceId, stall: Duration, now: Timestamp) -> Self {
        let correlation = run.to_string();
        let due_at = now.checked_add(stall).unwrap_or(now);
        Self {
            run,
            workspace,
            version: 1,
            state: HoldState::Holding,
            captured_to: None,
            report: CaptureReport::default(),
            due_at,
            correlation,
        }
    }

    /// The message that has its facts captured.
    #[must_use]
    pub fn task(&self) -> ReplayTask {
        ReplayTask::of(&self.run, &self.workspace, &self.correlation)
    }

    /// From here on nothing is kept back.
    #[must_use]
    pub fn release(&self) -> Self {
        self.changed(HoldState::Replaying)
    }

    /// After the facts up to a place were captured.
    #[must_use]
    pub fn captured(&self, to: Place, report: &CaptureReport) -> Self {
        let mut next = self.changed(HoldState::Replaying);
        next.captured_to = Some(to);
        next.report.merge(report);
        next
    }

    /// After the last one.
    #[must_use]
    pub fn end(&self) -> Self {
        self.changed(HoldState::Replayed)
    }

    /// Before recovery sends its message: puts the next look off. `None` when it is not due, or over.
    #[must_use]
    pub fn redrive(&self, stall: Duration, now: Timestamp) -> Option<Self> {
        if self.state == HoldState::Replayed || self.due_at > now {
            return None;
        }
        let due_at = now.checked_add(stall).unwrap_or(now);
        Some(Self { due_at, ..self.changed(self.state) })
    }

    fn changed(&self, state: HoldState) -> Self {
        Self { version: self.version + 1, state, ..self.clone() }
    }
}

/// Whether more facts are to be expected of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaits {
    /// Pages: some list has not ended. One that is paused is waited for.
    Pages,
    /// Captures: every list has ended, and some of their pages are not captured yet.
    Captures,
    /// Nothing.
    Nothing,
}

impl Awaits {
    /// What a run of these units still awaits, of whose pages so many are captured.
    #[must_use]
    pub fn of(units: &[Unit], captured_pages: u64, now: Timestamp) -> Self {
        if units.iter().any(|unit| !unit.state.is_terminal()) {
            return Self::Pages;
        }
        let mut counters = Counters::default();
        units.iter().for_each(|unit| counters.merge(&unit.counters));
        let ended = units.iter().map(|unit| unit.updated_at).max();
        let given_up = ended.and_then(|at| at.checked_add(GIVEN_UP_AFTER).ok()).is_none_or(|until| until <= now);
        if captured_pages < counters.pages && !given_up { Self::Captures } else { Self::Nothing }
    }
}
