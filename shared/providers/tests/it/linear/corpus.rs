//! Payloads that nobody of this project wrote: whatever they hold, the answer is an outcome.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use connector_domain::ProviderKind;
use connector_domain::backfill::EntityType;
use connector_domain::http::HttpResponse;
use connector_providers::linear::Linear;
use connector_providers::{BackfillSource, Scope};
use serde_json::{Value, json};

use crate::parity::every_webhook;
use crate::support::{now, outcomes, outside, resource, transform_page, window};

fn print(title: &str, table: &BTreeMap<(String, String), usize>) {
    println!("\n{title}");
    for ((source, outcome), count) in table {
        println!("{count:>5}  {source:<24} {outcome}");
    }
}

#[test]
fn every_webhook_has_an_outcome() {
    let event = |_: &Path, file: &Value| {
        let told = file["type"].as_str().or(file["body"]["type"].as_str());
        told.map(str::to_owned)
    };
    every_webhook(ProviderKind::Linear, event, &[]);
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
