//! What happened to an issue, newest first.

use serde_json::{Value, json};

use super::{
    super::{
        draft::{Assignee, Resolution},
        issue::{Activity, Change, Issue},
        organization::Person,
    },
    issue::{assignee, moment},
};

/// All there is, at most `most`; the last one tells the first event, and has no id of its own.
pub(crate) fn activity(issue: &Issue, most: usize) -> Vec<Value> {
    let first = json!({
        "id": "0",
        "user": null,
        "type": "first_seen",
        "data": { "priority": "high" },
        "dateCreated": moment(issue.first_seen),
    });
    issue.activity.iter().rev().map(entry).chain([first]).take(most).collect()
}

/// The comments among it.
pub(crate) fn comments(issue: &Issue) -> impl DoubleEndedIterator<Item = &Activity> {
    issue.activity.iter().rev().filter(|entry| matches!(entry.what, Change::Note { .. }))
}

/// One entry.
pub(crate) fn entry(entry: &Activity) -> Value {
    let (kind, data) = match &entry.what {
        Change::Resolved(Resolution::Now) => ("set_resolved", json!({})),
        Change::Resolved(Resolution::InRelease(version)) => ("set_resolved_in_release", json!({ "version": version })),
        Change::Resolved(Resolution::InNextRelease) => ("set_resolved_in_release", json!({ "version": "" })),
        Change::Unresolved => ("set_unresolved", json!({})),
        Change::Regressed => ("set_regression", json!({ "version": "" })),
        Change::Escalated => ("set_escalating", json!({ "forecast": 12 })),
        Change::Archived => ("set_ignored", json!({ "ignoreUntilEscalating": true })),
        Change::Assigned(to) => ("assigned", assigned(to)),
        Change::Unassigned => ("unassigned", json!({})),
        Change::Note { text } => ("note", json!({ "text": text })),
    };
    json!({
        "id": entry.id.to_string(),
        "user": entry.by.as_ref().map(Person::user),
        "type": kind,
        "data": data,
        "dateCreated": moment(entry.at),
    })
}

fn assigned(to: &Assignee) -> Value {
    let whom = assignee(to, true);
    let mut data = json!({ "assignee": whom["id"], "assigneeType": whom["type"] });
    if let Assignee::Person(_) = to {
        data["assigneeEmail"] = whom["email"].clone();
    }
    data
}
