//! What an update changed, by the old values that Linear sends along.

use connector_domain::{Metadata, Timestamp, text};
use serde_json::Value;

use super::facts::Transition;
use super::payload::Base;

/// Most changes that are kept, and the most of an old text.
const MAX_CHANGES: usize = 50;
const MAX_OLD_CHARS: usize = 200;

/// Changes that nobody made, or that say what another field says better.
#[rustfmt::skip]
const NOISE: &[&str] = &[
    "updatedAt", "sortOrder", "boardOrder", "prioritySortOrder", "subIssueSortOrder", "subscriberIds", "reactionData",
    "bodyData", "descriptionData", "contentState", "descriptionState", "documentContentId", "editedAt", "syncedWith",
    "startedAt", "completedAt", "canceledAt", "startedTriageAt", "triagedAt", "healthUpdatedAt", "lastUpdateId",
    "issueCountHistory", "completedIssueCountHistory", "scopeHistory", "completedScopeHistory",
    "inProgressScopeHistory", "uncompletedIssuesUponCloseIds", "addedToCycleAt", "addedToProjectAt", "addedToTeamAt",
];

/// The fields that a move through states is told by.
const STATE: [&str; 3] = ["stateId", "statusId", "state"];

/// What an update changed.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Moves of the thing, each with its time.
    pub(super) moves: Vec<(Transition, Timestamp)>,
    /// The other fields, by Linear's names.
    pub(super) names: Vec<String>,
    /// What stood in them before.
    pub(super) from: Metadata,
}

impl Changes {
    /// Compares what was with what is; older bodies send along fields that did not change.
    /// `at` is when the thing was updated.
    pub(super) fn read(was: &Metadata, is: &Metadata, base: &Base, at: Timestamp) -> Self {
        let changed = |field: &str| was.get(field).is_some_and(|was| *was != *is.get(field).unwrap_or(&Value::Null));
        let mut moves = Vec::new();
        for (field, transition, now) in [
            ("startedAt", Transition::Started, base.started_at),
            ("completedAt", Transition::Completed, base.completed_at),
            ("canceledAt", Transition::Canceled, base.canceled_at),
        ] {
            moves.extend(now.filter(|_| changed(field)).map(|now| (transition, now)));
        }
        let ended = |field: &str| was.get(field).is_some_and(|was| !was.is_null());
        if base.completed_at.or(base.canceled_at).is_none() && (ended("completedAt") || ended("canceledAt")) {
            moves.push((Transition::Reopened, at));
        }
        let moved = STATE.into_iter().any(changed);
        if moves.is_empty() && moved {
            moves.push((Transition::Moved, at));
        }
        let mut changes = Self { moves, ..Self::default() };
        let others = was.iter().filter(|(field, _)| changed(field) && !NOISE.contains(&field.as_str()));
        for (field, old) in others.filter(|(field, _)| !STATE.contains(&field.as_str())).take(MAX_CHANGES) {
            let name = text::cut(field, MAX_OLD_CHARS).to_owned();
            changes.from.insert(name.clone(), shortened(old));
            changes.names.push(name);
        }
        changes
    }

    /// The names for people: `assignee, labels`.
    pub(super) fn words(&self) -> String {
        let word = |name: &String| match (name.strip_suffix("Ids"), name.strip_suffix("Id")) {
            (Some(many), _) => format!("{many}s"),
            (None, Some(one)) => one.to_owned(),
            (None, None) => name.clone(),
        };
        self.names.iter().map(word).collect::<Vec<_>>().join(", ")
    }
}

fn shortened(value: &Value) -> Value {
    match value {
        Value::String(text) => text::cut(text, MAX_OLD_CHARS).into(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(was: Value, mut is: Value) -> Changes {
        is["id"] = "1".into();
        let base: Base = serde_json::from_value(is.clone()).unwrap();
        let (Value::Object(was), Value::Object(is)) = (was, is) else { panic!() };
        Changes::read(&was, &is, &base, "2026-01-01T12:00:00Z".parse().unwrap())
    }

    fn moves(was: Value, is: Value) -> Vec<(Transition, String)> {
        read(was, is).moves.into_iter().map(|(what, at)| (what, at.to_string())).collect()
    }

    #[test]
    fn a_move_is_told_by_the_field_that_times_it() {
        let done = "2026-01-01T11:59:59Z";
        assert_eq!(
            moves(json!({"stateId": "a", "completedAt": null}), json!({"stateId": "b", "completedAt": done})),
            [(Transition::Completed, done.to_owned())]
        );
        let now = "2026-01-01T12:00:00Z".to_owned();
        assert_eq!(
            moves(json!({"stateId": "a", "completedAt": done}), json!({"stateId": "b"})),
            [(Transition::Reopened, now.clone())]
        );
        assert_eq!(
            moves(json!({"canceledAt": done, "completedAt": null}), json!({"canceledAt": null, "completedAt": done})),
            [(Transition::Completed, done.to_owned())]
        );
        assert_eq!(
            moves(json!({"statusId": "a"}), json!({"statusId": "b", "startedAt": done})),
            [(Transition::Moved, now)]
        );
        assert_eq!(moves(json!({"stateId": "a", "startedAt": null}), json!({"stateId": "a"})), []);
    }

    #[test]
    fn what_did_not_change_or_says_nothing_is_left_out() {
        let was = json!({"updatedAt": "x", "archivedAt": null, "dueDate": null, "sortOrder": 1, "title": "a", "labelIds": []});
        let is = json!({"title": "a", "dueDate": "2026-01-02", "sortOrder": 2, "labelIds": ["l"]});
        let changes = read(was, is);
        assert_eq!(changes.names, ["dueDate", "labelIds"]);
        assert_eq!(changes.words(), "dueDate, labels");
        assert_eq!(Value::Object(changes.from), json!({"dueDate": null, "labelIds": []}));
        assert_eq!(changes.moves, []);
    }

    #[test]
    fn old_texts_are_cut() {
        let changes = read(json!({"description": "é".repeat(999)}), json!({}));
        assert_eq!(changes.from["description"].as_str().unwrap().chars().count(), MAX_OLD_CHARS);
        assert_eq!(changes.words(), "description");
    }
}
