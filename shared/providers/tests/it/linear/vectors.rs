//! Compares Linear's transform with what an earlier system of this kind made of the same webhooks.
//!
//! Every difference is one of a few named ones, each checked for what it must be instead. `docs/parity.md` lists them.

use std::collections::BTreeSet;

use connector_domain::transformed::Transformed;
use connector_domain::{ProviderKind, SourceEvent, SourceType, Timestamp};
use serde_json::{Map, Value, json};

use crate::parity::{Names, Rules, Whole, compare};

const MOVE: &str = "a move is a fact of its own";
const UNDEFINED: &str = "no undefined";
const NOT_SENT: &str = "what Linear does not send is not told";
const NAMES: &str = "names as Linear sends them";
const CHANGED: &str = "what changed is told";
const MOMENT: &str = "the same moment, written in UTC";

/// Fields whose change says nothing, or that a move says better.
#[rustfmt::skip]
const SILENT: [&str; 16] = [
    "updatedAt", "sortOrder", "boardOrder", "prioritySortOrder", "subIssueSortOrder", "editedAt", "startedAt",
    "completedAt", "canceledAt", "stateId", "statusId", "state", "issueCountHistory", "completedIssueCountHistory",
    "scopeHistory", "uncompletedIssuesUponCloseIds",
];

/// What happened, as the payload itself tells it.
struct Told<'a> {
    event: &'a str,
    action: &'a str,
    payload: &'a Value,
    data: &'a Value,
    kind: SourceType,
    at: Timestamp,
}

impl<'a> Told<'a> {
    fn of(event: &'a str, payload: &'a Value, new: &SourceEvent) -> Self {
        let action = payload["action"].as_str().unwrap();
        Self { event, action, payload, data: &payload["data"], kind: new.source_type, at: new.occurred_at }
    }

    fn text(&self, field: &str) -> Option<&'a str> {
        self.data[field].as_str()
    }

    /// The last part of the type: created, updated, completed, ...
    fn transition(&self) -> &'static str {
        match self.kind.name().rsplit('.').next().unwrap() {
            "state-changed" | "status-changed" => "moved",
            word => word,
        }
    }

    fn moved(&self) -> bool {
        self.action == "update" && self.transition() != "updated"
    }

    fn source_id(&self) -> String {
        let entity = self.kind.name().split('.').next().unwrap();
        let word = self.transition();
        let minute = || Timestamp::from_second(self.at.as_second() / 60 * 60).unwrap();
        let at = match word {
            "created" => String::new(),
            "updated" => format!("@{:.3}", self.at),
            "deleted" if !matches!(entity, "issue" | "project") => String::new(),
            _ => format!("@{}", minute()),
        };
        format!("linear:{entity}:{}:{word}{at}", self.data["id"].as_str().unwrap())
    }

    /// When it happened.
    fn happened(&self) -> Timestamp {
        let field = match self.transition() {
            "created" => "createdAt",
            "started" => "startedAt",
            "completed" => "completedAt",
            "canceled" => "canceledAt",
            "deleted" => return moment(&self.payload["createdAt"]),
            _ => "updatedAt",
        };
        if self.data[field].is_null() { moment(&self.payload["createdAt"]) } else { moment(&self.data[field]) }
    }

    /// `TEAM-7`.
    fn key(&self) -> Option<String> {
        let thing = if self.event == "Issue" { self.data } else { &self.data["issue"] };
        if let Some(key) = thing["identifier"].as_str() {
            return Some(key.to_owned());
        }
        if self.event == "Issue" {
            return Some(format!("{}-{}", thing["team"]["key"].as_str()?, thing["number"]));
        }
        let (_, rest) = self.payload["url"].as_str()?.split_once("/issue/")?;
        rest.split('/').next().map(str::to_owned)
    }

    /// The fields that somebody changed.
    fn changed(&self) -> Vec<&'a String> {
        let Some(was) = self.payload["updatedFrom"].as_object() else { return Vec::new() };
        let fields = was.iter().filter(|(field, was)| **was != self.data[field.as_str()]);
        fields.map(|(field, _)| field).filter(|field| !SILENT.contains(&field.as_str())).collect()
    }

    fn title(&self) -> String {
        let text = |text: &str| {
            let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
            if line.chars().count() > 60 { format!("{}...", line.chars().take(60).collect::<String>()) } else { line }
        };
        let body = || text(self.text("body").unwrap_or_default());
        let prefix = |name: Option<String>| name.map(|name| format!("{name}: ")).unwrap_or_default();
        let subject = match self.event {
            "Issue" => {
                let title: String = self.text("title").unwrap().chars().take(80).collect();
                format!("{}{title}", prefix(self.key()))
            }
            "Comment" => format!("{}{}", prefix(self.key()), body()),
            "Project" => format!("Project: {}", self.text("name").unwrap()),
            "ProjectUpdate" => format!("{}: {}", self.data["project"]["name"].as_str().unwrap(), body()),
            _ => self.cycle_name(),
        };
        format!("[{}] {subject}", self.kind.label())
    }

    fn cycle_name(&self) -> String {
        self.text("name").map_or_else(|| format!("Cycle {}", self.data["number"]), str::to_owned)
    }

    /// The old body, its lines changed by rule.
    fn body(&self, was: &str) -> (String, BTreeSet<&'static str>) {
        let mut names = BTreeSet::new();
        let mut lines = Vec::new();
        for line in was.lines() {
            let (label, value) = line.split_once(':').unwrap_or((line, ""));
            let (label, value) = (label, value.trim());
            let person = match label {
                "Assignee" => &self.data["assignee"],
                "Lead" => &self.data["lead"],
                _ => &Value::Null,
            };
            if label == "On issue" && value.starts_with("undefined - ") {
                names.insert(UNDEFINED);
                lines.push(format!("On issue: {}", value.trim_start_matches("undefined - ")));
            } else if value == "undefined" || person["displayName"].as_str().is_some_and(|shown| shown == value) {
                names.insert(NAMES);
                lines.push(format!("{label}: {}", person["name"].as_str().unwrap()));
            } else if matches!(label, "Progress" | "Scope" | "Teams") || (self.event == "Cycle" && label == "Team") {
                names.insert(NOT_SENT);
            } else if line.starts_with("Health:  ") {
                names.insert("one space");
                lines.push(format!("Health: {value}"));
            } else {
                lines.push(line.to_owned());
            }
        }
        if !self.moved() && self.action == "update" && self.payload["updatedFrom"].is_object() {
            names.insert(CHANGED);
            let words =
                self.changed().into_iter().map(|field| match (field.strip_suffix("Ids"), field.strip_suffix("Id")) {
                    (Some(many), _) => format!("{many}s"),
                    (_, Some(one)) => one.to_owned(),
                    _ => field.clone(),
                });
            lines.push(format!("Changed: {}", words.collect::<Vec<_>>().join(", ")));
        }
        (lines.join("\n"), names)
    }

    fn actor(&self) -> Value {
        let author = if self.event == "Issue" || self.event == "Project" { "creator" } else { "user" };
        let user = match &self.payload["actor"] {
            Value::Null if self.action == "create" => &self.data[author],
            actor => actor,
        };
        let mut actor = Map::new();
        for field in ["id", "name", "email", "avatarUrl"] {
            if user[field].as_str().is_some_and(|value| !value.is_empty()) {
                actor.insert(field.to_owned(), user[field].clone());
            }
        }
        if actor.is_empty() { Value::Null } else { Value::Object(actor) }
    }

    fn references(&self) -> Vec<Value> {
        let data = self.data;
        let url = if data["url"].is_null() { &self.payload["url"] } else { &data["url"] };
        let mut all = Vec::new();
        let mut add = |kind: &str, id: &Value, label: &Value, url: &Value| {
            if id.as_str().is_some_and(|id| !id.is_empty()) {
                let fields = [("type", &json!(kind)), ("id", id), ("label", label), ("url", url)];
                let fields =
                    fields.into_iter().filter(|(_, value)| value.as_str().is_some_and(|text| !text.is_empty()));
                all.push(fields.map(|(name, value)| (name.to_owned(), value.clone())).collect());
            }
        };
        let none = &Value::Null;
        match self.event {
            "Issue" => {
                add("issue", &json!(self.key()), none, url);
                add("team", &data["team"]["id"], &data["team"]["name"], none);
                add("project", &data["project"]["id"], &data["project"]["name"], &data["project"]["url"]);
                let cycle = &data["cycle"];
                let named = cycle["name"].as_str().map(str::to_owned);
                let name = named.or_else(|| cycle["number"].is_number().then(|| format!("Cycle {}", cycle["number"])));
                let id = if cycle["id"].is_null() { &data["cycleId"] } else { &cycle["id"] };
                add("cycle", id, &json!(name), none);
                let assignee = &data["assignee"];
                let id = if assignee["id"].is_null() { &data["assigneeId"] } else { &assignee["id"] };
                add("assignee", id, &assignee["name"], none);
                for label in data["labels"].as_array().into_iter().flatten() {
                    add("label", &label["id"], &label["name"], none);
                }
            }
            "Comment" => {
                let issue = &data["issue"];
                let id = if issue["id"].is_null() { &data["issueId"] } else { &issue["id"] };
                let key = self.key().map_or_else(|| id.clone(), Value::from);
                add("issue", &key, none, &issue["url"]);
            }
            "Project" => {
                add("project", &data["id"], &data["name"], url);
                let lead = if data["lead"]["id"].is_null() { &data["leadId"] } else { &data["lead"]["id"] };
                add("assignee", lead, &json!("lead"), none);
                for team in data["teamIds"].as_array().into_iter().flatten() {
                    add("team", team, none, none);
                }
                for team in data["teams"].as_array().into_iter().flatten() {
                    add("team", &team["id"], none, none);
                }
            }
            "ProjectUpdate" => {
                add("project", &data["project"]["id"], &data["project"]["name"], &data["project"]["url"]);
            }
            _ => {
                add("cycle", &data["id"], &json!(self.cycle_name()), url);
                let team = if data["team"]["id"].is_null() { &data["teamId"] } else { &data["team"]["id"] };
                add("team", team, none, none);
            }
        }
        all
    }
}

fn moment(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

/// The names of the allowed differences in a field; `None` when it is not allowed.
fn differences(field: &str, was: &Value, is: &Value, told: &Told<'_>) -> Names {
    let name = match field {
        "sourceType" => told.moved().then_some(MOVE),
        "sourceId" => {
            (*is == told.source_id()).then_some("identity by immutable ids, with its time where it can repeat")
        }
        "occurredAt" => match moment(is) {
            at if at != told.happened() => None,
            at if at == moment(was) => Some(MOMENT),
            _ => Some("the transition's own time"),
        },
        "title" => {
            let (was, is) = (was.as_str()?, is.as_str()?);
            if is != told.title() {
                None
            } else if told.moved() {
                Some(MOVE)
            } else if was.contains("undefined") {
                Some(UNDEFINED)
            } else if told.event == "Cycle" {
                Some(NOT_SENT)
            } else {
                Some("one line, and dots where something is cut")
            }
        }
        "body" => {
            let (expected, names) = told.body(was.as_str()?);
            return (is.as_str()? == expected).then_some(names);
        }
        "actor" => (*is == told.actor()).then_some("the actor is who acted"),
        "references" => (is.as_array()? == &told.references()).then_some("references by ids, with names beside them"),
        _ => metadata(field.strip_prefix("metadata.")?, was, is, told),
    };
    name.map(|name| BTreeSet::from([name]))
}

fn metadata(name: &str, was: &Value, is: &Value, told: &Told<'_>) -> Option<&'static str> {
    let key = told.key();
    match name {
        "identifier" | "issueIdentifier" => (is.as_str() == key.as_deref() && was.is_null()).then_some(UNDEFINED),
        "changed" => (*is == json!(told.changed())).then_some(CHANGED),
        "updatedFrom" => {
            let changed = told.changed().into_iter();
            let before = &told.payload["updatedFrom"];
            let expected: Map<_, _> = changed.map(|field| (field.clone(), before[field].clone())).collect();
            let right = if told.moved() { is.is_null() } else { *is == Value::Object(expected) };
            right.then_some("of the old values those that changed")
        }
        "creatorId" => {
            (*is == told.data["creatorId"] || *is == told.data["creator"]["id"]).then_some("the author is told")
        }
        "startedAt" | "completedAt" | "canceledAt" if is.is_null() => {
            (moment(was) > told.at).then_some("what came later is not told")
        }
        "startedAt" | "completedAt" | "canceledAt" => (moment(is) == moment(&told.data[name])).then_some(MOMENT),
        "assigneeName" => (*is == told.data["assignee"]["name"]).then_some(NAMES),
        "leadName" => (*is == told.data["lead"]["name"]).then_some(NAMES),
        "assigneeId" | "cycleId" | "projectId" | "leadId" | "issueId" | "parentCommentId" => {
            let id = if name == "parentCommentId" { "parentId" } else { name };
            (was.is_null() && *is == told.data[id]).then_some("ids that stand alone are told")
        }
        "cycleName" if told.event == "Cycle" => {
            (*is == told.cycle_name()).then_some("a cycle without a name has its number")
        }
        "cycleName" => {
            let numbered = format!("Cycle {}", told.data["cycle"]["number"]);
            (was.is_null() && *is == numbered).then_some("a cycle without a name has its number")
        }
        "branchName" | "progress" | "scope" | "memberIds" | "teamKey" | "teamName" => is.is_null().then_some(NOT_SENT),
        _ => None,
    }
}

struct Linear;

impl Rules for Linear {
    const PROVIDER: ProviderKind = ProviderKind::Linear;
    const VECTORS: usize = 55;
    type Told<'a> = Told<'a>;

    fn whole(vector: &Value, facts: &[&SourceEvent], transformed: &Transformed) -> Whole {
        let known = ["create", "update", "remove"].contains(&vector["payload"]["action"].as_str().unwrap());
        match (facts, transformed) {
            ([], Transformed::Ignored(_)) if !known => Whole::Differs("an action that Linear does not have"),
            ([], _) => Whole::Unexpected,
            _ if vector["expected"].is_null() => Whole::Differs("it failed before"),
            ([_], _) => Whole::Same,
            // A body may tell of moves beside the change that it was taken for before.
            _ => Whole::Several("it tells several facts"),
        }
    }

    fn told<'a>(vector: &'a Value, fact: &SourceEvent) -> Told<'a> {
        Told::of(Self::event(vector), &vector["payload"], fact)
    }

    fn differences(field: &str, was: &Value, is: &Value, told: &Told<'_>) -> Names {
        differences(field, was, is, told)
    }
}

#[test]
fn every_difference_has_a_name() {
    compare::<Linear>();
}
