//! One run: to look at, to stop, and to let go on.

use std::process::ExitCode;

use clap::Args;
use connector_domain::backfill::{Run, RunState, Trigger};
use connector_flows::StartRequest;

use super::super::follow::{EVERY, Standing};
use super::super::interrupt::interrupted;
use super::super::place::{Place, Tenant};
use super::super::{log, status};
use super::Failure;
use super::access::Access;
use super::fetch::to_the_end;
use crate::render::Output;
use crate::render::progress::Progress;
use crate::render::runs::run_state;
use crate::render::text::count;
use crate::stack::{Database, Stack, Template};

/// Most runs to look through for one.
const MOST: usize = 1_000;

/// Which run.
#[derive(Args)]
pub(super) struct One {
    /// The run, by its id or the start of it. Default: the latest.
    #[arg(value_name = "RUN")]
    run: Option<String>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    tenant: Tenant,
}

/// Which run goes on.
#[derive(Args)]
pub(super) struct Resume {
    #[command(flatten)]
    one: One,
    /// Try again what failed, too.
    #[arg(long)]
    failed: bool,
    #[command(flatten)]
    access: Access,
}

/// Which run is proven.
#[derive(Args)]
pub(super) struct Prove {
    #[command(flatten)]
    one: One,
    #[command(flatten)]
    access: Access,
}

impl One {
    pub(super) async fn status(self, output: &mut Output) -> Result<ExitCode, Failure> {
        let (rows, run) = self.find().await?;
        status::show_run(&rows, &run, output).await?;
        Ok(ExitCode::SUCCESS)
    }

    /// Shows how the run stands until nothing happens any more by itself.
    pub(super) async fn watch(self, output: &mut Output) -> Result<ExitCode, Failure> {
        let (rows, run) = self.find().await?;
        let mut progress = Progress::new(output.look);
        let mut looks = tokio::time::interval(EVERY);
        let stop = interrupted();
        tokio::pin!(stop);
        let settled = loop {
            tokio::select! {
                biased;
                () = &mut stop => break None,
                _ = looks.tick() => {}
            }
            let standing = Standing::of(&rows, std::slice::from_ref(&run.id)).await?;
            standing.show(&mut progress, output)?;
            if standing.is_settled() {
                break Some(standing.state());
            }
        };
        progress.finish(output)?;
        if let Some(state) = settled {
            let (text, paint) = run_state(state);
            output.line(format!("The run: {}.", output.look.style.paint(paint, text)))?;
            if matches!(state, RunState::Paused | RunState::Partial) {
                output.line(format!("It goes on with:  cargo local backfill resume{}", self.arguments(&run)))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    pub(super) async fn pause(self, output: &mut Output) -> Result<ExitCode, Failure> {
        let (rows, run) = self.find().await?;
        let lists = rows.pause(&run.id).await?;
        if lists == 0 {
            output.line("Nothing is under way of this run.")?;
            return Ok(ExitCode::SUCCESS);
        }
        output.line(format!("Paused: {}. Each keeps its place.", count(lists as u64, "list", "lists")))?;
        output.line(format!("Go on with:  cargo local backfill resume{}", self.arguments(&run)))?;
        Ok(ExitCode::SUCCESS)
    }

    pub(super) async fn cancel(self, output: &mut Output) -> Result<ExitCode, Failure> {
        let (rows, run) = self.find().await?;
        let lists = rows.cancel(&run.id).await?;
        let (progress, _) = rows.progress(&run.id).await?;
        let kept = count(progress.report.captured, "new observation is", "new observations are");
        let stopped = count(lists as u64, "list", "lists");
        output.line(match lists {
            0 => format!("Nothing is left to cancel: {kept} kept."),
            _ => format!("Cancelled: {stopped}. {kept} kept, of {}.", count(progress.counters.pages, "page", "pages")),
        })?;
        Ok(ExitCode::SUCCESS)
    }

    async fn find(&self) -> Result<(Database, Run), Failure> {
        let none = || {
            Failure::new(format!("there is no such run in workspace {}", self.tenant.workspace))
                .hint("cargo local backfill runs lists what there is")
        };
        let rows = self.place.rows(&Template::embedded()?).await?.ok_or_else(none)?;
        let runs = rows.stores().backfills.runs_of(&self.tenant.workspace, MOST).await?;
        let start = self.run.as_deref().unwrap_or_default();
        let mut found = runs.into_iter().filter(|run| run.id.as_str().starts_with(start));
        let run = found.next().ok_or_else(none)?;
        if self.run.is_some() && run.id.as_str() != start && found.next().is_some() {
            return Err(Failure::new(format!("several runs begin with {start}")).hint("write more of the id"));
        }
        Ok((rows, run))
    }

    /// The run, and a stack that can work on it.
    async fn at_work(&self, access: &Access) -> Result<(Stack, Run), Failure> {
        let (_, run) = self.find().await?;
        let options = access.options(run.provider, access.token()?, &self.place)?;
        Ok((Stack::start(&Template::embedded()?, options).await?, run))
    }

    /// The command that shows what was stored.
    fn more(&self) -> String {
        format!("cargo local observations --limit 20{}{}", self.tenant.as_argument(), self.place.as_argument())
    }

    /// What names the run in a command to be copied.
    fn arguments(&self, run: &Run) -> String {
        let id = run.id.as_str();
        let id = connector_domain::text::cut(id, 8);
        format!(" {id}{}{}", self.tenant.as_argument(), self.place.as_argument())
    }
}

impl Resume {
    pub(super) async fn run(self, output: &mut Output) -> Result<ExitCode, Failure> {
        log::start(log::NOTHING, output.aside);
        let (stack, run) = self.one.at_work(&self.access).await?;
        let lists = stack.resume(&run.id, self.failed).await?;
        if lists == 0 && stack.progress(&run.id).await?.0.state != RunState::Running {
            output.line("Nothing is paused of this run, or stopped early.")?;
            if !self.failed {
                output.line("What failed is tried again with --failed.")?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        let name = output.look.style.strong(&run.resource.name);
        output.line(format!("{name} goes on: {}", count(lists as u64, "list", "lists")))?;
        to_the_end(stack, &[run.id], &self.one.more(), output).await
    }
}

impl Prove {
    pub(super) async fn run(self, output: &mut Output) -> Result<ExitCode, Failure> {
        log::start(log::NOTHING, output.aside);
        let (stack, run) = self.one.at_work(&self.access).await?;
        let link = stack.stores().connections.integration(run.provider, &run.resource.id, &run.workspace).await?;
        let link = link.ok_or_else(|| Failure::new("the resource is not linked any more"))?;
        let started = stack.start_backfill(StartRequest::proof(&run, link, Trigger::Manual)).await?;
        let Some(proof) = started.run else {
            return Err(Failure::new("the run is at work").hint("wait for it, or cancel it"));
        };
        let database = stack.database().clone();
        let code = to_the_end(stack, std::slice::from_ref(&proof), &self.one.more(), output).await?;
        let (progress, _) = database.progress(&proof).await?;
        let known = count(progress.report.duplicate, "fact", "facts");
        match progress.report.captured {
            0 => output.line(format!("Nothing was missing: {known} found stored."))?,
            n => {
                let missing = count(n, "fact was", "facts were");
                output.line(format!("{missing} missing, and stored now; {known} found stored."))?;
                output.lines(progress.report.missing.iter().map(|fact| format!("  {fact}")))?;
            }
        }
        Ok(code)
    }
}
