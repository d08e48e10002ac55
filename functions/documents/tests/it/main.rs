//! Syncs of documents against a simulated GitHub, over stores in memory.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test stops at the first surprise, and says what it skips"
)]

mod desk;
mod faults;
mod files;
mod pushes;
mod vectors;
