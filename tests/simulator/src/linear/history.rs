//! What an issue's own past tells, which is less than the webhooks told.
//!
//! The first three minutes belong to the creation, and what one person changes in one go is one entry: so Linear says of
//! its history. The states an issue was in are all kept.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    State,
    change::later,
    record::{Fields, Kind, Record, stamp},
};

/// How long an issue is new, and how soon after another a change is part of it.
const GROUPED: SignedDuration = SignedDuration::from_mins(3);

/// What an entry calls the old and the new value of a field.
const KEPT: [(&str, &str, &str); 8] = [
    ("assigneeId", "fromAssigneeId", "toAssigneeId"),
    ("cycleId", "fromCycleId", "toCycleId"),
    ("dueDate", "fromDueDate", "toDueDate"),
    ("estimate", "fromEstimate", "toEstimate"),
    ("priority", "fromPriority", "toPriority"),
    ("projectId", "fromProjectId", "toProjectId"),
    ("stateId", "fromStateId", "toStateId"),
    ("title", "fromTitle", "toTitle"),
];

impl State {
    /// Puts a change into an issue's past. `was` has the old values of what changed.
    pub(crate) fn remember(&mut self, id: &str, was: &Fields, by: Option<&str>, at: Timestamp) {
        let Some(issue) = self.store.get(id) else { return };
        let entry = entry(issue, was);
        let created_at = moment(issue, "createdAt");
        if was.contains_key("stateId") {
            self.begin_span(id, at);
        }
        if entry.is_empty() || at.duration_since(created_at) < GROUPED {
            return;
        }
        let last =
            self.store.pointing(Kind::IssueHistory, "issueId", id).max_by_key(|entry| moment(entry, "updatedAt"));
        let joined = last.filter(|last| {
            last.value("actorId").as_str() == by && at.duration_since(moment(last, "updatedAt")) <= GROUPED
        });
        let now = later(at, self.lag(at, 0x815, 20, 120));
        match joined.map(|last| (last.id().to_owned(), merged(last, entry.clone()))) {
            Some((last, mut fields)) => {
                fields.insert("updatedAt".to_owned(), stamp(now).into());
                self.store.set(&last, fields);
            }
            None => {
                let mut fields = entry;
                fields.insert("issueId".to_owned(), id.into());
                fields.insert("actorId".to_owned(), by.into());
                self.add(Kind::IssueHistory, Value::Object(fields), now);
            }
        }
    }

    /// Notes the state an issue is in now. Linear times it some milliseconds apart from the issue itself.
    pub(crate) fn begin_span(&mut self, id: &str, at: Timestamp) {
        let Some(issue) = self.store.get(id) else { return };
        let state = issue.value("stateId").clone();
        let open = self
            .store
            .pointing(Kind::IssueStateSpan, "issueId", id)
            .find(|span| span.value("endedAt").is_null())
            .map(|span| span.id().to_owned());
        let began = if open.is_some() { later(at, self.lag(at, 0x59A, 0, 120)) } else { at };
        let began = Value::from(stamp(began));
        if let Some(open) = open {
            self.store.set(&open, Fields::from_iter([("endedAt".to_owned(), began.clone())]));
        }
        self.add(Kind::IssueStateSpan, json!({ "issueId": id, "stateId": state, "startedAt": began }), at);
    }
}

/// What is worth an entry: moving an issue up a list is not.
fn entry(issue: &Record, was: &Fields) -> Fields {
    let mut entry = Fields::new();
    for (field, from, to) in KEPT {
        if let Some(old) = was.get(field) {
            entry.insert(from.to_owned(), old.clone());
            entry.insert(to.to_owned(), issue.value(field).clone());
        }
    }
    if let Some(old) = was.get("labelIds") {
        let old: Vec<&str> = old.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let new: Vec<&str> = issue.ids("labelIds").collect();
        let apart = |some: &[&str], others: &[&str]| -> Value {
            some.iter().filter(|id| !others.contains(id)).map(|id| Value::from(*id)).collect()
        };
        entry.insert("addedLabelIds".to_owned(), apart(&new, &old));
        entry.insert("removedLabelIds".to_owned(), apart(&old, &new));
    }
    for (field, mark) in [("description", "updatedDescription"), ("archivedAt", "archived"), ("trashed", "trashed")] {
        if was.contains_key(field) {
            entry.insert(mark.to_owned(), Value::from(field == "description" || !issue.value(field).is_null()));
        }
    }
    entry
}

/// Two changes as one: from where the first began to where the second led.
fn merged(last: &Record, entry: Fields) -> Fields {
    entry.into_iter().filter(|(name, _)| !(name.starts_with("from") && last.fields.contains_key(name))).collect()
}

pub(crate) fn moment(record: &Record, field: &str) -> Timestamp {
    record.text(field).parse().unwrap_or(Timestamp::UNIX_EPOCH)
}
