//! Rules against what others made of the same facts.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops at the first surprise and says what it saw"
)]

mod corpus;
mod enrich;
mod prompts;
mod vectors;
