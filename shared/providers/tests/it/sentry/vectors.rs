//! Compares Sentry's transform with what an earlier system of this kind made of the same webhooks.

use connector_domain::transformed::Transformed;
use connector_domain::{ProviderKind, SourceEvent, Timestamp};
use serde_json::{Map, Value, json};

use crate::parity::{Names, Rules, Whole, compare, moment};
use crate::support::{now, outcomes};

/// A vector, as its payload tells it.
struct Told<'a> {
    event: &'a str,
    action: &'a str,
    payload: &'a Value,
    thing: &'a Value,
}

impl<'a> Told<'a> {
    fn of(vector: &'a Value) -> Self {
        let payload = &vector["payload"];
        let event = vector["event"].as_str().unwrap().split('.').next().unwrap();
        let subject = if matches!(event, "error" | "event_alert") { "event" } else { event };
        Self { event, action: payload["action"].as_str().unwrap(), payload, thing: &payload["data"][subject] }
    }

    /// Sentry's own name today.
    fn transition(&self) -> &'a str {
        if self.action == "ignored" { "archived" } else { self.action }
    }

    fn id(&self) -> &str {
        let field = if self.thing["id"].is_string() { "id" } else { "event_id" };
        self.thing[field].as_str().unwrap()
    }

    /// The transition's own time, or the nearest that is told.
    fn at(&self) -> Timestamp {
        let told = |field: &str| moment(&self.thing[field]);
        let at = match (self.event, self.action) {
            ("issue", "created") => told("firstSeen"),
            ("issue", "resolved") => told("lastSeen"),
            ("metric_alert", "resolved") => told("date_closed"),
            ("metric_alert", _) => told("date_detected"),
            ("error" | "event_alert", _) => told("timestamp"),
            _ => None,
        };
        at.map_or_else(now, |at| Timestamp::from_second(at.as_second()).unwrap())
    }

    fn is_source_id(&self, id: &str) -> bool {
        let (thing, transition) = (self.id(), self.transition());
        let seen = moment(&self.thing["lastSeen"]).map(|at| at.to_string());
        match self.event {
            "issue" if transition == "created" => id == format!("sentry:issue:{thing}:created"),
            "issue" => id == format!("sentry:issue:{thing}:{transition}@{}", seen.unwrap()),
            "error" => id == format!("sentry:error:{}:{thing}:created", self.thing["project"]),
            "event_alert" => id.starts_with(&format!("sentry:event_alert:{thing}:triggered@")),
            _ => id.starts_with(&format!("sentry:metric_alert:{thing}:{transition}")),
        }
    }
}

/// The name of the allowed difference in a field; `None` when it is not allowed.
fn difference(field: &str, was: &Value, is: &Value, told: &Told<'_>) -> Option<&'static str> {
    let named = |right: bool, name: &'static str| right.then_some(name);
    match field {
        "sourceId" => named(told.is_source_id(is.as_str()?), "identity by immutable ids"),
        "sourceType" => {
            let own = format!("{}.{}", told.event, told.transition());
            named(is.as_str()? == own, "the type tells the transition")
        }
        "title" => title(was.as_str()?, is.as_str()?, told),
        "body" => body(was.as_str()?, is.as_str()?, told),
        "actor" => named(is.is_null() && told.payload["actor"].is_null(), "nobody who was hit is named"),
        "occurredAt" => named(moment(is) == Some(told.at()), "the transition's own time"),
        "references" => references(was.as_array()?, is.as_array()?, told),
        _ => metadata(field.strip_prefix("metadata.")?, was, is, told),
    }
}

fn title(was: &str, is: &str, told: &Told<'_>) -> Option<&'static str> {
    let (old, subject) = was.strip_prefix('[')?.split_once("] ")?;
    let (label, new) = is.strip_prefix('[')?.split_once("] ")?;
    match told.event {
        "issue" if label != old => (subject == new && label == "Issue Archived").then_some("ignored is archived"),
        "metric_alert" => (subject == new && label == format!("Metric Alert {}", capital(told.action)))
            .then_some("the title tells the degree"),
        "event_alert" => {
            let (rule, kind) = subject.split_once(": ")?;
            let rule = rule.split_whitespace().collect::<Vec<_>>().join(" ");
            (new.starts_with(&format!("{rule}: {kind}"))).then_some("the title tells what the alert is about")
        }
        _ => (subject.strip_prefix("Error: ") == Some(new)).then_some("no made-up type of error"),
    }
}

fn capital(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}

/// The lines of a text: the new ones must be old ones, or told by the payload; the others must be of these kinds.
fn body(was: &str, is: &str, told: &Told<'_>) -> Option<&'static str> {
    let (old, new): (Vec<&str>, Vec<&str>) = (was.lines().collect(), is.lines().collect());
    let dropped = |kinds: &[&str]| {
        let gone = old.iter().filter(|line| !new.contains(line));
        gone.into_iter().all(|line| kinds.iter().any(|kind| line.starts_with(kind) || line.ends_with(kind)))
    };
    let added: Vec<_> = new.iter().filter(|line| !old.contains(line)).collect();
    match told.event {
        "issue" => (added.is_empty() && dropped(&["Occurrences: ", "Users affected: "]))
            .then_some("counts are in metadata, where a list leaves them out"),
        "metric_alert" => {
            let description = told.payload["data"]["description_text"].as_str();
            let words = added.iter().all(|line| Some(**line) == description);
            (words && dropped(&["undefined", "undefined minutes"]))
                .then_some("no made-up lines, and what the alert says")
        }
        _ => {
            let place = format!("Location: {}", told.thing["location"].as_str()?);
            let value = told.thing["metadata"]["value"].as_str()?;
            let stack = if told.thing["exception"].is_object() { "ValueError at b.py:2 in g" } else { value };
            (added.iter().all(|line| **line == place) && dropped(&[value, stack, "KeyError: k"]))
                .then_some("an event's text is what its list tells, too; the stack is in metadata")
        }
    }
}

fn references(was: &[Value], is: &[Value], told: &Told<'_>) -> Option<&'static str> {
    let mut expected = Vec::new();
    for old in was {
        let mut new: Map<String, Value> = old.as_object()?.clone();
        let kind = old["type"].as_str()?;
        // An organization named "_", and a commit said to be on GitHub, were made up.
        if matches!(kind, "project" | "commit") {
            new.remove("url");
        }
        expected.push(Value::Object(new));
        if kind == "issue" {
            expected.push(json!({ "type": "issue", "id": told.id(), "url": old["url"] }));
        }
    }
    (expected == is).then_some("the issue by its id, too, and no made-up addresses")
}

fn metadata(name: &str, was: &Value, is: &Value, told: &Told<'_>) -> Option<&'static str> {
    let thing = told.thing;
    let same_number = is.as_str().is_some_and(|id| id.parse::<Value>().ok().as_ref() == Some(was));
    let right = match name {
        "projectId" | "alertRuleId" if same_number => "ids are text",
        "firstSeen" | "lastSeen" if moment(was).is_some() && moment(was) == moment(is) => "moments are written alike",
        "errorType" | "errorValue" | "culprit" if was == "" && is.is_null() => "what is blank is absent",
        "dateClosed" if was.is_null() && is.is_null() => "what is blank is absent",
        "action" if *was == told.action && *is == told.transition() => "ignored is archived",
        "tags" if is.is_null() => "tags are not taken as a whole: some tell who was hit",
        "occurredAtIsEarliest" if *is == true && told.action == "resolved" => "a time that is not exact says so",
        "standIn" if *is == serde_json::json!(["occurredAt"]) => "a time that is not exact says so",
        "stack" if was.is_null() => "an event's text is what its list tells, too; the stack is in metadata",
        "projectId" if was.is_null() && *is == thing["project"]["id"] => "more is told",
        "alertId" if was.is_null() => "more is told",
        "location" | "culprit" | "level" | "environment" | "release" if was.is_null() && *is == thing[name] => {
            "more is told"
        }
        "filename" | "function" if was.is_null() && *is == thing["metadata"][name] => "more is told",
        "sdkName" if was.is_null() && *is == thing["sdk"]["name"] => "more is told",
        "sdkVersion" if was.is_null() && *is == thing["sdk"]["version"] => "more is told",
        _ => return None,
    };
    Some(right)
}

struct Sentry;

impl Rules for Sentry {
    const PROVIDER: ProviderKind = ProviderKind::Sentry;
    const VECTORS: usize = 25;
    type Told<'a> = Told<'a>;

    fn event(vector: &Value) -> &str {
        vector["event"].as_str().unwrap().split('.').next().unwrap()
    }

    fn whole(vector: &Value, facts: &[&SourceEvent], transformed: &Transformed) -> Whole {
        match (facts, &outcomes(transformed)[..]) {
            ([_], _) if vector["expected"].is_null() => Whole::Differs("captured, where the original failed"),
            ([_], _) => Whole::Same,
            ([], [one]) if one == "ignored action_not_captured:triggered" => {
                Whole::Differs("no metric alert is triggered")
            }
            _ => Whole::Unexpected,
        }
    }

    fn told<'a>(vector: &'a Value, _: &SourceEvent) -> Told<'a> {
        Told::of(vector)
    }

    fn differences(field: &str, was: &Value, is: &Value, told: &Told<'_>) -> Names {
        difference(field, was, is, told).map(|name| [name].into())
    }
}

#[test]
fn every_difference_has_a_name() {
    compare::<Sentry>();
}
