//! Where facts are kept back until all of their run is fetched.

use async_trait::async_trait;

use super::{PortError, Put};
use crate::backfill::{Hold, Place, Version};
use crate::observation::Observation;
use crate::{RunId, Timestamp};

/// Runs that hold their facts back, and these facts.
#[async_trait]
pub trait HoldStore: Send + Sync {
    /// The hold of a run, as it is now.
    async fn hold(&self, run: &RunId) -> Result<Option<Hold>, PortError>;

    /// Stores a hold on top of version `expected`; `None` means that there must be none yet.
    async fn put_hold(&self, hold: &Hold, expected: Option<Version>) -> Result<Put, PortError>;

    /// Keeps facts of a run. Doing it again replaces them. When it fails some of them may be kept.
    async fn keep(&self, run: &RunId, facts: &[Observation]) -> Result<(), PortError>;

    /// The first `limit` facts of a run behind a place, in the order of their places.
    async fn held(&self, run: &RunId, after: Option<&Place>, limit: usize) -> Result<Vec<Observation>, PortError>;

    /// Forgets the facts at these places.
    async fn forget(&self, run: &RunId, places: &[Place]) -> Result<(), PortError>;

    /// Runs whose hold is not over and whose `due_at` has come, the oldest first. May lag behind writes.
    async fn due_holds(&self, now: Timestamp, limit: usize) -> Result<Vec<RunId>, PortError>;
}
