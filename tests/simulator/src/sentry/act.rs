//! What people and Sentry itself do to issues, each with the facts it makes. None where an issue cannot change so.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    draft::{Assignee, NewIssue, Resolution},
    fact::What,
    issue::Change,
    json::issue::assignee,
    organization::Person,
    tracker::Tracker,
};

fn told(id: u64, action: &'static str, by: Option<Person>) -> What {
    told_with(id, action, by, json!({}))
}

fn told_with(id: u64, action: &'static str, by: Option<Person>, data: Value) -> What {
    What::Issue { id, action, by, data }
}

/// Answers the new issue's id, too.
pub(crate) fn open(tracker: &mut Tracker, draft: NewIssue, user: Option<u32>, at: Timestamp) -> (u64, Vec<What>) {
    let (id, event) = tracker.open(draft, at, user);
    (id, vec![told(id, "created", None), What::Error { event }])
}

pub(crate) fn capture(tracker: &mut Tracker, id: u64, user: Option<u32>, at: Timestamp) -> Option<Vec<What>> {
    let event = tracker.capture(id, at, user)?;
    let mut facts = vec![What::Error { event }];
    if tracker.change(id, Change::Regressed, None, at).is_some() {
        facts.push(told(id, "unresolved", None));
    }
    Some(facts)
}

pub(crate) fn resolve(
    tracker: &mut Tracker,
    id: u64,
    how: Resolution,
    by: Option<Person>,
    at: Timestamp,
) -> Option<Vec<What>> {
    let kind = match how {
        Resolution::Now => "now",
        Resolution::InRelease(_) => "in_release",
        Resolution::InNextRelease => "in_next_release",
    };
    tracker.change(id, Change::Resolved(how), by.clone(), at)?;
    Some(vec![told_with(id, "resolved", by, json!({ "resolution_type": kind }))])
}

pub(crate) fn unresolve(tracker: &mut Tracker, id: u64, by: Person, at: Timestamp) -> Option<Vec<What>> {
    tracker.change(id, Change::Unresolved, Some(by.clone()), at)?;
    Some(vec![told(id, "unresolved", Some(by))])
}

pub(crate) fn archive(tracker: &mut Tracker, id: u64, by: Person, at: Timestamp) -> Option<Vec<What>> {
    tracker.change(id, Change::Archived, Some(by.clone()), at)?;
    Some(vec![told(id, "archived", Some(by.clone())), told(id, "ignored", Some(by))])
}

pub(crate) fn escalate(tracker: &mut Tracker, id: u64, at: Timestamp) -> Option<Vec<What>> {
    tracker.change(id, Change::Escalated, None, at)?;
    Some(vec![told(id, "unresolved", None)])
}

pub(crate) fn assign(tracker: &mut Tracker, id: u64, to: Assignee, by: Person, at: Timestamp) -> Option<Vec<What>> {
    let data = json!({ "assignee": assignee(&to, false) });
    tracker.change(id, Change::Assigned(to), Some(by.clone()), at)?;
    Some(vec![told_with(id, "assigned", Some(by), data)])
}

pub(crate) fn comment(tracker: &mut Tracker, issue: u64, text: &str, by: Person, at: Timestamp) -> Option<Vec<What>> {
    let note = Change::Note { text: text.to_owned() };
    let comment = tracker.change(issue, note, Some(by.clone()), at)?;
    Some(vec![What::Comment { issue, comment, action: "created", text: text.to_owned(), by }])
}

pub(crate) fn edit(tracker: &mut Tracker, comment: u64, text: &str, by: Person) -> Option<Vec<What>> {
    let held = tracker.noted(comment)?;
    text.clone_into(held.note(comment)?);
    Some(vec![What::Comment { issue: held.id, comment, action: "updated", text: text.to_owned(), by }])
}

pub(crate) fn retract(tracker: &mut Tracker, comment: u64, by: Person) -> Option<Vec<What>> {
    let held = tracker.noted(comment)?;
    let text = held.remove_note(comment)?;
    Some(vec![What::Comment { issue: held.id, comment, action: "deleted", text, by }])
}

/// A rule takes notice of the latest event.
pub(crate) fn alert(tracker: &mut Tracker, issue: u64, rule: &str) -> Option<Vec<What>> {
    let event = *tracker.issue(issue)?.events.last()?;
    Some(vec![What::Alerted { event, rule: rule.to_owned() }])
}
