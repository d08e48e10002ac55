//! What runs hold back, in memory.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Mutex;

use async_trait::async_trait;
use connector_domain::backfill::{Hold, HoldState, Place, Version};
use connector_domain::observation::Observation;
use connector_domain::ports::{HoldStore, PortError, Put};
use connector_domain::{RunId, Timestamp};

use super::lock;

/// What runs hold back, in memory.
#[derive(Debug, Default)]
pub struct MemoryHolds(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    holds: BTreeMap<RunId, Hold>,
    held: BTreeMap<RunId, BTreeMap<Place, Observation>>,
}

impl MemoryHolds {
    /// All holds, by run.
    #[must_use]
    pub fn all(&self) -> Vec<Hold> {
        lock(&self.0).holds.values().cloned().collect()
    }
}

#[async_trait]
impl HoldStore for MemoryHolds {
    async fn hold(&self, run: &RunId) -> Result<Option<Hold>, PortError> {
        Ok(lock(&self.0).holds.get(run).cloned())
    }

    async fn put_hold(&self, hold: &Hold, expected: Option<Version>) -> Result<Put, PortError> {
        let mut state = lock(&self.0);
        if state.holds.get(&hold.run).map(|known| known.version) != expected {
            return Ok(Put::Conflict);
        }
        state.holds.insert(hold.run.clone(), hold.clone());
        Ok(Put::Stored)
    }

    async fn keep(&self, run: &RunId, facts: &[Observation]) -> Result<(), PortError> {
        let mut state = lock(&self.0);
        let held = state.held.entry(run.clone()).or_default();
        held.extend(facts.iter().map(|fact| (Place::of(fact), fact.clone())));
        Ok(())
    }

    async fn held(&self, run: &RunId, after: Option<&Place>, limit: usize) -> Result<Vec<Observation>, PortError> {
        let state = lock(&self.0);
        let Some(held) = state.held.get(run) else { return Ok(Vec::new()) };
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        Ok(held.range((from, Bound::Unbounded)).take(limit).map(|(_, fact)| fact.clone()).collect())
    }

    async fn forget(&self, run: &RunId, places: &[Place]) -> Result<(), PortError> {
        if let Some(held) = lock(&self.0).held.get_mut(run) {
            held.retain(|place, _| !places.contains(place));
        }
        Ok(())
    }

    async fn due_holds(&self, now: Timestamp, limit: usize) -> Result<Vec<RunId>, PortError> {
        let state = lock(&self.0);
        let open = state.holds.values().filter(|hold| hold.state != HoldState::Replayed && hold.due_at <= now);
        let mut due: Vec<_> = open.map(|hold| (hold.due_at, hold.run.clone())).collect();
        due.sort_unstable();
        Ok(due.into_iter().take(limit).map(|(_, run)| run).collect())
    }
}
