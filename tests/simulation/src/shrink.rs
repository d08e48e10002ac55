//! Fewer faults that still show it: each is left out in turn, for as long as that changes nothing.

use crate::fault::{At, Plan};
use crate::finding::Rule;
use crate::history::{History, Report};
use crate::plant::Plant;
use crate::scenario::Scenario;

type Error = Box<dyn std::error::Error>;

/// The history of a seed with these faults in place of those it draws.
///
/// # Errors
/// As [`History::new`].
pub fn with_faults(seed: u64, faults: &[At], plant: Option<Plant>) -> Result<Report, Error> {
    let plan = Plan::scripted(faults.iter().map(|At(point, fault)| (*point, *fault)));
    Ok(History::planted(seed, Scenario::drawn(seed), plan, plant)?.run())
}

/// The fewest faults found that break one of the rules which the report says are broken, and what comes of them.
///
/// # Errors
/// As [`History::new`].
pub fn shrunk(seed: u64, report: &Report, plant: Option<Plant>) -> Result<(Vec<At>, Report), Error> {
    let broken: Vec<Rule> = report.findings.iter().map(|finding| finding.rule).collect();
    let shows = |report: &Report| report.findings.iter().any(|finding| broken.contains(&finding.rule));
    let mut faults = report.faults.clone();
    let mut shown = with_faults(seed, &faults, plant)?;
    if !shows(&shown) {
        return Ok((faults, report.clone()));
    }
    let mut place = 0;
    while place < faults.len() {
        let mut fewer = faults.clone();
        fewer.remove(place);
        let less = with_faults(seed, &fewer, plant)?;
        if shows(&less) {
            (faults, shown) = (fewer, less);
        } else {
            place += 1;
        }
    }
    Ok((faults, shown))
}
