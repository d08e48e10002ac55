//! The audit log: what was changed, by whom.

use connector_domain::Timestamp;
use connector_domain::change::{Change, ChangeAction};
use connector_lambda::api::Answer;
use serde::Serialize;
use utoipa::ToSchema;

use crate::context::{Context, page};
use crate::problem::Problem;
use crate::schema::{Gateway, InWorkspace, PageOf, Paged, Refusals};

/// One thing that was done. It is noted before it is done, so what was refused by a fault is here too.
#[derive(Serialize, ToSchema)]
#[schema(as = Change, example = json!({
    "id": "9d1e", "at": "2026-02-06T12:00:00Z", "by": "user:1", "action": "linked", "target": "github:1296269",
}))]
pub(crate) struct View {
    id: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The subject of a token, or a machine key.
    by: String,
    /// What was done, in one word, such as `linked`.
    #[schema(value_type = String)]
    action: ChangeAction,
    /// To what, by its id in this API.
    target: String,
}

impl From<Change> for View {
    fn from(change: Change) -> Self {
        Self { id: change.id, at: change.at, by: change.by, action: change.action, target: change.target }
    }
}

#[utoipa::path(
    get, path = "/v1/workspaces/{workspace}/audit", operation_id = "listChanges", tag = "workspace",
    params(InWorkspace, Paged),
    responses((status = 200, description = "A page of the audit log.", body = PageOf<View>), Refusals, Gateway)
)]
/// What was changed in a workspace and by whom, newest first. Entries are never altered.
pub(crate) async fn list(context: &Context<'_>) -> Result<Answer, Problem> {
    let query = context.query(&["limit", "cursor"])?;
    let (list, paging) = context.paging(&query)?;
    page(&list, context.access.changes(&paging).await?, View::from)
}
