//! Looking at a run, and stopping it.

use connector_domain::RunId;
use connector_domain::backfill::{Run, RunProgress, Unit};
use connector_domain::ports::{BackfillStore, Clock, PortError, Put};

/// How a run stands. A unit that a later run has taken over is not part of it any more.
///
/// # Errors
/// When the store fails.
pub async fn progress(store: &dyn BackfillStore, run: &Run) -> Result<(RunProgress, Vec<Unit>), PortError> {
    let units = units(store, run).await?;
    let reports = store.page_reports(&run.id).await?;
    Ok((RunProgress::of(&units, &reports), units))
}

/// Stops the units of a run that have not ended, and answers how many.
///
/// # Errors
/// When the store fails.
pub async fn cancel(store: &dyn BackfillStore, clock: &dyn Clock, run: &Run) -> Result<usize, PortError> {
    let mut cancelled = 0;
    for unit in units(store, run).await? {
        cancelled += usize::from(cancel_unit(store, clock, unit, &run.id).await?);
    }
    Ok(cancelled)
}

/// Stops a unit of a run, unless it has ended or another run has taken it over.
///
/// # Errors
/// When the store fails.
pub async fn cancel_unit(
    store: &dyn BackfillStore,
    clock: &dyn Clock,
    mut unit: Unit,
    run: &RunId,
) -> Result<bool, PortError> {
    // A worker may write the row in between; then the cancel is made again on top of what it wrote.
    while let Some(next) = unit.cancel(clock.now()) {
        if store.put_unit(&next, Some(unit.version)).await? == Put::Stored {
            return Ok(true);
        }
        match store.unit(&unit.key).await? {
            Some(now) if now.run == *run => unit = now,
            Some(_) | None => break,
        }
    }
    Ok(false)
}

async fn units(store: &dyn BackfillStore, run: &Run) -> Result<Vec<Unit>, PortError> {
    let mut units = Vec::new();
    for key in run.unit_keys() {
        units.extend(store.unit(&key).await?.filter(|unit| unit.run == run.id));
    }
    Ok(units)
}
