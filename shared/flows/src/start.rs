//! Starts a run: decides what each unit must fetch and opens it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use connector_domain::backfill::{EntityType, Hold, Limits, NewUnit, Run, Trigger, Unit, UnitKey, Window};
use connector_domain::connection::Integration;
use connector_domain::ports::{BackfillStore, Clock, HoldStore, PortError, Put, Queue, Random};
use connector_domain::task::PageTask;
use connector_domain::{RunId, Timestamp};
use connector_providers::provider;
use tracing::info;

use crate::budget;

/// What starting a run needs of the outside.
#[derive(Clone)]
pub struct StartPorts {
    /// Runs and units.
    pub backfills: Arc<dyn BackfillStore>,
    /// What runs hold back.
    pub holds: Arc<dyn HoldStore>,
    /// Where first pages are asked for.
    pub pages: Arc<dyn Queue<PageTask>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Names runs.
    pub random: Arc<dyn Random>,
    /// Bounds of a unit.
    pub limits: Limits,
}

/// What to fetch.
#[derive(Debug, Clone)]
pub struct StartRequest {
    /// Of which linked resource.
    pub integration: Integration,
    /// Which lists; empty means all that the provider has.
    pub entities: BTreeSet<EntityType>,
    /// Which time. Frozen from here on.
    pub window: Window,
    /// Who asks.
    pub trigger: Trigger,
    /// Whether to fetch again what is covered.
    pub again: bool,
    /// How many calls it may make, where that is bounded.
    pub call_budget: Option<u64>,
    /// Of which run it is to prove that nothing is missing.
    pub proves: Option<RunId>,
    /// Whether to hold its facts back until all are fetched, and to capture them in the order of time then.
    pub hold: bool,
    /// Whether to prove it by itself when it has completed.
    pub prove: bool,
}

impl StartRequest {
    /// Reads again all that a run of this link read, and finds what it missed. A list is read in as many calls as any
    /// list of its ids alone would take, and what is missing is stored at once.
    #[must_use]
    pub fn proof(run: &Run, integration: Integration, trigger: Trigger) -> Self {
        Self {
            integration,
            entities: run.entities.iter().copied().collect(),
            window: run.window,
            trigger,
            again: true,
            call_budget: None,
            proves: Some(run.id.clone()),
            hold: false,
            prove: false,
        }
    }
}

/// What became of each list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnitStart {
    /// It is being fetched.
    Opened,
    /// All of the window was fetched before.
    Covered,
    /// Another run is at it.
    Active(RunId),
    /// The run was cancelled before it opened.
    Cancelled,
}

/// A run, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The run; `None` when no list was opened.
    pub run: Option<RunId>,
    /// What became of each list.
    pub units: Vec<(EntityType, UnitStart)>,
}

/// Why a run cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The link is not active.
    #[error("the resource is not linked")]
    NotLinked,
    /// The provider has no such list, or this build does not serve the provider.
    #[error("{0} cannot be listed")]
    Unsupported(EntityType),
    /// This build does not serve the provider.
    #[error("the provider is not served")]
    UnknownProvider,
    /// A port failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Starts a run. A list that another run is at is left to it, so starting twice fetches once.
///
/// # Errors
/// When the request cannot be met, or a port fails.
pub async fn start_run(ports: &StartPorts, request: &StartRequest) -> Result<Started, StartError> {
    let entities = lists(request)?;
    let now = ports.clock.now();
    let run_id = RunId::parse(ports.random.id()).map_err(|error| PortError::permanent("name a run", error))?;
    let mut units = Vec::with_capacity(entities.len());
    let mut plan = Vec::new();
    for entity in entities {
        let previous = ports.backfills.unit(&UnitKey::of(&request.integration, entity)).await?;
        match decide(request, &run_id, entity, previous.as_ref(), ports, now) {
            Ok(unit) => plan.push((entity, unit, previous)),
            Err(other) => units.push((entity, other)),
        }
    }
    if plan.is_empty() {
        return Ok(Started { run: None, units });
    }
    let run = run(request, &run_id, plan.iter().map(|(entity, ..)| *entity).collect(), now);
    ports.backfills.put_run(&run).await?;
    if run.hold {
        let hold = Hold::start(run_id.clone(), run.workspace.clone(), ports.limits.stall, now);
        ports.holds.put_hold(&hold, None).await?;
    }
    if let Some(calls) = run.call_budget {
        budget::allow(&*ports.backfills, &run_id, calls, now).await?;
    }
    let mut tasks = Vec::with_capacity(plan.len());
    for (entity, unit, previous) in plan {
        // Kept before it is taken over: a crash in between leaves one copy too many.
        if let Some(previous) = &previous {
            ports.backfills.put_ended(previous).await?;
        }
        let expected = previous.map(|unit| unit.version);
        if ports.backfills.open_unit(&unit, expected).await? == Put::Stored {
            tasks.push(unit.task());
            units.push((entity, UnitStart::Opened));
        } else if ports.backfills.run(&run_id).await?.is_some_and(|run| run.cancelled_at.is_some()) {
            units.push((entity, UnitStart::Cancelled));
        } else {
            let winner = ports.backfills.unit(&unit.key).await?.map_or(run_id.clone(), |unit| unit.run);
            units.push((entity, UnitStart::Active(winner)));
        }
    }
    ports.pages.send(&tasks, Duration::ZERO).await?;
    info!(run.id = %run_id, units = tasks.len(), "started run {run_id} for {}", request.integration.resource.name);
    Ok(Started { run: (!tasks.is_empty()).then_some(run_id), units })
}

/// The lists that a request is about.
pub(crate) fn lists(request: &StartRequest) -> Result<Vec<EntityType>, StartError> {
    if !request.integration.active {
        return Err(StartError::NotLinked);
    }
    let known = provider(request.integration.provider).ok_or(StartError::UnknownProvider)?.entity_types();
    if request.entities.is_empty() {
        return Ok(known.to_vec());
    }
    match request.entities.iter().find(|entity| !known.contains(entity)) {
        Some(unknown) => Err(StartError::Unsupported(*unknown)),
        None => Ok(request.entities.iter().copied().collect()),
    }
}

/// What of a request's time is to be fetched of a list, in order of time.
pub(crate) fn windows(
    request: &StartRequest,
    entity: EntityType,
    previous: Option<&Unit>,
) -> Result<Vec<Window>, UnitStart> {
    if let Some(unit) = previous.filter(|unit| !unit.state.is_terminal()) {
        return Err(UnitStart::Active(unit.run.clone()));
    }
    let reads_between = provider(request.integration.provider).is_some_and(|known| known.reads_between(entity));
    let windows = match previous.filter(|_| !request.again) {
        Some(unit) if reads_between => unit.coverage.missing(request.window),
        Some(unit) => unit.coverage.missing_span(request.window).into_iter().collect(),
        None => vec![request.window],
    };
    if windows.is_empty() { Err(UnitStart::Covered) } else { Ok(windows) }
}

fn decide(
    request: &StartRequest,
    run: &RunId,
    entity: EntityType,
    previous: Option<&Unit>,
    ports: &StartPorts,
    now: Timestamp,
) -> Result<Unit, UnitStart> {
    // The newest first.
    let mut windows = windows(request, entity, previous)?;
    let window = windows.pop().ok_or(UnitStart::Covered)?;
    let new = NewUnit {
        key: UnitKey::of(&request.integration, entity),
        run: run.clone(),
        connection: request.integration.connection.clone(),
        resource: request.integration.resource.clone(),
        window,
        later: windows,
        hold: request.hold,
        correlation: run.to_string(),
    };
    Ok(Unit::start(new, previous, &ports.limits, now))
}

fn run(request: &StartRequest, id: &RunId, entities: Vec<EntityType>, now: Timestamp) -> Run {
    Run {
        id: id.clone(),
        workspace: request.integration.workspace.clone(),
        connection: request.integration.connection.clone(),
        provider: request.integration.provider,
        resource: request.integration.resource.clone(),
        entities,
        window: request.window,
        trigger: request.trigger,
        started_at: now,
        call_budget: request.call_budget,
        proves: request.proves.clone(),
        hold: request.hold,
        prove: request.prove,
        cancelled_at: None,
        correlation: id.to_string(),
    }
}
