//! Repositories: one by its name, and all that an installation gives access to.

use connector_domain::Timestamp;
use connector_domain::backfill::{Cursor, EntityType, ProviderError};
use connector_domain::http::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::backfill::numbered::next_page;
use super::backfill::{get, repository_path};
use super::errors;
use crate::json::NumericId;
use crate::resource::{found, page_of, read, resource};
use crate::{Found, ResourcePage};

/// How people write a repository.
pub(super) const FORM: &str = "OWNER/REPO";

#[derive(Deserialize)]
struct Repository {
    id: NumericId,
    full_name: String,
    owner: Owner,
}

#[derive(Deserialize)]
struct Owner {
    id: NumericId,
    login: String,
}

#[derive(Deserialize)]
struct Accessible {
    repositories: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    id: NumericId,
    full_name: String,
}

/// <https://docs.github.com/en/rest/repos/repos#get-a-repository>
pub(super) fn request(name: &str) -> Option<HttpRequest> {
    Some(get(repository_path(name)?))
}

/// The repository of a response.
pub(super) fn read_one(response: &HttpResponse, now: Timestamp) -> Result<Found, ProviderError> {
    errors::check(response, EntityType::PullRequest, false, now)?;
    let repository: Repository = read(&response.body, || errors::not_a_page(response))?;
    let one = resource(repository.id.to_string(), repository.full_name);
    found(one, repository.owner.id.to_string(), repository.owner.login).ok_or_else(|| errors::not_a_page(response))
}

/// <https://docs.github.com/en/rest/apps/installations#list-repositories-accessible-to-the-app-installation>
pub(super) fn page_request(cursor: Option<&Cursor>) -> HttpRequest {
    get("/installation/repositories").query("per_page", "100").query("page", page_of(cursor).to_string())
}

/// The repositories of a page.
pub(super) fn read_page(
    cursor: Option<&Cursor>,
    response: &HttpResponse,
    now: Timestamp,
) -> Result<ResourcePage, ProviderError> {
    errors::check(response, EntityType::PullRequest, cursor.is_some(), now)?;
    let page: Accessible = read(&response.body, || errors::not_a_page(response))?;
    let resources = page.repositories.into_iter().filter_map(|one| resource(one.id.to_string(), one.full_name));
    let next = next_page(response, page_of(cursor)).and_then(|page| Cursor::parse(page.to_string()).ok());
    Ok(ResourcePage { resources: resources.collect(), next })
}
