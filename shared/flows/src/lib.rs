//! What more than one function does, over ports: functions do not import each other.
//!
//! Like all business code it awaits nothing but ports, so the simulation can fail or crash it at each of them.

pub mod budget;
pub mod call;
pub mod connect;
pub mod documents;
pub mod estimate;
pub mod fetch;
pub mod memory;
mod probe;
mod redeliver;
mod resources;
mod restart;
pub mod runs;
mod start;
mod teardown;
mod tokens;

pub use probe::{Access, Probe, ProbePorts, probe};
pub use redeliver::{Redeliveries, RedeliveryPorts, redeliver};
pub use resources::{ResourceError, ResourcePorts, find_resources, resources};
pub use restart::{is_stopped, restart_documents, restart_stopped};
pub use start::{StartError, StartPorts, StartRequest, Started, UnitStart, start_run};
pub use teardown::{Ending, RevokePorts, TeardownPorts, deactivate, tear_down};
pub use tokens::{ConnectionTokens, Due, TokenPorts};
