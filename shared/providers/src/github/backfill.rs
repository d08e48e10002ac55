//! History: which list holds what, how its pages are asked for, and what they become.

use connector_domain::backfill::{Cursor, Disposition, EntityType, FailCode, ProviderError, Window};
use connector_domain::connection::ResourceRef;
use connector_domain::http::{HttpRequest, HttpResponse};
use connector_domain::transformed::{IgnoreReason, Item, Quarantined, Transformed};
use connector_domain::{ProviderKind, SourceEvent, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::errors;
use super::facts::{Missing, issue, pull_request, release};
use super::paging::{IssuePlace, Place, PullPlace, ReleasePlace, Seen, Stamp};
use super::payload::{Issue, PullRequest, Release, Repo};
use crate::json::{self, NumericId};
use crate::{PageMeta, Scope, encode, headers, page, resource};

/// What can be listed.
pub(super) const LISTS: &[EntityType] = &[EntityType::PullRequest, EntityType::Issue, EntityType::Release];

/// GitHub gives no larger pages. <https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api>
const MAX_PAGE_SIZE: u32 = 100;

/// The request for a page. A cursor that cannot be read asks for the first page; [`read_page`] then restarts the list.
pub(super) fn page_request(scope: &Scope<'_>, cursor: Option<&Cursor>) -> Option<HttpRequest> {
    let repository = repository_path(&scope.resource.name)?;
    let since = scope.window.since;
    let list = |name: &str, page: u32| {
        HttpRequest::get(ProviderKind::Github, format!("{repository}/{name}"))
            .header("accept", "application/vnd.github+json")
            .header("x-github-api-version", "2022-11-28")
            .query("per_page", scope.page_size.clamp(1, MAX_PAGE_SIZE).to_string())
            .query("page", page.to_string())
    };
    Some(match scope.entity {
        EntityType::Issue => {
            let place = cursor.and_then(IssuePlace::read).unwrap_or_else(|| IssuePlace::start(since));
            list("issues", place.page)
                .query("state", "all")
                .query("sort", "updated")
                .query("direction", "asc")
                .query("since", whole_second(place.since))
        }
        EntityType::PullRequest => {
            let place = cursor.and_then(PullPlace::read).unwrap_or_else(|| PullPlace::start(since));
            list("pulls", place.page).query("state", "all").query("sort", "updated").query("direction", "desc")
        }
        EntityType::Release => {
            let place = cursor.and_then(ReleasePlace::read).unwrap_or_else(ReleasePlace::start);
            list("releases", place.page)
        }
        _ => return None,
    })
}

/// GitHub's moments have whole seconds, and none is before 1970.
fn whole_second(at: Timestamp) -> String {
    let second = Timestamp::from_second(at.as_second()).unwrap_or(at);
    second.max(Timestamp::UNIX_EPOCH).to_string()
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
    let since = scope.window.since;
    let next = match scope.entity {
        EntityType::Issue => next_place(cursor, response, || IssuePlace::start(since)),
        EntityType::PullRequest => next_place(cursor, response, || PullPlace::start(since)),
        EntityType::Release => next_place(cursor, response, ReleasePlace::start),
        _ => Err(errors::error(response, "there is no such list", Disposition::Fail(FailCode::UNSUPPORTED))),
    }?;
    Ok(PageMeta { next: next.1, items: next.0, rate: errors::rate(response) })
}

/// The items of a page and the cursor after it.
fn next_place<P: Place>(
    cursor: Option<&Cursor>,
    response: &HttpResponse,
    start: impl FnOnce() -> P,
) -> Result<(u64, Option<Cursor>), ProviderError> {
    let restart = || errors::error(response, "the cursor is not one of ours", Disposition::Restart);
    let place = match cursor {
        Some(cursor) => P::read(cursor).ok_or_else(restart)?,
        None => start(),
    };
    let text = String::from_utf8_lossy(&response.body);
    let items = items(&text).map_err(|_| errors::not_a_page(response))?;
    let seen = Seen { stamps: items.iter().map(|item| stamp(item)).collect(), next: next_page(response, place.page()) };
    Ok((items.len() as u64, place.after(&seen).and_then(|place| place.write())))
}

/// The number of the next page, if there is one. Only the number is taken from the link: its host and path are GitHub's
/// affair, and a page before this one would be a loop.
pub(super) fn next_page(response: &HttpResponse, current: u32) -> Option<u32> {
    let target = headers::link(&response.headers, "next")?;
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let named = query.split('&').find_map(|pair| pair.strip_prefix("page=")?.parse().ok());
    Some(named.filter(|page| *page > current).unwrap_or_else(|| current.saturating_add(1)))
}

/// Takes a list apart without reading its items, so that a bad one harms no other.
fn items(text: &str) -> Result<Vec<&RawValue>, Quarantined> {
    serde_json::from_str(text).map_err(|_| json::quarantined("", "the body is not a list"))
}

fn stamp(item: &RawValue) -> Stamp {
    #[derive(Deserialize)]
    struct Identified {
        id: NumericId,
    }
    #[derive(Deserialize)]
    struct Updated {
        updated_at: Timestamp,
    }
    // Apart, so that one can be read when the other cannot.
    Stamp {
        id: serde_json::from_str::<Identified>(item.get()).ok().map(|item| item.id.0),
        updated_at: serde_json::from_str::<Updated>(item.get()).ok().map(|item| item.updated_at),
    }
}

/// What a page became: one event per transition that its items prove, inside the window.
pub(super) fn transform_page(resource: &ResourceRef, entity: EntityType, window: Window, raw: &[u8]) -> Transformed {
    page::transform(raw, items, |item| facts(resource, entity, window, item))
}

/// The facts that one item proves.
fn facts(resource: &ResourceRef, entity: EntityType, window: Window, raw: &[u8]) -> Result<Vec<Item>, Quarantined> {
    let repo = |url: Option<&String>| {
        Repo::listed(resource, url.map(String::as_str))
            .ok_or_else(|| json::quarantined("", "the resource is not a repository of GitHub"))
    };
    match entity {
        EntityType::PullRequest => {
            let pull: PullRequest = json::parse(raw)?;
            let repo = repo(pull.html_url.as_ref())?;
            let proven = pull_request::proven(&pull).into_iter();
            proven.map(|(what, who)| inside(window, pull_request::event(&pull, what, &repo, who))).collect()
        }
        EntityType::Issue => {
            let issue: Issue = json::parse(raw)?;
            if issue.pull_request.is_some() {
                return Ok(vec![Item::Ignored(IgnoreReason::OTHER_ENTITY)]);
            }
            let repo = repo(issue.html_url.as_ref())?;
            let proven = issue::proven(&issue).into_iter();
            proven.map(|(what, who)| inside(window, issue::event(&issue, what, &repo, who))).collect()
        }
        EntityType::Release => {
            let release: Release = json::parse(raw)?;
            if release.draft {
                return Ok(vec![Item::Ignored(IgnoreReason::DRAFT)]);
            }
            // A list names the author of a release, who need not be the one who published it.
            let event = release::published(&release, &repo(release.html_url.as_ref())?, None);
            Ok(vec![inside(window, event)?])
        }
        _ => Err(json::quarantined("", "GitHub has no such list")),
    }
}

fn inside(window: Window, event: Result<SourceEvent, Missing>) -> Result<Item, Quarantined> {
    Ok(page::inside(window, event?))
}

#[cfg(test)]
mod tests {
    use connector_domain::ResourceId;
    use connector_domain::http::Headers;

    use super::*;

    fn resource(name: &str) -> ResourceRef {
        ResourceRef { id: ResourceId::parse("7001").unwrap(), name: name.into() }
    }

    fn window() -> Window {
        Window { since: "2026-01-01T00:00:00.9Z".parse().unwrap(), until: "2026-02-01T00:00:00Z".parse().unwrap() }
    }

    fn asked(entity: EntityType, name: &str, page_size: u32, cursor: Option<&Cursor>) -> Option<String> {
        let scope = Scope {
            account: &connector_domain::AccountId::parse("5001").unwrap(),
            resource: &resource(name),
            entity,
            window: window(),
            page_size,
        };
        let request = page_request(&scope, cursor)?;
        let query: Vec<String> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(request.headers[1], ("x-github-api-version", "2022-11-28".to_owned()));
        Some(format!("{}?{}", request.path, query.join("&")))
    }

    fn read(entity: EntityType, cursor: Option<&Cursor>, link: &str, body: &str) -> Result<PageMeta, ProviderError> {
        let scope = Scope {
            account: &connector_domain::AccountId::parse("5001").unwrap(),
            resource: &resource("acme/shop"),
            entity,
            window: window(),
            page_size: 100,
        };
        let headers: Headers = [("Link", link)].into_iter().collect();
        let response = HttpResponse { status: 200, headers, body: body.into() };
        read_page(&scope, cursor, &response, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn each_list_is_asked_for_in_an_order_that_loses_nothing() {
        assert_eq!(
            asked(EntityType::Issue, "acme/shop", 100, None).unwrap(),
            "/repos/acme/shop/issues?per_page=100&page=1&state=all&sort=updated&direction=asc&since=2026-01-01T00:00:00Z"
        );
        assert_eq!(
            asked(EntityType::PullRequest, "acme/shop", 30, None).unwrap(),
            "/repos/acme/shop/pulls?per_page=30&page=1&state=all&sort=updated&direction=desc"
        );
        assert_eq!(
            asked(EntityType::Release, "a.b/c-d", 999, None).unwrap(),
            "/repos/a.b/c-d/releases?per_page=100&page=1"
        );
        assert_eq!(asked(EntityType::Cycle, "acme/shop", 100, None), None);
    }

    #[test]
    fn a_name_that_is_not_owner_and_repository_is_not_asked_for() {
        for name in ["", "shop", "/shop", "acme/", "acme/shop/x", "../shop", "acme/..", "acme/sh op", "acme/shop\n"] {
            assert_eq!(asked(EntityType::Issue, name, 1, None), None, "{name:?}");
        }
        assert!(
            asked(EntityType::Issue, "acmé/sh?p#", 1, None).unwrap().starts_with("/repos/acm%C3%A9/sh%3Fp%23/issues?")
        );
    }

    #[test]
    fn issues_go_on_from_the_last_update_and_read_past_the_window() {
        // The second item was updated after the window; it may have been opened within.
        let body = r#"[{"id":1,"updated_at":"2026-01-09T00:00:00Z"},{"id":2,"updated_at":"2026-03-01T00:00:05Z"}]"#;
        let next = read(EntityType::Issue, None, "<https://x/?page=2>; rel=\"next\"", body).unwrap().next.unwrap();
        let request = asked(EntityType::Issue, "acme/shop", 100, Some(&next)).unwrap();
        assert!(request.contains("page=1&") && request.ends_with("since=2026-03-01T00:00:04Z"), "{request}");
        assert_eq!(read(EntityType::Issue, Some(&next), "", body).unwrap().next, None);
    }

    #[test]
    fn pull_requests_end_below_the_window() {
        let more = "<https://x/repositories/7001/pulls?per_page=100&page=2>; rel=\"next\"";
        let inside = r#"[{"id":1,"updated_at":"2026-01-09T00:00:00Z"}]"#;
        let below = r#"[{"id":1,"updated_at":"2025-12-31T00:00:00Z"}]"#;
        let next = read(EntityType::PullRequest, None, more, inside).unwrap().next.unwrap();
        assert!(asked(EntityType::PullRequest, "acme/shop", 100, Some(&next)).unwrap().contains("&page=2&"));
        assert_eq!(read(EntityType::PullRequest, None, more, below).unwrap().next, None);
        // After several pages comes the pass over what was updated meanwhile: from the head, down to where it began.
        let closing = read(EntityType::PullRequest, Some(&next), more, below).unwrap().next.unwrap();
        assert!(asked(EntityType::PullRequest, "acme/shop", 100, Some(&closing)).unwrap().contains("&page=1&"));
        let older = r#"[{"id":1,"updated_at":"2026-01-08T00:00:00Z"}]"#;
        assert_eq!(read(EntityType::PullRequest, Some(&closing), more, older).unwrap().next, None);
    }

    #[test]
    fn only_the_number_is_taken_from_a_link() {
        let next = |link: &str| {
            let response =
                HttpResponse { status: 200, headers: [("Link", link)].into_iter().collect(), body: Vec::new() };
            next_page(&response, 3)
        };
        assert_eq!(next("<https://evil.example/x?per_page=100&page=4&token=x>; rel=\"next\""), Some(4));
        assert_eq!(next("<https://x/?after=Y3Vyc29y>; rel=\"next\""), Some(4));
        for loops in ["page=3", "page=1", "page=-1", "page=", "page=99999999999"] {
            assert_eq!(next(&format!("<https://x/?{loops}>; rel=\"next\"")), Some(4), "{loops}");
        }
        assert_eq!(next("<https://x/?page=9>; rel=\"last\""), None);
    }

    #[test]
    fn a_short_page_is_not_the_last_one() {
        let next = read(EntityType::Release, None, "<https://x/?page=2>; rel=\"next\"", "[]").unwrap();
        assert_eq!((next.items, next.next.is_some()), (0, true));
    }
}
