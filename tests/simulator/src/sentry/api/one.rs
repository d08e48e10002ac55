//! One issue: itself, its comments, and what happened to it. These come from the database and know of everything at once.

use serde_json::json;

use super::{
    super::{
        issue::Issue,
        json::{
            activity::{activity, comments, entry},
            issue::detail,
        },
        tracker::Tracker,
    },
    answer::Answer,
    cursor::{Cursor, Page},
    query::per_page,
};
use crate::wire::{Call, Content};

/// What Sentry shows of an issue's history at most; there is no page after it.
const MOST: usize = 100;

pub(crate) fn issue(tracker: &Tracker, issue: &Issue) -> Answer {
    Answer::json(200, &detail(tracker, issue, &activity(issue, MOST)))
}

pub(crate) fn activities(issue: &Issue) -> Answer {
    Answer::json(200, &json!({ "activity": activity(issue, MOST) }))
}

/// One page of comments, the newest first.
pub(crate) fn notes(issue: &Issue, call: &Call) -> Result<Answer, Answer> {
    let (size, cursor) = (per_page(call)?, Cursor::of(call)?);
    let mut notes: Vec<_> = comments(issue).collect();
    notes.sort_by_key(|note| std::cmp::Reverse(note.at));
    let values: Vec<i64> = notes.iter().map(|note| note.at.as_millisecond()).collect();
    let page = Page::by_value(&values, cursor, size);
    let shown = notes.get(page.range.clone()).unwrap_or_default();
    let mut answer = Answer::new(200, Content::items(shown.iter().map(|note| entry(note).to_string()).collect()));
    answer.link = Some(page.link(call));
    Ok(answer)
}
