//! Projects: one by its name, and all of an organization.

use connector_domain::backfill::{Cursor, ProviderError};
use connector_domain::http::{HttpRequest, HttpResponse};
use connector_domain::{ProviderKind, Timestamp};
use serde::Deserialize;

use super::{errors, paging};
use crate::json::NumericId;
use crate::resource::{found, pair, read, resource};
use crate::{AccountRef, Found, ResourcePage, encode};

/// How people write a project.
pub(super) const FORM: &str = "ORGANIZATION/PROJECT";

#[derive(Deserialize)]
struct Project {
    id: NumericId,
    slug: String,
    organization: Organization,
}

#[derive(Deserialize)]
struct Organization {
    id: NumericId,
    slug: String,
}

#[derive(Deserialize)]
struct Listed {
    id: NumericId,
    slug: String,
}

/// <https://docs.sentry.io/api/projects/retrieve-a-project/>
pub(super) fn request(name: &str) -> Option<HttpRequest> {
    let (organization, project) = pair(name)?;
    let path = format!("/api/0/projects/{}/{}/", encode::path(organization), encode::path(project));
    Some(HttpRequest::get(ProviderKind::Sentry, path))
}

/// The project of a response.
pub(super) fn read_one(response: &HttpResponse, now: Timestamp) -> Result<Found, ProviderError> {
    errors::check(response, false, now)?;
    let Project { id, slug, organization } = read(&response.body, || errors::not_a_page(response))?;
    let name = format!("{}/{slug}", organization.slug);
    found(resource(id.to_string(), name), organization.id.to_string(), organization.slug)
        .ok_or_else(|| errors::not_a_page(response))
}

/// <https://docs.sentry.io/api/organizations/list-an-organizations-projects/>
pub(super) fn page_request(account: &AccountRef<'_>, cursor: Option<&Cursor>) -> HttpRequest {
    let path = format!("/api/0/organizations/{}/projects/", encode::path(account.name));
    let request = HttpRequest::get(ProviderKind::Sentry, path).query("per_page", "100");
    match cursor {
        Some(cursor) => request.query("cursor", cursor.as_str()),
        None => request,
    }
}

/// The projects of a page.
pub(super) fn read_page(
    account: &AccountRef<'_>,
    cursor: Option<&Cursor>,
    response: &HttpResponse,
    now: Timestamp,
) -> Result<ResourcePage, ProviderError> {
    errors::check(response, cursor.is_some(), now)?;
    let projects: Vec<Listed> = read(&response.body, || errors::not_a_page(response))?;
    let next = paging::next(&response.headers).map_err(|_| errors::not_a_page(response))?;
    let name = |slug: &str| format!("{}/{slug}", account.name);
    let resources = projects.into_iter().filter_map(|one| resource(one.id.to_string(), name(&one.slug))).collect();
    Ok(ResourcePage { resources, next: next.and_then(|next| Cursor::parse(next).ok()) })
}
