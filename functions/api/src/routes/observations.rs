//! Observations: what a workspace remembers.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connector_domain::event::Metadata;
use connector_domain::observation::Observation;
use connector_domain::ports::{ObservationFilter, Page};
use connector_domain::{ProviderKind, SourceId, Timestamp};
use connector_lambda::api::Answer;
use serde::Serialize;
use utoipa::ToSchema;

use super::{deliveries, memory};
use crate::context::{Context, json, page};
use crate::problem::{Code, Problem};
use crate::schema::{Between, Gateway, InWorkspace, PageOf, Paged, Provider, Refusals};

/// A captured fact.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Observation)]
pub(crate) struct View {
    /// The id in this API.
    id: String,
    /// The identity of the fact.
    #[schema(example = "github:pr:1296269#7:merged")]
    source_id: String,
    #[schema(value_type = Provider)]
    source: ProviderKind,
    /// What kind of fact.
    #[schema(example = "pull-request.merged")]
    r#type: &'static str,
    /// One line, at most 120 characters.
    title: String,
    /// The text, at most 10,000 characters; may be empty.
    body: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Actor>)]
    actor: Option<connector_domain::Actor>,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    occurred_at: Timestamp,
    #[schema(value_type = Vec<Reference>)]
    references: Vec<connector_domain::Reference>,
    /// What only this provider knows, by name.
    #[schema(value_type = Object)]
    metadata: Metadata,
    significance: Significance,
    classification: Classification,
    /// Words to find it by.
    topics: Vec<String>,
    #[schema(value_type = Vec<Entity>)]
    entities: Vec<connector_domain::capture::Entity>,
    /// Which path brought it first: `webhook`, `backfill`, `manual` or `api`.
    ingestion_source: &'static str,
    /// The run that brought it, when it was backfilled.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    /// The delivery that brought it.
    delivery: String,
    /// When it was captured.
    #[schema(value_type = String, format = DateTime)]
    captured_at: Timestamp,
    /// When what it is about was deleted at its provider; then nothing of what it said is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    deleted_at: Option<Timestamp>,
}

/// Who acted.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes the domain's own form")]
pub(crate) struct Actor {
    /// The provider's immutable id.
    id: String,
    name: String,
    email: Option<String>,
    avatar_url: Option<String>,
}

/// What the fact points at.
#[derive(ToSchema)]
#[allow(dead_code, reason = "it describes the domain's own form")]
pub(crate) struct Reference {
    /// What kind of thing, such as `commit` or `pr`.
    r#type: String,
    id: String,
    url: Option<String>,
    /// How the fact relates to it, such as `closes`.
    label: Option<String>,
}

/// A thing that the fact names.
#[derive(ToSchema)]
#[schema(as = NamedEntity)]
#[allow(dead_code, reason = "it describes the domain's own form")]
pub(crate) struct Entity {
    category: String,
    /// Which one, in one spelling wherever it is named.
    key: String,
    value: Option<String>,
    /// How sure it is, in percent.
    confidence: u8,
    /// The words around it, or the reference that it is.
    evidence: String,
}

/// How much the fact matters.
#[derive(Serialize, ToSchema)]
pub(crate) struct Significance {
    /// 0 to 100.
    score: u8,
    /// What the score is made of.
    factors: Vec<String>,
}

/// What kind of work the fact is about.
#[derive(Serialize, ToSchema)]
pub(crate) struct Classification {
    primary: &'static str,
    secondary: Vec<&'static str>,
}

fn view(observation: Observation) -> View {
    let event = observation.event;
    View {
        id: public_id(&event.source_id),
        source: event.provider(),
        r#type: event.source_type.name(),
        source_id: event.source_id.to_string(),
        title: event.title,
        body: event.body,
        actor: event.actor,
        occurred_at: event.occurred_at,
        references: event.references,
        metadata: event.metadata,
        significance: Significance { score: observation.significance.score, factors: observation.significance.factors },
        classification: Classification {
            primary: observation.classification.primary.as_str(),
            secondary: observation.classification.secondary.iter().map(|category| category.as_str()).collect(),
        },
        topics: observation.topics,
        entities: observation.entities,
        ingestion_source: observation.ingestion_source.as_str(),
        run: observation.run.map(|run| run.to_string()),
        delivery: deliveries::public_id(&observation.delivery),
        captured_at: observation.captured_at,
        deleted_at: observation.deleted_at,
    }
}

#[utoipa::path(
    get, path = "/v1/workspaces/{workspace}/observations", operation_id = "listObservations", tag = "observations",
    params(
        InWorkspace, Paged, Between,
        ("source" = Option<Provider>, Query),
        ("type" = Option<String>, Query, description = "Only this type, such as `pull-request.merged`.",
         min_length = 1, max_length = 100),
        ("actor" = Option<String>, Query, description = "Only what this actor did, by the provider's id of it.",
         min_length = 1, max_length = 255),
        ("entity" = Option<String>, Query, description = "Only what names this thing, by the `key` of its `entities`.",
         min_length = 1, max_length = 255),
    ),
    responses((status = 200, description = "A page of observations.", body = PageOf<View>), Refusals, Gateway)
)]
/// What a workspace remembers, newest first. A page stays where it is while new facts come in.
pub(crate) async fn list(context: &Context<'_>) -> Result<Answer, Problem> {
    let query = context.query(&["source", "type", "actor", "entity", "since", "until", "limit", "cursor"])?;
    let (list, paging) = context.paging(&query)?;
    let filter = ObservationFilter {
        provider: query.value("source", "github, vercel, linear or sentry")?,
        source_type: query.bounded("type", 100)?,
        actor: query.bounded("actor", 255)?,
        entity: query.bounded("entity", 255)?,
        since: query.value("since", "a moment in RFC 3339")?.unwrap_or(Timestamp::UNIX_EPOCH),
        until: query.value("until", "a moment in RFC 3339")?.unwrap_or(Timestamp::MAX),
        limit: paging.limit,
        cursor: paging.after,
    };
    let found = context.access.observations(&filter).await?;
    page(&list, Page { items: found.observations, next: found.next }, view)
}

#[utoipa::path(
    get, path = "/v1/workspaces/{workspace}/observations/{observation}", operation_id = "getObservation",
    tag = "observations",
    params(InWorkspace, ("observation" = String, Path, description = "The `id` of the observation.")),
    responses((status = 200, description = "The observation.", body = Detail), Refusals, Gateway)
)]
/// One observation, why it matters, and what it has to do with others.
pub(crate) async fn get(context: &Context<'_>) -> Result<Answer, Problem> {
    context.query(&[])?;
    let (observation, progress) = context.access.loaded(&id_in_path(context)?).await?;
    let beside = memory::beside(context, &observation, progress).await?;
    json(200, &Detail { view: view(observation), beside })
}

/// An observation, and what it has to do with others.
#[derive(Serialize, ToSchema)]
#[schema(as = ObservationInContext)]
pub(crate) struct Detail {
    #[serde(flatten)]
    view: View,
    #[serde(flatten)]
    beside: memory::Beside,
}

/// The observation that the path names.
pub(super) fn id_in_path(context: &Context<'_>) -> Result<SourceId, Problem> {
    let id = URL_SAFE_NO_PAD.decode(context.variable("observation")?).ok();
    let id = id.and_then(|id| String::from_utf8(id).ok()).and_then(|id| SourceId::parse(id).ok());
    id.ok_or(Problem::new(Code::NotFound))
}

/// The id of an observation in this API.
pub(super) fn public_id(source_id: &SourceId) -> String {
    URL_SAFE_NO_PAD.encode(source_id.as_str())
}
