//! How fast webhooks are verified, routed and transformed, and how fast a page is taken apart.
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may stop, and criterion makes undocumented items")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use connector_domain::backfill::{EntityType, Window};
use connector_domain::connection::ResourceRef;
use connector_domain::delivery::Origin;
use connector_domain::http::{Headers, HttpResponse, WebhookRequest};
use connector_domain::{AccountId, Delivery, ProviderKind, ResourceId, RunId, Secret, Timestamp, Verified};
use connector_providers::{Scope, all};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::Value;

fn fixtures(kind: ProviderKind, folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(kind.as_str()).join(folder)
}

/// The cases of each event.
fn cases(kind: ProviderKind) -> BTreeMap<String, Vec<Vec<u8>>> {
    let mut all = BTreeMap::<_, Vec<_>>::new();
    for entry in std::fs::read_dir(fixtures(kind, "webhooks")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().split('.').next().unwrap().to_owned();
        all.entry(name).or_default().push(std::fs::read(&path).unwrap());
    }
    all
}

/// When the fixtures were sent.
fn now() -> Timestamp {
    "2026-02-01T00:00:00Z".parse().unwrap()
}

/// Events and bytes a second: all cases of an event, under the older of two secrets.
fn webhooks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("webhook");
    let secrets = [Secret::new("current").unwrap(), Secret::new("previous").unwrap()];
    for provider in all() {
        for (event, bodies) in cases(provider.kind()) {
            let bytes = bodies.iter().map(|body| body.len() as u64).sum();
            group.throughput(Throughput::ElementsAndBytes { elements: bodies.len() as u64, bytes });
            let signed: Vec<_> = bodies
                .into_iter()
                .map(|body| (provider.sign(&event, "delivery", &body, &secrets[1], now()), body))
                .collect();
            group.bench_function(BenchmarkId::new(provider.kind().as_str(), &event), |bencher| {
                bencher.iter(|| {
                    for (headers, body) in &signed {
                        let request = WebhookRequest { headers: headers.clone(), body: body.clone() };
                        let delivery = provider.verify(request, &secrets, now()).unwrap();
                        black_box((provider.route(&delivery), provider.transform(&delivery)));
                    }
                });
            });
        }
    }
}

/// The items of a page, wherever its provider puts them.
fn items(page: &mut Value) -> Option<&mut Vec<Value>> {
    match page {
        Value::Array(items) => Some(items),
        Value::Object(fields) => fields.values_mut().find_map(items),
        _ => None,
    }
}

/// Items and bytes a second: a page of a hundred, read for its next one and transformed.
fn pages(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("page");
    let resource = ResourceRef { id: ResourceId::parse("7001").unwrap(), name: "acme/shop".into() };
    let account = AccountId::parse("5001").unwrap();
    let window = Window { since: Timestamp::UNIX_EPOCH, until: Timestamp::MAX };
    for provider in all() {
        for entity in provider.entity_types().iter().copied() {
            let file = fixtures(provider.kind(), "pages").join(format!("{entity}.json"));
            let mut page: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
            // A page can also be one thing and no list.
            if let Some(items) = items(&mut page) {
                *items = items.iter().cycle().take(100).cloned().collect();
            }
            let body = serde_json::to_vec(&page).unwrap();
            let response = HttpResponse { status: 200, headers: Headers::default(), body: body.clone() };
            let scope = Scope { account: &account, resource: &resource, entity, window, page_size: 100 };
            // A list that begins by asking for something else reads no page without a cursor.
            if provider.read_page(&scope, None, &response, now()).is_err() {
                continue;
            }
            let read = || provider.read_page(&scope, None, &response, now()).unwrap();
            let delivery = listed(provider.kind(), resource.clone(), entity, window, &body);
            group.throughput(Throughput::ElementsAndBytes { elements: read().items, bytes: body.len() as u64 });
            group.bench_function(BenchmarkId::new(provider.kind().as_str(), entity.as_str()), |bencher| {
                bencher.iter(|| black_box((read(), provider.transform(&delivery))));
            });
        }
    }
}

fn listed(
    kind: ProviderKind,
    resource: ResourceRef,
    entity: EntityType,
    window: Window,
    body: &[u8],
) -> Delivery<Verified> {
    let origin = Origin::Page { run: RunId::parse("run").unwrap(), resource, entity, page: 0, window, hold: false };
    Delivery::page(kind, origin, body.into(), now())
}

criterion_group!(benches, webhooks, pages);
criterion_main!(benches);
