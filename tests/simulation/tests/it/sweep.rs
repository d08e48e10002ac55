//! One fault of each kind at every port call of each flow, and every pair of them for the step of a page.

use std::collections::BTreeSet;

use connector_domain::backfill::EntityType;
use connector_simulation::{Content, Deed, Fault, Flow, Grants, Plan, Report, Scenario};

use crate::run;

/// One pull request with one page, and nothing else.
fn one_page() -> Scenario {
    Scenario {
        content: Content { pull_requests: 1, issues: 0, releases: 0 },
        page_size: 100,
        entities: BTreeSet::from([EntityType::Release]),
        ..Scenario::default()
    }
}

/// Webhooks alone.
fn webhooks() -> Scenario {
    Scenario { backfill: false, acts: 2, ..one_page() }
}

fn with(deed: Deed) -> Scenario {
    Scenario { deeds: vec![deed], ..one_page() }
}

fn tokens() -> Scenario {
    Scenario { backfill: false, tokens: Some((Grants::Grace, 2)), ..one_page() }
}

/// Every message is set aside before it is handled for the first time.
fn set_aside() -> Scenario {
    Scenario { set_aside_first: true, ..one_page() }
}

fn calm(scenario: &Scenario, flow: Flow) -> (Report, usize) {
    let report = run(0, scenario, Plan::scripted([]));
    assert_eq!(report.findings, [], "{flow:?}");
    let calls = report.calls.iter().filter(|(of, _)| *of == flow).count();
    (report, calls)
}

/// Breaks each call of a flow in each way; answers how many calls it makes when nothing breaks.
fn every_single_fault_heals(scenario: &Scenario, flow: Flow) -> usize {
    let (_, calls) = calm(scenario, flow);
    for point in 0..calls {
        for fault in Fault::ALL {
            let report = run(0, scenario, Plan::within(flow, [(point, fault)]));
            assert_eq!(report.faults.len(), 1, "{fault:?} at call {point} of {flow:?} did not happen");
            assert_eq!(report.findings, [], "{fault:?} at call {point} of {flow:?}");
        }
    }
    calls
}

#[test]
fn every_fault_of_a_webhook_heals() {
    assert_eq!(every_single_fault_heals(&webhooks(), Flow::Webhook), 10);
}
