//! Sources: the resources that a workspace has linked, and what it wants from each.

use std::collections::BTreeSet;

use connector_domain::backfill::{Depth, EntityType};
use connector_domain::change::ChangeAction;
use connector_domain::connection::{BackfillSettings, Integration, SyncSettings};
use connector_domain::ports::{IntegrationFilter, Page};
use connector_domain::{ConnectionId, ProviderKind, SourceType, Timestamp};
use connector_lambda::api::Answer;
use connector_providers::provider;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::sync::{self, Sync};
use crate::context::{Context, json, page};
use crate::input::{body, wrong};
use crate::problem::{Code, Problem};
use crate::schema::{BodyRefusals, DepthDays, EntityName, Gateway, InWorkspace, PageOf, Paged, Provider, Refusals};
use crate::schema::{parse_source, source_id};

/// A linked resource.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Source)]
pub(crate) struct View {
    /// Provider and resource: `github:1296269`.
    #[schema(example = "github:1296269")]
    id: String,
    #[schema(value_type = Provider)]
    provider: ProviderKind,
    /// The resource's name now.
    #[schema(example = "acme/rocket")]
    name: String,
    /// Through which connection it is linked.
    connection: String,
    /// Whether it is captured.
    active: bool,
    /// Why it is not, when it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    inactive_reason: Option<String>,
    /// The events that are wanted, by the provider's names.
    events: BTreeSet<String>,
    backfill: Backfill,
    /// Whether files are kept as documents, where the repository names some.
    documents: bool,
    #[schema(value_type = String, format = DateTime)]
    linked_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    sync: Sync,
}

/// Whether and how history is fetched.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "enabled": true, "depth": 30, "entities": [] }))]
pub(crate) struct Backfill {
    /// Whether the schedule keeps the history complete.
    enabled: bool,
    /// How many days back.
    #[schema(value_type = DepthDays)]
    depth: Depth,
    /// Which lists; empty means all that the provider has.
    #[schema(value_type = Vec<EntityName>)]
    entities: BTreeSet<EntityType>,
}

fn view(link: Integration, sync: Sync) -> View {
    let BackfillSettings { enabled, depth, entities } = link.settings.backfill;
    View {
        id: source_id(link.provider, &link.resource.id),
        provider: link.provider,
        name: link.resource.name,
        connection: link.connection.to_string(),
        active: link.active,
        inactive_reason: link.inactive_reason,
        events: link.settings.events,
        backfill: Backfill { enabled, depth, entities },
        documents: link.settings.documents,
        linked_at: link.linked_at,
        updated_at: link.updated_at,
        sync,
    }
}

#[utoipa::path(
    get, path = "/v1/workspaces/{workspace}/sources", operation_id = "listSources", tag = "sources",
    params(
        InWorkspace, Paged,
        ("provider" = Option<Provider>, Query), ("connection" = Option<String>, Query, min_length = 1),
        ("active" = Option<bool>, Query, description = "Only those that are captured, or only those that are not."),
    ),
    responses((status = 200, description = "A page of sources.", body = PageOf<View>), Refusals, Gateway)
)]
/// The linked resources of a workspace, with when each was last brought up to date, and how its history stands.
pub(crate) async fn list(context: &Context<'_>) -> Result<Answer, Problem> {
    let query = context.query(&["provider", "connection", "active", "limit", "cursor"])?;
    let (list, paging) = context.paging(&query)?;
    let filter = IntegrationFilter {
        provider: query.value("provider", "github, vercel, linear or sentry")?,
        connection: query
            .text("connection")
            .map(ConnectionId::parse)
            .transpose()
            .map_err(|_| wrong("connection", "an id"))?,
        active: query.value("active", "true or false")?,
    };
    let Page { items, next } = context.access.links(&filter, &paging).await?;
    let units = sync::units_of(&context.access, &items).await?;
    page(&list, Page { items, next }, |link| {
        let sync = sync::of_link(&units, &link);
        view(link, sync)
    })
}

/// The link that the path names.
pub(super) async fn of_path(context: &Context<'_>) -> Result<Integration, Problem> {
    let not_found = || Problem::new(Code::NotFound);
    let (provider, resource) = parse_source(context.variable("source")?).ok_or_else(not_found)?;
    context.access.link(provider, &resource).await?.ok_or_else(not_found)
}

async fn shown(context: &Context<'_>, link: Integration) -> Result<Answer, Problem> {
    let units = sync::units_of(&context.access, std::slice::from_ref(&link)).await?;
    let sync = sync::of_link(&units, &link);
    json(200, &view(link, sync))
}

#[utoipa::path(
    get, path = "/v1/workspaces/{workspace}/sources/{source}", operation_id = "getSource", tag = "sources",
    params(InWorkspace, ("source" = String, Path, example = "github:1296269")),
    responses((status = 200, description = "The source.", body = View), Refusals, Gateway)
)]
/// One linked resource.
pub(crate) async fn get(context: &Context<'_>) -> Result<Answer, Problem> {
    context.query(&[])?;
    let link = of_path(context).await?;
    shown(context, link).await
}

/// What is to be different; what is left out stays as it is.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "events": ["pull_request", "issues"], "backfill": { "depth": 90 } }))]
pub(crate) struct Wanted {
    /// The events that are wanted, by the provider's names; at least one. To want none, unlink the resource.
    #[schema(min_items = 1, max_items = 100)]
    events: Option<BTreeSet<String>>,
    backfill: Option<WantedBackfill>,
    /// Whether files are kept as documents, where the repository names some. Those of a source that wants none are removed.
    documents: Option<bool>,
}

/// What is to be different of how history is fetched.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedBackfill {
    /// Whether the schedule keeps the history complete.
    enabled: Option<bool>,
    /// How many days back.
    #[schema(value_type = Option<DepthDays>)]
    depth: Option<Depth>,
    /// Which lists; empty means all that the provider has.
    #[schema(value_type = Option<Vec<EntityName>>, max_items = 100)]
    entities: Option<BTreeSet<EntityType>>,
}

impl Wanted {
    /// Settings with the differences applied, if they make sense for the provider.
    pub(crate) fn apply(&self, settings: &SyncSettings, kind: ProviderKind) -> Result<SyncSettings, Problem> {
        let mut settings = settings.clone();
        if let Some(events) = &self.events {
            let known = SourceType::subscriptions(kind);
            if events.is_empty() {
                return Err(Problem::with(Code::InvalidValue, "`events` is empty: to want none, unlink the resource"));
            }
            if let Some(unknown) = events.iter().find(|event| !known.contains(&event.as_str())) {
                let known = known.join(", ");
                return Err(Problem::with(
                    Code::InvalidValue,
                    format!("`events`: {kind} has no {unknown}, only {known}"),
                ));
            }
            settings.events.clone_from(events);
        }
        settings.documents = self.documents.unwrap_or(settings.documents);
        if let Some(wanted) = &self.backfill {
            let known = provider(kind).map(|provider| provider.entity_types()).unwrap_or_default();
            if let Some(unknown) = wanted.entities.iter().flatten().find(|entity| !known.contains(entity)) {
                return Err(Problem::with(
                    Code::InvalidValue,
                    format!("`backfill.entities`: {kind} has no list of {unknown}"),
                ));
            }
            let backfill = &mut settings.backfill;
            backfill.enabled = wanted.enabled.unwrap_or(backfill.enabled);
            backfill.depth = wanted.depth.unwrap_or(backfill.depth);
            backfill.entities = wanted.entities.clone().unwrap_or_else(|| std::mem::take(&mut backfill.entities));
        }
        Ok(settings)
    }
}

#[utoipa::path(
    patch, path = "/v1/workspaces/{workspace}/sources/{source}", operation_id = "changeSource", tag = "sources",
    params(InWorkspace, ("source" = String, Path, example = "github:1296269")), request_body = Wanted,
    responses((status = 200, description = "The source as it is now.", body = View), Refusals, Gateway, BodyRefusals)
)]
/// Changes which events are wanted from a resource, and how its history is fetched.
pub(crate) async fn change(context: &Context<'_>) -> Result<Answer, Problem> {
    context.query(&[])?;
    let wanted: Wanted = body(context.request)?;
    let mut link = of_path(context).await?;
    let settings = wanted.apply(&link.settings, link.provider)?;
    if settings != link.settings {
        context.access.note(ChangeAction::SourceChanged, source_id(link.provider, &link.resource.id)).await?;
        let other = settings.documents != link.settings.documents;
        link.settings = settings;
        link.updated_at = context.access.now();
        link = context.access.save(link).await?;
        if other {
            context.access.ask_for_documents(&link, "settings").await?;
        }
    }
    shown(context, link).await
}
