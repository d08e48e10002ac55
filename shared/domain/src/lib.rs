//! Pure types, rules and ports.
//!
//! This crate knows no provider payload, no AWS, no HTTP client, no clock and no environment:
//! time and randomness come in as arguments, the outside world as [`ports`].

pub mod access;
pub mod audit;
pub mod backfill;
pub mod capture;
pub mod change;
pub mod connection;
pub mod delivery;
pub mod documents;
pub mod enrich;
pub mod event;
pub mod http;
pub mod id;
pub mod identity;
pub mod lifecycle;
pub mod model;
pub mod notification;
pub mod oauth;
pub mod observation;
pub mod ports;
pub mod provider;
pub mod redelivery;
pub mod secret;
pub mod source_type;
pub mod task;
pub mod text;
pub mod time;
pub mod transformed;

pub use delivery::{Delivery, DeliveryId, Unverified, Verified};
pub use event::{Actor, Metadata, Reference, ReferenceKind, SourceEvent};
pub use id::{AccountId, ConnectionId, IdError, IntegrationId, ResourceId, RunId, UserId, WorkspaceId};
pub use identity::SourceId;
pub use jiff::Timestamp;
pub use provider::ProviderKind;
pub use secret::Secret;
pub use source_type::SourceType;
