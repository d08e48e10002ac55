//! Looking at a run, and stopping it.

use connector_domain::RunId;
use connector_domain::backfill::{Run, RunProgress, Unit};
use connector_domain::ports::{BackfillStore, Clock, PortError, Put};

use super::StackError;

/// How a run stands. A unit that a later run has taken over is not part of it any more.
pub(super) async fn progress(store: &dyn BackfillStore, id: &RunId) -> Result<(RunProgress, Vec<Unit>), StackError> {
    let units = units(store, &run(store, id).await?).await?;
    let reports = store.page_reports(id).await?;
    Ok((RunProgress::of(&units, &reports), units))
}

/// Stops the units of a run that have not ended, and answers how many.
pub(super) async fn cancel(store: &dyn BackfillStore, clock: &dyn Clock, id: &RunId) -> Result<usize, StackError> {
    let mut cancelled = 0;
    for mut unit in units(store, &run(store, id).await?).await? {
        // A worker may write the row in between; then the cancel is made again on top of what it wrote.
        while let Some(next) = unit.cancel(clock.now()) {
            if store.put_unit(&next, Some(unit.version)).await? == Put::Stored {
                cancelled += 1;
                break;
            }
            match store.unit(&unit.key).await? {
                Some(now) if now.run == *id => unit = now,
                Some(_) | None => break,
            }
        }
    }
    Ok(cancelled)
}

async fn run(store: &dyn BackfillStore, id: &RunId) -> Result<Run, StackError> {
    store.run(id).await?.ok_or_else(|| StackError::UnknownRun(id.clone()))
}

async fn units(store: &dyn BackfillStore, run: &Run) -> Result<Vec<Unit>, PortError> {
    let mut units = Vec::new();
    for key in run.unit_keys() {
        units.extend(store.unit(&key).await?.filter(|unit| unit.run == run.id));
    }
    Ok(units)
}
