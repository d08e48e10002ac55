//! The stack as its users meet it: over HTTP and through its library, with a simulated GitHub behind it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod api;
mod backfill;
mod command_line;
mod connecting;
mod documents;
mod events;
mod http;
mod links;
mod memory;
mod restart;
mod support;
mod wiring;
