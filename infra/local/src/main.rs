//! `cargo local`: the whole system on this machine.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    connectors::commands::run().await
}
