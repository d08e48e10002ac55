//! One fault at every port call of a history, of each kind.

use connector_simulation::{Fault, Plan, Scenario};

use crate::{BACKFILL, WEBHOOKS, check, run, undisturbed};

fn every_single_fault_heals(scenario: Scenario) {
    let expected = undisturbed(scenario);
    for point in 0..expected.calls.len() {
        for fault in Fault::ALL {
            let report = run(0, scenario, Plan::scripted([(point, fault)]));
            let call = expected.calls[point];
            check(&report, &expected, format_args!("{fault:?} at call {point} ({call})"));
        }
    }
}

#[test]
fn every_single_fault_of_the_webhook_path_heals() {
    every_single_fault_heals(WEBHOOKS);
}

#[test]
fn every_single_fault_of_the_backfill_path_heals() {
    every_single_fault_heals(BACKFILL);
}

#[test]
fn every_pair_of_faults_within_one_page_step_heals() {
    let small = Scenario { pull_requests: 2, issues: 0, releases: 0, page_size: 100, ..BACKFILL };
    let expected = undisturbed(small);
    let points = expected.calls.len();
    for first in 0..points {
        // The second fault hits the step that repeats the first one's, or the one after it.
        for second in first + 1..first + 10 {
            for (a, b) in [
                (Fault::CrashAfter, Fault::CrashBefore),
                (Fault::CrashBefore, Fault::CrashAfter),
                (Fault::FailAfter, Fault::CrashAfter),
                (Fault::FailBefore, Fault::FailAfter),
            ] {
                let report = run(0, small, Plan::scripted([(first, a), (second, b)]));
                check(&report, &expected, format_args!("{a:?} at {first}, {b:?} at {second}"));
            }
        }
    }
}

/// A call more or less is a change of cost and of crash points: it should be seen in review.
#[test]
fn the_paths_make_the_calls_they_are_known_for() {
    let one_page = Scenario { pull_requests: 0, issues: 0, releases: 1, page_size: 100, ..BACKFILL };
    let calls = undisturbed(one_page).calls;
    let count = |name: &str| calls.iter().filter(|call| **call == name).count();
    // Three lists, one page each.
    assert_eq!(count("ProviderHttp::send"), 3);
    assert_eq!(count("DeliveryStore::put_if_absent"), 3);
    // Claim and advance of each, and the opening of each.
    assert_eq!(count("BackfillStore::put_unit"), 9);
    assert_eq!(count("ObservationStore::put_if_absent"), 1);
}
