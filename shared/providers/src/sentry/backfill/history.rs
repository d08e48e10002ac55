//! What happened to issues, and what people said about them: in no list, but in each issue.
//! <https://docs.sentry.io/api/events/retrieve-an-issue/>

use std::time::Duration;

use connector_domain::Timestamp;
use connector_domain::backfill::{Cursor, Disposition, FailCode, ProviderError, Window};
use connector_domain::http::{HttpRequest, HttpResponse};
use connector_domain::transformed::{IgnoreReason, Item, Quarantined, Transformed};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::{items, list_of_issues, organization};
use crate::json::NumericId;
use crate::sentry::errors;
use crate::sentry::facts::{self, comment, issue};
use crate::sentry::paging::{self, HistoryPlace, Step};
use crate::sentry::payload::{Activity, Issue};
use crate::{PageMeta, Scope, json, page};

/// How many issues are kept in mind.
const ISSUES_PER_PAGE: u32 = 50;

/// How long an issue may be seen no more before something happens to it: by then Sentry resolves it by itself, where a
/// project has asked for that.
const LOOK_BACK: Duration = Duration::from_secs(30 * 86_400);

/// Sentry shows no more of what happened to an issue.
const MAX_ACTIVITY: usize = 100;

/// The request for a page of issues or for an issue; the first page where the cursor cannot be read.
pub(super) fn request(scope: &Scope<'_>, cursor: Option<&Cursor>) -> Option<HttpRequest> {
    let place = cursor.and_then(HistoryPlace::read).unwrap_or_else(HistoryPlace::start);
    let since = scope.window.since.checked_sub(LOOK_BACK).unwrap_or(Timestamp::MIN);
    let seen = Window { since, until: scope.window.until };
    Some(match place.step() {
        Step::Page(cursor) => {
            list_of_issues(scope, seen, scope.page_size.clamp(1, ISSUES_PER_PAGE), cursor.map(str::to_owned))?
        }
        Step::Issue(id) => {
            let organization = organization(&scope.resource.name)?;
            super::get(format!("/api/0/organizations/{organization}/issues/{id}/"))
                .query("collapse", "release")
                .query("collapse", "stats")
                .query("collapse", "tags")
        }
    })
}

/// How many items the page has, and where the next one starts. `checked` is whether it is one, by its status.
pub(super) fn read(
    cursor: Option<&Cursor>,
    response: &HttpResponse,
    checked: Result<(), ProviderError>,
) -> Result<PageMeta, ProviderError> {
    let place = match cursor {
        Some(cursor) => HistoryPlace::read(cursor).ok_or_else(|| errors::foreign_cursor(response))?,
        None => HistoryPlace::start(),
    };
    let (count, next) = match place.step() {
        Step::Page(_) => {
            checked?;
            page_of_issues(response)?
        }
        // An issue that was deleted, or merged into another one, since it was listed.
        Step::Issue(_) if response.status == 404 => (0, place.after_issue()),
        Step::Issue(_) => {
            checked?;
            let detail: Detail<'_> = json::parse(&response.body).map_err(|_| errors::not_a_page(response))?;
            (detail.activity.len() as u64, place.after_issue())
        }
    };
    let too_long =
        || errors::error(response, "the place in the list is too long", Disposition::Fail(FailCode::MALFORMED));
    Ok(PageMeta::new(count, next.map(|place| place.write().ok_or_else(too_long)).transpose()?).reaching(None))
}

fn page_of_issues(response: &HttpResponse) -> Result<(u64, Option<HistoryPlace>), ProviderError> {
    let text = json::text(&response.body);
    let issues = items(&text).map_err(|_| errors::not_a_page(response))?;
    let changed = issues.iter().filter_map(|issue| serde_json::from_str::<Listed>(issue.get()).ok());
    let changed = changed.filter(|issue| !issue.is_untouched()).map(|issue| issue.id.0);
    let next = paging::next(&response.headers).map_err(|_| errors::unreadable_link(response))?;
    Ok((issues.len() as u64, HistoryPlace::after_page(changed.collect(), next)))
}

/// What a list tells of whether anything happened to an issue.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    id: NumericId,
    status: Option<String>,
    substatus: Option<String>,
    assigned_to: Option<IgnoredAny>,
    num_comments: Option<u64>,
}

impl Listed {
    /// In its first week an issue is new until somebody does something to it; only an assignment that was taken back
    /// leaves nothing behind.
    fn is_untouched(&self) -> bool {
        self.status.as_deref() == Some("unresolved")
            && self.substatus.as_deref() == Some("new")
            && self.assigned_to.is_none()
            && self.num_comments == Some(0)
    }
}

/// An issue, what happened to it unread so that a bad item harms no other.
#[derive(Deserialize)]
struct Detail<'a> {
    #[serde(borrow)]
    activity: Vec<&'a RawValue>,
}

/// What a page became: nothing of a page of issues, which have a list of their own; all that happened to one issue.
pub(super) fn transform(window: Window, raw: &[u8]) -> Transformed {
    let text = json::text(raw);
    if items(&text).is_ok() {
        return page::transform(raw, items, |_| Ok(vec![Item::Ignored(IgnoreReason::OTHER_ENTITY)]));
    }
    #[derive(Deserialize)]
    struct Gone {
        id: Option<IgnoredAny>,
    }
    // What Sentry says of an issue that is gone.
    if json::parse::<Gone>(raw).is_ok_and(|gone| gone.id.is_none()) {
        return Transformed::Items(Vec::new());
    }
    let issue: Result<Issue, Quarantined> = json::parse(raw);
    let issue = match &issue {
        Ok(issue) => issue,
        Err(error) => return Transformed::Items(vec![Item::Quarantined(error.clone())]),
    };
    let mut transformed = page::transform(raw, happened, |raw| Ok(vec![fact(window, issue, raw)?]));
    if let Transformed::Items(items) = &mut transformed
        && is_cut_off(window, &text)
    {
        items.push(Item::Quarantined(json::quarantined("activity", "longer than Sentry shows")));
    }
    transformed
}

fn happened(text: &str) -> Result<Vec<&RawValue>, Quarantined> {
    Ok(json::parse::<Detail<'_>>(text.as_bytes())?.activity)
}

/// Whether something is not shown that happened in the window: the newest comes first.
fn is_cut_off(window: Window, text: &str) -> bool {
    let activity = happened(text).unwrap_or_default();
    let oldest = activity.last().and_then(|last| serde_json::from_str::<Activity>(last.get()).ok());
    activity.len() >= MAX_ACTIVITY
        && oldest.is_some_and(|oldest| oldest.kind != "first_seen" && oldest.at().is_some_and(|at| at >= window.since))
}

/// What one thing that happened to an issue is.
fn fact(window: Window, issue: &Issue, raw: &[u8]) -> Result<Item, Quarantined> {
    let activity: Activity = json::parse(raw)?;
    let who = activity.user.as_ref().and_then(facts::actor);
    let transition = match activity.kind.as_str() {
        "first_seen" => return Ok(Item::Ignored(IgnoreReason::OTHER_ENTITY)),
        "note" => return Ok(page::inside(window, comment::created(&activity.comment(issue)?, who)?)),
        // One in a pull request is an intention.
        "set_resolved" | "set_resolved_by_age" | "set_resolved_in_release" | "set_resolved_in_commit" => {
            issue::Transition::Resolved
        }
        "set_unresolved" => issue::Transition::Unresolved,
        "set_regression" => issue::Transition::Regressed,
        "set_escalating" => issue::Transition::Escalated,
        "set_ignored" => issue::Transition::Archived,
        "assigned" => issue::Transition::Assigned,
        other => return Ok(Item::Ignored(IgnoreReason::action(other))),
    };
    let at = activity.at().ok_or_else(|| json::quarantined("", "missing field dateCreated"))?;
    let (event, live) = issue::changed(issue, transition, activity.assignee().as_ref(), who, at)?;
    Ok(match page::inside(window, event) {
        Item::Event(event) => Item::History { event, live },
        other => other,
    })
}

#[cfg(test)]
mod tests;
