//! Facts that a run has held back are captured in the order of time, a few per message.
//!
//! The hold's row says up to which place that has come, and moves on only from where it was read. What is written before
//! that may be written again: a row that was written here answers as it did the first time.

use std::time::Duration;

use connector_domain::WorkspaceId;
use connector_domain::backfill::{Awaits, Hold, HoldState, Place, Run};
use connector_domain::capture::CaptureReport;
use connector_domain::delivery::{DeliveryRecord, Origin};
use connector_domain::observation::Observation;
use connector_domain::ports::{PortError, Put};
use connector_domain::task::ReplayTask;
use connector_flows::runs;
use tracing::info;

use crate::capture::{Capture, CaptureError, place};

/// Most facts of one message.
const BATCH: usize = 100;

/// What a message led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replayed {
    /// More of the run is to come: it is looked at again when that ends.
    NotYet,
    /// This many facts were captured, or were there; the next message has been sent.
    Some(usize),
    /// The run holds nothing any more.
    All,
    /// Another worker was at it.
    Overtaken,
}

impl Capture {
    /// Keeps the facts of a page for later where its run holds back, and answers whether it does.
    pub(crate) async fn hold_back(
        &self,
        record: &DeliveryRecord,
        workspace: &WorkspaceId,
        facts: &[Observation],
    ) -> Result<bool, PortError> {
        let Origin::Page { hold: true, .. } = record.origin else { return Ok(false) };
        let Some((_, run, ..)) = place(record, workspace) else { return Ok(false) };
        let ports = self.ports();
        let state = async || Ok::<_, PortError>(ports.holds.hold(run).await?.map(|hold| hold.state));
        let mut now = state().await?;
        if now == Some(HoldState::Holding) {
            ports.holds.keep(run, facts).await?;
            now = state().await?;
        }
        match now {
            // Whoever captures what it holds comes later and finds these.
            Some(HoldState::Holding) => Ok(true),
            // It may have passed their place: they are captured now. Another capture of the page may have kept them in
            // time, so they are left for whoever ends it.
            Some(HoldState::Replaying) => Ok(false),
            // What this capture or one that was stopped kept too late nobody else would find.
            Some(HoldState::Replayed) | None => {
                ports.holds.forget(run, &places(facts)).await?;
                Ok(false)
            }
        }
    }

    /// A page that is kept is done first and reported then: a capture is not waited for that may not have been kept. Whoever
    /// stopped in between is repeated, and finds it done.
    pub(crate) async fn report_kept(
        &self,
        record: &DeliveryRecord,
        workspace: &WorkspaceId,
        report: Option<&CaptureReport>,
    ) -> Result<(), PortError> {
        let Origin::Page { hold: true, .. } = record.origin else { return Ok(()) };
        let (Some((unit, run, page, _)), Some(report)) = (place(record, workspace), report) else { return Ok(()) };
        self.ports().backfills.put_page_report(run, &unit, page, report).await?;
        // If its list has ended, it may have been the last one. Were the message lost, recovery would send it.
        let unit = self.ports().backfills.unit(&unit).await?;
        if unit.is_some_and(|unit| unit.run == *run && unit.state.is_terminal()) {
            let task = ReplayTask::of(run, workspace, &record.correlation);
            self.ports().replays.send(&[task], Duration::ZERO).await?;
        }
        Ok(())
    }

    /// Captures the next facts that a run has held back, once it awaits no more. Safe to repeat.
    ///
    /// # Errors
    /// When a port fails; what was stored stays, and the message should come again.
    pub async fn replay(&self, task: ReplayTask) -> Result<Replayed, CaptureError> {
        let failed = |source| CaptureError::Replay { run: task.run.clone(), source };
        let ports = self.ports();
        let Some(hold) = ports.holds.hold(&task.run).await.map_err(failed)? else { return Ok(Replayed::All) };
        let Some(run) = ports.backfills.run(&task.run).await.map_err(failed)? else { return Ok(Replayed::All) };
        match hold.state {
            HoldState::Holding => self.release(&hold, &run).await.map_err(failed),
            HoldState::Replaying => self.next(&hold, &run).await,
            HoldState::Replayed => self.forget_rest(&hold).await.map_err(failed),
        }
    }

    async fn release(&self, hold: &Hold, run: &Run) -> Result<Replayed, PortError> {
        let ports = self.ports();
        let (awaits, _) = runs::awaits(&*ports.backfills, run, ports.clock.now()).await?;
        match awaits {
            // Whoever ends the last of its lists sends the message again, and whoever captures the last of their pages.
            Awaits::Pages | Awaits::Captures => Ok(Replayed::NotYet),
            Awaits::Nothing => self.go_on(hold, &hold.release(), 0).await,
        }
    }

    async fn next(&self, hold: &Hold, run: &Run) -> Result<Replayed, CaptureError> {
        let failed = |source| CaptureError::Replay { run: run.id.clone(), source };
        let ports = self.ports();
        let mut facts = ports.holds.held(&run.id, hold.captured_to.as_ref(), BATCH).await.map_err(failed)?;
        let now = ports.clock.now();
        for fact in &mut facts {
            (fact.held, fact.captured_at) = (true, now);
        }
        let Some(last) = facts.last() else { return self.end(hold).await.map_err(failed) };
        let mut report = CaptureReport::default();
        let link = ports.connections.integration(run.provider, &run.resource.id, &run.workspace).await;
        if link.map_err(failed)?.is_some_and(|link| link.active) {
            self.put(&facts, &hold.correlation, &mut report)
                .await
                .map_err(|(_, source)| CaptureError::Replay { run: run.id.clone(), source })?;
        } else {
            self.drop_all(run, &facts, &mut report).await.map_err(failed)?;
        }
        let next = hold.captured(Place::of(last), &report);
        let went_on = self.go_on(hold, &next, facts.len()).await.map_err(failed)?;
        if went_on != Replayed::Overtaken {
            ports.holds.forget(&run.id, &places(&facts)).await.map_err(failed)?;
        }
        Ok(went_on)
    }

    /// Its link has ended: nobody is to have them, and who links it again must get them anew.
    async fn drop_all(&self, run: &Run, facts: &[Observation], report: &mut CaptureReport) -> Result<(), PortError> {
        for key in run.unit_keys() {
            self.take_back(&key, &run.id, run.window).await?;
        }
        facts.iter().for_each(|_| report.add_unlinked());
        Ok(())
    }

    /// Nothing is left behind the last place.
    async fn end(&self, hold: &Hold) -> Result<Replayed, PortError> {
        let ports = self.ports();
        let ended = hold.end();
        if ports.holds.put_hold(&ended, Some(hold.version)).await? == Put::Conflict {
            return Ok(Replayed::Overtaken);
        }
        info!(
            run.id = %hold.run, workspace.id = %hold.workspace, correlation = hold.correlation,
            metric.captured = ended.report.captured, metric.duplicates = ended.report.duplicate,
            "captured what run {} had held back", hold.run
        );
        self.forget_rest(&ended).await
    }

    /// What a worker that was stopped did not forget, and what came too late to be captured here. After the end, so that
    /// whoever keeps more sees that it has ended; who is stopped in between is repeated.
    async fn forget_rest(&self, hold: &Hold) -> Result<Replayed, PortError> {
        let ports = self.ports();
        loop {
            let left = ports.holds.held(&hold.run, None, BATCH).await?;
            if left.is_empty() {
                return Ok(Replayed::All);
            }
            ports.holds.forget(&hold.run, &places(&left)).await?;
        }
    }

    async fn go_on(&self, hold: &Hold, next: &Hold, facts: usize) -> Result<Replayed, PortError> {
        let ports = self.ports();
        if ports.holds.put_hold(next, Some(hold.version)).await? == Put::Conflict {
            return Ok(Replayed::Overtaken);
        }
        ports.replays.send(&[next.task()], Duration::ZERO).await?;
        Ok(Replayed::Some(facts))
    }
}

fn places(facts: &[Observation]) -> Vec<Place> {
    facts.iter().map(Place::of).collect()
}
