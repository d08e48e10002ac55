//! The ports in memory. They are stricter than the real ones where the real ones only may fail:
//! a message that SQS would refuse is refused here, a row that DynamoDB would not take is not taken.

mod access;
mod backfills;
mod clock;
mod connections;
mod deliveries;
mod documents;
mod enrichment;
mod holds;
mod http;
mod lists;
mod models;
mod oauth;
mod observations;
mod queue;
mod random;
mod secrets;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use access::{MemoryChanges, MemoryKeys, MemoryOnce};
pub use backfills::MemoryBackfills;
pub use clock::ManualClock;
pub use connections::MemoryConnections;
pub use deliveries::MemoryDeliveries;
pub use documents::MemoryDocuments;
pub use enrichment::KeptBeside;
pub use holds::MemoryHolds;
pub use http::{RecordedRequest, ScriptedHttp};
pub use models::MemoryModels;
pub use oauth::{FakeSigner, ManualPause, MemoryAudit, MemoryStates, MemoryVault};
pub use observations::MemoryObservations;
pub use queue::{MemoryQueue, Received};
pub use random::SeededRandom;
pub use secrets::{StaticSecrets, StaticTokens};

/// DynamoDB's bound on an item, less room for keys and index attributes.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
const MAX_ROW_BYTES: usize = 390_000;

/// A panic in one test must not hide behind a poisoned lock in another.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
