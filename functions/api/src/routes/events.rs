//! What happened to a connection: its own log, which providers and we ourselves write too.

use connector_domain::Timestamp;
use connector_domain::audit::{Actor, AuditEntry};
use connector_lambda::api::Answer;
use serde::Serialize;
use utoipa::ToSchema;

use super::connections::of_path;
use crate::context::{Context, json};
use crate::problem::Problem;
use crate::schema::{Gateway, InWorkspace, PageOf, Refusals};

/// Something that happened to a connection.
#[derive(Serialize, ToSchema)]
#[schema(as = ConnectionEvent, example = json!({
    "at": "2026-02-06T12:00:00Z", "by": "system", "action": "needs_reconnect", "detail": "refresh_lost",
}))]
pub(crate) struct View {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The subject of a token; or `provider`, when it was announced; or `system`.
    by: String,
    /// What happened, in one word, such as `connected` or `needs_reconnect`.
    action: &'static str,
    /// More about it, in one word, such as `token_refused`.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl From<AuditEntry> for View {
    fn from(entry: AuditEntry) -> Self {
        let by = match entry.by {
            Actor::User(user) => user.to_string(),
            Actor::Provider => "provider".to_owned(),
            Actor::System => "system".to_owned(),
        };
        Self { at: entry.at, by, action: entry.action.name(), detail: entry.detail }
    }
}

/// Most entries told. A connection has a few in its life.
const MOST: usize = 100;

#[utoipa::path(
    get, path = "/v1/workspaces/{workspace}/connections/{connection}/events", operation_id = "listConnectionEvents",
    tag = "connections", params(InWorkspace, ("connection" = String, Path)),
    responses((status = 200, description = "The latest 100.", body = PageOf<View>), Refusals, Gateway)
)]
/// What happened to a connection, newest first: who connected it, why it must be connected again, how it ended.
pub(crate) async fn list(context: &Context<'_>) -> Result<Answer, Problem> {
    context.query(&[])?;
    let connection = of_path(context).await?;
    let entries = context.access.events(&connection, MOST).await?;
    json(200, &PageOf { items: entries.into_iter().map(View::from).collect(), next: None })
}
