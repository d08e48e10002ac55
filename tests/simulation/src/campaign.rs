//! Many histories over all cores, and what came of them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::fault::{At, Fault};
use crate::finding::Finding;
use crate::history::{History, Report};
use crate::monitor::Tally;
use crate::plant::Plant;
use crate::shrink::shrunk;

/// Which histories to run.
#[derive(Debug, Clone, Copy)]
pub struct Campaign {
    /// The first seed.
    pub first: u64,
    /// How many.
    pub histories: u64,
    /// On how many threads.
    pub threads: usize,
    /// How many findings are enough to stop.
    pub enough: usize,
}

/// A history that must not be.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Its seed.
    pub seed: u64,
    /// What was found.
    pub findings: Vec<Finding>,
    /// The fewest faults that show it.
    pub faults: Vec<At>,
}

/// What came of many histories.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// How many were run.
    pub histories: u64,
    /// Faults that happened, by kind.
    pub faults: BTreeMap<Fault, u64>,
    /// Port calls.
    pub calls: u64,
    /// What was done in all of them.
    pub tally: Tally,
    /// The longest time to come to rest after the last fault.
    pub slowest: Duration,
    /// What must not be.
    pub failures: Vec<Failure>,
}

impl Summary {
    fn add(&mut self, report: &Report) {
        self.histories += 1;
        self.calls += report.calls.len() as u64;
        for At(_, fault) in &report.faults {
            *self.faults.entry(*fault).or_default() += 1;
        }
        self.tally.add(&report.tally);
        self.slowest = self.slowest.max(report.healed_in);
    }

    fn merge(&mut self, other: Self) {
        self.histories += other.histories;
        self.calls += other.calls;
        for (fault, count) in other.faults {
            *self.faults.entry(fault).or_default() += count;
        }
        self.tally.add(&other.tally);
        self.slowest = self.slowest.max(other.slowest);
        self.failures.extend(other.failures);
    }
}

impl Campaign {
    /// Runs them. `told` hears now and then how many are done.
    pub fn run(&self, told: impl Fn(u64) + Sync) -> Summary {
        let (next, failed) = (AtomicU64::new(0), AtomicU64::new(0));
        let all = Mutex::new(Summary::default());
        std::thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(|| {
                    let mut own = Summary::default();
                    while (failed.load(Ordering::Relaxed) as usize) < self.enough {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        if n >= self.histories {
                            break;
                        }
                        let seed = self.first + n;
                        let Ok(history) = History::drawn(seed, None) else { continue };
                        let report = history.run();
                        own.add(&report);
                        if !report.findings.is_empty() {
                            failed.fetch_add(1, Ordering::Relaxed);
                            own.failures.push(failure(seed, report, None));
                        }
                        if n % 1_000 == 999 {
                            told(n + 1);
                        }
                    }
                    all.lock().unwrap_or_else(PoisonError::into_inner).merge(own);
                });
            }
        });
        let mut all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
        all.failures.sort_by_key(|failure| failure.seed);
        all
    }
}

fn failure(seed: u64, report: Report, plant: Option<Plant>) -> Failure {
    let (faults, shown) = shrunk(seed, &report, plant).unwrap_or((report.faults.clone(), report));
    Failure { seed, findings: shown.findings, faults }
}

/// A planted fault that was found.
#[derive(Debug, Clone)]
pub struct Caught {
    /// In the how-manieth history, counted from 1.
    pub histories: u64,
    /// In which, and by what.
    pub failure: Failure,
}

/// Looks for a planted fault in the histories from `first` on; `None` when none of them shows it.
#[must_use]
pub fn hunt(plant: Plant, first: u64, histories: u64, threads: usize) -> Option<Caught> {
    let (next, found) = (AtomicU64::new(0), AtomicBool::new(false));
    let earliest: Mutex<Option<(u64, Report)>> = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                while !found.load(Ordering::Relaxed) {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= histories {
                        break;
                    }
                    let Ok(history) = History::drawn(first + n, Some(plant)) else { continue };
                    let report = history.run();
                    // What the system does without it says nothing of it.
                    let is_its_own =
                        || History::drawn(first + n, None).is_ok_and(|as_it_is| as_it_is.run().findings.is_empty());
                    if !report.findings.is_empty() && is_its_own() {
                        found.store(true, Ordering::Relaxed);
                        let mut earliest = earliest.lock().unwrap_or_else(PoisonError::into_inner);
                        if earliest.as_ref().is_none_or(|(known, _)| n < *known) {
                            *earliest = Some((n, report));
                        }
                    }
                }
            });
        }
    });
    let (n, report) = earliest.into_inner().unwrap_or_else(PoisonError::into_inner)?;
    Some(Caught { histories: n + 1, failure: failure(first + n, report, Some(plant)) })
}

/// Seeds that once showed a fault of the system. They run first, for ever.
pub fn regressions() -> impl Iterator<Item = u64> {
    let lines = include_str!("../regressions.txt").lines();
    lines.filter_map(|line| line.split('#').next()?.trim().parse().ok())
}
