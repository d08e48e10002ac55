//! Payloads that nobody of this project wrote: whatever they hold, the answer is an outcome.

use std::collections::BTreeMap;
use std::fs;

use connector_domain::ProviderKind;
use connector_domain::backfill::EntityType;
use connector_domain::http::HttpResponse;
use connector_providers::linear::Linear;
use connector_providers::{BackfillSource, Provider, Route, Scope, WebhookSource};
use serde_json::{Value, json};

use crate::support::{files, now, outcomes, outside, resource, transform_page, webhook, window};

fn print(title: &str, table: &BTreeMap<(String, String), usize>) {
    println!("\n{title}");
    for ((source, outcome), count) in table {
        println!("{count:>5}  {source:<24} {outcome}");
    }
}

#[test]
fn every_webhook_has_an_outcome() {
    let Some(root) = outside() else { return };
    let mut table = BTreeMap::new();
    let paths = files(&root.join("corpus/linear/webhooks"));
    assert!(paths.len() > 40);
    for path in &paths {
        let value: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let body = if value["body"].is_object() { &value["body"] } else { &value };
        let event = body["type"].as_str().unwrap();
        let delivery = webhook(ProviderKind::Linear, event, &serde_json::to_vec(body).unwrap());
        let routed = match Linear.route(&delivery) {
            Route::Account { resource: Some(_), .. } => "of a team",
            Route::Account { resource: None, .. } => "of an organisation",
            Route::Nowhere(_) => "of nobody",
            Route::Unreadable(error) => panic!("{}: {error:?}", path.display()),
        };
        for outcome in outcomes(&Linear.transform(&delivery)) {
            assert!(!outcome.starts_with("quarantined"), "{}: {outcome}", path.display());
            *table.entry((format!("{event} {routed}"), outcome)).or_default() += 1;
        }
    }
    print(&format!("{} webhooks", paths.len()), &table);
}

/// Recorded through Linear's SDK, which hides the ids of related things under names of its own.
#[test]
fn a_recorded_list_is_a_page() {
    let Some(root) = outside() else { return };
    let list: Value =
        serde_json::from_slice(&fs::read(root.join("corpus/linear/api/heartbeat/LinearCards.json")).unwrap()).unwrap();
    let body = serde_json::to_vec(&json!({ "data": { "issues": list } })).unwrap();
    let scope = Scope {
        account: &crate::support::account(),
        resource: &resource(),
        entity: EntityType::Issue,
        window: window(),
        page_size: 50,
    };
    let response = HttpResponse { status: 200, headers: [("x", "")].into_iter().collect(), body };
    let meta = Linear.read_page(&scope, None, &response, now()).unwrap();
    assert_eq!((meta.items, meta.next), (list["nodes"].as_array().unwrap().len() as u64, None));
    let mut table = BTreeMap::new();
    for outcome in outcomes(&transform_page(&Linear, EntityType::Issue, &response.body)) {
        *table.entry(("issue".to_owned(), outcome)).or_default() += 1;
    }
    print(&format!("a list of {} issues", meta.items), &table);
    assert!(table.values().sum::<usize>() as u64 >= meta.items);
    assert!(table.keys().all(|(_, outcome)| outcome == "ignored outside_window"), "it is of 2021");
}
