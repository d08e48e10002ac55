//! Deliveries: what came, what became of it, and capturing it anew.

use std::collections::BTreeMap;

use connector_domain::change::ChangeAction;
use connector_domain::delivery::{DeliveryRecord, DeliveryState, Origin};
use connector_domain::ports::{DeliveryFilter, Paging};
use connector_domain::{DeliveryId, ProviderKind, Timestamp, WorkspaceId};
use connector_lambda::api::Answer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::context::{Context, json, page};
use crate::cursor::List;
use crate::input::{Query, body, maybe_whole, no_body, wrong};
use crate::once::once;
use crate::problem::{Code, Problem};
use crate::schema::{Between, BodyRefusals, Conflicts, Gateway, InWorkspace, Once, PageOf, Paged, Provider, Refusals};

/// Raw bytes that a provider gave us: a webhook, or a page of a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Delivery)]
pub(crate) struct View {
    id: String,
    #[schema(value_type = Provider)]
    provider: ProviderKind,
    /// `webhook` or `page`.
    kind: &'static str,
    /// The provider's name of the event, of a webhook.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    /// Which list, of a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    entity: Option<&'static str>,
    /// The run that fetched it, of a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    /// The number of the page, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<u32>,
    /// The resource it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
    /// How many bytes.
    bytes: u64,
    state: State,
    /// Why it was skipped or given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// How often recovery has sent it again.
    attempts: u32,
    /// What this workspace made of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
}

/// How far a delivery has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeliveryState)]
pub(crate) enum State {
    /// Its bytes are durable, and it is not captured yet.
    Received,
    /// It is captured.
    Processed,
    /// There was nothing to do.
    Skipped,
    /// Given up after too many attempts. It can be replayed.
    Dead,
}

impl State {
    const ALL: [Self; 4] = [Self::Received, Self::Processed, Self::Skipped, Self::Dead];

    const fn of(state: &DeliveryState) -> Self {
        match state {
            DeliveryState::Received => Self::Received,
            DeliveryState::Processed => Self::Processed,
            DeliveryState::Skipped(_) => Self::Skipped,
            DeliveryState::Dead(_) => Self::Dead,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Processed => "processed",
            Self::Skipped => "skipped",
            Self::Dead => "dead",
        }
    }
}

/// What a workspace made of a delivery.
#[derive(Serialize, ToSchema)]
#[schema(as = CaptureOutcome)]
pub(crate) struct Outcome {
    /// New observations.
    captured: u64,
    /// Facts that were known.
    duplicate: u64,
    /// Duplicates that said something else than what is kept.
    conflicts: u64,
    /// Items that could not be read.
    quarantined: u64,
    /// Facts left out on purpose, by reason.
    filtered: BTreeMap<String, u64>,
    /// The change to a connection that it was, when it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    lifecycle: Option<String>,
    /// The first items that could not be read.
    quarantine: Vec<Unread>,
}

/// An item that could not be read.
#[derive(Serialize, ToSchema)]
pub(crate) struct Unread {
    /// Where it is in the delivery.
    path: String,
    reason: String,
}

/// The id of a delivery in paths: there the `#` of its own one has another meaning.
pub(crate) fn public_id(id: &DeliveryId) -> String {
    id.as_str().replacen('#', "-", 1)
}

fn own_id(id: &str) -> Option<DeliveryId> {
    let (provider, digest) = id.split_once('-')?;
    DeliveryId::parse(format!("{}#{digest}", provider.parse::<ProviderKind>().ok()?)).ok()
}

fn view(record: DeliveryRecord, workspace: &WorkspaceId) -> View {
    let state = record.state_for(workspace);
    let outcome = record.outcomes.get(workspace).cloned().map(|report| Outcome {
        captured: report.captured,
        duplicate: report.duplicate,
        conflicts: report.conflicts,
        quarantined: report.quarantined,
        filtered: report.filtered,
        lifecycle: report.lifecycle,
        quarantine: report.quarantine.into_iter().map(|(path, reason)| Unread { path, reason }).collect(),
    });
    let mut view = View {
        id: public_id(&record.id),
        provider: record.provider,
        kind: "webhook",
        event: None,
        entity: None,
        run: None,
        page: None,
        resource: record.resource.map(|resource| resource.to_string()),
        received_at: record.received_at,
        bytes: record.bytes,
        state: State::of(&state),
        reason: match state {
            DeliveryState::Skipped(reason) | DeliveryState::Dead(reason) => Some(reason),
            DeliveryState::Received | DeliveryState::Processed => None,
        },
        attempts: record.attempts,
        outcome,
    };
    match record.origin {
        Origin::Webhook { event, .. } => view.event = Some(event),
        Origin::Page { run, entity, page, .. } => {
            view.kind = "page";
            (view.run, view.entity, view.page) = (Some(run.to_string()), Some(entity.as_str()), Some(page));
        }
    }
    view
}

async fn listed(context: &Context<'_>, query: &Query, state: Option<State>) -> Result<Answer, Problem> {
    let (list, paging) = context.paging(query)?;
    let filter = DeliveryFilter {
        provider: query.value("provider", "github, vercel, linear or sentry")?,
        state: state.map(State::name),
        since: query.value("since", "a moment in RFC 3339")?.unwrap_or(Timestamp::UNIX_EPOCH),
        until: query.value("until", "a moment in RFC 3339")?.unwrap_or(Timestamp::MAX),
    };
    let found = context.access.deliveries(&filter, &paging).await?;
    page(&list, found, |record| view(record, context.access.workspace()))
}

#[utoipa::path(
    get, path = "/v1/workspaces/{workspace}/deliveries", operation_id = "listDeliveries", tag = "deliveries",
    params(InWorkspace, Paged, Between, ("provider" = Option<Provider>, Query), ("state" = Option<State>, Query)),
    responses((status = 200, description = "A page of deliveries.", body = PageOf<View>), Refusals, Gateway)
)]
/// What came for a workspace, newest first: how far it has come, why, and after how many attempts.
pub(crate) async fn list(context: &Context<'_>) -> Result<Answer, Problem> {
    let query = context.query(&["provider", "state", "since", "until", "limit", "cursor"])?;
    let named = |text: &str| State::ALL.into_iter().find(|state| state.name() == text);
    let state =
        query.text("state").map(|text| named(text).ok_or(wrong("state", "received, processed, skipped or dead")));
    listed(context, &query, state.transpose()?).await
}

#[utoipa::path(
    get, path = "/v1/workspaces/{workspace}/dead-letters", operation_id = "listDeadLetters", tag = "deliveries",
    params(InWorkspace, Paged, Between, ("provider" = Option<Provider>, Query)),
    responses((status = 200, description = "A page of what was given up.", body = PageOf<View>), Refusals, Gateway)
)]
/// What was given up after too many attempts, newest first. Its bytes are kept, and it can be replayed.
pub(crate) async fn dead(context: &Context<'_>) -> Result<Answer, Problem> {
    let query = context.query(&["provider", "since", "until", "limit", "cursor"])?;
    listed(context, &query, Some(State::Dead)).await
}

async fn of_path(context: &Context<'_>) -> Result<DeliveryRecord, Problem> {
    let id = own_id(context.variable("delivery")?).ok_or(Problem::new(Code::NotFound))?;
    context.access.delivery(&id).await
}

#[utoipa::path(
    get, path = "/v1/workspaces/{workspace}/deliveries/{delivery}", operation_id = "getDelivery", tag = "deliveries",
    params(InWorkspace, ("delivery" = String, Path)),
    responses((status = 200, description = "The delivery.", body = View), Refusals, Gateway)
)]
/// One delivery, without its bytes.
pub(crate) async fn get(context: &Context<'_>) -> Result<Answer, Problem> {
    context.query(&[])?;
    json(200, &view(of_path(context).await?, context.access.workspace()))
}

#[utoipa::path(
    post, path = "/v1/workspaces/{workspace}/deliveries/{delivery}/replay", operation_id = "replayDelivery",
    tag = "deliveries", params(InWorkspace, ("delivery" = String, Path), Once),
    responses((status = 202, description = "It is captured anew.", body = View), Refusals, Gateway, BodyRefusals, Conflicts)
)]
/// Captures a delivery anew, as the system reads it today. A fact that is known stays one row.
pub(crate) async fn replay(context: &Context<'_>) -> Result<Answer, Problem> {
    no_body(context.request)?;
    context.query(&[])?;
    once(context, || async {
        let record = of_path(context).await?;
        context.access.note(ChangeAction::Replayed, public_id(&record.id)).await?;
        context.access.replay(&record).await?;
        json(202, &view(of_path(context).await?, context.access.workspace()))
    })
    .await
}

/// Which deliveries to capture anew.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "state": "dead", "since": "2026-02-06T00:00:00Z" }))]
pub(crate) struct ToReplay {
    #[schema(value_type = Option<Provider>)]
    provider: Option<ProviderKind>,
    /// Only those in this state.
    state: Option<State>,
    /// Only what came at or after this moment.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Only what came at or before this moment.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// Most deliveries of this request; 20 without it.
    #[schema(minimum = 1, maximum = 100)]
    #[serde(default, deserialize_with = "maybe_whole")]
    limit: Option<usize>,
    /// Go on where the request before ended: its `next`, with the same filter.
    #[schema(max_length = 2048)]
    cursor: Option<String>,
}

/// What is captured anew.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "replayed": ["github-3a7bd3"], "next": "c2Vl" }))]
pub(crate) struct Replayed {
    /// The deliveries.
    replayed: Vec<String>,
    /// The `cursor` of the next request; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[utoipa::path(
    post, path = "/v1/workspaces/{workspace}/deliveries/replay", operation_id = "replayDeliveries", tag = "deliveries",
    params(InWorkspace, Once), request_body = ToReplay,
    responses((status = 202, description = "They are captured anew.", body = Replayed), Refusals, Gateway, BodyRefusals, Conflicts)
)]
/// Captures the deliveries of a filter anew, a page at a time, the newest first.
pub(crate) async fn replay_some(context: &Context<'_>) -> Result<Answer, Problem> {
    context.query(&[])?;
    let asked: ToReplay = body(context.request)?;
    let limit = asked.limit.unwrap_or(20);
    if !(1..=100).contains(&limit) {
        return Err(Problem::with(Code::InvalidBody, "`limit` must be a number from 1 to 100"));
    }
    let text = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let (since, until) = (text(asked.since), text(asked.until));
    let filters = [
        ("provider", asked.provider.map_or("", ProviderKind::as_str)),
        ("state", asked.state.map_or("", State::name)),
        ("since", &since),
        ("until", &until),
    ];
    let list = List::of(context.route.path, context.access.workspace().as_str(), filters.into_iter());
    let after = asked.cursor.as_deref().map(|cursor| list.place(cursor)).transpose()?;
    let filter = DeliveryFilter {
        provider: asked.provider,
        state: asked.state.map(State::name),
        since: asked.since.unwrap_or(Timestamp::UNIX_EPOCH),
        until: asked.until.unwrap_or(Timestamp::MAX),
    };
    once(context, || async {
        let found = context.access.deliveries(&filter, &Paging { after, limit }).await?;
        let mut replayed = Vec::with_capacity(found.items.len());
        for record in &found.items {
            context.access.note(ChangeAction::Replayed, public_id(&record.id)).await?;
            context.access.replay(record).await?;
            replayed.push(public_id(&record.id));
        }
        json(202, &Replayed { replayed, next: found.next.map(|place| list.cursor(&place)) })
    })
    .await
}
