//! History: which list holds what, how its pages are asked for, and what they become.

mod history;

use connector_domain::backfill::{Cursor, Disposition, EntityType, FailCode, ProviderError, Share, Window};
use connector_domain::http::{HttpRequest, HttpResponse};
use connector_domain::transformed::{Item, Quarantined, Transformed};
use connector_domain::{ProviderKind, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::errors;
use super::facts::{error, issue};
use super::paging::{self, EventPlace, IssuePlace, Place, Seen};
use super::payload::{Event, Instant, Issue};
use crate::{PageMeta, Scope, encode, json, page};

/// What can be listed.
pub(super) const LISTS: &[EntityType] = &[EntityType::Issue, EntityType::IssueEvent, EntityType::Error];

/// Sentry gives no larger pages.
const MAX_PAGE_SIZE: u32 = 100;

/// The request for a page. A cursor that cannot be read asks for the first page; [`read_page`] then restarts the list.
pub(super) fn page_request(scope: &Scope<'_>, cursor: Option<&Cursor>) -> Option<HttpRequest> {
    let Window { since, until } = scope.window;
    let size = scope.page_size.clamp(1, MAX_PAGE_SIZE);
    match scope.entity {
        EntityType::Issue => {
            let place = cursor.and_then(IssuePlace::read).unwrap_or_else(IssuePlace::start);
            list_of_issues(scope, scope.window, size, place.cursor)
        }
        EntityType::IssueEvent => history::request(scope, cursor),
        EntityType::Error => {
            let place = cursor.and_then(EventPlace::read).unwrap_or_else(|| EventPlace::start(since, until));
            let (organization, project) = organization_and_project(scope)?;
            let request = get(format!("/api/0/projects/{organization}/{project}/events/"))
                .query("per_page", size.to_string())
                .query("start", moment(since))
                .query("end", moment(place.end));
            Some(at_cursor(request, place.cursor))
        }
        _ => None,
    }
}

/// A page of the issues that were seen in a window.
fn list_of_issues(scope: &Scope<'_>, seen: Window, size: u32, cursor: Option<String>) -> Option<HttpRequest> {
    let (organization, project) = organization_and_project(scope)?;
    let request = get(format!("/api/0/organizations/{organization}/issues/"))
        .query("project", project)
        // Without it, Sentry adds a condition: unresolved ones only.
        .query("query", "")
        // By any other order, issues change their place while they are read.
        .query("sort", "new")
        .query("limit", size.to_string())
        .query("start", moment(seen.since))
        .query("end", moment(paging::after(seen.until)));
    Some(at_cursor(request, cursor))
}

fn get(path: String) -> HttpRequest {
    HttpRequest::get(ProviderKind::Sentry, path)
}

/// The project not by its slug, which can change. Checked, because "-1" means all projects.
fn organization_and_project<'a>(scope: &Scope<'a>) -> Option<(String, &'a str)> {
    let project = scope.resource.id.as_str();
    let project = project.bytes().all(|b| b.is_ascii_digit()).then_some(project)?;
    Some((organization(&scope.resource.name)?, project))
}

fn at_cursor(request: HttpRequest, cursor: Option<String>) -> HttpRequest {
    match cursor {
        Some(cursor) => request.query("cursor", cursor),
        None => request,
    }
}

/// In UTC, as Sentry takes every moment that names no zone.
fn moment(at: Timestamp) -> String {
    let second = Timestamp::from_second(at.as_second()).unwrap_or(at).max(Timestamp::UNIX_EPOCH).to_string();
    second.trim_end_matches('Z').to_owned()
}

/// The organization of `organization/project`; `None` when the name is not of that form.
fn organization(name: &str) -> Option<String> {
    let (organization, project) = name.split_once('/')?;
    let fit = !matches!(organization, "" | "." | "..")
        && !organization.contains(|c: char| c.is_whitespace() || c.is_control())
        && !project.is_empty();
    fit.then(|| encode::path(organization))
}

/// Whether the response is a page, and where the next one starts.
pub(super) fn read_page(
    scope: &Scope<'_>,
    cursor: Option<&Cursor>,
    response: &HttpResponse,
    now: Timestamp,
) -> Result<PageMeta, ProviderError> {
    let Window { since, until } = scope.window;
    let checked = errors::check(response, cursor.is_some(), now);
    let meta = match scope.entity {
        EntityType::Issue => checked.and_then(|()| next_place(scope, cursor, response, IssuePlace::start)),
        EntityType::IssueEvent => history::read(cursor, response, checked),
        EntityType::Error => {
            checked.and_then(|()| next_place(scope, cursor, response, || EventPlace::start(since, until)))
        }
        _ => Err(errors::error(response, "Sentry has no such list", Disposition::Fail(FailCode::UNSUPPORTED))),
    }?;
    Ok(PageMeta { rate: errors::rate(response), ..meta })
}

/// What a page says, and the cursor after it.
fn next_place<P: Place>(
    scope: &Scope<'_>,
    cursor: Option<&Cursor>,
    response: &HttpResponse,
    start: impl FnOnce() -> P,
) -> Result<PageMeta, ProviderError> {
    let place = match cursor {
        Some(cursor) => P::read(cursor).ok_or_else(|| errors::foreign_cursor(response))?,
        None => start(),
    };
    let text = json::text(&response.body);
    let items = items(&text).map_err(|_| errors::not_a_page(response))?;
    let next = paging::next(&response.headers).map_err(|_| errors::unreadable_link(response))?;
    let seen = Seen { seconds: items.iter().map(|item| second(item)).collect(), next };
    // Issues go by when they were first seen, which is not what the window is about, and tell no such time.
    let oldest = seen.seconds.iter().rev().find_map(|second| *second);
    let read = oldest.map(|at| Share::back(scope.window, at));
    Ok(PageMeta::new(items.len() as u64, place.after(seen).and_then(|place| place.write())).reaching(read))
}

/// When an event happened.
fn second(item: &RawValue) -> Option<Timestamp> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Dated {
        date_created: Instant,
    }
    serde_json::from_str::<Dated>(item.get()).ok()?.date_created.second()
}

/// Takes a list apart without reading its items, so that a bad one harms no other.
fn items(text: &str) -> Result<Vec<&RawValue>, Quarantined> {
    serde_json::from_str(text).map_err(|_| json::quarantined("", "the body is not a list"))
}

/// What a page became: one event per transition that its items prove, inside the window. The resource stands in the items.
pub(super) fn transform_page(entity: EntityType, window: Window, raw: &[u8]) -> Transformed {
    if entity == EntityType::IssueEvent {
        return history::transform(window, raw);
    }
    page::transform(raw, items, |item| facts(entity, window, item))
}

/// The facts that one item proves. Nobody is known to have acted.
fn facts(entity: EntityType, window: Window, raw: &[u8]) -> Result<Vec<Item>, Quarantined> {
    match entity {
        EntityType::Issue => {
            let issue: Issue = json::parse(raw)?;
            let created = issue::event(&issue, issue::Transition::Created, None, None)?;
            Ok(vec![page::inside(window, created)])
        }
        EntityType::Error => {
            let event: Event = json::parse(raw)?;
            Ok(vec![page::inside(window, error::event(&event, None)?)])
        }
        _ => Err(json::quarantined("", "not a list of Sentry's")),
    }
}

#[cfg(test)]
mod tests {
    use connector_domain::connection::ResourceRef;
    use connector_domain::{AccountId, ResourceId};

    use super::*;

    fn request(id: &str, name: &str, entity: EntityType, cursor: Option<&str>) -> Option<HttpRequest> {
        let resource = ResourceRef { id: ResourceId::parse(id).unwrap(), name: name.into() };
        let window = Window {
            since: "2026-01-01T00:00:00.5Z".parse().unwrap(),
            until: "2026-02-01T00:00:00.5Z".parse().unwrap(),
        };
        let scope =
            Scope { account: &AccountId::parse("5001").unwrap(), resource: &resource, entity, window, page_size: 500 };
        page_request(&scope, cursor.map(|cursor| Cursor::parse(cursor).unwrap()).as_ref())
    }

    fn query(request: HttpRequest) -> Vec<(&'static str, String)> {
        request.query
    }

    #[test]
    fn issues_are_asked_for_whatever_their_status_and_by_the_project_s_id() {
        let request = request("7001", "acme/shop", EntityType::Issue, Some(r#"{"v":1,"cursor":"17:0:0"}"#)).unwrap();
        assert_eq!(request.path, "/api/0/organizations/acme/issues/");
        let expected = [
            ("project", "7001"),
            ("query", ""),
            ("sort", "new"),
            ("limit", "100"),
            ("start", "2026-01-01T00:00:00"),
            ("end", "2026-02-01T00:00:01"),
            ("cursor", "17:0:0"),
        ];
        assert_eq!(query(request), expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn events_are_asked_for_from_the_end_of_the_window_back() {
        let request = request("7001", "acme/shop", EntityType::Error, None).unwrap();
        assert_eq!(request.path, "/api/0/projects/acme/7001/events/");
        let expected = [("per_page", "100"), ("start", "2026-01-01T00:00:00"), ("end", "2026-02-01T00:00:01")];
        assert_eq!(query(request), expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn what_is_no_project_of_sentry_is_not_asked_for() {
        for (id, name) in
            [("-1", "acme/shop"), ("7001", "acme"), ("7001", "/shop"), ("7001", "../x"), ("7001", "a b/x")]
        {
            assert_eq!(request(id, name, EntityType::Issue, None), None, "{id} {name}");
        }
        assert_eq!(request("7001", "acme/shop", EntityType::PullRequest, None), None);
    }

    #[test]
    fn a_link_that_cannot_be_read_is_not_the_end() {
        let resource = ResourceRef { id: ResourceId::parse("7001").unwrap(), name: "acme/shop".into() };
        let window = Window { since: Timestamp::UNIX_EPOCH, until: Timestamp::UNIX_EPOCH };
        let scope = Scope {
            account: &AccountId::parse("5001").unwrap(),
            resource: &resource,
            entity: EntityType::Issue,
            window,
            page_size: 100,
        };
        let headers = [("Link", "<u>; rel=\"next\"; results=\"true\"; cursor=\"?\"")].into_iter().collect();
        let response = HttpResponse { status: 200, headers, body: b"[]".to_vec() };
        let error = read_page(&scope, None, &response, Timestamp::UNIX_EPOCH).unwrap_err();
        assert_eq!(error.disposition, Disposition::Fail(FailCode::MALFORMED));
    }
}
