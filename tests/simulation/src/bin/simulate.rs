//! `simulate 1000000`, `simulate replay SEED`, `simulate planted`: see `docs/simulation.md`.

#![expect(clippy::print_stdout, reason = "a command line program speaks on standard output")]
#![expect(clippy::disallowed_methods, reason = "how long a campaign takes is measured in real time")]

use std::error::Error;
use std::process::ExitCode;
use std::thread::available_parallelism;
use std::time::Instant;

use clap::{Args, Parser, Subcommand};
use connector_simulation::{
    At, Campaign, Failure, History, Plan, Plant, Report, Scenario, Summary, Swept, cases, hunt, pairs, regressions,
    with_faults,
};
use mimalloc::MiMalloc;

/// A history is many small pieces of memory.
#[global_allocator]
static MEMORY: MiMalloc = MiMalloc;

/// Runs the pipeline through histories in which things break, and looks for what must not be.
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: Run,
}

/// Without a command: histories over all cores, some of them twice, and all planted faults.
#[derive(Args)]
struct Run {
    /// How many histories.
    #[arg(default_value_t = 20_000)]
    histories: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// On how many threads; all cores when it is not given.
    #[arg(long)]
    threads: Option<usize>,
    /// How many histories to run twice, to see that they are the same.
    #[arg(long, default_value_t = 1_000)]
    replays: u64,
    /// In how many histories each planted fault must be found; 0 looks for none.
    #[arg(long, default_value_t = 50_000)]
    planted: u64,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the history of one seed and shows it.
    Replay {
        /// The seed.
        seed: u64,
        /// These faults in place of those that the seed draws: `12:CrashAfter,40:FailBefore`; empty for none.
        #[arg(long)]
        faults: Option<String>,
        /// With this fault built in.
        #[arg(long, value_parser = plant)]
        plant: Option<Plant>,
        /// Shows every port call.
        #[arg(long)]
        calls: bool,
    },
    /// Breaks every port call of each flow in each way, and each pair of calls of the step of a page.
    Sweep {
        /// In how many schedules.
        #[arg(default_value_t = 10)]
        schedules: u64,
    },
    /// Looks for planted faults.
    Planted {
        /// In how many histories each must be found.
        #[arg(default_value_t = 50_000)]
        histories: u64,
        /// Only this one.
        #[arg(long, value_parser = plant)]
        plant: Option<Plant>,
    },
}

fn plant(name: &str) -> Result<Plant, String> {
    let named = Plant::ALL.into_iter().find(|plant| format!("{plant:?}") == name);
    named.ok_or_else(|| format!("one of {:?}", Plant::ALL))
}

fn main() -> ExitCode {
    let Arguments { command, run } = Arguments::parse();
    match command.map_or_else(|| campaign(&run), obey) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn campaign(run: &Run) -> Result<bool, Box<dyn Error>> {
    let threads = run.threads.map_or_else(cores, Ok)?;
    let known = known_seeds()?;
    let campaign = Campaign { first: run.first, histories: run.histories, threads, enough: 3 };
    let began = Instant::now();
    let summary = campaign.run(|done| {
        if done % 10_000 == 0 {
            println!("{done} histories, {:.0} s", began.elapsed().as_secs_f64());
        }
    });
    print(&summary, began.elapsed().as_secs_f64(), threads);
    let same = replayed(run.first, run.replays.min(run.histories))?;
    let cheap = calls_per_page(run.first, 2_000.min(run.histories))?;
    let found = run.planted == 0 || find_planted(&Plant::ALL, run.planted, threads);
    Ok(known && same && cheap && found && summary.failures.is_empty())
}

fn cores() -> Result<usize, Box<dyn Error>> {
    Ok(available_parallelism()?.get())
}

fn obey(command: Command) -> Result<bool, Box<dyn Error>> {
    match command {
        Command::Replay { seed, faults, plant, calls } => {
            let report = match faults {
                Some(faults) => {
                    let faults = faults.split(',').filter(|fault| !fault.trim().is_empty());
                    with_faults(seed, &faults.map(str::parse).collect::<Result<Vec<At>, _>>()?, plant)?
                }
                None => History::drawn(seed, plant)?.run(),
            };
            show(seed, &report, calls);
            Ok(report.findings.is_empty())
        }
        Command::Sweep { schedules } => sweep(schedules),
        Command::Planted { histories, plant } => {
            let plants = plant.map_or_else(|| Plant::ALL.to_vec(), |plant| vec![plant]);
            Ok(find_planted(&plants, histories, cores()?))
        }
    }
}

/// What once went wrong is looked at first.
fn known_seeds() -> Result<bool, Box<dyn Error>> {
    let mut good = true;
    for seed in regressions() {
        let report = History::drawn(seed, None)?.run();
        if !report.findings.is_empty() {
            good = false;
            show(seed, &report, false);
        }
    }
    Ok(good)
}

fn print(summary: &Summary, seconds: f64, threads: usize) {
    let tally = &summary.tally;
    println!(
        "histories            {} in {seconds:.1} s on {threads} threads, {:.0}/s",
        summary.histories,
        summary.histories as f64 / seconds
    );
    println!("port calls           {}", summary.calls);
    let faults: Vec<_> = summary.faults.iter().map(|(fault, count)| format!("{count} {fault:?}")).collect();
    println!("faults               {} ({})", summary.faults.values().sum::<u64>(), faults.join(", "));
    println!("frozen, stale reads  {}, {}", tally.frozen, tally.stale_reads);
    println!(
        "messages             {}, {} delivered twice, {} set aside",
        tally.messages, tally.duplicates, tally.set_aside
    );
    println!("observations         {}", tally.stored);
    println!(
        "language model       {} questions, {} of them in vain, {} summaries",
        tally.model_calls, tally.model_failures, tally.summaries
    );
    println!("documents            {} calls", tally.document_calls);
    println!("pages                {}, calls {}, refusals {}", tally.pages, tally.page_calls, tally.refusals);
    println!("slowest healing      {:?}", summary.slowest);
    let broken = |rules: &[&str]| {
        let names = summary.failures.iter().flat_map(|failure| &failure.findings);
        names.filter(|finding| rules.contains(&format!("{:?}", finding.rule).as_str())).count()
    };
    println!(
        "lost {}, duplicate {}, stuck {}, cross-tenant {}, other findings {}",
        broken(&["Lost"]),
        broken(&["Twice"]),
        broken(&["Stuck", "NotEnded", "DeadLetter", "SlowToHeal"]),
        broken(&["CrossTenant"]),
        summary.failures.iter().map(|failure| failure.findings.len()).sum::<usize>()
            - broken(&["Lost", "Twice", "Stuck", "NotEnded", "DeadLetter", "SlowToHeal", "CrossTenant"]),
    );
    for failure in &summary.failures {
        println!("{}", told(failure, None));
    }
}

fn told(failure: &Failure, plant: Option<Plant>) -> String {
    let mut text = format!("seed {}:", failure.seed);
    for finding in &failure.findings {
        text.push_str(&format!("\n  {finding}"));
    }
    let faults: Vec<_> = failure.faults.iter().map(ToString::to_string).collect();
    let plant = plant.map(|plant| format!(" --plant {plant:?}")).unwrap_or_default();
    text.push_str(&format!(
        "\n  cargo run -p connector-simulation --bin simulate -- replay {} --faults '{}'{plant}",
        failure.seed,
        faults.join(",")
    ));
    text
}

/// Whether each of these histories is the same again.
fn replayed(first: u64, histories: u64) -> Result<bool, Box<dyn Error>> {
    let mut same = 0;
    for seed in first..first + histories {
        let again = || Ok::<_, Box<dyn Error>>(History::drawn(seed, None)?.run());
        same += u64::from(again()? == again()?);
    }
    println!("replayed the same    {same}/{histories}");
    Ok(same == histories)
}

/// What duplicate messages cost: the goal is 1.05 calls per page where 5 % come twice.
fn calls_per_page(first: u64, histories: u64) -> Result<bool, Box<dyn Error>> {
    let (mut calls, mut pages) = (0, 0);
    for seed in first..first + histories {
        let scenario = Scenario { duplicate_percent: 5, ..Scenario::default() };
        let report = History::new(seed, scenario, Plan::scripted([]))?.run();
        calls += report.tally.page_calls + report.tally.refusals;
        pages += report.tally.pages;
    }
    println!("calls per page       {:.4} with 5 % of messages delivered twice", calls as f64 / pages as f64);
    Ok(calls * 100 <= pages * 105)
}

fn sweep(schedules: u64) -> Result<bool, Box<dyn Error>> {
    let mut good = true;
    let mut tell = |name: &str, swept: &Swept| {
        let Swept { calls, histories, missed, failure } = swept;
        println!("{name}: {calls} calls, {histories} histories, {missed} faults that came too late to happen");
        if let Some((seed, faults, findings)) = failure {
            good = false;
            println!("  schedule {seed}, {faults:?}");
            for finding in findings {
                println!("  {finding}");
            }
        }
    };
    for case in cases() {
        tell(case.name, &case.sweep(schedules)?);
    }
    tell("pairs of faults of a page", &pairs(schedules)?);
    Ok(good)
}

fn find_planted(plants: &[Plant], histories: u64, threads: usize) -> bool {
    let mut found = 0;
    for plant in plants {
        match hunt(*plant, 0, histories, threads) {
            Some(caught) => {
                found += 1;
                let finding = caught.failure.findings.first().map(ToString::to_string).unwrap_or_default();
                println!("{plant:?}: found in history {}: {finding}", caught.histories);
            }
            None => println!("{plant:?}: NOT FOUND in {histories} histories"),
        }
    }
    println!("planted faults       {found}/{}", plants.len());
    found == plants.len()
}

fn show(seed: u64, report: &Report, calls: bool) {
    println!("{:#?}", Scenario::drawn(seed));
    if calls {
        for (n, (flow, call)) in report.calls.iter().enumerate() {
            let fault = report.faults.iter().find(|At(at, _)| *at == n).map(|At(_, fault)| format!("  {fault:?}"));
            println!("{n:5} {flow:?} {call}{}", fault.unwrap_or_default());
        }
    }
    println!("{:?}", report.tally);
    println!("{} port calls, {} faults, trace {:016x}", report.calls.len(), report.faults.len(), report.hash);
    for finding in &report.findings {
        println!("{finding}");
    }
    if report.findings.is_empty() {
        println!("nothing that must not be");
    }
}
