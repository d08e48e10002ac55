//! Connecting an account, and keeping its tokens good: values and rules, without any provider's ways.

mod app;
mod failure;
mod one_time;
mod refresh;
mod state;
mod token;

pub use app::AppCredentials;
pub use failure::ConnectFailure;
pub use one_time::{OneTimeSecret, SecretHash};
pub use refresh::{LEASE, Lease, ReconnectReason, Step, TokenRow, TokenStatus};
pub use state::{CONNECT_TTL, ConnectOutcome, ConnectState, Return};
pub use token::{Grant, GrantError, Identity, TokenSet};
