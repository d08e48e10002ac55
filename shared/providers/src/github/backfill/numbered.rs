//! Lists whose pages have numbers.

use connector_domain::Timestamp;
use connector_domain::backfill::{Cursor, Disposition, EntityType, FailCode, ProviderError};
use connector_domain::http::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{items, repository_path};
use crate::github::errors;
use crate::github::paging::{EventPlace, KeysetPlace, MAX_PAGE_SIZE, Place, PullPlace, ReleasePlace, Seen, Stamp};
use crate::json::{self, NumericId};
use crate::{PageMeta, Scope, headers};

/// The request for a page; the first one where the cursor cannot be read.
pub(super) fn request(scope: &Scope<'_>, cursor: Option<&Cursor>) -> Option<HttpRequest> {
    Some(match scope.entity {
        EntityType::Issue => since(scope, cursor, "issues")?.query("state", "all"),
        EntityType::Comment => since(scope, cursor, "issues/comments")?,
        EntityType::ReviewComment => since(scope, cursor, "pulls/comments")?,
        EntityType::PullRequest => list::<PullPlace>(scope, cursor, "pulls")?
            .0
            .query("state", "all")
            .query("sort", "updated")
            .query("direction", "desc"),
        EntityType::IssueEvent => list::<EventPlace>(scope, cursor, "issues/events")?.0,
        EntityType::Release => list::<ReleasePlace>(scope, cursor, "releases")?.0,
        _ => return None,
    })
}

/// What was updated since a time, oldest update first.
fn since(scope: &Scope<'_>, cursor: Option<&Cursor>, name: &str) -> Option<HttpRequest> {
    let (request, place) = list::<KeysetPlace>(scope, cursor, name)?;
    let request = request.query("sort", "updated").query("direction", "asc");
    Some(request.query("since", whole_second(place.since)))
}

fn list<P: Place>(scope: &Scope<'_>, cursor: Option<&Cursor>, name: &str) -> Option<(HttpRequest, P)> {
    let repository = repository_path(&scope.resource.name)?;
    let place = cursor.and_then(P::read).unwrap_or_else(|| start(scope));
    let size = place.size().unwrap_or_else(|| page_size(scope));
    let request = super::get(format!("{repository}/{name}"))
        .query("per_page", size.to_string())
        .query("page", place.page().to_string());
    Some((request, place))
}

fn start<P: Place>(scope: &Scope<'_>) -> P {
    P::start(scope.window.since, page_size(scope))
}

pub(super) fn page_size(scope: &Scope<'_>) -> u32 {
    scope.page_size.clamp(1, MAX_PAGE_SIZE)
}

/// GitHub's moments have whole seconds, and none is before 1970.
fn whole_second(at: Timestamp) -> String {
    let second = Timestamp::from_second(at.as_second()).unwrap_or(at);
    second.max(Timestamp::UNIX_EPOCH).to_string()
}

/// What the page says, and where the next one starts.
pub(super) fn read(
    scope: &Scope<'_>,
    cursor: Option<&Cursor>,
    response: &HttpResponse,
) -> Result<PageMeta, ProviderError> {
    match scope.entity {
        EntityType::Issue | EntityType::Comment | EntityType::ReviewComment => {
            next::<KeysetPlace>(scope, cursor, response, |item| item.updated_at)
        }
        EntityType::PullRequest => next::<PullPlace>(scope, cursor, response, |item| item.updated_at),
        EntityType::IssueEvent => next::<EventPlace>(scope, cursor, response, |item| item.created_at),
        EntityType::Release => next::<ReleasePlace>(scope, cursor, response, |item| item.created_at),
        _ => Err(errors::error(response, "there is no such list", Disposition::Fail(FailCode::UNSUPPORTED))),
    }
}

fn next<P: Place>(
    scope: &Scope<'_>,
    cursor: Option<&Cursor>,
    response: &HttpResponse,
    at: for<'a> fn(&Marks<'a>) -> Option<&'a RawValue>,
) -> Result<PageMeta, ProviderError> {
    let place = match cursor {
        Some(cursor) => P::read(cursor).ok_or_else(|| errors::foreign_cursor(response))?,
        None => start(scope),
    };
    let text = json::text(&response.body);
    let items = items(&text).map_err(|_| errors::not_a_page(response))?;
    let stamps = items.iter().map(|item| stamp(item, at)).collect();
    let seen = Seen { stamps, next: next_page(response, place.page()) };
    let next = place.after(&seen).and_then(|place| place.write());
    let read = place.share(&seen, scope.window);
    let meta = PageMeta::new(items.len() as u64, next).reaching(read);
    let span = seen.stamps.iter().find_map(|stamp| stamp.at).zip(seen.stamps.iter().rev().find_map(|stamp| stamp.at));
    Ok(PageMeta { span, extent: last_page(response).map(P::extent), ..meta })
}

/// The number of the last page, as GitHub counts them now. It names none on the last page itself.
fn last_page(response: &HttpResponse) -> Option<u64> {
    headers::parameter(headers::link(&response.headers, "last")?, "page")?.parse().ok()
}

/// The number of the next page, if there is one. Only the number is taken from the link: its host and path are GitHub's
/// affair, and a page before this one would be a loop.
pub(in crate::github) fn next_page(response: &HttpResponse, current: u32) -> Option<u32> {
    let target = headers::link(&response.headers, "next")?;
    let named = headers::parameter(target, "page").and_then(|page| page.parse().ok());
    Some(named.filter(|page| *page > current).unwrap_or_else(|| current.saturating_add(1)))
}

/// What of an item says where in its list it stands.
#[derive(Default, Deserialize)]
struct Marks<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    created_at: Option<&'a RawValue>,
    #[serde(borrow, default)]
    updated_at: Option<&'a RawValue>,
}

/// An item is gone through once, and each mark is read by itself: one that is bad takes no other with it.
fn stamp(item: &RawValue, at: for<'a> fn(&Marks<'a>) -> Option<&'a RawValue>) -> Stamp {
    let marks: Marks<'_> = serde_json::from_str(item.get()).unwrap_or_default();
    let id = marks.id.and_then(|id| serde_json::from_str::<NumericId>(id.get()).ok());
    Stamp { id: id.map(|id| id.0), at: at(&marks).and_then(|at| serde_json::from_str(at.get()).ok()) }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
