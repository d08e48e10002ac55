//! Sentry's transform on data that nobody of this project wrote: webhooks, lists, and what an earlier system of this kind
//! made of the same webhooks. `docs/parity.md` lists the differences.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use connector_domain::backfill::{EntityType, Window};
use connector_domain::connection::ResourceRef;
use connector_domain::http::HttpResponse;
use connector_domain::{ProviderKind, ResourceId, Timestamp};
use connector_providers::{Provider, Route, Scope, provider};
use serde_json::{Map, Value, json};

use crate::support::{account, events, files, listed, now, outcomes, outside, webhook};
use crate::vectors::fields;

fn sentry() -> &'static dyn Provider {
    provider(ProviderKind::Sentry).unwrap()
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn of(path: &Path) -> &str {
    path.file_stem().unwrap().to_str().unwrap()
}

/// The resource that the header would name; `None` for what the integration platform did not send: bodies of the old
/// plugins, and a collection of answers to an installation.
fn event<'a>(path: &'a Path, file: &'a Value) -> Option<&'a str> {
    let name = of(path);
    if let Some(event) = file["headers"]["sentry-hook-resource"].as_str() {
        return event.split('.').next();
    }
    match name {
        "setup_code_exchange" => None,
        "sample_event_through_alert" => Some("event_alert"),
        _ if name.starts_with("issue_") => Some("issue"),
        _ => name.split_once('.').map(|(event, _)| event),
    }
}

#[test]
fn every_webhook_has_an_outcome() {
    let Some(root) = outside() else { return };
    let mut table: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut quarantined = Vec::new();
    let paths = files(&root.join("corpus/sentry/webhooks"));
    assert!(paths.len() > 30);
    for path in &paths {
        let file = read(path);
        let body = if file["headers"].is_object() { &file["body"] } else { &file };
        let raw = serde_json::to_vec(body).unwrap();
        let Some(event) = event(path, &file) else {
            let delivery = webhook(ProviderKind::Sentry, "issue", &raw);
            assert!(matches!(&outcomes(&sentry().transform(&delivery))[..], [one] if one.starts_with("quarantined")));
            continue;
        };
        let delivery = webhook(ProviderKind::Sentry, event, &raw);
        let routed = match sentry().route(&delivery) {
            Route::Account { resource: Some(_), .. } => "of a project",
            Route::Account { resource: None, .. } => "of an organization",
            other => panic!("{}: {other:?}", path.display()),
        };
        for outcome in outcomes(&sentry().transform(&delivery)) {
            if outcome.starts_with("quarantined") {
                quarantined.push(format!("{}: {outcome}", of(path)));
            }
            *table.entry((format!("{event} {routed}"), outcome)).or_default() += 1;
        }
    }
    println!("\n{} webhooks", paths.len());
    for ((source, outcome), count) in &table {
        println!("{count:>5}  {source:<34} {outcome}");
    }
    // Made by hand, with a slug where Sentry puts the project's id.
    assert_eq!(quarantined, ["error.created: quarantined data.error.project: not the id of a project"]);
}

#[test]
fn every_list_has_an_outcome() {
    let Some(root) = outside() else { return };
    let resource = ResourceRef { id: ResourceId::parse("1").unwrap(), name: "acme/shop".into() };
    let ever = Window { since: Timestamp::UNIX_EPOCH, until: now() };
    let mut table: BTreeMap<(String, String), usize> = BTreeMap::new();
    for path in files(&root.join("corpus/sentry/api")) {
        let body = fs::read(&path).unwrap();
        for entity in sentry().entity_types().iter().copied() {
            let scope = Scope { account: &account(), resource: &resource, entity, window: ever, page_size: 100 };
            let headers = std::iter::empty::<(&str, &str)>().collect();
            let response = HttpResponse { status: 200, headers, body: body.clone() };
            let page = sentry().read_page(&scope, None, &response, now());
            let value = read(&path);
            assert_eq!(page.ok().map(|page| page.items), value.as_array().map(|items| items.len() as u64));
            let outcomes =
                outcomes(&sentry().transform(&listed(ProviderKind::Sentry, resource.clone(), entity, ever, &body)));
            let own = match entity {
                EntityType::Issue => value[0]["shortId"].is_string(),
                _ => value[0]["eventID"].is_string(),
            };
            for outcome in outcomes.into_iter().filter(|_| own) {
                *table.entry((of(&path).to_owned(), outcome)).or_default() += 1;
            }
        }
    }
    println!("\nlists:");
    for ((path, outcome), count) in &table {
        println!("{count:>5}  {path:<76} {outcome}");
    }
    let facts = |name: &str| table.keys().filter(|(_, outcome)| outcome == name).count();
    assert_eq!((facts("issue.created"), facts("error")), (1, 2));
    // Mocks of a command line that shows five fields of an issue: without its first time, nothing is known to have happened.
    let mocks = |name: &str| name.starts_with("issues__");
    assert!(table.keys().all(|(path, outcome)| outcome.starts_with("quarantined") == mocks(path)));
}

/// Same as before.
const EQUAL: &str = "equal";

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

fn moment(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
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

#[test]
fn every_difference_has_a_name() {
    let Some(root) = outside() else { return };
    let mut table: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut unexpected = Vec::new();
    let paths = [files(&root.join("vectors/sentry")), files(&root.join("vectors/synthetic/sentry"))].concat();
    assert!(paths.len() > 20);
    for path in &paths {
        let vector = read(path);
        let told = Told::of(&vector);
        let mut delivery = webhook(ProviderKind::Sentry, told.event, &serde_json::to_vec(&vector["payload"]).unwrap());
        if let connector_domain::delivery::Origin::Webhook { transport_id, .. } = &mut delivery.origin {
            *transport_id = vector["context"]["deliveryId"].as_str().map(str::to_owned);
        }
        let transformed = sentry().transform(&delivery);
        let name = format!("{}/{}", told.event, of(path));
        let mut whole = |name: &str| *table.entry(("(whole)".into(), name.into())).or_default() += 1;
        let [new] = events(&transformed)[..] else {
            match &outcomes(&transformed)[..] {
                [outcome] if outcome == "ignored action_not_captured:triggered" => {
                    whole("no metric alert is triggered");
                }
                other => unexpected.push(format!("{name}: {other:?} where the original captured")),
            }
            continue;
        };
        if vector["expected"].is_null() {
            whole("captured, where the original failed");
            continue;
        }
        let (was, is) = (fields(&vector["expected"]), fields(&serde_json::to_value(new).unwrap()));
        let all: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
        for field in all {
            let (was, is) = (was.get(field).unwrap_or(&Value::Null), is.get(field).unwrap_or(&Value::Null));
            let verdict = if was == is { Some(EQUAL) } else { difference(field, was, is, &told) };
            match verdict {
                Some(name) => *table.entry((field.clone(), name.into())).or_default() += 1,
                None => unexpected.push(format!("{name}: {field}\n  was {was}\n  is  {is}")),
            }
        }
    }
    println!("\n{} vectors", paths.len());
    for ((field, verdict), count) in &table {
        println!("{count:>5}  {field:<30} {verdict}");
    }
    println!("{:>5}  unexpected", unexpected.len());
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n"));
}
