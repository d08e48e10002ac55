//! Vercel's transform on data that nobody of this project wrote: signed deliveries, webhooks, lists, and what an earlier
//! system of this kind made of the same webhooks. `docs/parity.md` lists the differences.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use connector_domain::backfill::{EntityType, Window};
use connector_domain::connection::ResourceRef;
use connector_domain::http::{HttpResponse, WebhookRequest};
use connector_domain::{ProviderKind, ResourceId, Timestamp};
use connector_providers::{Provider, Rejection, Route, Scope, provider};
use serde_json::{Value, json};

use crate::support::{account, events, files, listed, now, outcomes, outside, secret, webhook};
use crate::vectors::fields;

fn vercel() -> &'static dyn Provider {
    provider(ProviderKind::Vercel).unwrap()
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn of(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// The files of a folder whose names end so.
fn ending(folder: &Path, end: &str) -> Vec<PathBuf> {
    files(folder).into_iter().filter(|path| of(path).ends_with(end)).collect()
}

#[test]
fn real_deliveries_verify_byte_for_byte() {
    let Some(root) = outside() else { return };
    let real = ending(&root.join("corpus/vercel/webhooks"), ".raw.json");
    assert!(!real.is_empty());
    for path in real {
        let raw = fs::read(&path).unwrap();
        let note = read(&path.with_file_name(of(&path).replace(".raw.", ".signature.")));
        let (key, mac) = (note["secret"].as_str().unwrap(), note["x-vercel-signature"].as_str().unwrap());
        let verify = |body: Vec<u8>, key: &str| {
            let headers = [("x-vercel-signature", mac)].into_iter().collect();
            vercel().verify(WebhookRequest { headers, body }, &[secret(key)], now())
        };
        let delivery = verify(raw.clone(), key).unwrap();
        assert_eq!(delivery.raw, raw);
        assert!(matches!(vercel().route(&delivery), Route::Account { resource: Some(_), .. }), "{}", of(&path));
        assert_eq!(outcomes(&vercel().transform(&delivery)), ["deployment.created"], "{}", of(&path));

        let compact = serde_json::to_vec(&serde_json::from_slice::<Value>(&raw).unwrap()).unwrap();
        assert_eq!(verify(compact, key).unwrap_err(), Rejection::WrongSignature);
        assert_eq!(verify(raw, &format!("{key}x")).unwrap_err(), Rejection::WrongSignature);
    }
}

#[test]
fn every_webhook_has_an_outcome() {
    let Some(root) = outside() else { return };
    let mut table: BTreeMap<String, usize> = BTreeMap::new();
    for path in files(&root.join("corpus/vercel/webhooks")).iter().filter(|path| !of(path).contains(".signature.")) {
        let file = read(path);
        let body = if file["headers"].is_object() { &file["body"] } else { &file };
        let delivery = webhook(ProviderKind::Vercel, "any", &serde_json::to_vec(body).unwrap());
        assert!(matches!(vercel().route(&delivery), Route::Account { resource: Some(_), .. }), "{}", of(path));
        for outcome in outcomes(&vercel().transform(&delivery)) {
            *table.entry(outcome).or_default() += 1;
        }
    }
    println!("\nwebhooks: {table:?}");
    assert!(table.len() >= 3 && table.keys().all(|outcome| outcome.starts_with("deployment.")));
}

#[test]
fn every_list_has_an_outcome() {
    let Some(root) = outside() else { return };
    let resource = ResourceRef { id: ResourceId::parse("<id>").unwrap(), name: "docs".into() };
    let ever = Window { since: Timestamp::UNIX_EPOCH, until: now() };
    let mut table: BTreeMap<(String, String), usize> = BTreeMap::new();
    let paths = files(&root.join("corpus/vercel/api"));
    assert!(paths.len() > 50);
    for path in &paths {
        let body = fs::read(path).unwrap();
        for entity in vercel().entity_types().iter().copied() {
            let page = listed(ProviderKind::Vercel, resource.clone(), entity, ever, &body);
            let outcomes = outcomes(&vercel().transform(&page));
            let scope = Scope { account: &account(), resource: &resource, entity, window: ever, page_size: 100 };
            let headers = std::iter::empty::<(&str, &str)>().collect();
            let response = HttpResponse { status: 200, headers, body: body.clone() };
            let is_page = vercel().read_page(&scope, None, &response, now()).is_ok();
            let list_of_deployments = entity == EntityType::Deployment && read(path)["deployments"].is_array();
            assert!(!list_of_deployments || is_page, "{}", of(path));
            for outcome in outcomes.into_iter().filter(|_| list_of_deployments) {
                *table.entry((of(path).to_owned(), outcome)).or_default() += 1;
            }
        }
    }
    println!("\nlists:");
    for ((path, outcome), count) in &table {
        println!("{count:>5}  {path:<34} {outcome}");
    }
    assert!(table.keys().any(|(_, outcome)| outcome == "deployment.ready"));
    assert!(!table.keys().any(|(_, outcome)| outcome.starts_with("quarantined")));
}

/// Same as before.
const EQUAL: &str = "equal";

/// A vector, as its payload tells it.
struct Told<'a> {
    event: &'a str,
    body: &'a Value,
    deployment: &'a Value,
    meta: &'a Value,
}

impl<'a> Told<'a> {
    fn of(vector: &'a Value) -> Self {
        let body = &vector["payload"];
        let deployment = &body["payload"]["deployment"];
        Self { event: vector["event"].as_str().unwrap(), body, deployment, meta: &deployment["meta"] }
    }

    fn transition(&self) -> &'a str {
        self.event.strip_prefix("deployment.").unwrap()
    }

    fn rolled_back(&self) -> bool {
        self.transition() == "rollback"
    }

    fn source_id(&self) -> String {
        let (id, transition) = (self.deployment["id"].as_str().unwrap(), self.transition());
        let at = Timestamp::from_millisecond(self.body["createdAt"].as_i64().unwrap()).unwrap();
        let at = Timestamp::from_second(at.as_second()).unwrap();
        let again = if matches!(transition, "promoted" | "rollback") { format!("@{at}") } else { String::new() };
        format!("vercel:deployment:{id}:{transition}{again}")
    }

    fn label(&self) -> Option<&str> {
        match self.transition() {
            "promoted" => Some("Deployment Promoted"),
            "rollback" => Some("Rollback Started"),
            _ => None,
        }
    }
}

/// The names of the allowed differences in a field; `None` when it is not allowed.
fn differences(field: &str, was: &Value, is: &Value, told: &Told<'_>) -> Option<BTreeSet<&'static str>> {
    let named = |right: bool, name: &'static str| right.then(|| BTreeSet::from([name]));
    match field {
        "sourceId" => named(is.as_str() == Some(&told.source_id()), "identity per transition"),
        "actor" => {
            let login = &told.meta["githubCommitAuthorLogin"];
            match told.transition() {
                "canceled" | "promoted" | "rollback" => {
                    named(is.is_null(), "nobody is credited who need not have acted")
                }
                _ => named(login.is_string() && is["id"] == *login && is["name"] == was["name"], "the actor by login"),
            }
        }
        "title" => title(was.as_str()?, is.as_str()?, told),
        "body" => {
            let new = was.as_str()?.replacen("> Deployment", &format!("> {}", told.label()?), 1);
            let new = if told.rolled_back() { new.lines().next()?.to_owned() } else { new };
            named(is.as_str() == Some(&new), "promotions and rollbacks have a name of their own")
        }
        "references" if told.rolled_back() => {
            let expected = json!([
                { "type": "deployment", "id": told.deployment["id"], "label": "restores" },
                { "type": "project", "id": told.body["payload"]["project"]["id"] },
            ]);
            named(*is == expected, "a rollback is told by its ids")
        }
        _ => metadata(field.strip_prefix("metadata.")?, was, is, told),
    }
}

fn title(was: &str, is: &str, told: &Told<'_>) -> Option<BTreeSet<&'static str>> {
    let mut names = BTreeSet::new();
    let name = told.deployment["name"].as_str()?;
    let (label, subject) = was.strip_prefix('[')?.split_once("] ")?;
    let (old_name, branch) = subject.split_once(" from ")?;
    if old_name != name {
        names.insert("the deployment's own name");
    }
    let own = told.label();
    names.extend(own.map(|_| "promotions and rollbacks have a name of their own"));
    let label = own.unwrap_or(label);
    let new = if told.rolled_back() {
        format!("[{label}] {name} to {}", told.deployment["id"].as_str()?)
    } else if branch == "unknown" && told.meta["githubCommitRef"].is_null() {
        names.insert("no placeholders");
        format!("[{label}] {name}")
    } else {
        format!("[{label}] {name} from {branch}")
    };
    (new == is).then_some(names)
}

fn metadata(name: &str, was: &Value, is: &Value, told: &Told<'_>) -> Option<BTreeSet<&'static str>> {
    let payload = &told.body["payload"];
    let right = match name {
        "webhookId" if is.is_null() && *was == told.body["id"] => "the delivery is named once",
        "environment" if told.rolled_back() && is == "production" => "a rollback is told by its ids",
        "environment" => {
            let target =
                payload.get("target").map(|target| if target.is_null() { json!("preview") } else { target.clone() });
            (*is == target.unwrap_or_default()).then_some("the environment is the target")?
        }
        "projectName" if *is == told.deployment["name"] => "the deployment's own name",
        "branch" if is.is_null() && was == "unknown" => "no placeholders",
        "inspectorUrl" if was.is_null() && *is == payload["links"]["deployment"] => "more is told",
        "userId" if was.is_null() && *is == payload["user"]["id"] => "more is told",
        _ if told.rolled_back() && is.is_null() => "a rollback is told by its ids",
        _ => return None,
    };
    Some(BTreeSet::from([right]))
}

#[test]
fn every_difference_has_a_name() {
    let Some(root) = outside() else { return };
    let mut table: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut unexpected = Vec::new();
    let paths = [files(&root.join("vectors/vercel")), files(&root.join("vectors/synthetic/vercel"))].concat();
    assert!(paths.len() > 20);
    for path in &paths {
        let vector = read(path);
        let told = Told::of(&vector);
        let transformed = vercel().transform(&webhook(
            ProviderKind::Vercel,
            told.event,
            &serde_json::to_vec(&vector["payload"]).unwrap(),
        ));
        let name = format!("{}/{}", told.event, of(path));
        let mut whole = |name: &str| *table.entry(("(whole)".into(), name.into())).or_default() += 1;
        let [new] = events(&transformed)[..] else {
            match &outcomes(&transformed)[..] {
                [outcome] if vector["expected"].is_null() && outcome.starts_with("quarantined") => {
                    whole("kept aside, where the original failed");
                }
                [outcome] if told.transition() == "check-rerequested" && outcome == "ignored event_not_captured" => {
                    whole("a check asked for again is not captured");
                }
                other => unexpected.push(format!("{name}: {other:?} where the original captured")),
            }
            continue;
        };
        let (was, is) = (fields(&vector["expected"]), fields(&serde_json::to_value(new).unwrap()));
        let all: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
        for field in all {
            let (was, is) = (was.get(field).unwrap_or(&Value::Null), is.get(field).unwrap_or(&Value::Null));
            let same = was == is || field == "occurredAt" && moment(was) == moment(is);
            let verdict = if same { Some([EQUAL].into()) } else { differences(field, was, is, &told) };
            match verdict {
                Some(names) => {
                    for name in names {
                        *table.entry((field.clone(), name.into())).or_default() += 1;
                    }
                }
                None => unexpected.push(format!("{name}: {field}\n  was {was}\n  is  {is}")),
            }
        }
    }
    println!("\n{} vectors", paths.len());
    for ((field, verdict), count) in &table {
        println!("{count:>5}  {field:<26} {verdict}");
    }
    println!("{:>5}  unexpected", unexpected.len());
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n"));
}

fn moment(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}
