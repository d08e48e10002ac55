//! What holds whatever the bytes are. Each target is one of these functions, for one provider.
#![allow(clippy::unwrap_used, clippy::panic, reason = "what cannot be is what is looked for")]

mod fixtures;
mod held;
mod input;
mod keys;
mod page;
mod webhook;

pub use keys::keys;
pub use page::page;
pub use webhook::webhook;
