//! Facts that are held back without care.

use std::sync::Arc;

use async_trait::async_trait;
use connector_domain::backfill::{Hold, Place, Version};
use connector_domain::observation::Observation;
use connector_domain::ports::{HoldStore, PortError, Put};
use connector_domain::{RunId, Timestamp};

use super::Plant;

/// A store of holds with one of the faults that are about them.
pub(crate) struct CarelessHolds {
    pub(crate) store: Arc<dyn HoldStore>,
    pub(crate) plant: Plant,
}

#[async_trait]
impl HoldStore for CarelessHolds {
    async fn hold(&self, run: &RunId) -> Result<Option<Hold>, PortError> {
        self.store.hold(run).await
    }

    async fn put_hold(&self, hold: &Hold, expected: Option<Version>) -> Result<Put, PortError> {
        let unfenced = self.plant == Plant::HoldUnfenced;
        let there = if unfenced { self.store.hold(&hold.run).await?.map(|hold| hold.version) } else { expected };
        self.store.put_hold(hold, there).await
    }

    async fn keep(&self, run: &RunId, facts: &[Observation]) -> Result<(), PortError> {
        self.store.keep(run, facts).await
    }

    async fn held(&self, run: &RunId, after: Option<&Place>, limit: usize) -> Result<Vec<Observation>, PortError> {
        let held = self.store.held(run, after, limit).await?;
        if self.plant == Plant::HoldForgotten {
            let places: Vec<_> = held.iter().map(Place::of).collect();
            self.store.forget(run, &places).await?;
        }
        Ok(held)
    }

    async fn forget(&self, run: &RunId, places: &[Place]) -> Result<(), PortError> {
        self.store.forget(run, places).await
    }

    async fn due_holds(&self, now: Timestamp, limit: usize) -> Result<Vec<RunId>, PortError> {
        if self.plant == Plant::HoldUnswept {
            return Ok(Vec::new());
        }
        self.store.due_holds(now, limit).await
    }
}
