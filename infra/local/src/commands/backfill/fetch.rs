//! Fetching: the history of a real repository, project or team, into the local rows.

use std::collections::BTreeSet;
use std::num::NonZeroU64;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use connector_adapters::http::ReqwestHttp;
use connector_adapters::system::SystemClock;
use connector_domain::backfill::{Depth, EntityType, RunState, Trigger, Window};
use connector_domain::connection::Integration;
use connector_domain::ports::Clock;
use connector_domain::{RunId, Secret, Timestamp};
use connector_flows::{StartRequest, Started, UnitStart};
use connector_providers::{Found, Provider};

use super::super::follow::{Ended, Standing, follow};
use super::super::interrupt::{INTERRUPTED, interrupted};
use super::super::place::{Place, Tenant};
use super::super::values::{entity, provider};
use super::super::{link, log};
use super::access::Access;
use super::{Failure, estimate, resource, summary};
use crate::render::Output;
use crate::render::style::Paint;
use crate::render::text::{count, list, minute};
use crate::stack::{Data, LinkRequest, Stack, StackError, Template};

/// How long pages that are fetched may take to be captured after Ctrl-C.
const PATIENCE: Duration = Duration::from_secs(10);

/// What to fetch.
#[derive(Args)]
pub(super) struct What {
    /// Where the history is.
    #[arg(long, value_name = "NAME", value_parser = provider())]
    provider: &'static dyn Provider,
    /// Whose history: OWNER/REPO of GitHub, TEAM/PROJECT of Vercel, the KEY of a Linear team, ORGANIZATION/PROJECT of Sentry.
    #[arg(long, value_name = "NAME")]
    resource: String,
    /// Days back: 1, 7, 30 or 90.
    #[arg(long, value_name = "DAYS", default_value = "30")]
    depth: Depth,
    /// The first moment, instead of --depth, as 2026-01-31T00:00:00Z.
    #[arg(long, value_name = "TIME", conflicts_with = "depth")]
    since: Option<Timestamp>,
    /// The last moment; now without it.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// Which lists, separated by commas. Default: all that the provider has.
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = entity())]
    entities: Vec<EntityType>,
    /// Fetch again what was fetched before.
    #[arg(long)]
    again: bool,
    /// Hold facts back until all are fetched, and capture them in the order of time then.
    #[arg(long)]
    hold: bool,
    /// Most calls to make. The run is partial then, and can be resumed.
    #[arg(long, value_name = "CALLS")]
    call_budget: Option<NonZeroU64>,
}

/// What to fetch, by which way, and where to.
#[derive(Args)]
pub(super) struct Fetch {
    #[command(flatten)]
    pub(super) what: What,
    #[command(flatten)]
    pub(super) access: Access,
    #[command(flatten)]
    pub(super) place: Place,
    #[command(flatten)]
    pub(super) tenant: Tenant,
}

impl Fetch {
    pub(super) async fn run(self, output: &mut Output) -> Result<ExitCode, Failure> {
        log::start(log::NOTHING, output.aside);
        let token = self.access.token()?;
        let entities = self.lists()?;
        let found = self.find(token.as_ref()).await?;
        let stack = self.stack(token).await?;
        let integration = self.link(&stack, &found).await?;
        let name = output.look.style.strong(&integration.resource.name);
        let window = self.window(SystemClock.now())?;
        output.line(format!("{name}, {}, into workspace {}", self.time(window), self.tenant.workspace))?;
        let started = stack.start_backfill(self.request(integration, entities, window)).await?;
        let runs = self.runs(&started, output)?;
        // What was paused goes on with this one.
        for run in runs.iter().filter(|run| started.run.as_ref() != Some(run)) {
            stack.resume(run, false).await?;
        }
        if runs.is_empty() {
            output.say(
                0,
                "Nothing to fetch: all of this time was fetched before. With --again it is fetched once more.",
            )?;
            return Ok(ExitCode::SUCCESS);
        }
        if let Some(known) = known(&Standing::of(stack.database(), &runs).await?, window) {
            let text = format!("Fetched before up to {} UTC: only what came later is fetched.", minute(known));
            output.say(2, &text)?;
        }
        if self.access.token_env.is_none() && self.access.api_url.is_none() {
            output.note(format!(
                "{}: without a token there are 60 calls an hour; --token-env gives 5,000",
                output.aside.paint(Paint::Odd, "note")
            ))?;
        }
        let left_out = self.left_out();
        if !left_out.is_empty() {
            output.note(format!(
                "{}: {} left out, which {} shows to nobody without a token",
                output.aside.paint(Paint::Odd, "note"),
                list(&left_out),
                self.what.provider.kind()
            ))?;
        }
        to_the_end(stack, &runs, &self.show_more(), output).await
    }

    fn window(&self, now: Timestamp) -> Result<Window, Failure> {
        let until = self.what.until.unwrap_or(now).min(now);
        let since = self.what.since.unwrap_or(Window { until, ..Window::last(self.what.depth, until) }.since);
        Window::new(since, until).ok_or_else(|| Failure::new("--since is later than --until"))
    }

    fn time(&self, window: Window) -> String {
        if self.what.since.is_some() || self.what.until.is_some() {
            return format!("{} to {} UTC", minute(window.since), minute(window.until));
        }
        format!("{} back", count(self.what.depth.days().into(), "day", "days"))
    }

    async fn find(&self, token: Option<&Secret>) -> Result<Found, Failure> {
        let kind = self.what.provider.kind();
        let mut http = ReqwestHttp::builder();
        if let Some(url) = &self.access.api_url {
            http = http.base_url(kind, url).map_err(|_| StackError::ApiUrl { provider: kind })?;
        }
        resource::find(&http.build()?, self.what.provider, &self.what.resource, token, SystemClock.now()).await
    }

    async fn stack(&self, token: Option<Secret>) -> Result<Stack, Failure> {
        let options = self.access.options(self.what.provider.kind(), token, &self.place)?;
        Ok(Stack::start(&Template::embedded()?, options).await?)
    }

    /// What a run would take. Where the resource is not linked, its rows are in memory: looking makes nothing.
    pub(super) async fn estimate(self, output: &mut Output) -> Result<ExitCode, Failure> {
        log::start(log::NOTHING, output.aside);
        let token = self.access.token()?;
        let entities = self.lists()?;
        let found = self.find(token.as_ref()).await?;
        let (kind, template) = (self.what.provider.kind(), Template::embedded()?);
        let known = match self.place.rows(&template).await? {
            Some(rows) => {
                rows.stores().connections.integration(kind, &found.resource.id, &self.tenant.workspace).await?
            }
            None => None,
        };
        let mut options = self.access.options(kind, token, &self.place)?;
        if known.is_none() {
            options.data = Data::Memory;
        }
        let page = options.page;
        let stack = Stack::start(&template, options).await?;
        let integration = self.link(&stack, &found).await?;
        let window = self.window(SystemClock.now())?;
        output.line(format!("{}, {}", output.look.style.strong(&integration.resource.name), self.time(window)))?;
        let estimate = stack.estimate(&self.request(integration, entities, window), page).await?;
        output.lines(estimate::lines(&estimate, output.look))?;
        Ok(ExitCode::SUCCESS)
    }

    /// A link that is there keeps its account and settings; webhooks may come through it.
    async fn link(&self, stack: &Stack, found: &Found) -> Result<Integration, Failure> {
        let kind = self.what.provider.kind();
        let workspace = &self.tenant.workspace;
        let known = stack.stores().connections.integration(kind, &found.resource.id, workspace).await?;
        let request = LinkRequest {
            workspace: workspace.clone(),
            provider: kind,
            account: known.as_ref().map_or_else(|| found.account.clone(), |link| link.account.clone()),
            account_name: found.account_name.clone(),
            resource: found.resource.clone(),
            settings: link::settings(known.as_ref(), kind),
        };
        Ok(stack.link(request).await?.integration)
    }

    /// The lists to fetch. Without a token, those that can be.
    fn lists(&self) -> Result<BTreeSet<EntityType>, Failure> {
        let kind = self.what.provider.kind();
        let needs_token =
            |entity: &&EntityType| self.access.token_env.is_none() && self.what.provider.needs_token(**entity);
        if let Some(entity) = self.what.entities.iter().find(needs_token) {
            return Err(Failure::new(format!("{kind} shows no list of {entity} to anybody without a token"))
                .hint("name the variable that holds one with --token-env"));
        }
        let all = if self.what.entities.is_empty() { self.what.provider.entity_types() } else { &self.what.entities };
        Ok(all.iter().filter(|entity| !needs_token(entity)).copied().collect())
    }

    /// The lists that a token would add.
    fn left_out(&self) -> Vec<&'static str> {
        let asked = self.what.entities.is_empty() && self.access.token_env.is_none();
        let all =
            self.what.provider.entity_types().iter().filter(|entity| asked && self.what.provider.needs_token(**entity));
        all.map(|entity| entity.as_str()).collect()
    }

    fn request(&self, integration: Integration, entities: BTreeSet<EntityType>, window: Window) -> StartRequest {
        StartRequest {
            integration,
            entities,
            window,
            trigger: Trigger::Manual,
            again: self.what.again,
            call_budget: self.what.call_budget.map(NonZeroU64::get),
            proves: None,
            hold: self.what.hold,
            prove: false,
        }
    }

    /// The runs to follow: the new one, and those that were at some of the lists already.
    fn runs(&self, started: &Started, output: &mut Output) -> Result<Vec<RunId>, Failure> {
        let mut runs: BTreeSet<RunId> = started.run.iter().cloned().collect();
        for (entity, start) in &started.units {
            match start {
                UnitStart::Opened => {}
                UnitStart::Cancelled => output.line(format!("  {entity}: cancelled before it was opened"))?,
                UnitStart::Covered => output.line(format!("  {entity}: all of this time was fetched before"))?,
                UnitStart::Active(run) => {
                    output.line(format!("  {entity}: goes on with a run that was not finished"))?;
                    runs.insert(run.clone());
                }
            }
        }
        Ok(runs.into_iter().collect())
    }

    fn show_more(&self) -> String {
        format!("cargo local observations --limit 20{}{}", self.tenant.as_argument(), self.place.as_argument())
    }
}

/// Follows runs to their end, and tells how that went.
pub(super) async fn to_the_end(
    stack: Stack,
    runs: &[RunId],
    more: &str,
    output: &mut Output,
) -> Result<ExitCode, Failure> {
    let begun = tokio::time::Instant::now();
    let mut ended = follow(&stack, runs, output).await?;
    if ended == Ended::Interrupted && !cancel(&stack, runs, output).await? {
        return Ok(ExitCode::from(INTERRUPTED));
    }
    let standing = Standing::of(stack.database(), runs).await?;
    if ended == Ended::Stuck
        && standing.pages_left() == 0
        && standing.state() != RunState::Replaying
        && standing.units().iter().all(|unit| unit.state.is_at_rest())
    {
        ended = Ended::Settled;
    }
    let result = summary::tell(&standing, ended, begun.elapsed(), more, output);
    stack.drain_and_stop(PATIENCE).await;
    result
}

/// Stops the runs and lets fetched pages be captured. False when a person cannot wait for that.
async fn cancel(stack: &Stack, runs: &[RunId], output: &mut Output) -> Result<bool, Failure> {
    output.say(0, "Cancelling. Pages that are fetched are captured first; Ctrl-C again stops at once.")?;
    for run in runs {
        stack.cancel(run).await?;
    }
    let quiet = tokio::time::timeout(PATIENCE, stack.settled());
    Ok(tokio::select! {
        _late_or_not = quiet => true,
        () = interrupted() => false,
    })
}

/// Until when all of the lists that are being fetched were fetched before; `None` when some was not.
fn known(standing: &Standing, window: Window) -> Option<Timestamp> {
    let known = standing.units().iter().map(|unit| unit.window.since).min()?;
    (known > window.since).then_some(known)
}
