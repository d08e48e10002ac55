//! The list of an organization's issues: parameters, defaults, and the items of one page
//! (<https://docs.sentry.io/api/events/list-an-organizations-issues/>).

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    super::{
        Index, State,
        event::Event,
        issue::{Issue, Status},
        json::issue::{Seen, listed},
        organization::Organization,
        tracker::Tracker,
    },
    answer::Answer,
    cursor::{Cursor, Page},
    query::{Span, limit, span},
};
use crate::{
    clock::whole_second,
    wire::{Call, Content},
};

/// Real parameters that are not simulated.
const NOT_SIMULATED: [&str; 4] = ["environment", "shortIdLookup", "group", "id"];

/// Which value the list goes by, the largest first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// `date`: when it was last seen, which moves with every event.
    LastSeen,
    /// `new`: when it was first seen.
    FirstSeen,
}

/// Answers one page.
pub(crate) fn list(state: &State, call: &Call, organization: &Organization, now: Timestamp) -> Result<Answer, Answer> {
    if let Some(name) = NOT_SIMULATED.iter().find(|name| call.param(name).is_some_and(|value| !value.is_empty())) {
        return Err(Answer::not_simulated(&format!("the parameter `{name}`")));
    }
    let (span, limit, cursor, statuses) = (span(call, now)?, limit(call)?, Cursor::of(call)?, statuses(call)?);
    let sort = match call.param("sort") {
        None | Some("" | "date") => Sort::LastSeen,
        Some("new") => Sort::FirstSeen,
        Some(other) => return Err(Answer::not_simulated(&format!("the sort `{other}`"))),
    };
    let mut found: Vec<(i64, u64, &Tracker, &Issue, Seen)> = Vec::new();
    for tracker in projects(state, call, organization)? {
        for issue in tracker.issues().filter(|issue| statuses.contains(&issue.now.status)) {
            let Some(seen) = seen(tracker, issue, state.index, span, now) else { continue };
            let by = if sort == Sort::LastSeen { seen.last } else { seen.first };
            found.push((by.as_millisecond(), issue.id, tracker, issue, seen));
        }
    }
    found.sort_by_key(|(value, id, ..)| std::cmp::Reverse((*value, *id)));
    let values: Vec<i64> = found.iter().map(|(value, ..)| *value).collect();
    let page = Page::by_value(&values, cursor, limit.min(state.index.largest_page));
    let shown = found.get(page.range.clone()).unwrap_or_default();
    let items = shown.iter().filter_map(|(_, _, tracker, issue, seen)| {
        let whole = self::seen(tracker, issue, state.index, None, now)?;
        Some(listed(tracker, issue, seen, &whole).to_string())
    });
    let mut answer = Answer::new(200, Content::items(items.collect()));
    answer.link = Some(page.link(call));
    answer.extra.push(("x-hits", found.len().to_string()));
    answer.extra.push(("x-max-hits", "1000".to_owned()));
    Ok(answer)
}

/// `-1` stands for all projects; one that one may not see is refused.
fn projects<'a>(state: &'a State, call: &Call, organization: &Organization) -> Result<Vec<&'a Tracker>, Answer> {
    let all = state.trackers.iter().filter(|tracker| tracker.organization.id == organization.id);
    let mut asked = BTreeSet::new();
    for text in call.params("project") {
        let wrong = "Invalid project parameter. Values must be numbers.";
        asked.insert(text.parse::<i64>().map_err(|_| Answer::bad_request(wrong))?);
    }
    let id = |tracker: &Tracker| i64::try_from(tracker.id).unwrap_or(-1);
    let chosen: Vec<&Tracker> =
        all.filter(|tracker| asked.is_empty() || asked.contains(&-1) || asked.contains(&id(tracker))).collect();
    if !asked.is_empty() && !asked.contains(&-1) && chosen.len() < asked.len() {
        return Err(Answer::forbidden());
    }
    Ok(chosen)
}

/// Of Sentry's query language, the statuses. Without a query only unresolved issues are listed.
fn statuses(call: &Call) -> Result<Vec<Status>, Answer> {
    let mut statuses = vec![Status::Unresolved, Status::Resolved, Status::Ignored];
    for word in call.param("query").unwrap_or("is:unresolved").split_whitespace() {
        let status = match word {
            "is:unresolved" => Status::Unresolved,
            "is:resolved" => Status::Resolved,
            "is:ignored" | "is:archived" => Status::Ignored,
            other => return Err(Answer::not_simulated(&format!("the search for `{other}`"))),
        };
        statuses.retain(|held| *held == status);
    }
    Ok(statuses)
}

/// What the index knows of an issue's events inside the asked-for time; None when there are none.
fn seen(tracker: &Tracker, issue: &Issue, index: Index, span: Option<Span>, now: Timestamp) -> Option<Seen> {
    let inside = |event: &&Event| {
        index.shows(event.at, now) && span.is_none_or(|span| span.start <= event.at && event.at < span.end)
    };
    let events: Vec<&Event> = issue.events.iter().filter_map(|place| tracker.event(*place)).filter(inside).collect();
    let times = events.iter().map(|event| event.at);
    let (first, last) = (times.clone().min()?, times.max()?);
    let users: BTreeSet<u32> = events.iter().filter_map(|event| event.user).collect();
    // The index keeps whole seconds. Only the first event of all is remembered to the millisecond.
    let first = if span.is_some() { whole_second(first) } else { issue.first_seen };
    Some(Seen { first, last: whole_second(last), count: events.len(), users: users.len() })
}
