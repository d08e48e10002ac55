//! Flows through the whole system, and rules about the repository and its template.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod flows;
mod harness;
mod template;
mod tidy;
