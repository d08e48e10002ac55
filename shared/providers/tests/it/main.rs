//! What every provider must do, over its fixtures, and how GitHub's transform compares with outside data.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests may stop and print"
)]

mod arbitrary;
mod conformance;
mod corpus;
mod golden;
mod linear;
mod pages;
mod resources;
mod sentry;
mod support;
mod vectors;
mod vercel;
