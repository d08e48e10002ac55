//! The management API over ports in memory.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod desk;
mod documents;
mod doors;
mod links;
mod lists;
mod machines;
mod memory;
mod once;
mod settings;
mod work;
