//! The system in one process: an embedded DynamoDB, queues with SQS's semantics, schedules and routes,
//! all as `template.yaml` says.
//!
//! It owns which ports the functions are handed locally, and nothing of what they do with them. It must not know a
//! provider's payload, and nothing outside this crate may ask whether it runs locally.

mod database;
mod deployment;
mod error;
mod gateway;
mod issuer;
mod key;
mod link;
mod options;
mod poller;
mod ports;
mod private;
mod queue;
mod refill;
mod running;
mod schedule;
mod secrets;
mod serve;
pub mod template;
mod triggers;

pub use database::{Database, Stores};
pub use error::StackError;
pub use issuer::{Grant, Issuer};
pub use link::{LinkOutcome, LinkRequest, Linked, link};
pub use options::{Data, Options, StackClock};
pub use queue::{DeadLetter, QueueStatus};
pub use running::Stack;
pub use secrets::{LocalSecrets, SecretsError};
pub use serve::Served;
pub use template::{Template, TemplateError};
