//! One request for history.

use serde::{Deserialize, Serialize};

use super::{Counters, EntityType, Hold, HoldState, Share, Unit, UnitKey, UnitState, Window};
use crate::capture::CaptureReport;
use crate::connection::ResourceRef;
use crate::{ConnectionId, ProviderKind, RunId, Timestamp, WorkspaceId};

/// Who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// A resource was linked, or linked again.
    Link,
    /// The scheduler found time that is not covered.
    Schedule,
    /// A person.
    Manual,
    /// A program.
    Api,
}

impl Trigger {
    /// The name of who asked.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Schedule => "schedule",
            Self::Manual => "manual",
            Self::Api => "api",
        }
    }
}

/// The row of a run. Its state follows from its units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Identity.
    pub id: RunId,
    /// For whom.
    pub workspace: WorkspaceId,
    /// Through which connection.
    pub connection: ConnectionId,
    /// Where.
    pub provider: ProviderKind,
    /// Which resource.
    pub resource: ResourceRef,
    /// Which lists.
    pub entities: Vec<EntityType>,
    /// Which time was asked for. A unit may have less to fetch, where some is covered already.
    pub window: Window,
    /// Who asked.
    pub trigger: Trigger,
    /// When.
    pub started_at: Timestamp,
    /// How many calls it may make, where that is bounded. Then its units are partial, and can be resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_budget: Option<u64>,
    /// The run of which it proves that nothing is missing: it reads the same again, and whatever it captures was missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proves: Option<RunId>,
    /// Whether its facts are held back until all are fetched, and then captured in the order of time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hold: bool,
    /// Whether it is proven by itself when it has completed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub prove: bool,
    /// When it was cancelled: none of its units opens after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
    /// Follows the work through logs and rows.
    pub correlation: String,
}

impl Run {
    /// The keys of its units.
    pub fn unit_keys(&self) -> impl Iterator<Item = UnitKey> + '_ {
        self.entities.iter().map(|entity| UnitKey {
            workspace: self.workspace.clone(),
            provider: self.provider,
            resource: self.resource.id.clone(),
            entity: *entity,
        })
    }
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// There was nothing to fetch: everything was covered, or no list was asked for.
    Nothing,
    /// At work, or waiting for a time to come.
    Running,
    /// All is fetched, and what was held back is being captured.
    Replaying,
    /// Some unit is paused, and none at work.
    Paused,
    /// Every unit completed.
    Completed,
    /// Some unit stopped early and can be resumed.
    Partial,
    /// Some unit failed.
    Failed,
    /// Stopped by a person.
    Cancelled,
}

/// A run with all that is known of its progress.
#[derive(Debug, Clone, PartialEq)]
pub struct RunProgress {
    /// How it stands.
    pub state: RunState,
    /// Sums over its units.
    pub counters: Counters,
    /// Sums over its captured pages.
    pub report: CaptureReport,
    /// Pages whose capture is done.
    pub captured_pages: u64,
    /// How far the lists are read on the whole, where that can be told.
    pub share: Option<Share>,
    /// When the next unit goes on, where all that is open waits for a time.
    pub wakes_at: Option<Timestamp>,
    /// When it should be done, where that can be told.
    pub eta: Option<Timestamp>,
}

impl RunProgress {
    /// Adds up the units of a run and the reports of their pages.
    #[must_use]
    pub fn of<'a>(units: &[Unit], reports: impl IntoIterator<Item = &'a CaptureReport>) -> Self {
        let mut progress = Self {
            state: state_of(units),
            counters: Counters::default(),
            report: CaptureReport::default(),
            captured_pages: 0,
            share: share(units),
            wakes_at: wakes_at(units),
            eta: eta(units),
        };
        for unit in units {
            progress.counters.merge(&unit.counters);
        }
        for report in reports {
            progress.report.merge(report);
            progress.captured_pages += 1;
        }
        progress
    }

    /// Adds what became of the facts that the run has held back; `held` are those that wait still.
    #[must_use]
    pub fn with(mut self, hold: &Hold) -> Self {
        self.report.merge(&hold.report);
        let done = hold.report.captured + hold.report.duplicate + hold.report.filtered_total();
        // One that two pages tell is kept once.
        let left = if hold.state == HoldState::Replayed { 0 } else { self.report.held.saturating_sub(done) };
        self.report.held = left;
        let open = matches!(self.state, RunState::Running | RunState::Paused);
        if !open && hold.state != HoldState::Replayed {
            self.state = RunState::Replaying;
        }
        self
    }

    /// The same of a run that may have been cancelled before all of its lists were opened.
    #[must_use]
    pub fn of_run<'a>(run: &Run, units: &[Unit], reports: impl IntoIterator<Item = &'a CaptureReport>) -> Self {
        let progress = Self::of(units, reports);
        let shut = run.cancelled_at.is_some() && units.len() < run.entities.len();
        match progress.state {
            RunState::Nothing | RunState::Completed if shut => Self { state: RunState::Cancelled, ..progress },
            _ => progress,
        }
    }

    /// Whether every fetched page has been captured and no unit is at work.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let working = matches!(self.state, RunState::Running | RunState::Replaying);
        !working && self.captured_pages >= self.counters.pages
    }
}

/// All lists together, each with the same weight.
fn share(units: &[Unit]) -> Option<Share> {
    let of = |unit: &Unit| Some(u64::from(unit.share()?.thousandths()));
    let sum: u64 = units.iter().map(of).sum::<Option<u64>>()?;
    (!units.is_empty()).then(|| Share::of(sum, 1_000 * units.len() as u64))
}

fn wakes_at(units: &[Unit]) -> Option<Timestamp> {
    let open = units.iter().filter(|unit| !unit.state.is_at_rest());
    let until = |unit: &Unit| match unit.state {
        UnitState::Waiting { until, .. } => Some(until),
        _ => None,
    };
    open.map(until).collect::<Option<Vec<_>>>()?.into_iter().min()
}

/// The last unit's; nobody knows where one of them does not.
fn eta(units: &[Unit]) -> Option<Timestamp> {
    let open = units.iter().filter(|unit| !unit.state.is_at_rest());
    open.map(Unit::eta).collect::<Option<Vec<_>>>()?.into_iter().max()
}

fn state_of(units: &[Unit]) -> RunState {
    let any = |test: fn(&UnitState) -> bool| units.iter().any(|unit| test(&unit.state));
    if units.is_empty() {
        RunState::Nothing
    } else if any(|state| !state.is_at_rest()) {
        RunState::Running
    } else if any(|state| matches!(state, UnitState::Paused { .. })) {
        RunState::Paused
    } else if any(|state| matches!(state, UnitState::Failed { .. })) {
        RunState::Failed
    } else if any(|state| matches!(state, UnitState::Cancelled)) {
        RunState::Cancelled
    } else if any(|state| matches!(state, UnitState::Partial { .. })) {
        RunState::Partial
    } else {
        RunState::Completed
    }
}
