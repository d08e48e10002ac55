//! Deterministic simulation of the pipeline.
//!
//! The real handlers run over in-memory ports. Every awaited port call is a scheduling point and a place for a fault:
//! it can fail or crash, before or after its effect. Clock, queue and chance are the simulation's, so a seed replays.
//! Safety is checked when a history is quiet: every fact once, every row terminal, no queue holding anything.

mod account;
mod chance;
mod executor;
mod fault;
mod faulty;
mod history;
mod provider;
mod queue;
mod setup;

pub use account::{Account, Grants};
pub use chance::Chance;
pub use fault::{Fault, Plan, Point};
pub use history::{Finding, History, Report, Scenario};
