//! Not by chance: a small history of each flow, with one fault of each kind at every port call that the flow makes.

use std::collections::BTreeSet;

use connector_domain::backfill::EntityType;

use crate::fault::{At, Fault, Flow, Plan};
use crate::finding::Finding;
use crate::history::{History, Report};
use crate::scenario::{Content, Deed, FirstMessages, Scenario};
use crate::tokens::Grants;

type Error = Box<dyn std::error::Error>;

/// A small history of one flow.
#[derive(Debug, Clone)]
pub struct Case {
    /// What it is called.
    pub name: &'static str,
    /// Whose calls are broken.
    pub flow: Flow,
    /// How many calls the flow makes where nothing breaks, in the first schedule. One more or less is a change of cost and
    /// of places to crash at: it should be seen in review.
    pub calls: usize,
    scenario: Scenario,
}

/// What came of breaking every call.
#[derive(Debug, Clone, Default)]
pub struct Swept {
    /// Calls of the flow where nothing breaks, in the first schedule.
    pub calls: usize,
    /// Histories that were run.
    pub histories: u64,
    /// Faults that were to happen and did not.
    pub missed: u64,
    /// The first history that must not be: its schedule, its faults, what was found.
    pub failure: Option<(u64, Vec<At>, Vec<Finding>)>,
}

/// One pull request, fetched by one page.
fn one_page() -> Scenario {
    Scenario {
        content: Content { pull_requests: 1, issues: 0, releases: 0 },
        page_size: 100,
        entities: BTreeSet::from([EntityType::PullRequest]),
        ..Scenario::default()
    }
}

/// All flows, each in a history in which it happens.
#[must_use]
pub fn cases() -> Vec<Case> {
    let webhooks = Scenario { backfill: false, webhook_every: 2, second_workspace: true, ..one_page() };
    let pages = || Scenario {
        content: Content { pull_requests: 2, issues: 2, releases: 0 },
        page_size: 1,
        entities: BTreeSet::from([EntityType::PullRequest, EntityType::Issue]),
        ..Scenario::default()
    };
    let with = |deed| Scenario { deeds: vec![deed], ..pages() };
    let tokens = Scenario { backfill: false, tokens: Some((Grants::Grace, 3)), ..one_page() };
    let first = |first_messages| Scenario { first_messages, ..one_page() };
    let scheduled = Scenario { backfill: false, scheduler: true, ..one_page() };
    let case = |name, flow, calls, scenario| Case { name, flow, calls, scenario };
    vec![
        case("webhook", Flow::Webhook, 6, webhooks.clone()),
        case("capture of a webhook", Flow::Capture, 12, webhooks),
        case("start of a run", Flow::Start, 5, one_page()),
        case("page", Flow::Page, 14, one_page()),
        case("capture of a page", Flow::Capture, 8, one_page()),
        case("what is held back", Flow::Replay, 24, Scenario { hold_percent: 100, ..one_page() }),
        case("capture of a page that is held back", Flow::Capture, 10, Scenario { hold_percent: 100, ..one_page() }),
        case("enrichment", Flow::Enrich, 12, one_page()),
        case("enrichment with services", Flow::Enrich, 26, Scenario { services: true, ..one_page() }),
        case("enrichment that was lost", Flow::Sweep, 11, first(FirstMessages::UnenrichedLost)),
        case("documents", Flow::Documents, 77, Scenario { documents: true, pushes: 2, backfill: false, ..one_page() }),
        case("pages one by one", Flow::Page, 238, pages()),
        case("token", Flow::Refresh, 19, tokens.clone()),
        case("token that is due", Flow::Renewal, 45, Scenario { renewals: true, ..tokens.clone() }),
        case("connect", Flow::Connect, 15, tokens),
        case("sweep", Flow::Sweep, 7, first(FirstMessages::Lost)),
        case("redrive", Flow::Page, 14, first(FirstMessages::SetAside)),
        case("scheduler", Flow::Tick, 17, scheduled),
        case("cancel", Flow::Cancel, 5, with(Deed::Cancel)),
        case("end of a connection", Flow::Teardown, 21, with(Deed::Disconnect)),
        case("link", Flow::Link, 4, with(Deed::Disconnect)),
    ]
}

impl Case {
    /// Breaks each call in each way, in so many schedules.
    ///
    /// # Errors
    /// As [`History::new`].
    pub fn sweep(&self, schedules: u64) -> Result<Swept, Error> {
        let mut swept = Swept::default();
        for seed in 0..schedules {
            let calm = self.run(seed, &[])?;
            let calls = calm.calls.iter().filter(|(flow, _)| *flow == self.flow).count();
            swept.calls = swept.calls.max(calls);
            swept.look(seed, &[], &calm);
            for point in 0..calls {
                for fault in Fault::ALL {
                    let faults = [At(point, fault)];
                    swept.look(seed, &faults, &self.run(seed, &faults)?);
                }
            }
        }
        Ok(swept)
    }

    /// How many calls the flow makes while nothing breaks.
    ///
    /// # Errors
    /// As [`History::new`].
    pub fn made(&self) -> Result<usize, Error> {
        Ok(self.run(0, &[])?.calls.iter().filter(|(flow, _)| *flow == self.flow).count())
    }

    fn run(&self, seed: u64, faults: &[At]) -> Result<Report, Error> {
        let plan = Plan::within(self.flow, faults.iter().map(|At(point, fault)| (*point, *fault)));
        Ok(History::new(seed, self.scenario.clone(), plan)?.run())
    }
}

/// Every ordered pair of faults in the step of a page and what repeats it, with messages delivered twice, in so many
/// schedules.
///
/// # Errors
/// As [`History::new`].
pub fn pairs(schedules: u64) -> Result<Swept, Error> {
    let scenario = Scenario { duplicate_percent: 30, ..one_page() };
    let case = Case { name: "pairs", flow: Flow::Page, calls: 0, scenario };
    let mut swept = Swept::default();
    for seed in 0..schedules {
        let calls = case.run(seed, &[])?.calls.iter().filter(|(flow, _)| *flow == Flow::Page).count();
        swept.calls = swept.calls.max(calls);
        for first in 0..calls {
            for second in first + 1..=first + calls {
                for (a, b) in Fault::ALL.into_iter().flat_map(|a| Fault::ALL.map(|b| (a, b))) {
                    let faults = [At(first, a), At(second, b)];
                    swept.look(seed, &faults, &case.run(seed, &faults)?);
                }
            }
        }
    }
    Ok(swept)
}

impl Swept {
    fn look(&mut self, seed: u64, faults: &[At], report: &Report) {
        self.histories += 1;
        self.missed += u64::from(report.faults.len() < faults.len());
        if self.failure.is_none() && !report.findings.is_empty() {
            self.failure = Some((seed, faults.to_vec(), report.findings.clone()));
        }
    }
}
