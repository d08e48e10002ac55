//! Deterministic simulation of the pipeline: `docs/simulation.md` says what is simulated and what is not.
//!
//! The real handlers run over in-memory ports. Every awaited port call is a scheduling point and a place for a fault:
//! it can fail or crash, before or after its effect. Clock, queue and chance are the simulation's, so a seed replays.
//! What may not happen is looked for after every step, and what must have happened when the history is quiet.

mod account;
mod beside;
mod campaign;
mod chance;
mod documents;
mod embedder;
mod enriching;
mod executor;
mod fault;
mod faulty;
mod files;
mod finding;
mod forward;
mod history;
mod judge;
mod model;
mod monitor;
mod place;
mod plant;
mod provider;
mod queue;
mod reference;
mod said;
mod scenario;
mod setup;
mod shrink;
mod stale;
mod sweep;
mod tenant;
mod tokens;
mod trace;
mod unreliable;
mod watch;

pub use account::Account;
pub use campaign::{Campaign, Caught, Failure, Summary, hunt, regressions};
pub use chance::Chance;
pub use fault::{At, Fault, Flow, NotAFault, Plan, Point, Rate};
pub use finding::{Finding, Rule};
pub use history::{History, Report};
pub use monitor::Tally;
pub use plant::Plant;
pub use scenario::{Content, Deed, FirstMessages, Scenario};
pub use shrink::{shrunk, with_faults};
pub use sweep::{Case, Swept, cases, pairs};
pub use tokens::Grants;
