//! Keeps the files of linked repositories as documents: those that a file in the repository names, at the head of its
//! default branch.
//!
//! A step is claim, look, fetch what differs, store, advance, enqueue. What differs is the difference between a git tree and
//! what is kept, so a step may run twice, and a webhook that is lost or comes late changes nothing but the time.
//! It knows no provider's payload and no AWS service.

mod config;
mod content;
pub mod lambda;
mod settings;
mod source;
mod tokens;
mod worker;

pub use settings::{DocumentsSettings, WorkerPorts};
pub use tokens::Cl100k;
pub use worker::{DocumentsError, DocumentsOutcome, DocumentsWorker};
