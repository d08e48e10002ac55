//! Fixtures by convention, so that a new provider is tested as soon as its folder is filled:
//! `webhooks/{event}.{case}.json`, `pages/{entity}.json` and, for other steps of a walk, `pages/{entity}.{step}.json`.
//! `pairs.json` names what both paths tell, and the fields that one of them does not know; `paging.json` where pages lead.

use std::fs;
use std::path::{Path, PathBuf};

use connector_domain::backfill::{EntityType, Window};
use connector_domain::connection::ResourceRef;
use connector_domain::delivery::Origin;
use connector_domain::lifecycle::LifecycleAction;
use connector_domain::transformed::{Item, Transformed};
use connector_domain::{
    AccountId, Delivery, ProviderKind, ResourceId, RunId, Secret, SourceEvent, Timestamp, Verified,
};
use connector_providers::Provider;
use serde_json::{Value, json};

/// A webhook body with the name of its event.
pub(crate) struct Webhook {
    pub(crate) event: String,
    pub(crate) case: String,
    pub(crate) body: Vec<u8>,
}

pub(crate) fn fixtures(kind: ProviderKind) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(kind.as_str())
}

pub(crate) fn webhooks(kind: ProviderKind) -> Vec<Webhook> {
    let mut all: Vec<Webhook> = fs::read_dir(fixtures(kind).join("webhooks"))
        .expect("every provider has webhook fixtures")
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let (event, case) = name.split_once('.').expect("{event}.{case}.json");
            Webhook { event: event.into(), case: case.into(), body: fs::read(&path).unwrap() }
        })
        .collect();
    all.sort_by(|a, b| (&a.event, &a.case).cmp(&(&b.event, &b.case)));
    assert!(!all.is_empty());
    all
}

pub(crate) fn page(kind: ProviderKind, name: &str) -> Vec<u8> {
    fs::read(fixtures(kind).join("pages").join(format!("{name}.json"))).unwrap()
}

/// The names of all pages.
pub(crate) fn pages(kind: ProviderKind) -> Vec<String> {
    let files = files(&fixtures(kind).join("pages"));
    files.iter().map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

/// A table of the fixtures folder.
pub(crate) fn table(kind: ProviderKind, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(fixtures(kind).join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

pub(crate) fn now() -> Timestamp {
    "2026-02-01T00:00:00Z".parse().unwrap()
}

/// January 2026, which the fixtures are about.
pub(crate) fn window() -> Window {
    Window { since: "2026-01-01T00:00:00Z".parse().unwrap(), until: now() }
}

/// The account that has connected it.
pub(crate) fn account() -> AccountId {
    AccountId::parse("5001").unwrap()
}

/// The resource that the fixtures are about.
pub(crate) fn resource() -> ResourceRef {
    ResourceRef { id: ResourceId::parse("7001").unwrap(), name: "acme/shop".into() }
}

pub(crate) fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

pub(crate) fn webhook(kind: ProviderKind, event: &str, body: &[u8]) -> Delivery<Verified> {
    let id = Some("0aac0a4e-bbaa-11ed-9d55-67911e83930e".to_owned());
    Delivery::webhook(kind, event.into(), id, body.into(), now()).verify(|_| Ok::<(), ()>(())).unwrap()
}

pub(crate) fn listed(
    kind: ProviderKind,
    resource: ResourceRef,
    entity: EntityType,
    window: Window,
    body: &[u8],
) -> Delivery<Verified> {
    let origin = Origin::Page { run: RunId::parse("run").unwrap(), resource, entity, page: 0, window, hold: false };
    Delivery::page(kind, origin, body.into(), now())
}

pub(crate) fn transform_page(provider: &dyn Provider, entity: EntityType, body: &[u8]) -> Transformed {
    provider.transform(&listed(provider.kind(), resource(), entity, window(), body))
}

/// The items of a page, wherever its provider puts them.
pub(crate) fn items(page: &mut Value) -> Option<&mut Vec<Value>> {
    match page {
        Value::Array(items) => Some(items),
        Value::Object(fields) => fields.values_mut().find_map(items),
        _ => None,
    }
}

/// The facts of a transform.
pub(crate) fn events(transformed: &Transformed) -> Vec<&SourceEvent> {
    let Transformed::Items(items) = transformed else { return Vec::new() };
    items
        .iter()
        .filter_map(|item| match item {
            Item::Event(event) | Item::History { event, .. } => Some(&**event),
            Item::Deleted(_) | Item::Ignored(_) | Item::Quarantined(_) => None,
        })
        .collect()
}

/// The facts of a transform under the identities that webhooks give them, where these are known.
pub(crate) fn live(transformed: Transformed) -> Vec<SourceEvent> {
    let Transformed::Items(items) = transformed else { return Vec::new() };
    items
        .into_iter()
        .filter_map(|item| match item {
            Item::Event(event) => Some(*event),
            Item::History { event, live } => Some(SourceEvent { source_id: live?, ..*event }),
            Item::Deleted(_) | Item::Ignored(_) | Item::Quarantined(_) => None,
        })
        .collect()
}

/// A transform's outcome, to look at.
pub(crate) fn shown(transformed: &Transformed) -> Value {
    match transformed {
        Transformed::Ignored(reason) => json!({ "ignored": reason.as_str() }),
        Transformed::Lifecycle(change) => {
            let resources = match &change.action {
                LifecycleAction::ResourcesAdded(all) | LifecycleAction::ResourcesRemoved(all) => json!(all),
                LifecycleAction::AccountRenamed { name, owner_was } => json!([{ "owner": name, "was": owner_was }]),
                LifecycleAction::ResourceRenamed(resource) => json!([resource]),
                LifecycleAction::ResourceGone { resource, reason } => json!([{ "id": resource, "reason": reason }]),
                _ => json!([]),
            };
            json!({ "lifecycle": change.action.name(), "account": change.account, "resources": resources, "at": change.at })
        }
        Transformed::Items(items) => items
            .iter()
            .map(|item| match item {
                Item::Event(event) => serde_json::to_value(event).unwrap(),
                Item::History { event, live } => json!({ "history": event, "live": live }),
                Item::Deleted(gone) => json!({ "deleted": gone.subject, "at": gone.at }),
                Item::Ignored(reason) => json!({ "ignored": reason.as_str() }),
                Item::Quarantined(error) => json!({ "quarantined": error.path, "reason": error.reason }),
            })
            .collect(),
    }
}

/// The outcome in one word or two, to count.
pub(crate) fn outcomes(transformed: &Transformed) -> Vec<String> {
    match transformed {
        Transformed::Ignored(reason) => vec![format!("ignored {reason}")],
        Transformed::Lifecycle(change) => vec![format!("lifecycle {}", change.action.name())],
        Transformed::Items(items) => items
            .iter()
            .map(|item| match item {
                Item::Event(event) | Item::History { event, .. } => event.source_type.to_string(),
                Item::Deleted(_) => "deleted".to_owned(),
                Item::Ignored(reason) => format!("ignored {reason}"),
                Item::Quarantined(error) => format!("quarantined {}: {}", error.path, error.reason),
            })
            .collect(),
    }
}

/// The folder of outside data: `CONNECTORS_CORPUS`, or `shared` beside the workspace. `None` when it is not there.
pub(crate) fn outside() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "where the data is depends on the machine")]
    let named = std::env::var_os("CONNECTORS_CORPUS").map(PathBuf::from);
    let root = named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    if root.join("corpus").is_dir() {
        return Some(root);
    }
    println!("no outside data at {}: skipped (set CONNECTORS_CORPUS)", root.display());
    None
}

/// A file of JSON.
pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The JSON files below a folder, in order.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|end| end == "json" || end == "jsonl") {
                all.push(path);
            }
        }
    }
    all.sort();
    all
}
