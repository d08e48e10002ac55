//! Teams: one by its key, and all that the token may see.

use connector_domain::Timestamp;
use connector_domain::backfill::{Cursor, ProviderError};
use connector_domain::http::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use super::backfill::post;
use super::errors;
use super::payload::PageInfo;
use crate::resource::{found, is_part, read, resource};
use crate::{Found, ResourcePage};

/// How people write a team.
pub(super) const FORM: &str = "KEY of a team, such as ENG";

pub(super) const ONE: &str = "query Team($key: String!) {
  organization { id urlKey }
  teams(first: 1, filter: { key: { eqIgnoreCase: $key } }) { nodes { id key } }
}";

pub(super) const PAGE: &str = "query Teams($after: String) {
  teams(first: 100, after: $after) { pageInfo { hasNextPage endCursor } nodes { id key } }
}";

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Deserialize)]
struct One {
    organization: Organization,
    teams: Teams,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Organization {
    id: String,
    url_key: String,
}

#[derive(Deserialize)]
struct Page {
    teams: Teams,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Teams {
    page_info: Option<PageInfo>,
    nodes: Vec<Team>,
}

#[derive(Deserialize)]
struct Team {
    id: String,
    key: String,
}

/// The request for a team by its key.
pub(super) fn request(name: &str) -> Option<HttpRequest> {
    is_part(name).then(|| query(ONE, json!({ "key": name })))
}

/// The team of a response.
pub(super) fn read_one(response: &HttpResponse, now: Timestamp) -> Result<Found, ProviderError> {
    errors::check(response, false, now)?;
    let Answer { data: One { organization, teams } } = read(&response.body, || errors::not_a_page(response))?;
    let team = teams.nodes.into_iter().next().ok_or_else(|| errors::no_such_team(response))?;
    found(resource(team.id, team.key), organization.id, organization.url_key)
        .ok_or_else(|| errors::not_a_page(response))
}

/// The request for a page of teams.
pub(super) fn page_request(cursor: Option<&Cursor>) -> HttpRequest {
    query(PAGE, json!({ "after": cursor.map(Cursor::as_str) }))
}

/// The teams of a page.
pub(super) fn read_page(
    cursor: Option<&Cursor>,
    response: &HttpResponse,
    now: Timestamp,
) -> Result<ResourcePage, ProviderError> {
    errors::check(response, cursor.is_some(), now)?;
    let Answer { data: Page { teams } } = read(&response.body, || errors::not_a_page(response))?;
    let next = teams.page_info.filter(|info| info.has_next_page).and_then(|info| info.end_cursor);
    let resources = teams.nodes.into_iter().filter_map(|team| resource(team.id, team.key)).collect();
    Ok(ResourcePage { resources, next: next.and_then(|next| Cursor::parse(next).ok()) })
}

fn query(query: &str, variables: Value) -> HttpRequest {
    post(&json!({ "query": query, "variables": variables }))
}
