//! What fetching history would take.

use std::collections::BTreeMap;

use connector_flows::estimate::{Counted, Estimate, ListEstimate};
use connector_lambda::api::Answer;
use serde::Serialize;
use utoipa::ToSchema;

use super::start::{ToStart, request};
use crate::context::{Context, json};
use crate::input::body;
use crate::problem::Problem;
use crate::schema::{BodyRefusals, Gateway, InWorkspace, Refusals};

/// What a run would take if it were started now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Estimate, example = json!({
    "source": "github:1296269", "items": 2140, "calls": 22, "seconds": 16, "costUsd": 0.011,
    "lists": [{ "entity": "issue", "outcome": "counted", "items": 2140, "calls": 22, "basis": "pages",
                "facts": { "issue.opened": 61, "issue.closed": 40 }, "leftOut": 12, "unreadable": 0 }],
}))]
pub(crate) struct View {
    source: String,
    /// Items of all lists.
    items: u64,
    /// Calls to the provider.
    calls: u64,
    /// How long it would take, waits for the provider's budget included.
    seconds: u64,
    /// What AWS asks for it, at list prices.
    cost_usd: f64,
    lists: Vec<List>,
}

/// What a list would take.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ListEstimate)]
pub(crate) struct List {
    entity: &'static str,
    outcome: Outcome,
    /// Why it is refused, or which run is at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(flatten)]
    counted: Option<Numbers>,
}

/// What can be said of a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EstimateOutcome)]
pub(crate) enum Outcome {
    /// So much.
    Counted,
    /// Nothing: all of the window was fetched before.
    Covered,
    /// Another run is at it.
    Active,
    /// It cannot be asked for.
    Refused,
    /// The provider does not answer now.
    Unavailable,
}

/// How much a list would take.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ListNumbers)]
pub(crate) struct Numbers {
    items: u64,
    calls: u64,
    /// Where the numbers come from: `whole` (the first page is all), `pages` (the provider counts them), `density` (the
    /// first page, as dense as the rest) or `at_least`.
    basis: &'static str,
    /// Facts that the first page would become, by type.
    facts: BTreeMap<String, u64>,
    /// Facts of the first page that would be left out.
    left_out: u64,
    /// Items of the first page that could not be read.
    unreadable: u64,
}

impl View {
    fn of(source: String, estimate: Estimate) -> Self {
        Self {
            source,
            items: estimate.items(),
            calls: estimate.calls(),
            seconds: estimate.time.as_secs(),
            cost_usd: std::time::Duration::from_micros(estimate.micro_dollars()).as_secs_f64(),
            lists: estimate.lists.into_iter().map(|(entity, list)| List::of(entity.as_str(), list)).collect(),
        }
    }
}

impl List {
    fn of(entity: &'static str, list: ListEstimate) -> Self {
        let (outcome, reason, counted) = match list {
            ListEstimate::Counted(counted) => (Outcome::Counted, None, Some(Numbers::of(counted))),
            ListEstimate::Covered => (Outcome::Covered, None, None),
            ListEstimate::Active(run) => (Outcome::Active, Some(run.to_string()), None),
            ListEstimate::Refused(code) => (Outcome::Refused, Some(code.to_string()), None),
            ListEstimate::Unavailable => (Outcome::Unavailable, None, None),
        };
        Self { entity, outcome, reason, counted }
    }
}

impl Numbers {
    fn of(counted: Counted) -> Self {
        let Counted { items, calls, basis, facts, left_out, unreadable } = counted;
        Self { items, calls, basis: basis.name(), facts, left_out, unreadable }
    }
}

#[utoipa::path(
    post, path = "/v1/workspaces/{workspace}/runs/estimate", operation_id = "estimateRun", tag = "runs",
    params(InWorkspace), request_body = ToStart,
    responses((status = 200, description = "What it would take.", body = View), Refusals, Gateway, BodyRefusals)
)]
/// What a run would take, without starting it: the first page of each list is asked for, as the run would, and read, and
/// nothing of it is stored.
pub(crate) async fn estimate(context: &Context<'_>) -> Result<Answer, Problem> {
    context.query(&[])?;
    let asked: ToStart = body(context.request)?;
    let request = request(context, &asked).await?;
    let source = crate::schema::source_id(request.integration.provider, &request.integration.resource.id);
    json(200, &View::of(source, context.access.estimate(&request).await?))
}
