//! Turns stored deliveries into observations: load, transform, filter, score, store, account for. Then enriches them: what
//! each shares with others, who acted, what it is like.
//!
//! Both paths meet here, so one fact has one identity whichever saw it first. Every step may run twice.
//! It knows no provider's payload and no AWS service.

mod assess;
mod capture;
mod enrich;
pub mod lambda;
mod lifecycle;
mod notify;
mod replay;
mod services;

pub use assess::{Assessed, Context, assess};
pub use capture::{Capture, CaptureError, CapturePorts, Captured};
pub use enrich::{Enrich, EnrichError, EnrichPorts, Enriched, ModelPorts, ModelSteps};
pub use notify::Notify;
pub use replay::Replayed;
pub use services::{Around, enrich_ports};
