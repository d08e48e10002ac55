//! Connects provider accounts: start, consent, callback, and how it went.
//!
//! Starting needs a signed-in caller. What follows is open, and good for whoever holds the state and the browser it was
//! opened in. Nothing that a request or a provider says is shown or followed: pages are ours, and so are all addresses.

mod browser;
mod caller;
mod handle;
pub mod lambda;
mod page;

pub use handle::{OAuth, OAuthSettings};
