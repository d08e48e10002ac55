//! Projects: one by its name, and all of a team.

use connector_domain::backfill::{Cursor, ProviderError};
use connector_domain::http::{HttpRequest, HttpResponse};
use connector_domain::{ProviderKind, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::backfill::team;
use super::errors;
use crate::resource::{found, is_part, pair, read, resource};
use crate::{AccountRef, Found, ResourcePage, encode};

/// How people write a project. Without a team it is one of the token's own account.
pub(super) const FORM: &str = "TEAM/PROJECT or PROJECT";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Project {
    id: String,
    name: String,
    account_id: String,
}

#[derive(Deserialize)]
struct Page {
    projects: Vec<Listed>,
    pagination: Option<Pagination>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct Pagination {
    /// A number, or an opaque text.
    next: Option<Value>,
}

/// <https://vercel.com/docs/rest-api/projects/find-a-project-by-id-or-name>
pub(super) fn request(name: &str) -> Option<HttpRequest> {
    let (team, project) = match pair(name) {
        Some((team, project)) => (Some(team), project),
        None => (None, name),
    };
    let request = is_part(project)
        .then(|| HttpRequest::get(ProviderKind::Vercel, format!("/v9/projects/{}", encode::path(project))))?;
    Some(match team {
        Some(team) => request.query("slug", team),
        None => request,
    })
}

/// The project of a response.
pub(super) fn read_one(response: &HttpResponse, now: Timestamp) -> Result<Found, ProviderError> {
    errors::check(response, false, now)?;
    let project: Project = read(&response.body, || errors::not_a_page(response))?;
    let account = project.account_id;
    found(resource(project.id, project.name), account.clone(), account).ok_or_else(|| errors::not_a_page(response))
}

/// <https://vercel.com/docs/rest-api/projects/retrieve-a-list-of-projects>
pub(super) fn page_request(account: &AccountRef<'_>, cursor: Option<&Cursor>) -> HttpRequest {
    let mut request = HttpRequest::get(ProviderKind::Vercel, "/v10/projects").query("limit", "100");
    if let Some(team) = team(account.id) {
        request = request.query("teamId", team);
    }
    match cursor {
        Some(cursor) => request.query("from", cursor.as_str()),
        None => request,
    }
}

/// The projects of a page.
pub(super) fn read_page(
    cursor: Option<&Cursor>,
    response: &HttpResponse,
    now: Timestamp,
) -> Result<ResourcePage, ProviderError> {
    errors::check(response, cursor.is_some(), now)?;
    let page: Page = read(&response.body, || errors::not_a_page(response))?;
    let next = page.pagination.and_then(|pagination| match pagination.next? {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text),
        _ => None,
    });
    let resources = page.projects.into_iter().filter_map(|one| resource(one.id, one.name)).collect();
    Ok(ResourcePage { resources, next: next.and_then(|next| Cursor::parse(next).ok()) })
}
