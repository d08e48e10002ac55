//! The simulation itself is tested: faults that somebody could build into the system must be found.

use connector_simulation::{Plant, hunt, with_faults};

#[test]
fn every_planted_fault_is_found() {
    let mut missed = Vec::new();
    for plant in Plant::ALL {
        match hunt(plant, 0, 3_000, 2) {
            Some(caught) => println!("{plant:?}: {} histories, {}", caught.histories, caught.failure.findings[0]),
            None => missed.push(plant),
        }
    }
    assert_eq!(missed, []);
}

#[test]
fn the_faults_that_are_left_after_shrinking_still_show_it() {
    let caught = hunt(Plant::DoneFirst, 0, 3_000, 1).unwrap();
    let failure = caught.failure;
    assert!(failure.faults.len() <= 2, "{:?}", failure.faults);
    let report = with_faults(failure.seed, &failure.faults, Some(Plant::DoneFirst)).unwrap();
    assert_eq!(report.findings, failure.findings);
    // The system as it is stands the same.
    assert_eq!(with_faults(failure.seed, &failure.faults, None).unwrap().findings, []);
}
