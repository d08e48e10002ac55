//! Flows through the whole system, and rules about the repository and its template.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test stops at the first surprise, and says what it skips"
)]

mod canary;
mod connect;
mod documents;
mod flows;
mod harness;
mod paths;
mod provider_apps;
mod recorded;
mod redelivery;
mod services;
mod template;
mod tidy;
