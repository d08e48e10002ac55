//! `demo`: the whole story in a few seconds, without network or credentials.

mod proof;
mod story;
mod webhooks;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use connector_adapters::system::{OsRandom, SystemClock};
use connector_backfill::PageSettings;
use connector_domain::backfill::{Depth, Limits, Trigger, Window};
use connector_domain::capture::CaptureReport;
use connector_domain::connection::Integration;
use connector_domain::observation::Observation;
use connector_domain::ports::{Clock, ObservationFilter};
use connector_domain::{RunId, WorkspaceId};
use connector_flows::StartRequest;
use connector_flows::memory::Reach;

use super::follow::{Ended, Standing, follow};
use super::interrupt::{INTERRUPTED, interrupted};
use super::observations::{everything, list};
use super::simulated::{Cast, Simulated, Source};
use super::{Failure, link, log};
use crate::render::Output;
use crate::render::graph::graph;
use crate::render::style::Paint;
use crate::render::table::{Cell, Column, Table};
use crate::render::text::{count, duration, number};
use crate::render::timeline::timeline;
use crate::stack::{Data, LinkRequest, LocalSecrets, Options, Stack, Template};
use proof::Proof;
use webhooks::{Delivered, Plan};

/// Rows of the timeline.
const ROWS: usize = 20;
/// More rows than the demo makes.
const ALL: usize = 10_000;

/// What to do after the demo.
const NEXT: [(&str, &str); 3] = [
    ("cargo local backfill --provider github --resource rust-lang/log --depth 30", "real history, no token needed"),
    ("cargo local up", "webhooks on this machine"),
    ("cargo local --help", "everything else"),
];
/// Columns that it takes to say why, too.
const ROOMY: usize = 110;

/// Link, backfill, receive and show: the whole system on simulated providers.
///
/// Nothing is kept, and nothing but this machine is needed. The exit code is 1 when the proof at the end fails.
#[derive(Args)]
#[command(after_help = "Example:
  cargo local demo")]
pub(super) struct Demo {
    /// The same seed makes the same history, and the same order of webhooks.
    #[arg(long, value_name = "NUMBER", default_value_t = 7)]
    seed: u64,
}

impl Demo {
    pub(super) async fn run(self, output: &mut Output) -> Result<ExitCode, Failure> {
        tokio::select! {
            biased;
            () = interrupted() => Ok(ExitCode::from(INTERRUPTED)),
            ended = self.story(output) => ended,
        }
    }

    async fn story(&self, output: &mut Output) -> Result<ExitCode, Failure> {
        log::start(log::NOTHING, output.aside);
        let begun = tokio::time::Instant::now();
        let simulated = Simulated::start(self.seed, SystemClock.now()).await?;
        heading(output, 1, "A product with a history, at simulated providers")?;
        output.lines(sources(&simulated.sources).lines(2, output.look))?;

        let stack = stack(&simulated).await?;
        heading(output, 2, "Linked, and the history fetched: 30 days, one list beside the other")?;
        let runs = backfill(&stack, &simulated.sources, output).await?;
        let standing = Standing::of(stack.database(), &runs).await?;

        let plan = Plan::new(&simulated.sources, self.seed, SystemClock.now());
        heading(output, 3, "Signed webhooks of the same history, and of what happens now")?;
        output.say(2, &plan.in_words())?;
        let delivered = webhooks::deliver(&stack, &plan).await?;
        stack.settled().await;

        let (observations, _) = list(&*stack.stores().observations, &workspace()?, everything(ALL)).await?;
        let total = number(observations.len() as u64);
        heading(output, 4, &format!("The newest {} of {total} observations", ROWS.min(observations.len())))?;
        output.lines(timeline(observations.get(..ROWS).unwrap_or(&observations), 2, output.look))?;

        heading(output, 5, "What became of it")?;
        let webhooks = webhooks::report(&stack, &delivered, &workspace()?).await?;
        output.lines(table(&standing, &delivered, &webhooks).lines(2, output.look))?;

        heading(output, 6, "One fact, one row")?;
        let proven = prove(&stack, &observations, &delivered, output).await?;

        heading(output, 7, "One story across tools, found by what its facts share")?;
        let told = tell(&stack, &simulated.cast, output).await?;
        stack.drain_and_stop(Duration::from_secs(1)).await;
        finish(output, begun.elapsed())?;
        Ok(if proven && told { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn workspace() -> Result<WorkspaceId, Failure> {
    Ok(WorkspaceId::parse("demo")?)
}

fn heading(output: &mut Output, number: u32, text: &str) -> Result<(), Failure> {
    let text = output.look.style.strong(format_args!("{number}. {text}"));
    Ok(output.line(format!("{}{text}", if number == 1 { "" } else { "\n" }))?)
}

async fn stack(simulated: &Simulated) -> Result<Stack, Failure> {
    let options = Options {
        api_urls: simulated.api_urls(),
        tokens: simulated.tokens(),
        page: PageSettings {
            // Small pages, so that there are some.
            page_size: 15,
            reserve_percent: 0,
            limits: Limits { backoff: Duration::from_millis(200), ..Limits::default() },
        },
        ..Options::new(Data::Memory, LocalSecrets::random(&OsRandom))
    };
    Ok(Stack::start(&Template::embedded()?, options).await?)
}

async fn link_to(stack: &Stack, source: &Source) -> Result<Integration, Failure> {
    let request = LinkRequest {
        workspace: workspace()?,
        provider: source.kind,
        account: source.account.clone(),
        account_name: source.account_name.clone(),
        resource: source.resource.clone(),
        settings: link::settings(None, source.kind),
    };
    Ok(stack.link(request).await?.integration)
}

/// Links all and fetches the history.
async fn backfill(stack: &Stack, sources: &[Source], output: &mut Output) -> Result<Vec<RunId>, Failure> {
    let mut runs = Vec::with_capacity(sources.len());
    for source in sources {
        let request = StartRequest {
            integration: link_to(stack, source).await?,
            entities: BTreeSet::new(),
            window: Window::last(Depth::Days30, SystemClock.now()),
            trigger: Trigger::Link,
            again: false,
            call_budget: None,
            proves: None,
            hold: false,
            prove: false,
        };
        let run = stack.start_backfill(request).await?.run;
        runs.push(run.ok_or_else(|| Failure::new(format!("no run was started for {}", source.kind)))?);
    }
    match follow(stack, &runs, output).await? {
        Ended::Settled | Ended::Interrupted => Ok(runs),
        Ended::Stuck => Err(Failure::new("the backfill is stuck").hint("run it with RUST_LOG=warn to see why")),
    }
}

fn sources(sources: &[Source]) -> Table<3> {
    let mut table = Table::new([Column::text(""), Column::text(""), Column::text("").yields()]);
    for source in sources {
        let words = Cell::new(source.in_words.as_str(), Paint::Plain);
        table.row([source.kind.as_str().into(), source.resource.name.as_str().into(), words]);
    }
    table
}

/// Both paths side by side.
fn table(standing: &Standing, delivered: &Delivered, webhook: &CaptureReport) -> Table<5> {
    let [what, first, second, sum] =
        [Column::text("what"), Column::number("backfill"), Column::number("webhook"), Column::number("sum")];
    let mut table = Table::new([what, first, second, sum, Column::text("").yields()]);
    let mut row = |name: &str, of: [u64; 2], remark: &str| {
        let [first, second, sum] = [of[0], of[1], of[0] + of[1]].map(|n| Cell::from(number(n)));
        table.row([name.into(), first, second, sum, Cell::new(remark, Paint::Faint)]);
    };
    let backfill = standing.report();
    let of = |count: &dyn Fn(&CaptureReport) -> u64| [count(&backfill), count(webhook)];
    let pages = standing.units().iter().map(|unit| unit.counters.pages).sum();
    let repeated = format!("pages, webhooks ({} twice)", number(delivered.repeated()));
    row("received", [pages, delivered.received], &repeated);
    row("captured", of(&|report| report.captured), "new rows");
    row("duplicate", of(&|report| report.duplicate), "were rows already");
    row("quarantined", of(&|report| report.quarantined), "could not be read");
    row("filtered", of(&CaptureReport::filtered_total), "left out on purpose:");
    let reasons: BTreeSet<_> = backfill.filtered.keys().chain(webhook.filtered.keys()).collect();
    for reason in reasons {
        row("", of(&|report| report.filtered.get(reason).copied().unwrap_or(0)), reason);
    }
    table
}

async fn prove(
    stack: &Stack,
    observations: &[Observation],
    delivered: &Delivered,
    output: &mut Output,
) -> Result<bool, Failure> {
    let proof = Proof::of(stack.stores(), observations, &delivered.ids, &workspace()?).await?;
    let style = output.look.style;
    let (mark, paint) = if proof.holds() { ("✓", Paint::Good) } else { ("✗", Paint::Bad) };
    output.say(2, &format!("{} {}", style.paint(paint, mark), proof.claim()))?;
    proof.details().iter().try_for_each(|line| output.say(4, line))?;
    Ok(proof.holds())
}

/// Tells the story backwards, so that each fact comes before what it names, and finds it from its last fact.
async fn tell(stack: &Stack, cast: &Cast, output: &mut Output) -> Result<bool, Failure> {
    let happened = story::happen(cast, SystemClock.now())?;
    let facts = happened.webhooks.len();
    for webhook in happened.webhooks.iter().rev() {
        webhooks::post(stack, webhook).await?;
        stack.settled().await;
    }
    let naming = ObservationFilter { entity: Some(happened.key), ..everything(1) };
    let (newest, _) = list(&*stack.stores().observations, &workspace()?, naming).await?;
    let Some(last) = newest.first() else { return Ok(false) };
    let reach = Reach { steps: 6, facts: 40 };
    let story = connector_flows::memory::story(&*stack.stores().enrichment, &workspace()?, last, reach).await?;
    output.lines(graph(&story, 2, output.look))?;
    let whole = story.facts.len() == facts;
    let (mark, paint) = if whole { ("✓", Paint::Good) } else { ("✗", Paint::Bad) };
    let edges = count(story.edges.len() as u64, "relation", "relations");
    let claim = format!("{} of {facts} facts of 4 tools, by {edges}; the last came first.", story.facts.len());
    output.say(2, &format!("{} {claim}", output.look.style.paint(paint, mark)))?;
    Ok(whole)
}

fn finish(output: &mut Output, took: Duration) -> Result<(), Failure> {
    let style = output.look.style;
    output.line(format!("\n{}", style.faint(format_args!("That took {}. Try next:", duration(took)))))?;
    let roomy = output.look.width.is_none_or(|width| width >= ROOMY);
    let mut table = Table::new([Column::text(""), Column::text("")]);
    for (command, what) in NEXT {
        let what = if roomy { what } else { "" };
        table.row([command.into(), Cell::new(what, Paint::Faint)]);
    }
    output.lines(table.lines(2, output.look))?;
    Ok(())
}
