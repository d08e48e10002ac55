//! Faults on request.

use std::time::Duration;

use connector_simulator::{Injection, sentry::Fault};

use super::Stage;
use crate::client::Reply;

async fn meet(fault: impl Into<Injection<Fault>>) -> (Stage, Reply) {
    let stage = Stage::filled(6).await;
    stage.sentry.inject(fault);
    let reply = stage.issues("query=&limit=3").await;
    assert_eq!(stage.issues("query=").await.status, 200, "the next one is fine again");
    (stage, reply)
}

#[tokio::test]
async fn both_limits_come_without_retry_after() {
    let (stage, reply) = meet(Fault::RateLimited { reset_in: Duration::from_secs(90) }).await;
    let reset = (stage.world.now().as_second() + 90).to_string();
    assert_eq!((reply.status, reply.header("retry-after")), (429, None));
    assert_eq!(reply.header("x-sentry-rate-limit-reset"), Some(reset.as_str()));
    assert_eq!(reply.header("x-sentry-rate-limit-remaining"), Some("0"));
    let (_, reply) = meet(Fault::TooManyAtOnce).await;
    assert_eq!((reply.status, reply.header("retry-after")), (429, None));
    assert_eq!(reply.header("x-sentry-rate-limit-concurrentremaining"), Some("0"));
    assert_ne!(reply.header("x-sentry-rate-limit-remaining"), Some("0"));
    assert!(reply.json()["detail"].as_str().unwrap().contains("allowed concurrency"));
}

#[tokio::test]
async fn refusals_have_their_status_and_detail() {
    for (fault, status, detail) in [
        (Fault::BadCursor, 400, "Invalid cursor parameter."),
        (Fault::Unauthorized, 401, "Invalid token"),
        (Fault::Forbidden, 403, "You do not have permission to perform this action."),
        (Fault::NotFound, 404, "The requested resource does not exist"),
        (Fault::ServerError(500), 500, "Internal Error"),
    ] {
        let (_, reply) = meet(fault).await;
        assert_eq!((reply.status, reply.json()["detail"].as_str()), (status, Some(detail)));
    }
    for (fault, status) in [(Fault::ServerError(502), 502), (Fault::HtmlPage, 200)] {
        let (_, reply) = meet(fault).await;
        assert_eq!((reply.status, reply.header("content-type")), (status, Some("text/html; charset=utf-8")));
    }
}

#[tokio::test]
async fn a_body_can_be_cut_off_broken_or_spoilt() {
    let stage = Stage::filled(6).await;
    let list = "/api/0/organizations/acme/issues/?query=";
    stage.sentry.inject(Fault::Truncated);
    assert!(stage.http.send(hyper::Method::GET, list, &[("authorization", "Bearer x")]).await.is_err());
    stage.sentry.inject(Fault::Malformed);
    assert!(serde_json::from_slice::<serde_json::Value>(&stage.http.get(list).await.body).is_err());
    stage.sentry.inject(Fault::BadItem(2));
    let items = stage.http.get(list).await.items();
    assert_eq!(items.len(), 6);
    assert!(items[1]["id"].is_string() && items[2]["id"].is_object());
}

#[tokio::test]
async fn a_link_can_lead_astray_or_be_missing() {
    let elsewhere = r#"<http://attacker.example/?cursor=0:3:0>; rel="next"; results="true"; cursor="?""#;
    let (_, reply) = meet(Fault::Link(elsewhere.to_owned())).await;
    assert_eq!((reply.items().len(), reply.header("link")), (3, Some(elsewhere)));
    let (_, reply) = meet(Fault::Link(String::new())).await;
    assert_eq!((reply.items().len(), reply.header("link")), (3, None));
    let (_, reply) = meet(Fault::Redirect { status: 302, location: "http://attacker.example/".to_owned() }).await;
    assert_eq!((reply.status, reply.header("location")), (302, Some("http://attacker.example/")));
}

#[tokio::test(start_paused = true)]
async fn an_answer_can_be_slow_and_a_fault_waits_for_its_request() {
    let stage = Stage::filled(1).await;
    stage.sentry.inject(Fault::Slow(Duration::from_secs(40)).on("/api/0/organizations/acme/issues/").nth(2));
    let before = tokio::time::Instant::now();
    stage.events("").await;
    stage.issues("").await;
    assert!(before.elapsed() < Duration::from_secs(40));
    assert_eq!(stage.issues("").await.status, 200);
    assert!(before.elapsed() >= Duration::from_secs(40));
}
