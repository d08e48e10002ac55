//! Connections: the accounts that a workspace has authorised.

use connector_domain::backfill::{Cursor, Unit, UnitState};
use connector_domain::change::ChangeAction;
use connector_domain::connection::{Connection, ConnectionStatus, Integration};
use connector_domain::ports::{IntegrationFilter, Paging};
use connector_domain::{ProviderKind, Timestamp};
use connector_flows::{Access, Probe, probe, resources as list_resources};
use connector_lambda::api::Answer;
use serde::Serialize;
use utoipa::ToSchema;

use super::sync;
use crate::context::{Context, json, page};
use crate::input::no_body;
use crate::once::once;
use crate::problem::{Code, Problem};
use crate::schema::source_id;
use crate::schema::{
    BodyRefusals, Conflicts, Gateway, InWorkspace, Once, PageOf, Paged, Provider, ProviderRefusals, Refusals,
};

/// An authorised provider account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Connection, example = json!({
    "id": "5f1c", "provider": "github", "account": { "id": "4711", "name": "acme" }, "status": "active",
    "createdAt": "2026-02-06T12:00:00Z", "updatedAt": "2026-02-06T12:00:00Z",
}))]
pub(crate) struct View {
    id: String,
    #[schema(value_type = Provider)]
    provider: ProviderKind,
    account: Account,
    /// `active`, `suspended`, `needs_reconnect` or `revoked`.
    status: &'static str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// The account at the provider.
#[derive(Serialize, ToSchema)]
pub(crate) struct Account {
    /// The provider's immutable id.
    id: String,
    /// Its name, to show.
    name: String,
}

impl From<Connection> for View {
    fn from(connection: Connection) -> Self {
        Self {
            id: connection.id.to_string(),
            provider: connection.provider,
            account: Account { id: connection.account.to_string(), name: connection.account_name },
            status: connection.status.name(),
            created_at: connection.created_at,
            updated_at: connection.updated_at,
        }
    }
}

#[utoipa::path(
    get, path = "/v1/workspaces/{workspace}/connections", operation_id = "listConnections", tag = "connections",
    params(InWorkspace, Paged),
    responses((status = 200, description = "A page of connections.", body = PageOf<View>), Refusals, Gateway)
)]
/// The connections of a workspace, revoked ones too.
pub(crate) async fn list(context: &Context<'_>) -> Result<Answer, Problem> {
    let query = context.query(&["limit", "cursor"])?;
    let (list, paging) = context.paging(&query)?;
    page(&list, context.access.connections(&paging).await?, View::from)
}

/// The connection that the path names.
pub(crate) async fn of_path(context: &Context<'_>) -> Result<Connection, Problem> {
    context.access.connection(context.variable("connection")?).await
}

#[utoipa::path(
    get, path = "/v1/workspaces/{workspace}/connections/{connection}", operation_id = "getConnection",
    tag = "connections", params(InWorkspace, ("connection" = String, Path)),
    responses((status = 200, description = "The connection.", body = View), Refusals, Gateway)
)]
/// One connection.
pub(crate) async fn get(context: &Context<'_>) -> Result<Answer, Problem> {
    context.query(&[])?;
    json(200, &View::from(of_path(context).await?))
}

/// How a connection is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "health": "degraded",
    "findings": [{ "source": "github:1296269", "entity": "issue", "state": "waiting", "reason": "rate_limit" }],
}))]
pub(crate) struct HealthView {
    health: Health,
    /// What is not as it should be, at most 100.
    findings: Vec<Finding>,
}

/// How a connection is, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConnectionHealth)]
pub(crate) enum Health {
    /// It works.
    Healthy,
    /// It works in part, or will again by itself: an outage of the provider is this and never more.
    Degraded,
    /// It ended, or a person must connect it anew.
    Revoked,
}

/// Something that is not as it should be.
#[derive(Serialize, ToSchema)]
pub(crate) struct Finding {
    /// Which source; absent where it is about the connection itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    /// Which of its lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    entity: Option<&'static str>,
    /// How it stands.
    state: &'static str,
    /// Why, or what.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Finding {
    /// About the connection itself.
    const fn of_connection(state: &'static str, reason: Option<String>) -> Self {
        Self { source: None, entity: None, state, reason }
    }
}

/// Links looked at, and findings told.
const LOOKED_AT: usize = 100;

#[utoipa::path(
    get, path = "/v1/workspaces/{workspace}/connections/{connection}/health", operation_id = "getConnectionHealth",
    tag = "connections", params(InWorkspace, ("connection" = String, Path)),
    responses((status = 200, description = "How it is.", body = HealthView), Refusals, Gateway)
)]
/// How a connection is: its own rows, and what the provider says at this moment. For GitHub it also tells which permissions
/// and events the App lacks (`missing_permission`, `missing_event`), since GitHub leaves out silently what they would bring.
/// A provider that does not answer is a finding (`unavailable`), and changes nothing.
pub(crate) async fn health(context: &Context<'_>) -> Result<Answer, Problem> {
    context.query(&[])?;
    let connection = of_path(context).await?;
    let seen = match connection.status {
        ConnectionStatus::Active | ConnectionStatus::Suspended => {
            Some(probe(&context.access.live()?.probe, &connection).await)
        }
        ConnectionStatus::NeedsReconnect | ConnectionStatus::Revoked => None,
    };
    let filter = IntegrationFilter {
        connection: Some(connection.id.clone()),
        active: Some(true),
        ..IntegrationFilter::default()
    };
    let links = context.access.links(&filter, &Paging { after: None, limit: LOOKED_AT }).await?.items;
    let units = sync::units_of(&context.access, &links).await?;
    json(200, &judge(&connection, seen.as_ref(), &links, units.into_values().flatten()))
}

fn judge(
    connection: &Connection,
    seen: Option<&Probe>,
    links: &[Integration],
    units: impl Iterator<Item = Unit>,
) -> HealthView {
    let mut findings = Vec::new();
    if connection.status != ConnectionStatus::Active {
        findings.push(Finding::of_connection(connection.status.name(), None));
    }
    findings.extend(seen.into_iter().flat_map(|seen| findings_of(seen, connection.status)));
    let linked = |unit: &Unit| links.iter().any(|link| link.connection == unit.connection);
    let troubled = |unit: &Unit| matches!(unit.state, UnitState::Waiting { .. } | UnitState::Failed { .. });
    for unit in units.filter(|unit| linked(unit) && troubled(unit)) {
        let list = sync::ListSync::of(&unit);
        findings.push(Finding {
            source: Some(source_id(unit.key.provider, &unit.key.resource)),
            entity: Some(unit.key.entity.as_str()),
            state: list.state,
            reason: list.reason,
        });
    }
    findings.truncate(LOOKED_AT);
    let gone = seen.is_some_and(|seen| seen.access == Access::NeedsReconnect);
    let health = match connection.status {
        ConnectionStatus::Revoked | ConnectionStatus::NeedsReconnect => Health::Revoked,
        ConnectionStatus::Active | ConnectionStatus::Suspended if gone => Health::Revoked,
        ConnectionStatus::Active if findings.is_empty() => Health::Healthy,
        ConnectionStatus::Active | ConnectionStatus::Suspended => Health::Degraded,
    };
    HealthView { health, findings }
}

/// What a look at the provider says against a connection.
fn findings_of(seen: &Probe, status: ConnectionStatus) -> Vec<Finding> {
    let mut findings = Vec::new();
    match &seen.access {
        Access::Works => {}
        Access::Unavailable => findings.push(Finding::of_connection("unavailable", None)),
        Access::Refused(code) => findings.push(Finding::of_connection("refused", Some(code.clone()))),
        Access::NeedsReconnect => findings.push(Finding::of_connection(ConnectionStatus::NeedsReconnect.name(), None)),
    }
    let Some(installed) = &seen.installed else { return findings };
    if installed.suspended && status != ConnectionStatus::Suspended {
        findings.push(Finding::of_connection(ConnectionStatus::Suspended.name(), None));
    }
    for (state, missing) in
        [("missing_permission", &installed.missing_permissions), ("missing_event", &installed.missing_events)]
    {
        findings.extend(missing.iter().map(|name| Finding::of_connection(state, Some((*name).to_owned()))));
    }
    findings
}

#[utoipa::path(
    post, path = "/v1/workspaces/{workspace}/connections/{connection}/disconnect", operation_id = "disconnect",
    tag = "connections", params(InWorkspace, ("connection" = String, Path), Once),
    responses((status = 200, description = "It has ended.", body = View), Refusals, Gateway, BodyRefusals, Conflicts)
)]
/// Ends a connection for good: nothing is accepted for it any more, its work stops, its links end and its tokens are
/// deleted. What was captured stays. Safe to repeat.
pub(crate) async fn disconnect(context: &Context<'_>) -> Result<Answer, Problem> {
    no_body(context.request)?;
    context.query(&[])?;
    once(context, || async {
        let connection = of_path(context).await?;
        let teardown = &context.access.live()?.teardown;
        context.access.note(ChangeAction::Disconnected, connection.id.to_string()).await?;
        let by = context.access.principal().subject().clone();
        teardown.disconnect(&connection, by).await?;
        json(200, &View::from(of_path(context).await?))
    })
    .await
}

/// Something that can be linked.
#[derive(Serialize, ToSchema)]
#[schema(as = Resource, example = json!({ "id": "1296269", "name": "acme/rocket", "linked": false }))]
pub(crate) struct ResourceView {
    /// The provider's immutable id.
    id: String,
    /// Its name now.
    name: String,
    /// Whether the workspace captures it, through this connection or another.
    linked: bool,
}

#[utoipa::path(
    get, path = "/v1/workspaces/{workspace}/connections/{connection}/resources", operation_id = "listResources",
    tag = "connections",
    params(InWorkspace, ("connection" = String, Path), ("cursor" = Option<String>, Query, max_length = 2048)),
    responses(
        (status = 200, description = "A page of what can be linked.", body = PageOf<ResourceView>),
        Refusals, Gateway, Conflicts, ProviderRefusals
    )
)]
/// What the account gives access to, asked of the provider at this moment. The provider says how long a page is.
pub(crate) async fn resources(context: &Context<'_>) -> Result<Answer, Problem> {
    let query = context.query(&["cursor"])?;
    let (list, paging) = context.paging(&query)?;
    let cursor = paging.after.map(Cursor::parse).transpose().map_err(|_| Problem::new(Code::InvalidCursor))?;
    let connection = of_path(context).await?;
    must_be_active(&connection)?;
    let found = list_resources(&context.access.live()?.probe.resources, &connection, cursor.as_ref()).await?;
    let mut items = Vec::with_capacity(found.resources.len());
    for resource in found.resources {
        let link = context.access.link(connection.provider, &resource.id).await?;
        let linked = link.is_some_and(|link| link.active);
        items.push(ResourceView { id: resource.id.to_string(), name: resource.name, linked });
    }
    let next = found.next.map(|next| list.cursor(next.as_str()));
    json(200, &PageOf { items, next })
}

/// That the connection can be used.
pub(crate) fn must_be_active(connection: &Connection) -> Result<(), Problem> {
    if connection.status == ConnectionStatus::Active {
        return Ok(());
    }
    Err(Problem::with(Code::ConnectionNotActive, format!("it is {}", connection.status.name())))
}
