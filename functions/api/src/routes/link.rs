//! Linking and unlinking, up to fifty resources at once, each with an outcome of its own.

use std::collections::BTreeSet;

use connector_domain::backfill::{Trigger, Window};
use connector_domain::change::ChangeAction;
use connector_domain::connection::{Connection, Integration, ResourceRef, SyncSettings};
use connector_domain::documents::DocumentsKey;
use connector_domain::{IntegrationId, ResourceId};
use connector_flows::{StartRequest, find_resources};
use connector_lambda::api::Answer;
use serde::{Deserialize, Serialize};
use tracing::warn;
use utoipa::ToSchema;

use super::connections::{must_be_active, of_path};
use super::sources::Wanted;
use super::sync;
use crate::access::Access;
use crate::context::{Context, json};
use crate::input::body;
use crate::once::once;
use crate::problem::{Code, Problem};
use crate::schema::{BodyRefusals, Conflicts, Gateway, InWorkspace, Once, ProviderRefusals, Refusals, source_id};

/// Most resources of one request.
const MOST: usize = 50;

/// What to link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "resources": ["1296269"], "settings": { "backfill": { "depth": 90 } } }))]
pub(crate) struct ToLink {
    /// Ids of resources that the connection gives access to.
    #[schema(min_items = 1, max_items = 50)]
    resources: Vec<String>,
    /// What is wanted from those that are linked now; without it every event, and 30 days of history.
    #[serde(default)]
    settings: Wanted,
    /// Whether history is fetched at once, where the settings want history at all.
    #[serde(default = "yes")]
    #[schema(default = true)]
    backfill: bool,
}

const fn yes() -> bool {
    true
}

/// What to unlink.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "resources": ["1296269"] }))]
pub(crate) struct ToUnlink {
    /// Ids of resources that are linked through the connection.
    #[schema(min_items = 1, max_items = 50)]
    resources: Vec<String>,
}

/// What became of each resource, in the order in which they were named.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "results": [
    { "resource": "1296269", "outcome": "created", "source": "github:1296269", "run": "7f0c" },
    { "resource": "1", "outcome": "refused", "reason": "not_accessible" },
] }))]
pub(crate) struct Results {
    results: Vec<Item>,
}

/// What became of one resource.
#[derive(Serialize, ToSchema)]
#[schema(as = LinkResult)]
pub(crate) struct Item {
    resource: String,
    outcome: Outcome,
    /// Why it was refused: `not_an_id`, `not_accessible`, `linked_elsewhere` or `not_linked`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// The source that it now is.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    /// The run that fetches its history.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
}

/// What became of a resource, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LinkOutcome)]
pub(crate) enum Outcome {
    /// It is linked for the first time.
    Created,
    /// It was linked before, and is again.
    Reactivated,
    /// It is not linked any more.
    Unlinked,
    /// It was so already.
    Unchanged,
    /// It cannot be; the reason says why.
    Refused,
}

impl Item {
    fn refused(resource: &str, reason: &'static str) -> Self {
        Self { resource: resource.to_owned(), outcome: Outcome::Refused, reason: Some(reason), source: None, run: None }
    }

    fn done(link: &Integration, outcome: Outcome) -> Self {
        let source = Some(source_id(link.provider, &link.resource.id));
        Self { resource: link.resource.id.to_string(), outcome, reason: None, source, run: None }
    }
}

fn counted(resources: &[String]) -> Result<(), Problem> {
    if (1..=MOST).contains(&resources.len()) {
        return Ok(());
    }
    Err(Problem::with(Code::InvalidBody, format!("`resources`: from 1 to {MOST} ids")))
}

#[utoipa::path(
    post, path = "/v1/workspaces/{workspace}/connections/{connection}/link", operation_id = "link",
    tag = "connections", params(InWorkspace, ("connection" = String, Path), Once), request_body = ToLink,
    responses(
        (status = 200, description = "What became of each.", body = Results),
        Refusals, Gateway, BodyRefusals, Conflicts, ProviderRefusals
    )
)]
/// Links resources that the connection gives access to, or links them again, and starts to fetch their history.
pub(crate) async fn link(context: &Context<'_>) -> Result<Answer, Problem> {
    context.query(&[])?;
    let asked: ToLink = body(context.request)?;
    counted(&asked.resources)?;
    once(context, || async {
        let connection = of_path(context).await?;
        must_be_active(&connection)?;
        let usual = SyncSettings::everything(connection.provider);
        let settings = asked.settings.apply(&usual, connection.provider)?;
        let wanted: BTreeSet<_> = asked.resources.iter().filter_map(|id| ResourceId::parse(id.as_str()).ok()).collect();
        let accessible = find_resources(&context.access.live()?.probe.resources, &connection, &wanted).await?;
        let mut results = Vec::with_capacity(asked.resources.len());
        for id in &asked.resources {
            let Ok(resource) = ResourceId::parse(id.as_str()) else {
                results.push(Item::refused(id, "not_an_id"));
                continue;
            };
            results.push(match accessible.get(&resource) {
                None => Item::refused(id, "not_accessible"),
                Some(resource) => link_one(&context.access, &connection, resource, &settings, asked.backfill).await?,
            });
        }
        json(200, &Results { results })
    })
    .await
}

async fn link_one(
    access: &Access<'_>,
    connection: &Connection,
    resource: &ResourceRef,
    settings: &SyncSettings,
    backfill: bool,
) -> Result<Item, Problem> {
    let known = access.link(connection.provider, &resource.id).await?;
    let (action, outcome) = match &known {
        Some(known) if known.active && known.connection == connection.id => {
            // A repetition of a request that stopped half-way asks for what it left.
            if access.document_sync(&DocumentsKey::of(known)).await?.is_none() {
                access.ask_for_documents(known, "link").await?;
            }
            return Ok(Item::done(known, Outcome::Unchanged));
        }
        Some(known) if known.active => return Ok(Item::refused(resource.id.as_str(), "linked_elsewhere")),
        Some(_) => (ChangeAction::Relinked, Outcome::Reactivated),
        None => (ChangeAction::Linked, Outcome::Created),
    };
    access.note(action, source_id(connection.provider, &resource.id)).await?;
    let now = access.now();
    let id = match &known {
        Some(known) => known.id.clone(),
        None => IntegrationId::parse(access.new_id()).map_err(|_| Problem::new(Code::Internal))?,
    };
    // Nothing of an earlier link stays but its identity: not its name, its connection, nor why it ended.
    let link = access
        .save(Integration {
            id,
            workspace: access.workspace().clone(),
            connection: connection.id.clone(),
            provider: connection.provider,
            account: connection.account.clone(),
            resource: resource.clone(),
            settings: settings.clone(),
            active: true,
            inactive_reason: None,
            linked_at: known.map_or(now, |known| known.linked_at),
            updated_at: now,
        })
        .await?;
    access.ask_for_documents(&link, "link").await?;
    let mut item = Item::done(&link, outcome);
    if backfill && link.settings.backfill.enabled {
        item.run = start(access, link).await;
    }
    Ok(item)
}

/// The link stands whatever becomes of its history: the schedule finds what is missing.
async fn start(access: &Access<'_>, link: Integration) -> Option<String> {
    let settings = &link.settings.backfill;
    let (entities, window) = (settings.entities.clone(), Window::last(settings.depth, access.now()));
    let request = StartRequest {
        integration: link,
        entities,
        window,
        trigger: Trigger::Link,
        again: false,
        call_budget: None,
        proves: None,
        hold: false,
        prove: false,
    };
    match access.start(&request).await {
        Ok(started) => started.run.map(|run| run.to_string()),
        Err(problem) => {
            warn!(code = problem.code.name(), "a new link's history is left to the schedule");
            None
        }
    }
}

#[utoipa::path(
    post, path = "/v1/workspaces/{workspace}/connections/{connection}/unlink", operation_id = "unlink",
    tag = "connections", params(InWorkspace, ("connection" = String, Path), Once), request_body = ToUnlink,
    responses((status = 200, description = "What became of each.", body = Results), Refusals, Gateway, BodyRefusals, Conflicts)
)]
/// Unlinks resources: nothing more is captured of them, what is being fetched stops, and their documents are removed. What
/// was captured stays.
pub(crate) async fn unlink(context: &Context<'_>) -> Result<Answer, Problem> {
    context.query(&[])?;
    let asked: ToUnlink = body(context.request)?;
    counted(&asked.resources)?;
    once(context, || async {
        let connection = of_path(context).await?;
        let mut results = Vec::with_capacity(asked.resources.len());
        for id in &asked.resources {
            results.push(unlink_one(&context.access, &connection, id).await?);
        }
        json(200, &Results { results })
    })
    .await
}

async fn unlink_one(access: &Access<'_>, connection: &Connection, id: &str) -> Result<Item, Problem> {
    let Ok(resource) = ResourceId::parse(id) else { return Ok(Item::refused(id, "not_an_id")) };
    let link = access.link(connection.provider, &resource).await?;
    let Some(link) = link.filter(|link| link.connection == connection.id) else {
        return Ok(Item::refused(id, "not_linked"));
    };
    let mut outcome = Outcome::Unchanged;
    let mut link = link;
    if link.active {
        access.note(ChangeAction::Unlinked, source_id(link.provider, &link.resource.id)).await?;
        // The gate closes first: from here on nothing more is captured.
        link.active = false;
        link.inactive_reason = Some("unlinked".to_owned());
        link.updated_at = access.now();
        link = access.save(link).await?;
        outcome = Outcome::Unlinked;
    }
    // A repetition of a request that stopped half-way ends what it left.
    for unit in sync::units_of(access, std::slice::from_ref(&link)).await?.into_values().flatten() {
        access.cancel_unit(unit).await?;
    }
    if !link.active {
        access.ask_for_documents(&link, "unlink").await?;
    }
    Ok(Item::done(&link, outcome))
}
