//! The contracts of the stores, as suites that every implementation must pass. Each part works in workspaces and under ids
//! of its own, so that suites can share a store and run side by side.
#![expect(clippy::unwrap_used, reason = "a suite is test code: it stops at the first surprise")]

mod access;
mod backfills;
mod connections;
mod deliveries;
mod documents;
mod enrichment;
mod holds;
mod lists;
mod models;
mod oauth;
mod observations;
mod redeliveries;
mod vectors;

use std::hash::{BuildHasher, RandomState};

use connector_domain::WorkspaceId;

pub use access::{changes, machine_keys, once};
pub use backfills::backfills;
pub use connections::connections;
pub use deliveries::deliveries;
pub use documents::{document_syncs, documents, due_apart};
pub use enrichment::enrichment;
pub use holds::holds;
pub use lists::{connection_lists, delivery_log, run_lists};
pub use models::models;
pub use oauth::{audit, states, vault};
pub use observations::observations;
pub use redeliveries::redeliveries;
pub use vectors::{MODEL as VECTOR_MODEL, vectors};

/// A name that no other part uses.
fn unique(prefix: &str) -> String {
    format!("{prefix}-{:016x}", RandomState::new().hash_one(prefix))
}

/// A workspace that no other part uses.
fn some_workspace() -> WorkspaceId {
    crate::builders::workspace(&unique("ws"))
}
