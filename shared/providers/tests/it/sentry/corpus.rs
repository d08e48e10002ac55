//! Sentry's transform on data that nobody of this project wrote: webhooks and lists.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use connector_domain::backfill::{EntityType, Window};
use connector_domain::connection::ResourceRef;
use connector_domain::http::HttpResponse;
use connector_domain::{ProviderKind, ResourceId, Timestamp};
use connector_providers::{Provider, Scope, provider};
use serde_json::Value;

use crate::parity::every_webhook;
use crate::support::{account, files, json, listed, now, outcomes, outside};

fn sentry() -> &'static dyn Provider {
    provider(ProviderKind::Sentry).unwrap()
}

fn of(path: &Path) -> &str {
    path.file_stem().unwrap().to_str().unwrap()
}

/// The resource that the header would name.
fn event(path: &Path, file: &Value) -> Option<String> {
    let name = of(path);
    let told = file["headers"]["sentry-hook-resource"].as_str().unwrap_or(name);
    let event = match told.split_once('.') {
        Some((event, _)) => event,
        None if name == "sample_event_through_alert" => "event_alert",
        None => "issue",
    };
    Some(event.to_owned())
}

/// Kept aside, and rightly.
const UNREADABLE: [(&str, &str); 7] = [
    ("integration-platform-example/setup_code_exchange", "answers to an installation"),
    ("trigger.dev/error.created", "made by hand, with a slug where Sentry puts the project's id"),
    ("zulip/deprecated_exception_message", OLD_PLUGIN),
    ("zulip/raven_sdk_python_event", OLD_PLUGIN),
    ("zulip/sample_event_through_plugin", OLD_PLUGIN),
    ("zulip/webhook_event_for_exception_javascript", OLD_PLUGIN),
    ("zulip/webhook_event_for_exception_python", OLD_PLUGIN),
];
const OLD_PLUGIN: &str = "a body of the plugin that the integration platform replaced";

#[test]
fn every_webhook_has_an_outcome() {
    for row in every_webhook(ProviderKind::Sentry, event, &UNREADABLE) {
        assert_ne!(row.of, "of nobody", "{}", row.file);
    }
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
            let value = json(&path);
            assert_eq!(page.ok().map(|page| page.items), value.as_array().map(|items| items.len() as u64));
            let outcomes =
                outcomes(&sentry().transform(&listed(ProviderKind::Sentry, resource.clone(), entity, ever, &body)));
            let own = match entity {
                EntityType::Issue => value[0]["shortId"].is_string(),
                EntityType::IssueEvent => value["activity"].is_array(),
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
