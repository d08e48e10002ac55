//! The outside world as traits. Business code awaits nothing else, so a test can fail or crash it at each of them.
//!
//! Rules that every implementation keeps, held by one contract suite:
//! a write either happens whole or not at all; a condition and its write are one step; what was acknowledged is durable.

mod access;
mod backfills;
mod changes;
mod connections;
mod deliveries;
mod documents;
mod enrichment;
mod error;
mod holds;
mod lists;
mod model;
mod oauth;
mod observations;
mod outside;
mod vectors;

pub use access::{Begun, MachineKeys, OnceKey, OnceStore};
pub use backfills::{BackfillStore, Put};
pub use changes::ChangeLog;
pub use connections::ConnectionStore;
pub use deliveries::{DeliveryStore, PutDelivery, RedeliveryLog};
pub use documents::{DocumentStore, DocumentSyncs};
pub use enrichment::EnrichmentStore;
pub use error::{PortError, PortErrorKind};
pub use holds::HoldStore;
pub use lists::{ConnectionLists, DeliveryFilter, DeliveryLog, IntegrationFilter, Page, Paging, RunLists};
pub use model::{LanguageModel, ModelStore};
pub use oauth::{AuditLog, StateStore, TokenRows, TokenVault};
pub use observations::{ObservationFilter, ObservationPage, ObservationStore};
pub use outside::{
    AppSigner, Clock, MAX_DELAY, MAX_WORK, Pause, ProviderHttp, Queue, Random, Secrets, TokenError, Tokens,
};
pub use vectors::{Embedder, FeatureIndex, LocalEmbedder, MAX_WEEKS, Purpose, VectorIndex, embed_all};
