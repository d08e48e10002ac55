//! Histories with injected faults: nothing lost, nothing twice, nothing stuck.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop where it stands")]

mod account;
mod random;
mod sweep;

use connector_simulation::{History, Plan, Report, Scenario};

/// Both paths over a small repository.
const BOTH: Scenario = Scenario {
    pull_requests: 5,
    issues: 4,
    releases: 1,
    page_size: 3,
    webhook_every: 2,
    backfill: true,
    duplicate_percent: 0,
};

/// Only webhooks.
const WEBHOOKS: Scenario = Scenario { backfill: false, webhook_every: 3, ..BOTH };

/// Only history.
const BACKFILL: Scenario = Scenario { webhook_every: 0, ..BOTH };

fn run(seed: u64, scenario: Scenario, plan: Plan) -> Report {
    History::new(seed, scenario, plan).unwrap().run()
}

/// What the same scenario gives when nothing breaks.
fn undisturbed(scenario: Scenario) -> Report {
    let report = run(0, scenario, Plan::scripted([]));
    assert_eq!(report.findings, []);
    assert!(!report.observations.is_empty());
    report
}

#[track_caller]
fn check(report: &Report, expected: &Report, context: std::fmt::Arguments<'_>) {
    assert_eq!(report.findings, [], "{context}");
    let lost: Vec<_> = expected.observations.difference(&report.observations).collect();
    let extra: Vec<_> = report.observations.difference(&expected.observations).collect();
    assert!(lost.is_empty() && extra.is_empty(), "{context}: lost {lost:?}, extra {extra:?}");
}
