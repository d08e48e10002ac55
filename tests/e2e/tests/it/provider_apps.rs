//! What the provider apps are registered with is what the code reads and captures, at the addresses that are deployed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use connector_domain::ProviderKind;
use connector_providers::{github, linear, sentry, vercel};
use connectors::stack::Template;
use serde_json::{Value, json};

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/provider-apps")
}

fn app(provider: ProviderKind) -> Value {
    serde_json::from_str(&fs::read_to_string(folder().join(format!("{provider}.json"))).unwrap()).unwrap()
}

/// The texts of a list, each of which may stand there once.
fn set(list: &Value) -> BTreeSet<&str> {
    let texts: Vec<_> = list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    let set: BTreeSet<_> = texts.iter().copied().collect();
    assert_eq!(set.len(), texts.len(), "{list}");
    set
}

fn of(texts: &[&'static str]) -> BTreeSet<&'static str> {
    texts.iter().copied().collect()
}

#[test]
fn github() {
    let app = app(ProviderKind::Github);
    let wanted: serde_json::Map<_, _> =
        github::app::PERMISSIONS.iter().map(|(name, _)| ((*name).to_owned(), json!("read"))).collect();
    assert_eq!(app["default_permissions"], Value::Object(wanted), "to read and nothing else");
    assert_eq!(set(&app["default_events"]), github::app::events().collect());
    assert_eq!(app["request_oauth_on_install"], true, "or nobody proves that an installation is theirs");
}

#[test]
fn linear() {
    let app = app(ProviderKind::Linear);
    assert_eq!(set(&app["webhook"]["resourceTypes"]), of(linear::app::EVENTS));
    assert_eq!(linear::app::SCOPE, "read");
}

#[test]
fn sentry() {
    let app = app(ProviderKind::Sentry);
    assert_eq!(set(&app["events"]), of(sentry::app::EVENTS));
    assert_eq!(set(&app["scopes"]), of(sentry::app::SCOPES));
    assert!(sentry::app::SCOPES.iter().all(|scope| scope.ends_with(":read")));
    assert_eq!(app["isAlertable"], true, "or no alert can be sent to it");
}

#[test]
fn vercel() {
    let app = app(ProviderKind::Vercel);
    assert_eq!(set(&app["events"]), of(vercel::app::EVENTS));
    let wanted: serde_json::Map<_, _> =
        vercel::app::SCOPES.iter().map(|(name, access)| ((*name).to_owned(), json!(access))).collect();
    assert_eq!(app["scopes"], Value::Object(wanted));
}

#[test]
fn every_address_is_a_route() {
    let routes: BTreeSet<_> = Template::embedded()
        .unwrap()
        .routes
        .into_iter()
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    for provider in ProviderKind::ALL {
        let mut urls = BTreeSet::new();
        addresses(&app(provider), &mut urls);
        urls.remove("https://HOST");
        let expected = [format!("https://HOST/oauth/{provider}/callback"), format!("https://HOST/webhooks/{provider}")];
        assert_eq!(urls, expected.into(), "{provider}");
        assert!(routes.contains(&format!("GET /oauth/{provider}/callback")));
        assert!(routes.contains(&format!("POST /webhooks/{provider}")));
    }
    let registered = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let registered = registered.filter(|path| path.extension().is_some_and(|kind| kind == "json")).count();
    assert_eq!(registered, ProviderKind::ALL.len());
}

/// Every text that is an address, wherever it stands.
fn addresses(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.starts_with("https://") => drop(found.insert(text.clone())),
        Value::Array(all) => all.iter().for_each(|value| addresses(value, found)),
        Value::Object(all) => all.values().for_each(|value| addresses(value, found)),
        _ => {}
    }
}
