//! Histories whose schedule and faults are drawn by seed.

use connector_simulation::{Plan, Scenario};

use crate::{BOTH, check, run, undisturbed};

/// How many histories `cargo test` runs; `HISTORIES` asks for more.
fn histories() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "the number of histories is chosen on the command line")]
    let asked = std::env::var("HISTORIES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(400)
}

#[test]
fn random_faults_and_schedules_heal() {
    let expected = undisturbed(BOTH);
    let mut worst: f64 = 0.0;
    for seed in 0..histories() {
        // Some histories break everywhere and some hardly, some deliver all messages twice and some none.
        let plan = Plan::random(seed, [1, 5, 20][seed as usize % 3], [3, 10, 40][seed as usize / 3 % 3]);
        let scenario = Scenario { duplicate_percent: [0, 5, 30][seed as usize / 9 % 3], ..BOTH };
        let report = run(seed, scenario, plan);
        check(&report, &expected, format_args!("seed {seed}"));
        worst = worst.max(report.provider_calls as f64 / expected.provider_calls as f64);
    }
    println!("{} histories, at worst {worst:.2} times the provider calls of an undisturbed one", histories());
}

#[test]
fn duplicate_messages_cost_no_second_fetch() {
    let expected = undisturbed(BOTH);
    for seed in 0..40 {
        let scenario = Scenario { duplicate_percent: 30, ..BOTH };
        let report = run(seed, scenario, Plan::scripted([]));
        check(&report, &expected, format_args!("seed {seed}"));
        assert_eq!(report.provider_calls, expected.provider_calls, "seed {seed}");
    }
}

#[test]
fn a_seed_repeats_its_history_call_by_call() {
    for seed in 0..20 {
        let again = || run(seed, BOTH, Plan::random(seed, 10, 20));
        assert_eq!(again(), again(), "seed {seed}");
    }
}
