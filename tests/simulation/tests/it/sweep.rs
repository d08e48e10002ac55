//! One fault of each kind at every port call of each flow, and every pair of them for the step of a page.

use connector_simulation::{cases, pairs};

/// How many schedules of each flow `cargo test` breaks; `simulate sweep` breaks more.
const SCHEDULES: u64 = 2;

/// Whoever adds a call adds a point at which things break: it is to be seen here.
#[test]
fn every_flow_makes_the_calls_it_is_known_for() {
    let made: Vec<_> = cases().iter().map(|case| (case.name, case.made().unwrap())).collect();
    let known: Vec<_> = cases().iter().map(|case| (case.name, case.calls)).collect();
    assert_eq!(made, known);
}

#[test]
fn every_single_fault_of_every_flow_heals() {
    for case in cases() {
        let swept = case.sweep(SCHEDULES).unwrap();
        assert_eq!(swept.failure, None, "{}", case.name);
        assert_eq!(swept.missed, 0, "{}", case.name);
    }
}

#[test]
fn every_pair_of_faults_within_the_step_of_a_page_heals() {
    let swept = pairs(1).unwrap();
    assert_eq!(swept.failure, None);
    assert!(swept.histories > 1_000, "{swept:?}");
}
