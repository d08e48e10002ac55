//! Histories with injected faults: nothing lost, nothing twice, nothing stuck.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop where it stands")]

mod account;
mod planted;
mod random;
mod sweep;

use connector_simulation::{Failure, History, Plan, Report, Scenario};

fn run(seed: u64, scenario: &Scenario, plan: Plan) -> Report {
    History::new(seed, scenario.clone(), plan).unwrap().run()
}

/// What to do about a failure, in one line to copy.
fn told(failure: &Failure) -> String {
    let faults: Vec<_> = failure.faults.iter().map(ToString::to_string).collect();
    let findings: Vec<_> = failure.findings.iter().map(ToString::to_string).collect();
    format!(
        "seed {}: {}\n  cargo run -p connector-simulation --bin simulate -- replay {} --faults '{}'",
        failure.seed,
        findings.join("; "),
        failure.seed,
        faults.join(",")
    )
}
