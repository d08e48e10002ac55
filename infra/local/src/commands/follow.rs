//! Follows runs to their end, with their progress on the screen.

use std::time::Duration;

use connector_adapters::system::SystemClock;
use connector_domain::RunId;
use connector_domain::backfill::{RunProgress, RunState, Unit};
use connector_domain::capture::CaptureReport;
use connector_domain::ports::Clock;

use super::Failure;
use super::interrupt::interrupted;
use crate::render::Output;
use crate::render::progress::Progress;
use crate::stack::Stack;

/// Between two looks.
const EVERY: Duration = Duration::from_millis(150);
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
pub(super) struct Standing(Vec<(RunProgress, Vec<Unit>)>);

impl Standing {
    pub(super) async fn of(stack: &Stack, runs: &[RunId]) -> Result<Self, Failure> {
        let mut all = Vec::with_capacity(runs.len());
        for run in runs {
            all.push(stack.progress(run).await?);
        }
        Ok(Self(all))
    }

    /// All units.
    pub(super) fn units(&self) -> Vec<Unit> {
        self.0.iter().flat_map(|(_, units)| units.iter().cloned()).collect()
    }

    /// What became of all items.
    pub(super) fn report(&self) -> CaptureReport {
        let mut sum = CaptureReport::default();
        self.0.iter().for_each(|(progress, _)| sum.merge(&progress.report));
        sum
    }

    /// The worst of their states.
    pub(super) fn state(&self) -> RunState {
        use RunState::{Cancelled, Completed, Failed, Nothing, Partial, Running};
        let states = [Running, Failed, Cancelled, Partial, Completed];
        states.into_iter().find(|state| self.0.iter().any(|(progress, _)| progress.state == *state)).unwrap_or(Nothing)
    }

    /// Pages whose capture is done.
    fn captured_pages(&self) -> u64 {
        self.0.iter().map(|(run, _)| run.captured_pages).sum()
    }

    /// Pages that were fetched and not captured.
    pub(super) fn pages_left(&self) -> u64 {
        self.0.iter().map(|(run, _)| run.counters.pages.saturating_sub(run.captured_pages)).sum()
    }

    fn is_settled(&self) -> bool {
        self.0.iter().all(|(progress, _)| progress.is_settled())
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
        let standing = Standing::of(stack, runs).await?;
        progress.show(&standing.units(), standing.captured_pages(), SystemClock.now(), output)?;
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
