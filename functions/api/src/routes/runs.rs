//! Runs: requests for history, and how they went.

use connector_domain::Timestamp;
use connector_domain::backfill::{Run, RunProgress, RunState, Share, Unit, UnitKey};
use connector_domain::change::ChangeAction;
use connector_lambda::api::Answer;
use futures::future::try_join_all;
use serde::Serialize;
use utoipa::ToSchema;

use super::sync::{ListSync, Span};
use crate::context::{Context, json, page};
use crate::input::{no_body, wrong};
use crate::problem::Problem;
use crate::schema::{BodyRefusals, Gateway, InWorkspace, PageOf, Paged, Refusals, parse_source, source_id};

/// A request for the history of one source.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Run)]
pub(crate) struct View {
    id: String,
    /// Whose history.
    #[schema(example = "github:1296269")]
    source: String,
    /// The resource's name when it started.
    name: String,
    connection: String,
    /// Which lists.
    entities: Vec<&'static str>,
    /// Which time.
    window: Span,
    /// Who asked: `link`, `schedule`, `manual` or `api`.
    trigger: &'static str,
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    /// How many calls it may make, where that is bounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    call_budget: Option<u64>,
    state: State,
    counters: Counters,
    /// How far its lists are read on the whole, in thousandths, where that can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    read: Option<u16>,
    /// When it goes on, where all that is left of it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime)]
    wakes_at: Option<Timestamp>,
    /// When it should be done, at the speed so far, where that can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime)]
    eta: Option<Timestamp>,
    /// Its lists. One that a later run has taken over stands as it ended for this one.
    lists: Vec<ListSync>,
    /// What became of the pages it fetched; only where one run is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    captured: Option<Captured>,
    /// What it found missing of another run, where it is the proof of one; only where one run is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<Proof>,
}

/// What a second reading found.
#[derive(Serialize, ToSchema)]
pub(crate) struct Proof {
    /// Of which run.
    of: String,
    /// Facts that were missing, so far; they are stored now.
    missing: u64,
    /// The first of them.
    facts: Vec<String>,
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RunState)]
pub(crate) enum State {
    /// Nothing had to be fetched.
    Nothing,
    /// At work, or waiting.
    Running,
    /// All is fetched, and what was held back is being captured.
    Replaying,
    /// Paused, until it is resumed or its connection is made anew.
    Paused,
    /// Every list was read to its end.
    Completed,
    /// Some list stopped early and can be resumed.
    Partial,
    /// Some list failed.
    Failed,
    /// Stopped by a person.
    Cancelled,
}

/// What a run has done so far.
#[derive(Serialize, ToSchema)]
pub(crate) struct Counters {
    /// Pages fetched.
    pages: u64,
    /// Items on them.
    items: u64,
    /// Calls made to the provider.
    calls: u64,
    /// Times it had to wait.
    waits: u64,
    /// Seconds that it has waited, in all.
    waited: u64,
}

/// What became of the pages of a run.
#[derive(Serialize, ToSchema)]
pub(crate) struct Captured {
    /// Pages that are captured.
    pages: u64,
    /// New observations.
    observations: u64,
    /// Facts that were known.
    duplicates: u64,
    /// Facts left out on purpose.
    filtered: u64,
    /// Facts that are held back, to be captured in the order of time.
    held: u64,
    /// Items that could not be read; they are kept.
    quarantined: u64,
}

/// A run with its units.
pub(crate) fn view(run: Run, units: &[Unit], progress: Option<&RunProgress>) -> View {
    let now = RunProgress::of_run(&run, units, []);
    let proof = run.proves.as_ref().zip(progress).map(|(of, progress)| Proof {
        of: of.to_string(),
        missing: progress.report.captured,
        facts: progress.report.missing.iter().map(ToString::to_string).collect(),
    });
    let counters = now.counters;
    View {
        id: run.id.to_string(),
        source: source_id(run.provider, &run.resource.id),
        name: run.resource.name,
        connection: run.connection.to_string(),
        entities: run.entities.iter().map(|entity| entity.as_str()).collect(),
        window: run.window.into(),
        trigger: run.trigger.name(),
        started_at: run.started_at,
        call_budget: run.call_budget,
        state: match progress.map_or(now.state, |progress| progress.state) {
            RunState::Nothing => State::Nothing,
            RunState::Running => State::Running,
            RunState::Replaying => State::Replaying,
            RunState::Paused => State::Paused,
            RunState::Completed => State::Completed,
            RunState::Partial => State::Partial,
            RunState::Failed => State::Failed,
            RunState::Cancelled => State::Cancelled,
        },
        counters: Counters {
            pages: counters.pages,
            items: counters.items,
            calls: counters.calls,
            waits: counters.waits,
            waited: counters.waited,
        },
        read: now.share.map(Share::thousandths),
        wakes_at: now.wakes_at,
        eta: now.eta,
        lists: units.iter().map(ListSync::of).collect(),
        captured: progress.map(|progress| Captured {
            pages: progress.captured_pages,
            observations: progress.report.captured,
            duplicates: progress.report.duplicate,
            filtered: progress.report.filtered_total(),
            held: progress.report.held,
            quarantined: progress.report.quarantined,
        }),
        proof,
    }
}

#[utoipa::path(
    get, path = "/v1/workspaces/{workspace}/runs", operation_id = "listRuns", tag = "runs",
    params(
        InWorkspace, Paged,
        ("source" = Option<String>, Query, description = "Only those of this source.", example = "github:1296269",
         pattern = "^(github|vercel|linear|sentry):[!-~]{1,200}$"),
    ),
    responses((status = 200, description = "A page of runs.", body = PageOf<View>), Refusals, Gateway)
)]
/// The runs of a workspace, newest first.
pub(crate) async fn list(context: &Context<'_>) -> Result<Answer, Problem> {
    let query = context.query(&["source", "limit", "cursor"])?;
    let (list, paging) = context.paging(&query)?;
    let source = query.text("source").map(|id| parse_source(id).ok_or(wrong("source", "the id of a source")));
    let source = source.transpose()?;
    let runs = context.access.runs(source.as_ref().map(|(provider, resource)| (*provider, resource)), &paging).await?;
    let keys: Vec<UnitKey> = runs.items.iter().flat_map(Run::unit_keys).collect();
    let units = context.access.units(&keys).await?;
    let of = |run: &Run| {
        let own = units.iter().filter(|unit| unit.run == run.id).cloned().collect();
        let run = run.clone();
        async move { context.access.own_units(&run, own).await }
    };
    let mut own = try_join_all(runs.items.iter().map(of)).await?.into_iter();
    page(&list, runs, |run| view(run, &own.next().unwrap_or_default(), None))
}

/// One run with all that is known of it.
pub(crate) async fn shown(context: &Context<'_>, status: u16, run: Run) -> Result<Answer, Problem> {
    let (progress, units) = context.access.progress(&run).await?;
    json(status, &view(run, &units, Some(&progress)))
}

#[utoipa::path(
    get, path = "/v1/workspaces/{workspace}/runs/{run}", operation_id = "getRun", tag = "runs",
    params(InWorkspace, ("run" = String, Path)),
    responses((status = 200, description = "The run.", body = View), Refusals, Gateway)
)]
/// One run: how it stands, why it waits, and what became of its pages.
pub(crate) async fn get(context: &Context<'_>) -> Result<Answer, Problem> {
    context.query(&[])?;
    let run = context.access.run(context.variable("run")?).await?;
    shown(context, 200, run).await
}

#[utoipa::path(
    post, path = "/v1/workspaces/{workspace}/runs/{run}/cancel", operation_id = "cancelRun", tag = "runs",
    params(InWorkspace, ("run" = String, Path)),
    responses((status = 200, description = "The run as it is now.", body = View), Refusals, Gateway, BodyRefusals)
)]
/// Stops what is left of a run. What was captured stays. Safe to repeat.
pub(crate) async fn cancel(context: &Context<'_>) -> Result<Answer, Problem> {
    let (mut run, progress) = asked(context).await?;
    // Its start may not have opened any list yet.
    if matches!(progress.state, RunState::Running | RunState::Paused | RunState::Nothing) {
        context.access.note(ChangeAction::RunCancelled, run.id.to_string()).await?;
        context.access.cancel(&run).await?;
        (run, _) = asked(context).await?;
    }
    shown(context, 200, run).await
}

#[utoipa::path(
    post, path = "/v1/workspaces/{workspace}/runs/{run}/pause", operation_id = "pauseRun", tag = "runs",
    params(InWorkspace, ("run" = String, Path)),
    responses((status = 200, description = "The run as it is now.", body = View), Refusals, Gateway, BodyRefusals)
)]
/// Pauses what is under way of a run. It keeps its place; a page that is on its way is kept. Safe to repeat.
pub(crate) async fn pause(context: &Context<'_>) -> Result<Answer, Problem> {
    let (run, progress) = asked(context).await?;
    if progress.state == RunState::Running {
        context.access.note(ChangeAction::RunPaused, run.id.to_string()).await?;
        context.access.pause(&run).await?;
    }
    shown(context, 200, run).await
}

#[utoipa::path(
    post, path = "/v1/workspaces/{workspace}/runs/{run}/resume", operation_id = "resumeRun", tag = "runs",
    params(InWorkspace, ("run" = String, Path)),
    responses((status = 200, description = "The run as it is now.", body = View), Refusals, Gateway, BodyRefusals)
)]
/// Lets go on what is paused of a run, or stopped early: from where it was, with as many pages, and as many calls, as the
/// run had. Safe to repeat.
pub(crate) async fn resume(context: &Context<'_>) -> Result<Answer, Problem> {
    let (run, _) = asked(context).await?;
    context.access.note(ChangeAction::RunResumed, run.id.to_string()).await?;
    context.access.resume(&run).await?;
    shown(context, 200, run).await
}

#[utoipa::path(
    post, path = "/v1/workspaces/{workspace}/runs/{run}/retry", operation_id = "retryRun", tag = "runs",
    params(InWorkspace, ("run" = String, Path)),
    responses((status = 200, description = "The run as it is now.", body = View), Refusals, Gateway, BodyRefusals)
)]
/// Tries again what failed of a run, from the page at which it did, and nothing else. Safe to repeat.
pub(crate) async fn retry(context: &Context<'_>) -> Result<Answer, Problem> {
    let (run, _) = asked(context).await?;
    context.access.note(ChangeAction::RunRetried, run.id.to_string()).await?;
    context.access.retry(&run).await?;
    shown(context, 200, run).await
}

/// The run that a request without body and parameters is about.
async fn asked(context: &Context<'_>) -> Result<(Run, RunProgress), Problem> {
    no_body(context.request)?;
    context.query(&[])?;
    let run = context.access.run(context.variable("run")?).await?;
    let (progress, _) = context.access.progress(&run).await?;
    Ok((run, progress))
}
