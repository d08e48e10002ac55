//! Vercel's transform on data that nobody of this project wrote: signed deliveries, webhooks and lists.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use connector_domain::backfill::{EntityType, Window};
use connector_domain::connection::ResourceRef;
use connector_domain::http::{HttpResponse, WebhookRequest};
use connector_domain::{ProviderKind, ResourceId, Timestamp};
use connector_providers::{Provider, Rejection, Route, Scope, provider};
use serde_json::Value;

use crate::parity::every_webhook;
use crate::support::{account, files, json, listed, now, outcomes, outside, secret};

fn vercel() -> &'static dyn Provider {
    provider(ProviderKind::Vercel).unwrap()
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
        let note = json(&path.with_file_name(of(&path).replace(".raw.", ".signature.")));
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
    let event = |path: &Path, _: &Value| (!of(path).contains(".signature.")).then(|| "any".to_owned());
    for row in every_webhook(ProviderKind::Vercel, event, &[]) {
        assert_eq!(row.of, "of a resource", "{}", row.file);
        assert!(row.outcomes.iter().all(|outcome| outcome.starts_with("deployment.")), "{}", row.file);
    }
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
            let list_of_deployments = entity == EntityType::Deployment && json(path)["deployments"].is_array();
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
