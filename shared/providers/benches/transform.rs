//! How fast a webhook is verified, routed and transformed, and how fast a page is taken apart.
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may stop, and criterion makes undocumented items")]

use std::hint::black_box;
use std::path::Path;

use connector_domain::backfill::{EntityType, Window};
use connector_domain::connection::ResourceRef;
use connector_domain::delivery::Origin;
use connector_domain::http::WebhookRequest;
use connector_domain::{Delivery, ProviderKind, ResourceId, RunId, Secret, Timestamp};
use connector_providers::all;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::Value;

fn fixtures(kind: ProviderKind, folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(kind.as_str()).join(folder);
    let mut all: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap())
        })
        .collect();
    all.sort();
    all
}

/// Bytes a second; events a second are the reciprocal of the time shown.
fn webhooks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("webhook");
    let secrets = [Secret::new("current").unwrap(), Secret::new("previous").unwrap()];
    let now = Timestamp::UNIX_EPOCH;
    for provider in all() {
        for (name, body) in fixtures(provider.kind(), "webhooks") {
            let event = name.split('.').next().unwrap();
            let headers = provider.sign(event, "delivery", &body, &secrets[1], now);
            group.throughput(Throughput::Bytes(body.len() as u64));
            group.bench_function(BenchmarkId::new(provider.kind().as_str(), &name), |bencher| {
                bencher.iter(|| {
                    let request = WebhookRequest { headers: headers.clone(), body: body.clone() };
                    let delivery = provider.verify(request, &secrets, now).unwrap();
                    black_box((provider.route(&delivery), provider.transform(&delivery)))
                });
            });
        }
    }
}

/// Items a second, over a page of a hundred.
fn pages(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("page");
    let resource = ResourceRef { id: ResourceId::parse("7001").unwrap(), name: "acme/shop".into() };
    let window = Window { since: Timestamp::UNIX_EPOCH, until: Timestamp::MAX };
    for provider in all() {
        for (entity, page) in fixtures(provider.kind(), "pages") {
            let items: Vec<Value> = serde_json::from_slice(&page).unwrap();
            let hundred: Vec<&Value> = items.iter().cycle().take(100).collect();
            let origin = Origin::Page {
                run: RunId::parse("run").unwrap(),
                resource: resource.clone(),
                entity: entity.parse::<EntityType>().unwrap(),
                page: 0,
                window,
            };
            let raw = serde_json::to_vec(&hundred).unwrap();
            let delivery = Delivery::page(provider.kind(), origin, raw, Timestamp::UNIX_EPOCH);
            group.throughput(Throughput::Elements(100));
            group.bench_function(BenchmarkId::new(provider.kind().as_str(), &entity), |bencher| {
                bencher.iter(|| black_box(provider.transform(&delivery)));
            });
        }
    }
}

criterion_group!(benches, webhooks, pages);
criterion_main!(benches);
