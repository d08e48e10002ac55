//! What more than one function does, over ports: functions do not import each other.
//!
//! Like all business code it awaits nothing but ports, so the simulation can fail or crash it at each of them.

mod start;

pub use start::{StartError, StartPorts, StartRequest, Started, UnitStart, start_run};
