//! What every provider must do, over its fixtures, and how their transforms compare with outside data.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests may stop and print"
)]

mod arbitrary;
mod conformance;
mod github;
mod golden;
mod linear;
mod oauth;
mod pages;
mod parity;
mod resources;
mod sentry;
mod support;
mod vercel;
