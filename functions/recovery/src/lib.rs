//! Looks at what is due. Every row that is not terminal and stands still is sent again, so a lost message costs time and
//! never data; tokens are renewed before they end.

pub mod lambda;
mod refresh;
mod sweep;

pub use refresh::{Refreshed, TokenRefresh};
pub use sweep::{Recovery, RecoveryPorts, Swept};
