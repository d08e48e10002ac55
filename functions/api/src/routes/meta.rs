//! What is about no workspace.

use connector_lambda::api::{Answer, ApiRequest};
use serde::Serialize;
use utoipa::ToSchema;

use crate::context::json;
use crate::input::Query;
use crate::openapi;
use crate::principal::Principal;
use crate::problem::Problem;
use crate::schema::{Gateway, Refusals};

/// That it runs.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "status": "ok" }))]
pub(crate) struct Health {
    status: &'static str,
}

#[utoipa::path(
    get, path = "/health", operation_id = "health", tag = "meta", security(()),
    responses((status = 200, description = "It runs.", body = Health), (status = 400, description = "A parameter was sent."))
)]
/// Whether the API runs. It looks at nothing else.
pub(crate) fn health(request: &ApiRequest) -> Result<Answer, Problem> {
    Query::read(request, &[])?;
    json(200, &Health { status: "ok" })
}

/// The workspaces of a token.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "workspaces": ["acme"], "subject": "user:1" }))]
pub(crate) struct Workspaces<'a> {
    /// Those that the caller may enter.
    workspaces: Vec<&'a str>,
    /// Who the caller is, as in the audit log.
    subject: &'a str,
}

#[utoipa::path(
    get, path = "/v1/workspaces", operation_id = "listWorkspaces", tag = "meta",
    responses((status = 200, description = "Who you are and where you may go.", body = Workspaces), Refusals, Gateway)
)]
/// Which workspaces the token may enter.
pub(crate) fn workspaces(request: &ApiRequest, principal: &Principal) -> Result<Answer, Problem> {
    Query::read(request, &[])?;
    let workspaces = principal.workspaces().map(connector_domain::WorkspaceId::as_str).collect();
    json(200, &Workspaces { workspaces, subject: principal.subject().as_str() })
}

#[utoipa::path(
    get, path = "/openapi.json", operation_id = "openapi", tag = "meta",
    responses((status = 200, description = "This document.", body = Object), Refusals, Gateway)
)]
/// This document.
pub(crate) fn document(request: &ApiRequest) -> Result<Answer, Problem> {
    Query::read(request, &[])?;
    Ok(openapi::answer())
}
