//! The tick that keeps history complete: it starts runs for links whose wanted time is not covered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use connector_domain::backfill::{Trigger, Unit, UnitKey, UnitState, Window};
use connector_domain::connection::Integration;
use connector_domain::ports::{ConnectionStore, PortError};
use connector_domain::{ConnectionId, Timestamp};
use connector_lambda::telemetry::chain;
use connector_providers::provider;
use tracing::{info, warn};

use connector_flows::{StartError, StartPorts, StartRequest, is_stopped, runs, start_run};

/// A stretch at the end of the window that is not covered is left to live capture until it is this long:
/// webhooks bring it, and the next run proves it.
const RECONCILE_AFTER: Duration = Duration::from_secs(24 * 3_600);

/// Keeps history complete.
#[derive(Clone)]
pub struct Scheduler {
    /// Links.
    pub connections: Arc<dyn ConnectionStore>,
    /// Runs.
    pub start: StartPorts,
}

/// What a tick did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tick {
    /// Active links seen.
    pub links: u64,
    /// Runs started.
    pub started: u64,
    /// Units that go on because their connection was made anew.
    pub resumed: u64,
    /// Runs that are being proven from now on.
    pub proofs: u64,
    /// Links and runs that could not be looked at; the next tick tries again.
    pub failed: u64,
}

impl Scheduler {
    /// Looks at every active link once. Safe to repeat: a list that is being fetched is left alone.
    ///
    /// # Errors
    /// When the links, or the runs that are to be proven, cannot be listed.
    pub async fn tick(&self) -> Result<Tick, PortError> {
        let mut tick = Tick::default();
        let mut after = None;
        let mut working = BTreeMap::new();
        loop {
            let (links, next) = self.connections.active_integrations(after).await?;
            for link in links {
                tick.links += 1;
                match self.look_at(link, &mut working).await {
                    Ok(looked) => {
                        tick.started += u64::from(looked.started);
                        tick.resumed += looked.resumed;
                    }
                    Err(error) => {
                        tick.failed += 1;
                        warn!("a link could not be looked at: {}", chain(&error));
                    }
                }
            }
            match next {
                Some(place) => after = Some(place),
                None => break,
            }
        }
        self.prove(&mut tick).await?;
        info!(
            links = tick.links,
            proofs = tick.proofs,
            started = tick.started,
            resumed = tick.resumed,
            failed = tick.failed,
            "looked at every active link"
        );
        Ok(tick)
    }

    async fn look_at(
        &self,
        link: Integration,
        working: &mut BTreeMap<ConnectionId, bool>,
    ) -> Result<Looked, StartError> {
        let mut looked = Looked::default();
        let settings = &link.settings.backfill;
        let Some(provider) = provider(link.provider) else { return Ok(looked) };
        if !self.works(&link.connection, working).await? {
            return Ok(looked);
        }
        let now = self.start.clock.now();
        let wanted = Window::last(settings.depth, now);
        let mut entities = BTreeSet::new();
        for entity in provider.entity_types().iter().copied() {
            let unit = self.start.backfills.unit(&UnitKey::of(&link, entity)).await?;
            if let Some(unit) = unit.as_ref().filter(|unit| is_stopped(unit)) {
                looked.resumed += u64::from(runs::resume_unit(&self.start, unit.clone()).await?);
                continue;
            }
            let wanted_list = settings.entities.is_empty() || settings.entities.contains(&entity);
            if !settings.enabled || !wanted_list {
                continue;
            }
            if is_due(unit.as_ref(), wanted, now) {
                entities.insert(entity);
            }
        }
        if !entities.is_empty() {
            let request = StartRequest {
                integration: link,
                entities,
                window: wanted,
                trigger: Trigger::Schedule,
                again: false,
                call_budget: None,
                proves: None,
                hold: false,
                prove: false,
            };
            looked.started = start_run(&self.start, &request).await?.run.is_some();
        }
        Ok(looked)
    }

    /// Whether the provider can be asked through a connection: its history waits until it can.
    async fn works(&self, id: &ConnectionId, known: &mut BTreeMap<ConnectionId, bool>) -> Result<bool, PortError> {
        if let Some(works) = known.get(id) {
            return Ok(*works);
        }
        let works = self.connections.connection(id).await?.is_some_and(|connection| connection.status.works());
        known.insert(id.clone(), works);
        Ok(works)
    }
}

/// What was done about a link.
#[derive(Debug, Default)]
struct Looked {
    started: bool,
    resumed: u64,
}

/// Whether the wanted time has a gap that live capture would not bring.
fn is_due(unit: Option<&Unit>, wanted: Window, now: Timestamp) -> bool {
    let Some(unit) = unit else { return true };
    if !unit.state.is_terminal() {
        return false;
    }
    let live_from = now.checked_sub(RECONCILE_AFTER).unwrap_or(wanted.since);
    let gaps = unit.coverage.missing(wanted);
    // A unit that ended early is not asked again at every tick: what failed once fails again.
    let rested = unit.updated_at <= live_from;
    gaps.iter().any(|gap| gap.since < live_from) && (unit.state == UnitState::Completed || rested)
}
