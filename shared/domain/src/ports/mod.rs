//! The outside world as traits. Business code awaits nothing else, so a test can fail or crash it at each of them.
//!
//! Rules that every implementation keeps, held by one contract suite:
//! a write either happens whole or not at all; a condition and its write are one step; what was acknowledged is durable.

mod backfills;
mod connections;
mod deliveries;
mod error;
mod oauth;
mod observations;
mod outside;

pub use backfills::{BackfillStore, Put};
pub use connections::ConnectionStore;
pub use deliveries::{DeliveryStore, PutDelivery};
pub use error::{PortError, PortErrorKind};
pub use oauth::{AuditLog, StateStore, TokenRows, TokenVault};
pub use observations::{ObservationFilter, ObservationPage, ObservationStore};
pub use outside::{AppSigner, Clock, MAX_DELAY, Pause, ProviderHttp, Queue, Random, Secrets, TokenError, Tokens};
