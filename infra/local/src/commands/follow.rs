//! Follows runs to their end, with their progress on the screen.

use std::collections::BTreeSet;
use std::time::Duration;

use connector_adapters::system::SystemClock;
use connector_domain::RunId;
use connector_domain::backfill::{Budget, BudgetKey, RunProgress, RunState, Unit};
use connector_domain::capture::CaptureReport;
use connector_domain::ports::Clock;
use connector_providers::provider;

use super::Failure;
use super::interrupt::interrupted;
use crate::render::Output;
use crate::render::progress::Progress;
use crate::stack::{Database, Stack};

/// Between two looks.
pub(super) const EVERY: Duration = Duration::from_millis(150);
/// So many looks at empty queues, and nothing more will happen by itself.
const IDLE_LOOKS: u32 = 20;

/// Why following ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Every unit has ended, and every page is captured.
    Settled,
    /// A person wants to stop.
    Interrupted,
    /// There is work left, and no message that would do it: it failed too often.
    Stuck,
}

/// How runs stand.
pub(super) struct Standing {
    runs: Vec<(RunProgress, Vec<Unit>)>,
    /// What their connections, and they themselves, may still ask for.
    budgets: Vec<Budget>,
}

impl Standing {
    pub(super) async fn of(rows: &Database, runs: &[RunId]) -> Result<Self, Failure> {
        let mut standing = Self { runs: Vec::with_capacity(runs.len()), budgets: Vec::new() };
        for run in runs {
            standing.runs.push(rows.progress(run).await?);
        }
        for key in standing.budget_keys(runs) {
            standing.budgets.extend(rows.stores().backfills.budget(&key).await?);
        }
        Ok(standing)
    }

    fn budget_keys(&self, runs: &[RunId]) -> BTreeSet<BudgetKey> {
        let units = self.runs.iter().flat_map(|(_, units)| units);
        let of = |unit: &Unit| {
            let pool = provider(unit.key.provider).map(|known| known.pool(unit.key.entity)).unwrap_or_default();
            BudgetKey::Connection { connection: unit.connection.clone(), pool }
        };
        units.map(of).chain(runs.iter().map(|run| BudgetKey::Run { run: run.clone() })).collect()
    }

    /// Draws it.
    pub(super) fn show(&self, progress: &mut Progress, output: &mut Output) -> Result<(), Failure> {
        Ok(progress.show(&self.units(), self.captured_pages(), &self.budgets, SystemClock.now(), output)?)
    }

    /// All units.
    pub(super) fn units(&self) -> Vec<Unit> {
        self.runs.iter().flat_map(|(_, units)| units.iter().cloned()).collect()
    }

    /// What became of all items.
    pub(super) fn report(&self) -> CaptureReport {
        let mut sum = CaptureReport::default();
        self.runs.iter().for_each(|(progress, _)| sum.merge(&progress.report));
        sum
    }

    /// The worst of their states.
    pub(super) fn state(&self) -> RunState {
        use RunState::{Cancelled, Completed, Failed, Nothing, Partial, Paused, Replaying, Running};
        let states = [Running, Replaying, Failed, Paused, Cancelled, Partial, Completed];
        states
            .into_iter()
            .find(|state| self.runs.iter().any(|(progress, _)| progress.state == *state))
            .unwrap_or(Nothing)
    }

    /// Pages whose capture is done.
    fn captured_pages(&self) -> u64 {
        self.runs.iter().map(|(run, _)| run.captured_pages).sum()
    }

    /// Pages that were fetched and not captured.
    pub(super) fn pages_left(&self) -> u64 {
        self.runs.iter().map(|(run, _)| run.counters.pages.saturating_sub(run.captured_pages)).sum()
    }

    pub(super) fn is_settled(&self) -> bool {
        self.runs.iter().all(|(progress, _)| progress.is_settled())
    }
}

/// Shows how runs stand until they end, or somebody wants to stop.
pub(super) async fn follow(stack: &Stack, runs: &[RunId], output: &mut Output) -> Result<Ended, Failure> {
    let mut progress = Progress::new(output.look);
    let mut looks = tokio::time::interval(EVERY);
    let stop = interrupted();
    tokio::pin!(stop);
    let mut idle = 0;
    let ended = loop {
        tokio::select! {
            biased;
            () = &mut stop => break Ended::Interrupted,
            _ = looks.tick() => {}
        }
        let standing = Standing::of(stack.database(), runs).await?;
        standing.show(&mut progress, output)?;
        if standing.is_settled() {
            break Ended::Settled;
        }
        idle = if is_idle(stack) { idle + 1 } else { 0 };
        if idle >= IDLE_LOOKS {
            break Ended::Stuck;
        }
    };
    progress.finish(output)?;
    Ok(ended)
}

fn is_idle(stack: &Stack) -> bool {
    stack.queues().iter().all(|queue| queue.visible + queue.in_flight + queue.delayed == 0)
}
