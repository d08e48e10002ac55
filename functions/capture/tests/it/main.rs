//! Enrichment of real shapes, in any order, and what runs hold back.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test stops at the first surprise, and says what it skips"
)]

mod desk;
mod facts;
mod held;
mod order;
mod scenarios;
mod services;
mod told;
