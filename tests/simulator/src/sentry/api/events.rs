//! The list of a project's events, and one of them
//! (<https://docs.sentry.io/api/events/list-a-projects-error-events/>).

use jiff::Timestamp;

use super::{
    super::{
        Index,
        event::Event,
        json::{detail, event},
        tracker::Tracker,
    },
    answer::Answer,
    cursor::{Cursor, Page},
    query::{per_page, span},
};
use crate::wire::{Call, Content};

/// Real parameters that are not simulated.
const NOT_SIMULATED: [&str; 3] = ["full", "sample", "query"];

/// Answers one page, the newest first.
pub(crate) fn list(tracker: &Tracker, call: &Call, index: Index, now: Timestamp) -> Result<Answer, Answer> {
    if let Some(name) = NOT_SIMULATED.iter().find(|name| call.param(name).is_some_and(|value| !value.is_empty())) {
        return Err(Answer::not_simulated(&format!("the parameter `{name}`")));
    }
    let (span, size, cursor) = (span(call, now)?, per_page(call)?, Cursor::of(call)?);
    let span = span.filter(|_| index.dated_events);
    let inside = |event: &&Event| {
        let second = event.second();
        index.shows(event.at, now)
            && span.is_none_or(|span| span.start.as_second() <= second && second < span.end.as_second())
    };
    let mut found: Vec<&Event> = tracker.events().filter(inside).collect();
    found.sort_by(|one, other| (other.second(), &other.id).cmp(&(one.second(), &one.id)));
    let page = Page::by_offset(found.len(), cursor, size.min(index.largest_page));
    let shown = found.get(page.range.clone()).unwrap_or_default();
    let items = shown.iter().filter_map(|held| event::listed(tracker, held)).map(|item| item.to_string());
    let mut answer = Answer::new(200, Content::items(items.collect()));
    answer.link = Some(page.link(call));
    Ok(answer)
}

/// One event, as long as it is kept.
pub(crate) fn one(tracker: &Tracker, id: &str, index: Index, now: Timestamp) -> Result<Answer, Answer> {
    let kept = tracker.events().find(|event| event.id == id && index.keeps(event.at, now));
    let json = kept.and_then(|held| detail::event(tracker, held)).ok_or_else(Answer::not_found)?;
    Ok(Answer::json(200, &json))
}
