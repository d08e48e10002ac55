//! Looking at a run, stopping it, and letting it go on.

use std::collections::BTreeMap;
use std::time::Duration;

use connector_domain::backfill::{Awaits, CALL_BUDGET, Limits, Run, RunProgress, Unit, UnitKey, UnitState};
use connector_domain::ports::{BackfillStore, Clock, HoldStore, PortError, Put};
use connector_domain::{RunId, Timestamp};
use tracing::info;

use crate::budget;
use crate::start::StartPorts;

/// How a run stands, with its units. One that a later run has taken over stands as it ended for this one.
///
/// # Errors
/// When the store fails.
pub async fn progress(
    store: &dyn BackfillStore,
    holds: &dyn HoldStore,
    run: &Run,
) -> Result<(RunProgress, Vec<Unit>), PortError> {
    let units = units(store, run).await?;
    let reports = store.page_reports(&run.id).await?;
    let progress = RunProgress::of_run(run, &units, &reports);
    let hold = if run.hold { holds.hold(&run.id).await? } else { None };
    Ok((hold.iter().fold(progress, RunProgress::with), units))
}

/// The units of a run, in the order of its lists: as they are now, or as they ended for it.
///
/// # Errors
/// When the store fails.
pub async fn units(store: &dyn BackfillStore, run: &Run) -> Result<Vec<Unit>, PortError> {
    let mut units = Vec::new();
    for key in run.unit_keys() {
        units.extend(store.unit(&key).await?);
    }
    own_units(store, run, units).await
}

/// What a run still awaits, with its units.
///
/// # Errors
/// When the store fails.
pub async fn awaits(store: &dyn BackfillStore, run: &Run, now: Timestamp) -> Result<(Awaits, Vec<Unit>), PortError> {
    let units = units(store, run).await?;
    let captured = store.page_reports(&run.id).await?.len() as u64;
    Ok((Awaits::of(&units, captured, now), units))
}

/// Of units as they are now those of a run, and in place of what later runs have taken over what was kept of it.
///
/// # Errors
/// When the store fails.
pub async fn own_units(store: &dyn BackfillStore, run: &Run, now: Vec<Unit>) -> Result<Vec<Unit>, PortError> {
    let own = |unit: Unit| (unit.key.clone(), unit);
    let mut own: BTreeMap<UnitKey, Unit> = now.into_iter().filter(|unit| unit.run == run.id).map(own).collect();
    if run.unit_keys().any(|key| !own.contains_key(&key)) {
        for unit in store.ended_units(&run.id).await? {
            own.entry(unit.key.clone()).or_insert(unit);
        }
    }
    Ok(run.unit_keys().filter_map(|key| own.remove(&key)).collect())
}

/// Stops the units of a run that have not ended, and answers how many. Those that its start has not opened yet stay shut.
///
/// # Errors
/// When the store fails.
pub async fn cancel(store: &dyn BackfillStore, clock: &dyn Clock, run: &Run) -> Result<usize, PortError> {
    store.cancel_run(run, clock.now()).await?;
    let changed = change_units(store, run, |unit| unit.cancel(clock.now())).await?;
    Ok(changed.len())
}

/// Stops a unit of a run, unless it has ended or another run has taken it over.
///
/// # Errors
/// When the store fails.
pub async fn cancel_unit(
    store: &dyn BackfillStore,
    clock: &dyn Clock,
    unit: Unit,
    run: &RunId,
) -> Result<bool, PortError> {
    Ok(change(store, unit, run, |unit| unit.cancel(clock.now())).await?.is_some())
}

/// Pauses the units of a run that are under way, and answers how many.
///
/// # Errors
/// When the store fails.
pub async fn pause(store: &dyn BackfillStore, clock: &dyn Clock, run: &Run) -> Result<usize, PortError> {
    let changed = change_units(store, run, |unit| unit.pause(clock.now())).await?;
    Ok(changed.len())
}

/// Lets the units of a run go on that are paused or stopped early, and answers how many. Those that have used up the
/// calls of the run may make as many again.
///
/// # Errors
/// When a port fails.
pub async fn resume(ports: &StartPorts, run: &Run) -> Result<usize, PortError> {
    let spent = |unit: &Unit| matches!(&unit.state, UnitState::Partial { reason } if reason == CALL_BUDGET);
    if let Some(calls) = run.call_budget
        && units(&*ports.backfills, run).await?.iter().any(spent)
    {
        budget::allow(&*ports.backfills, &run.id, calls, ports.clock.now()).await?;
    }
    go_on(ports, run, |unit, limits, now| unit.resume(limits, now)).await
}

/// Tries the units of a run again that failed, and no others; answers how many.
///
/// # Errors
/// When a port fails.
pub async fn retry(ports: &StartPorts, run: &Run) -> Result<usize, PortError> {
    go_on(ports, run, |unit, limits, now| unit.retry(limits, now)).await
}

/// Lets one unit go on that is paused; answers whether it was.
///
/// # Errors
/// When a port fails.
pub async fn resume_unit(ports: &StartPorts, unit: Unit) -> Result<bool, PortError> {
    let run = unit.run.clone();
    let next = |unit: &Unit| unit.resume(&ports.limits, ports.clock.now()).filter(|_| !unit.state.is_terminal());
    let Some(unit) = change(&*ports.backfills, unit, &run, next).await? else { return Ok(false) };
    ports.pages.send(&[unit.task()], Duration::ZERO).await?;
    Ok(true)
}

async fn go_on(
    ports: &StartPorts,
    run: &Run,
    next: impl Fn(&Unit, &Limits, Timestamp) -> Option<Unit>,
) -> Result<usize, PortError> {
    let next = |unit: &Unit| next(unit, &ports.limits, ports.clock.now());
    let changed = change_units(&*ports.backfills, run, next).await?;
    // Were a message lost, recovery would send it.
    let tasks: Vec<_> = changed.iter().map(Unit::task).collect();
    ports.pages.send(&tasks, Duration::ZERO).await?;
    info!(run.id = %run.id, units = tasks.len(), "run {} goes on", run.id);
    Ok(tasks.len())
}

async fn change_units(
    store: &dyn BackfillStore,
    run: &Run,
    next: impl Fn(&Unit) -> Option<Unit>,
) -> Result<Vec<Unit>, PortError> {
    let mut changed = Vec::new();
    for key in run.unit_keys() {
        let Some(unit) = store.unit(&key).await?.filter(|unit| unit.run == run.id) else { continue };
        changed.extend(change(store, unit, &run.id, &next).await?);
    }
    Ok(changed)
}

/// Changes a unit, unless there is nothing to change or another run has taken it over; answers its new row.
async fn change(
    store: &dyn BackfillStore,
    mut unit: Unit,
    run: &RunId,
    next: impl Fn(&Unit) -> Option<Unit>,
) -> Result<Option<Unit>, PortError> {
    // A worker may write the row in between; then the change is made again on top of what it wrote.
    while let Some(changed) = next(&unit) {
        if store.put_unit(&changed, Some(unit.version)).await? == Put::Stored {
            return Ok(Some(changed));
        }
        match store.unit(&unit.key).await? {
            Some(now) if now.run == *run => unit = now,
            Some(_) | None => break,
        }
    }
    Ok(None)
}
