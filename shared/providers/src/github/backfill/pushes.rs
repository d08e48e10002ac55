//! Pushes: what GitHub calls the activity of a repository, of its default branch.
//! <https://docs.github.com/en/rest/repos/repos#list-repository-activities>

use connector_domain::Timestamp;
use connector_domain::backfill::{Cursor, Disposition, FailCode, ProviderError, Share};
use connector_domain::http::{HttpRequest, HttpResponse};
use connector_domain::transformed::Quarantined;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::numbered::page_size;
use super::repository_path;
use crate::github::errors;
use crate::github::paging::PushPlace;
use crate::{PageMeta, Scope, headers, json};

/// The repository itself, which names its default branch; then the pages of that branch, newest push first.
pub(super) fn request(scope: &Scope<'_>, cursor: Option<&Cursor>) -> Option<HttpRequest> {
    let repository = repository_path(&scope.resource.name)?;
    let Some(place) = cursor.and_then(PushPlace::read) else { return Some(super::get(repository)) };
    let request = super::get(format!("{repository}/activity"))
        .query("per_page", page_size(scope).to_string())
        .query("direction", "desc")
        .query("ref", place.reference());
    Some(match place.after {
        Some(after) => request.query("after", after),
        None => request,
    })
}

/// What the page says, and where the next one starts.
pub(super) fn read(
    scope: &Scope<'_>,
    cursor: Option<&Cursor>,
    response: &HttpResponse,
) -> Result<PageMeta, ProviderError> {
    let malformed = |detail| errors::error(response, detail, Disposition::Fail(FailCode::MALFORMED));
    let (count, next, oldest) = match cursor {
        None => {
            let branch = default_branch(&response.body).ok_or_else(|| errors::not_a_page(response))?;
            (1, Some(PushPlace::start(branch)), None)
        }
        Some(cursor) => {
            let place = PushPlace::read(cursor).ok_or_else(|| errors::foreign_cursor(response))?;
            let text = json::text(&response.body);
            let items = super::items(&text).map_err(|_| errors::not_a_page(response))?;
            let stamps: Vec<_> = items.iter().filter_map(|item| stamp(item)).collect();
            // Whether a push is to the default branch, nothing in it says.
            if stamps.iter().any(|stamp| stamp.reference != place.reference()) {
                return Err(malformed("pushes to other branches than asked for"));
            }
            let link = headers::link(&response.headers, "next");
            let after = link.map(|target| headers::parameter(target, "after")).map(|after| {
                after.filter(|after| !after.is_empty()).ok_or_else(|| malformed("the next page cannot be asked for"))
            });
            let oldest = stamps.last().map(|stamp| stamp.timestamp);
            (items.len() as u64, place.after(oldest, scope.window.since, after.transpose()?), oldest)
        }
    };
    let written = next.map(|place| place.write().ok_or_else(|| malformed("the next page cannot be asked for")));
    let read = oldest.map(|at| Share::back(scope.window, at));
    Ok(PageMeta::new(count, written.transpose()?).reaching(read))
}

/// The pushes of a page, or the repository.
pub(super) fn items(text: &str) -> Result<Vec<&RawValue>, Quarantined> {
    super::items(text).or_else(|_| json::parse(text.as_bytes()).map(|repository| vec![repository]))
}

fn default_branch(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Repository {
        default_branch: String,
    }
    json::parse::<Repository>(body).ok().map(|repository| repository.default_branch)
}

#[derive(Deserialize)]
struct Stamp {
    #[serde(rename = "ref")]
    reference: String,
    timestamp: Timestamp,
}

fn stamp(item: &RawValue) -> Option<Stamp> {
    serde_json::from_str(item.get()).ok()
}
