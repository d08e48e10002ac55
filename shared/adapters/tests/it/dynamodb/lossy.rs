//! A DynamoDB whose answers get lost: the write is done, the SDK is told nothing of it and writes again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use connector_domain::ports::{DeliveryStore, PutDelivery};
use connector_testkit::builders::delivery;
use connector_testkit::contract;

use crate::support::dynamo::{stores_at, url};

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    None,
    Request,
    Answer,
}

/// Passes calls on, except as `loss` says for the operation and the number of the call.
async fn proxy(loss: impl Fn(&str, &[u8], u64) -> Loss + Clone + Send + Sync + 'static) -> String {
    let client = reqwest::Client::new();
    let count = Arc::new(AtomicU64::new(0));
    let handle = async move |headers: HeaderMap, body: Bytes| {
        let operation = headers["x-amz-target"].to_str().unwrap().rsplit('.').next().unwrap().to_owned();
        let loss = loss(&operation, &body, count.fetch_add(1, Ordering::Relaxed));
        if loss == Loss::Request {
            return (StatusCode::SERVICE_UNAVAILABLE, HeaderMap::new(), Bytes::new());
        }
        let answer = client.post(url()).headers(headers).body(body).send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.unwrap();
        match loss {
            Loss::Answer => (StatusCode::INTERNAL_SERVER_ERROR, HeaderMap::new(), Bytes::new()),
            Loss::None | Loss::Request => (status, headers, body),
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(handle).layer(axum::extract::DefaultBodyLimit::disable());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// Of three calls one is done and not acknowledged; of seven one is not done at all.
async fn flaky() -> connector_adapters::dynamodb::Stores {
    let url = proxy(|_, _, n| match (n % 3, n % 7) {
        (0, _) => Loss::Answer,
        (_, 0) => Loss::Request,
        _ => Loss::None,
    })
    .await;
    stores_at(&url, 50)
}

#[tokio::test]
async fn deliveries_keep_their_contract() {
    contract::deliveries(&flaky().await.deliveries(Duration::from_secs(86_400))).await;
}

#[tokio::test]
async fn observations_keep_their_contract() {
    contract::observations(&flaky().await.observations()).await;
}

#[tokio::test]
async fn connections_keep_their_contract() {
    contract::connections(&flaky().await.connections()).await;
}

#[tokio::test]
async fn backfills_keep_their_contract() {
    contract::backfills(&flaky().await.backfills()).await;
}

#[tokio::test]
async fn a_write_that_stops_half_way_leaves_no_row() {
    // Pieces get through, the row does not.
    let url = proxy(|operation, body, _| {
        let head = body.windows(6).any(|bytes| bytes == b"\"HEAD\"");
        if operation == "PutItem" && head { Loss::Request } else { Loss::None }
    })
    .await;
    let noise: Vec<u8> = (0..200_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    let record = delivery("github#half", &[]);
    let retention = Duration::from_secs(86_400);
    assert!(stores_at(&url, 1).deliveries(retention).put_if_absent(&record, &noise).await.is_err());
    let store = stores_at(crate::support::dynamo::url(), 1).deliveries(retention);
    assert_eq!(store.load(&record.id).await.unwrap(), None);
    assert_eq!(store.put_if_absent(&record, &noise).await.unwrap(), PutDelivery::Stored);
    assert_eq!(store.load(&record.id).await.unwrap(), Some((record, noise)));
}
