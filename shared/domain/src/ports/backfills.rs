//! Where runs, units and budgets are kept.

use async_trait::async_trait;

use super::PortError;
use crate::backfill::{Budget, BudgetKey, Run, Unit, UnitKey, Version};
use crate::capture::CaptureReport;
use crate::{RunId, Timestamp, WorkspaceId};

/// What a conditional write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is stored.
    Stored,
    /// The row is not what the writer took it for; nothing was written.
    Conflict,
}

/// Runs, units, the reports of their pages, and the budgets of their calls.
#[async_trait]
pub trait BackfillStore: Send + Sync {
    /// Stores a run, unless its id is there. One that is to be proven is due from its start on.
    async fn put_run(&self, run: &Run) -> Result<Put, PortError>;

    /// Runs that are to be proven and whose time to be looked at has come, the oldest first. May lag behind writes.
    async fn due_runs(&self, now: Timestamp, limit: usize) -> Result<Vec<RunId>, PortError>;

    /// When a run is to be looked at again; without a time, never.
    async fn look_again(&self, run: &RunId, due_at: Option<Timestamp>) -> Result<(), PortError>;

    /// One run.
    async fn run(&self, id: &RunId) -> Result<Option<Run>, PortError>;

    /// Notes that a run is cancelled. From then on none of its units opens; those that are open are not touched.
    async fn cancel_run(&self, run: &Run, at: Timestamp) -> Result<(), PortError>;

    /// The latest runs of a workspace, newest first.
    async fn runs_of(&self, workspace: &WorkspaceId, limit: usize) -> Result<Vec<Run>, PortError>;

    /// One unit, as it is now.
    async fn unit(&self, key: &UnitKey) -> Result<Option<Unit>, PortError>;

    /// Stores a unit on top of version `expected`; `None` means that there must be none yet.
    async fn put_unit(&self, unit: &Unit, expected: Option<Version>) -> Result<Put, PortError>;

    /// The same for the unit that a run opens, which must be there: `Conflict` also when the run is cancelled.
    async fn open_unit(&self, unit: &Unit, expected: Option<Version>) -> Result<Put, PortError>;

    /// Keeps how a unit ended for its run, before a later run takes the unit over. Doing it again replaces it.
    async fn put_ended(&self, unit: &Unit) -> Result<(), PortError>;

    /// How the units of a run ended that later runs have taken over, and maybe of one that none has.
    async fn ended_units(&self, run: &RunId) -> Result<Vec<Unit>, PortError>;

    /// A budget, as it is now.
    async fn budget(&self, key: &BudgetKey) -> Result<Option<Budget>, PortError>;

    /// Stores a budget on top of version `expected`; `None` means that there must be none yet.
    async fn put_budget(&self, budget: &Budget, expected: Option<Version>) -> Result<Put, PortError>;

    /// Keys of units that are not at rest and whose `due_at` has come, the oldest first. May lag behind writes.
    async fn due_units(&self, now: Timestamp, limit: usize) -> Result<Vec<UnitKey>, PortError>;

    /// Notes what a page of a run became. Doing it twice leaves the first report: a repeated capture finds only
    /// duplicates, which would hide what the first one did.
    async fn put_page_report(
        &self,
        run: &RunId,
        unit: &UnitKey,
        page: u32,
        report: &CaptureReport,
    ) -> Result<(), PortError>;

    /// The reports of a run's pages so far.
    async fn page_reports(&self, run: &RunId) -> Result<Vec<CaptureReport>, PortError>;
}
