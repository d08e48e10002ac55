//! Faults on request.

use std::time::Duration;

use connector_simulator::{Injection, github::Fault};
use hyper::Method;

use crate::client::{Reply, Stage};

const LIST: &str = "/repos/acme/rocket/pulls?state=all&per_page=2";

async fn meet(fault: impl Into<Injection<Fault>>) -> (Stage, Reply) {
    let stage = Stage::filled(6, 0, 0).await;
    stage.github.inject(fault);
    let reply = stage.get(LIST).await;
    assert_eq!(stage.get(LIST).await.status, 200, "the next one is fine again");
    (stage, reply)
}

#[tokio::test]
async fn both_limits_come_as_403_and_as_429() {
    for status in [403, 429] {
        let reset_in = Duration::from_secs(120);
        let (stage, reply) = meet(Fault::PrimaryLimit { status, reset_in }).await;
        assert_eq!(reply.status, status);
        assert_eq!(reply.header("x-ratelimit-remaining"), Some("0"));
        let reset = (stage.world.now().as_second() + 120).to_string();
        assert_eq!(reply.header("x-ratelimit-reset"), Some(reset.as_str()));
        assert_eq!(reply.header("retry-after"), None);

        let (_, reply) = meet(Fault::SecondaryLimit { status, retry_after: Some(Duration::from_secs(7)) }).await;
        assert_eq!((reply.status, reply.header("retry-after")), (status, Some("7")));
        assert_ne!(reply.header("x-ratelimit-remaining"), Some("0"));
        let (_, reply) = meet(Fault::SecondaryLimit { status, retry_after: None }).await;
        assert_eq!((reply.status, reply.header("retry-after")), (status, None));
        assert!(reply.json()["message"].as_str().unwrap().contains("secondary rate limit"));
    }
}

#[tokio::test]
async fn a_missing_permission_has_no_mark_of_a_limit() {
    let (_, reply) = meet(Fault::PermissionDenied).await;
    assert_eq!((reply.status, reply.header("retry-after")), (403, None));
    assert_ne!(reply.header("x-ratelimit-remaining"), Some("0"));
    assert!(reply.header("x-accepted-github-permissions").is_some());
    assert_eq!(reply.json()["message"], "Resource not accessible by integration");
}

#[tokio::test]
async fn plain_refusals_have_their_status_and_message() {
    for (fault, status, message) in [
        (Fault::Unauthorized, 401, "Bad credentials"),
        (Fault::NotFound, 404, "Not Found"),
        (Fault::EmptyRepository, 409, "Git Repository is empty."),
        (Fault::Gone, 410, "This issue was deleted"),
        (Fault::Unavailable, 451, "Repository access blocked"),
        (Fault::ServerError(500), 500, "Server Error"),
        (Fault::ServerError(503), 503, "Service Unavailable"),
    ] {
        let (_, reply) = meet(fault).await;
        assert_eq!((reply.status, reply.json()["message"].as_str()), (status, Some(message)));
    }
}

#[tokio::test]
async fn html_comes_where_json_was_asked_for() {
    for (fault, status) in [(Fault::ServerError(502), 502), (Fault::HtmlPage, 200)] {
        let (_, reply) = meet(fault).await;
        assert_eq!((reply.status, reply.header("content-type")), (status, Some("text/html; charset=utf-8")));
        assert!(reply.body.starts_with(b"<!DOCTYPE html>"));
    }
}

#[tokio::test]
async fn a_body_can_be_cut_off_or_broken() {
    let stage = Stage::filled(6, 0, 0).await;
    stage.github.inject(Fault::Truncated);
    let cut = stage.send(Method::GET, LIST, &[]).await;
    assert!(cut.is_err(), "the connection ends before the body does");
    stage.github.inject(Fault::Malformed);
    let broken = stage.send(Method::GET, LIST, &[]).await.unwrap();
    assert_eq!(broken.status, 200);
    assert!(serde_json::from_slice::<serde_json::Value>(&broken.body).is_err());
}

#[tokio::test]
async fn one_item_can_be_spoilt_among_good_ones() {
    let (_, reply) = meet(Fault::BadItem(1)).await;
    let items = reply.items();
    assert_eq!(items.len(), 2);
    assert!(items[0]["id"].is_u64());
    assert!(items[1]["id"].is_string() && items[1]["created_at"].is_object());
}

#[tokio::test]
async fn a_link_can_lead_astray() {
    let elsewhere = r#"<http://attacker.example/steal>; rel="next""#;
    let (_, reply) = meet(Fault::Link(elsewhere.to_owned())).await;
    assert_eq!(reply.link("next").as_deref(), Some("http://attacker.example/steal"));
    assert_eq!(reply.items().len(), 2);
    let location = "http://attacker.example/".to_owned();
    let (_, reply) = meet(Fault::Redirect { status: 302, location: location.clone() }).await;
    assert_eq!((reply.status, reply.header("location")), (302, Some(location.as_str())));
}

#[tokio::test(start_paused = true)]
async fn an_answer_can_be_slow() {
    let (_, _) = meet(Fault::Slow(Duration::from_secs(40))).await;
    let stage = Stage::filled(1, 0, 0).await;
    stage.github.inject(Fault::Slow(Duration::from_secs(40)));
    let before = tokio::time::Instant::now();
    assert_eq!(stage.get(LIST).await.status, 200);
    assert!(before.elapsed() >= Duration::from_secs(40));
    stage.github.set_latency(Duration::from_millis(80));
    let before = tokio::time::Instant::now();
    stage.get(LIST).await;
    assert!(before.elapsed() >= Duration::from_millis(80));
}

#[tokio::test]
async fn a_fault_waits_for_its_request() {
    let stage = Stage::filled(10, 3, 0).await;
    stage.github.inject(Fault::ServerError(500).on("/repos/acme/rocket/pulls").nth(3).times(2));
    let first = stage.get(LIST).await;
    assert_eq!(stage.get("/repos/acme/rocket/issues").await.status, 200, "another path");
    let second = stage.get(&first.link("next").unwrap()).await;
    assert_eq!(second.status, 200);
    let third = second.link("next").unwrap();
    assert!(third.contains("/repositories/"), "by id, and matched by name all the same");
    let statuses = [stage.get(&third).await.status, stage.get(&third).await.status, stage.get(&third).await.status];
    assert_eq!(statuses, [500, 500, 200]);
}
