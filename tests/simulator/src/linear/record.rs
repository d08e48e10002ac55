//! What Linear holds: records of fields, by Linear's own names.
//!
//! A record holds what its table at Linear would: values, and the ids of others in fields that end with `Id` or
//! `Ids`. API, filters and webhooks all read these, so that none of them can know something else.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value};

/// Values by field.
pub(crate) type Fields = Map<String, Value>;

/// The kinds of records, by their names in the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Organization,
    User,
    Team,
    WorkflowState,
    ProjectStatus,
    IssueLabel,
    Issue,
    IssueHistory,
    IssueStateSpan,
    Comment,
    Reaction,
    Project,
    ProjectUpdate,
    Cycle,
    Initiative,
    InitiativeUpdate,
    Document,
}

const KINDS: [(Kind, &str); 17] = [
    (Kind::Organization, "Organization"),
    (Kind::User, "User"),
    (Kind::Team, "Team"),
    (Kind::WorkflowState, "WorkflowState"),
    (Kind::ProjectStatus, "ProjectStatus"),
    (Kind::IssueLabel, "IssueLabel"),
    (Kind::Issue, "Issue"),
    (Kind::IssueHistory, "IssueHistory"),
    (Kind::IssueStateSpan, "IssueStateSpan"),
    (Kind::Comment, "Comment"),
    (Kind::Reaction, "Reaction"),
    (Kind::Project, "Project"),
    (Kind::ProjectUpdate, "ProjectUpdate"),
    (Kind::Cycle, "Cycle"),
    (Kind::Initiative, "Initiative"),
    (Kind::InitiativeUpdate, "InitiativeUpdate"),
    (Kind::Document, "Document"),
];

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        KINDS.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        KINDS.iter().find(|(_, held)| *held == name).map(|(kind, _)| *kind)
    }
}

/// One record.
#[derive(Clone)]
pub(crate) struct Record {
    pub(crate) kind: Kind,
    pub(crate) fields: Fields,
}

impl Record {
    pub(crate) fn id(&self) -> &str {
        self.text("id")
    }

    /// A field's text; empty where it has none.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// A field's value; null where it has none.
    pub(crate) fn value(&self, field: &str) -> &Value {
        self.fields.get(field).unwrap_or(&Value::Null)
    }

    /// The ids in a field.
    pub(crate) fn ids(&self, field: &str) -> impl Iterator<Item = &str> {
        self.value(field).as_array().into_iter().flatten().filter_map(Value::as_str)
    }
}

/// All records of an organisation.
#[derive(Default)]
pub(crate) struct Store {
    records: BTreeMap<String, Record>,
    kinds: BTreeMap<Kind, BTreeSet<String>>,
    /// Who points where: the ids of the records of a kind that hold this id in this field.
    pointing: BTreeMap<(Kind, String, String), BTreeSet<String>>,
}

impl Store {
    pub(crate) fn get(&self, id: &str) -> Option<&Record> {
        self.records.get(id)
    }

    /// The records of one kind.
    pub(crate) fn of(&self, kind: Kind) -> impl Iterator<Item = &Record> {
        self.kinds.get(&kind).into_iter().flatten().filter_map(|id| self.get(id))
    }

    /// The records of a kind that hold `id` in a field.
    pub(crate) fn pointing(&self, kind: Kind, field: &str, id: &str) -> impl Iterator<Item = &Record> {
        let key = (kind, field.to_owned(), id.to_owned());
        self.pointing.get(&key).into_iter().flatten().filter_map(|id| self.get(id))
    }

    pub(crate) fn insert(&mut self, record: Record) {
        let id = record.id().to_owned();
        for (field, value) in &record.fields {
            self.point(record.kind, field, value, &id);
        }
        self.kinds.entry(record.kind).or_default().insert(id.clone());
        self.records.insert(id, record);
    }

    /// Sets fields and answers what stood in those that are different now: null where nothing did.
    pub(crate) fn set(&mut self, id: &str, fields: Fields) -> Fields {
        let mut was = Fields::new();
        for (field, value) in fields {
            let Some(record) = self.records.get_mut(id) else { return was };
            if *record.value(&field) == value {
                continue;
            }
            let (kind, old) = (record.kind, record.fields.insert(field.clone(), value.clone()).unwrap_or_default());
            self.unpoint(kind, &field, &old, id);
            self.point(kind, &field, &value, id);
            was.insert(field, old);
        }
        was
    }

    pub(crate) fn remove(&mut self, id: &str) {
        let Some(record) = self.records.remove(id) else { return };
        for (field, value) in &record.fields {
            self.unpoint(record.kind, field, value, id);
        }
        if let Some(ids) = self.kinds.get_mut(&record.kind) {
            ids.remove(id);
        }
    }

    fn point(&mut self, kind: Kind, field: &str, value: &Value, id: &str) {
        for target in pointers(field, value) {
            self.pointing.entry((kind, field.to_owned(), target.to_owned())).or_default().insert(id.to_owned());
        }
    }

    fn unpoint(&mut self, kind: Kind, field: &str, value: &Value, id: &str) {
        for target in pointers(field, value) {
            if let Some(ids) = self.pointing.get_mut(&(kind, field.to_owned(), target.to_owned())) {
                ids.remove(id);
            }
        }
    }
}

/// The ids in a field that names other records.
fn pointers<'a>(field: &str, value: &'a Value) -> impl Iterator<Item = &'a str> {
    let (one, many) = match value {
        Value::String(id) if field.ends_with("Id") => (Some(id.as_str()), None),
        Value::Array(ids) if field.ends_with("Ids") => (None, Some(ids)),
        _ => (None, None),
    };
    one.into_iter().chain(many.into_iter().flatten().filter_map(Value::as_str))
}

/// A moment as Linear writes it, to the millisecond. Written so, moments compare as texts.
pub(crate) fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(id: &str, fields: Value) -> Record {
        let Value::Object(mut fields) = fields else { unreachable!() };
        fields.insert("id".to_owned(), id.into());
        Record { kind: Kind::Issue, fields }
    }

    #[test]
    fn a_record_is_found_by_what_it_points_to() {
        let mut store = Store::default();
        store.insert(record("1", json!({"teamId": "t", "labelIds": ["a", "b"]})));
        store.insert(record("2", json!({"teamId": "t"})));
        let found = |store: &Store, field: &str, id: &str| -> Vec<String> {
            store.pointing(Kind::Issue, field, id).map(|record| record.id().to_owned()).collect()
        };
        assert_eq!(found(&store, "teamId", "t"), ["1", "2"]);
        let was = store.set("1", record("1", json!({"labelIds": ["b", "c"], "title": "x"})).fields);
        assert_eq!(Value::Object(was), json!({"labelIds": ["a", "b"], "title": null}));
        assert!(found(&store, "labelIds", "a").is_empty());
        assert_eq!(found(&store, "labelIds", "c"), ["1"]);
        store.remove("2");
        assert_eq!(found(&store, "teamId", "t"), ["1"]);
        assert_eq!(store.of(Kind::Issue).count(), 1);
    }

    #[test]
    fn moments_have_milliseconds() {
        let at = |text: &str| stamp(text.parse().unwrap());
        assert_eq!(at("2026-01-01T10:00:00Z"), "2026-01-01T10:00:00.000Z");
        assert_eq!(at("2026-01-01T10:00:00.0349Z"), "2026-01-01T10:00:00.034Z");
    }
}
