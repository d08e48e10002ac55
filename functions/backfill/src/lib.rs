//! Fetches history: one page per message, and the tick that keeps it complete.
//!
//! A page step is claim, fetch, store, advance, enqueue. Each write is conditional, so a crash anywhere costs a redelivery
//! or a sweep, and a duplicate message fetches nothing. It knows no provider's payload and no AWS service.

pub mod lambda;
mod page;
mod prove;
mod scheduler;

pub use page::{PageError, PageOutcome, PagePorts, PageSettings, PageWorker};
pub use scheduler::{Scheduler, Tick};
