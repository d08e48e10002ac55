//! Starting runs, and starting them again.

use std::collections::BTreeSet;
use std::num::NonZeroU64;

use connector_domain::Timestamp;
use connector_domain::backfill::{Depth, EntityType, Run, RunState, Trigger, Window};
use connector_domain::change::ChangeAction;
use connector_domain::connection::Integration;
use connector_flows::{StartRequest, Started, UnitStart};
use connector_lambda::api::Answer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::context::{Context, json};
use crate::input::{body, no_body};
use crate::once::once;
use crate::problem::{Code, Problem};
use crate::schema::{
    BodyRefusals, Conflicts, DepthDays, EntityName, Gateway, InWorkspace, Once, Refusals, parse_source, source_id,
};

/// Which history to fetch.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "source": "github:1296269", "depth": 90 }))]
pub(crate) struct ToStart {
    /// Of which linked resource.
    #[schema(example = "github:1296269", max_length = 300)]
    source: String,
    /// How many days back; without it, and without `since`, as the source's settings say.
    #[schema(value_type = Option<DepthDays>)]
    depth: Option<Depth>,
    /// From which moment, instead of `depth`.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Up to which moment; now without it.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// Which lists; without it, or empty, as the source's settings say.
    #[serde(default)]
    #[schema(value_type = Vec<EntityName>, max_items = 100)]
    entities: BTreeSet<EntityType>,
    /// Whether to fetch again what is known to be complete.
    #[serde(default)]
    again: bool,
    /// Whether to hold its facts back until all are fetched, and to capture them in the order of time then.
    #[serde(default)]
    hold: bool,
    /// Whether to prove it by itself when it has completed: a second run then reads the same again, and says what was
    /// missing.
    #[serde(default)]
    prove: bool,
    /// How many calls the run may make. With the last one it is `partial`, and can be resumed.
    #[serde(rename = "callBudget")]
    #[schema(value_type = Option<u64>, minimum = 1)]
    call_budget: Option<NonZeroU64>,
}

/// How to start a run again.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "again": true }))]
pub(crate) struct ToRestart {
    /// Whether to fetch again what is known to be complete.
    #[serde(default)]
    again: bool,
}

/// What was started.
#[derive(Serialize, ToSchema)]
#[schema(as = StartedRun, example = json!({
    "run": "7f0c", "source": "github:1296269", "lists": [{ "entity": "issue", "outcome": "opened" }],
}))]
pub(crate) struct View {
    /// The run; absent when nothing had to be fetched, or another run is at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    source: String,
    /// What became of each list.
    lists: Vec<ListStart>,
}

/// What became of a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct ListStart {
    entity: &'static str,
    outcome: Outcome,
    /// The run that is at it, where that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
}

/// What became of a list, in one word.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StartOutcome)]
pub(crate) enum Outcome {
    /// It is being fetched.
    Opened,
    /// All of the window was fetched before.
    Covered,
    /// Another run is at it.
    Active,
    /// The run was cancelled before it was opened.
    Cancelled,
}

impl View {
    fn of(source: String, started: Started) -> Self {
        let list = |(entity, start): (EntityType, UnitStart)| {
            let (outcome, run) = match start {
                UnitStart::Opened => (Outcome::Opened, None),
                UnitStart::Covered => (Outcome::Covered, None),
                UnitStart::Active(run) => (Outcome::Active, Some(run.to_string())),
                UnitStart::Cancelled => (Outcome::Cancelled, None),
            };
            ListStart { entity: entity.as_str(), outcome, run }
        };
        Self {
            run: started.run.map(|run| run.to_string()),
            source,
            lists: started.units.into_iter().map(list).collect(),
        }
    }
}

#[utoipa::path(
    post, path = "/v1/workspaces/{workspace}/runs", operation_id = "startRun", tag = "runs",
    params(InWorkspace, Once), request_body = ToStart,
    responses(
        (status = 200, description = "Nothing had to be started.", body = View),
        (status = 202, description = "History is being fetched.", body = View),
        Refusals, Gateway, BodyRefusals, Conflicts
    )
)]
/// Starts to fetch the history of a source: only what is missing, unless `again`. A list that another run is at is left
/// to it, so starting twice fetches once.
pub(crate) async fn start(context: &Context<'_>) -> Result<Answer, Problem> {
    context.query(&[])?;
    let asked: ToStart = body(context.request)?;
    once(context, || async { run(context, request(context, &asked).await?).await }).await
}

/// What is asked for, of a source of this workspace.
pub(super) async fn request(context: &Context<'_>, asked: &ToStart) -> Result<StartRequest, Problem> {
    let source = parse_source(&asked.source);
    let (provider, resource) = source.ok_or(Problem::with(Code::InvalidValue, "`source` is not the id of a source"))?;
    let link = context.access.link(provider, &resource).await?.ok_or(Problem::new(Code::NotLinked))?;
    let window = window(asked, link.settings.backfill.depth, context.access.now())?;
    let usual = &link.settings.backfill.entities;
    Ok(StartRequest {
        entities: if asked.entities.is_empty() { usual } else { &asked.entities }.clone(),
        integration: link,
        window,
        trigger: Trigger::Api,
        again: asked.again,
        call_budget: asked.call_budget.map(NonZeroU64::get),
        proves: None,
        hold: asked.hold,
        prove: asked.prove,
    })
}

fn window(asked: &ToStart, usual: Depth, now: Timestamp) -> Result<Window, Problem> {
    let until = asked.until.unwrap_or(now).min(now);
    let since = match (asked.depth, asked.since) {
        (Some(_), Some(_)) => return Err(Problem::with(Code::InvalidValue, "`depth` and `since` exclude each other")),
        (_, Some(since)) => since,
        (depth, None) => Window::last(depth.unwrap_or(usual), now).since,
    };
    Window::new(since, until).ok_or(Problem::with(Code::InvalidValue, "`since` is later than `until`"))
}

async fn run(context: &Context<'_>, request: StartRequest) -> Result<Answer, Problem> {
    let source = source_id(request.integration.provider, &request.integration.resource.id);
    context.access.note(ChangeAction::RunStarted, source.clone()).await?;
    let started = context.access.start(&request).await?;
    let status = if started.run.is_some() { 202 } else { 200 };
    json(status, &View::of(source, started))
}

#[utoipa::path(
    post, path = "/v1/workspaces/{workspace}/runs/{run}/restart", operation_id = "restartRun", tag = "runs",
    params(InWorkspace, ("run" = String, Path), Once), request_body = ToRestart,
    responses(
        (status = 200, description = "Nothing was missing.", body = View),
        (status = 202, description = "A new run fetches what is missing.", body = View),
        Refusals, Gateway, BodyRefusals, Conflicts
    )
)]
/// Starts a run again that has ended: a new run over the same lists, from the same moment up to now. It fetches what is
/// missing, unless `again`.
pub(crate) async fn restart(context: &Context<'_>) -> Result<Answer, Problem> {
    context.query(&[])?;
    let asked: ToRestart = if context.request.body.is_empty() { ToRestart::default() } else { body(context.request)? };
    once(context, || async {
        let (old, link) = ended(context).await?;
        let window = Window { since: old.window.since, until: context.access.now().max(old.window.since) };
        let entities = old.entities.iter().copied().collect();
        let again = asked.again;
        let (trigger, call_budget, hold) = (Trigger::Api, old.call_budget, old.hold);
        let integration = link;
        let (proves, prove) = (None, old.prove);
        let request = StartRequest { integration, entities, window, trigger, again, call_budget, proves, hold, prove };
        run(context, request).await
    })
    .await
}

#[utoipa::path(
    post, path = "/v1/workspaces/{workspace}/runs/{run}/prove", operation_id = "proveRun", tag = "runs",
    params(InWorkspace, ("run" = String, Path), Once),
    responses(
        (status = 200, description = "Other runs are at all of its lists.", body = View),
        (status = 202, description = "A new run reads the same again, and says what was missing.", body = View),
        Refusals, Gateway, BodyRefusals, Conflicts
    )
)]
/// Proves that a run that has ended missed nothing: reads its lists again and tells which of their facts were not stored.
/// That takes as many calls as a list of the ids alone would, and what was missing is stored at once.
pub(crate) async fn prove(context: &Context<'_>) -> Result<Answer, Problem> {
    no_body(context.request)?;
    context.query(&[])?;
    once(context, || async {
        let (old, link) = ended(context).await?;
        run(context, StartRequest::proof(&old, link, Trigger::Api)).await
    })
    .await
}

/// The run of the path, which must have ended, and the link it was of.
async fn ended(context: &Context<'_>) -> Result<(Run, Integration), Problem> {
    let run = context.access.run(context.variable("run")?).await?;
    let state = context.access.progress(&run).await?.0.state;
    if matches!(state, RunState::Running | RunState::Replaying | RunState::Paused) {
        return Err(Problem::new(Code::RunActive));
    }
    let link = context.access.link(run.provider, &run.resource.id).await?.ok_or(Problem::new(Code::NotLinked))?;
    Ok((run, link))
}
