//! Runs that are to be proven are, once all that they have read is captured.

use std::time::Duration;

use connector_domain::backfill::{Awaits, HoldState, Run, RunProgress, RunState, Trigger};
use connector_domain::ports::PortError;
use connector_domain::{RunId, Timestamp, time};
use connector_flows::{StartError, StartRequest, runs, start_run};
use connector_lambda::telemetry::chain;
use tracing::warn;

use crate::scheduler::{Scheduler, Tick};

/// Most runs of a tick.
const BATCH: usize = 100;
/// Until a run is looked at again that is not done.
const LATER: Duration = Duration::from_secs(15 * 60);

/// What is to be done about a run.
enum Next {
    Later,
    Never,
    Prove,
}

impl Scheduler {
    /// Starts the proofs that are due. A crash after a start may start a second one, which finds the same.
    pub(crate) async fn prove(&self, tick: &mut Tick) -> Result<(), PortError> {
        let now = self.start.clock.now();
        for run in self.start.backfills.due_runs(now, BATCH).await? {
            match self.prove_one(&run, now).await {
                Ok(started) => tick.proofs += u64::from(started),
                Err(error) => {
                    tick.failed += 1;
                    warn!(run.id = %run, "run {run} could not be proven: {}", chain(&error));
                }
            }
        }
        Ok(())
    }

    async fn prove_one(&self, id: &RunId, now: Timestamp) -> Result<bool, StartError> {
        let backfills = &self.start.backfills;
        let later = time::later(now, LATER);
        let Some(run) = backfills.run(id).await? else { return Ok(false) };
        match self.next(&run, now).await? {
            Next::Never => backfills.look_again(id, None).await?,
            Next::Later => backfills.look_again(id, Some(later)).await?,
            Next::Prove => {
                let link = self.connections.integration(run.provider, &run.resource.id, &run.workspace).await?;
                let Some(link) = link.filter(|link| link.active) else {
                    backfills.look_again(id, None).await?;
                    return Ok(false);
                };
                let started = start_run(&self.start, &StartRequest::proof(&run, link, Trigger::Schedule)).await?;
                let again = if started.run.is_some() { None } else { Some(later) };
                backfills.look_again(id, again).await?;
                return Ok(started.run.is_some());
            }
        }
        Ok(false)
    }

    /// Only what was read to its end can be proven.
    async fn next(&self, run: &Run, now: Timestamp) -> Result<Next, PortError> {
        let (awaits, units) = runs::awaits(&*self.start.backfills, run, now).await?;
        if awaits != Awaits::Nothing {
            return Ok(Next::Later);
        }
        if run.hold && self.start.holds.hold(&run.id).await?.is_some_and(|hold| hold.state != HoldState::Replayed) {
            return Ok(Next::Later);
        }
        let state = RunProgress::of(&units, []).state;
        Ok(if state == RunState::Completed { Next::Prove } else { Next::Never })
    }
}
