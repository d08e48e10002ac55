//! Re-drives what is stuck. Every row that is not terminal and stands still is looked at again,
//! so a lost message costs time and never data.

pub mod lambda;
mod sweep;

pub use sweep::{Recovery, RecoveryPorts, Swept};
