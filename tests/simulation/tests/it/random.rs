//! Histories whose scenario, schedule and faults are drawn by seed.

use connector_simulation::{Campaign, Content, History, Plan, Scenario, Tally, regressions};

use crate::{run, told};

/// How many histories `cargo test` runs; `HISTORIES` asks for more.
fn histories() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "the number of histories is chosen on the command line")]
    let asked = std::env::var("HISTORIES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(2_000)
}

#[test]
fn what_once_went_wrong_goes_well() {
    for seed in regressions() {
        let report = History::drawn(seed, None).unwrap().run();
        assert_eq!(report.findings, [], "seed {seed}");
    }
}

#[test]
fn whatever_breaks_heals() {
    let campaign = Campaign { first: 0, histories: histories(), threads: 2, enough: 1 };
    let summary = campaign.run(|_| ());
    let failures: Vec<_> = summary.failures.iter().map(told).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(summary.histories, histories());
    // A simulation in which little happens proves little.
    let faults: u64 = summary.faults.values().sum();
    assert!(faults > histories() && summary.faults.len() == 4, "{:?}", summary.faults);
    assert!(summary.tally.stored > histories() && summary.tally.pages > histories(), "{:?}", summary.tally);
    assert!(summary.tally.duplicates > 0 && summary.tally.set_aside > 0 && summary.tally.stale_reads > 0);
}

#[test]
fn duplicate_messages_cost_no_second_fetch() {
    for seed in 0..40 {
        let scenario = Scenario { duplicate_percent: 30, ..Scenario::default() };
        let report = run(seed, &scenario, Plan::scripted([]));
        assert_eq!(report.findings, [], "seed {seed}");
        assert_eq!((report.tally.page_calls, report.tally.refusals), (report.tally.pages, 0), "seed {seed}");
    }
}

#[test]
fn a_language_model_is_asked_once_for_each_question() {
    let content = Content { pull_requests: 1, issues: 0, releases: 0 };
    let (mut summarised, mut in_vain) = (0, 0);
    for seed in 0..20 {
        let scenario = Scenario { services: true, content, acts: 30, ..Scenario::default() };
        let calm = run(seed, &scenario, Plan::scripted([]));
        assert_eq!(calm.findings, [], "seed {seed}");
        let Tally { stored, model_calls, model_failures, summaries, .. } = calm.tally;
        // What is deleted before its turn is not asked about; of all else the answer is looked for in the end.
        assert!(model_calls <= stored + summaries && model_failures == 0, "seed {seed}: {:?}", calm.tally);
        summarised += summaries;

        let reluctant = run(seed, &Scenario { model_percent: 30, ..scenario }, Plan::scripted([]));
        assert_eq!(reluctant.findings, [], "seed {seed}");
        in_vain += reluctant.tally.model_failures;
    }
    assert!(summarised > 10 && in_vain > 10, "{summarised} clusters, {in_vain} questions in vain");
}

#[test]
fn a_seed_repeats_its_history_call_by_call() {
    for seed in 0..60 {
        let again = || History::drawn(seed, None).unwrap().run();
        assert_eq!(again(), again(), "seed {seed}");
    }
}
