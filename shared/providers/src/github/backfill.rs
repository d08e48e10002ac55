//! History: which list holds what, how its pages are asked for, and what they become.

mod graphql;
mod items;
pub(super) mod numbered;
mod pushes;
mod threads;

use connector_domain::backfill::{Cursor, EntityType, ProviderError, Window};
use connector_domain::connection::ResourceRef;
use connector_domain::http::{HttpRequest, HttpResponse};
use connector_domain::transformed::{Item, Quarantined, Transformed};
use connector_domain::{ProviderKind, SourceEvent, Timestamp};
use serde_json::value::RawValue;

use super::facts::comment::Place;
use super::facts::{Missing, Told};
use super::payload::Repo;
use super::{errors, query};
use crate::{PageMeta, Scope, encode, json, page, resource};

/// What can be listed.
pub(super) const LISTS: &[EntityType] = &[
    EntityType::PullRequest,
    EntityType::Issue,
    EntityType::IssueEvent,
    EntityType::Release,
    EntityType::Push,
    EntityType::Comment,
    EntityType::ReviewComment,
    EntityType::Review,
    EntityType::Discussion,
    EntityType::Deployment,
];

/// GraphQL answers nobody without a token, where REST shows what is public.
pub(super) const fn needs_token(entity: EntityType) -> bool {
    query::list(entity).is_some()
}

/// The request for a page. A cursor that cannot be read asks for the first page; [`read_page`] then restarts the list.
pub(super) fn page_request(scope: &Scope<'_>, cursor: Option<&Cursor>) -> Option<HttpRequest> {
    match scope.entity {
        EntityType::Push => pushes::request(scope, cursor),
        entity if needs_token(entity) => graphql::request(scope, cursor),
        _ => numbered::request(scope, cursor),
    }
}

pub(super) fn get(path: impl Into<String>) -> HttpRequest {
    HttpRequest::get(ProviderKind::Github, path)
        .header("accept", "application/vnd.github+json")
        .header("x-github-api-version", "2022-11-28")
}

/// `/repos/{owner}/{name}`; `None` when the name is not of that form.
pub(super) fn repository_path(name: &str) -> Option<String> {
    let (owner, repository) = resource::pair(name)?;
    Some(format!("/repos/{}/{}", encode::path(owner), encode::path(repository)))
}

/// Whether the response is a page, and where the next one starts.
pub(super) fn read_page(
    scope: &Scope<'_>,
    cursor: Option<&Cursor>,
    response: &HttpResponse,
    now: Timestamp,
) -> Result<PageMeta, ProviderError> {
    errors::check(response, scope.entity, cursor.is_some(), now)?;
    let page = match scope.entity {
        EntityType::Push => pushes::read(scope, cursor, response),
        entity if needs_token(entity) => graphql::read(scope, cursor, response, now),
        _ => numbered::read(scope, cursor, response),
    }?;
    Ok(PageMeta { rate: errors::rate(response), ..page })
}

/// Takes a list apart without reading its items, so that a bad one harms no other.
fn items(text: &str) -> Result<Vec<&RawValue>, Quarantined> {
    serde_json::from_str(text).map_err(|_| json::quarantined("", "the body is not a list"))
}

/// What a page became: one event per transition that its items prove, inside the window.
pub(super) fn transform_page(resource: &ResourceRef, entity: EntityType, window: Window, raw: &[u8]) -> Transformed {
    let page = Page { resource, window };
    let items = match entity {
        EntityType::Push => pushes::items,
        entity if needs_token(entity) => graphql::items,
        _ => items,
    };
    page::transform(raw, items, |raw| match entity {
        EntityType::PullRequest => items::pull_request(&page, raw),
        EntityType::Issue => items::issue(&page, raw),
        EntityType::IssueEvent => items::issue_event(&page, raw),
        EntityType::Release => items::release(&page, raw),
        EntityType::Push => items::push(&page, raw),
        EntityType::Comment => items::comment(&page, raw, Place::Conversation),
        EntityType::ReviewComment => items::comment(&page, raw, Place::Code),
        EntityType::Review => threads::reviews(&page, raw),
        EntityType::Discussion => threads::discussion(&page, raw),
        EntityType::Deployment => threads::deployment(&page, raw),
        _ => Err(json::quarantined("", "GitHub has no such list")),
    })
}

/// What all items of a page share.
struct Page<'a> {
    resource: &'a ResourceRef,
    window: Window,
}

impl Page<'_> {
    /// The repository of an item whose own page is at `url`.
    fn repo(&self, url: Option<&str>) -> Result<Repo, Quarantined> {
        Repo::listed(self.resource, url)
            .ok_or_else(|| json::quarantined("", "the resource is not a repository of GitHub"))
    }

    /// A fact, unless it is left out or happened outside the window.
    fn told(&self, told: Result<Told, Missing>) -> Result<Item, Quarantined> {
        Ok(match told? {
            Ok(event) => page::inside(self.window, event),
            Err(reason) => Item::Ignored(reason),
        })
    }

    /// A fact, unless it happened outside the window.
    fn fact(&self, event: Result<SourceEvent, Missing>) -> Result<Item, Quarantined> {
        self.told(event.map(Ok))
    }
}

#[cfg(test)]
mod tests;
