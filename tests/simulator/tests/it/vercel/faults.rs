//! Faults on request.

use std::time::Duration;

use connector_simulator::{Injection, vercel::Fault};

use super::{Stage, code, deployments};
use crate::client::Reply;

async fn meet(fault: impl Into<Injection<Fault>>) -> (Stage, Reply) {
    let stage = Stage::filled(6).await;
    stage.vercel.inject(fault);
    let reply = stage.page("&limit=3").await;
    assert_eq!(stage.page("").await.status, 200, "the next one is fine again");
    (stage, reply)
}

#[tokio::test]
async fn both_codes_of_the_limit_come_with_their_end() {
    for limit in ["rate_limited", "too_many_requests"] {
        let (stage, reply) = meet(Fault::RateLimited { code: limit, reset_in: Duration::from_secs(90) }).await;
        assert_eq!((reply.status, code(&reply).as_str()), (429, limit));
        let reset = (stage.world.now().as_second() + 90).to_string();
        assert_eq!(reply.header("x-ratelimit-reset"), Some(reset.as_str()));
        assert_eq!(reply.json()["error"]["limit"]["reset"].to_string(), reset);
    }
}

#[tokio::test]
async fn refusals_have_their_status_and_code() {
    for (fault, status, expected) in [
        (Fault::InvalidToken, 403, "forbidden"),
        (Fault::Unauthorized, 401, "unauthorized"),
        (Fault::Forbidden, 403, "forbidden"),
        (Fault::IntegrationDisabled, 403, "integration_configuration_disabled"),
        (Fault::PaymentRequired, 402, "payment_required"),
        (Fault::NotFound, 404, "not_found"),
        (Fault::ServerError(500), 500, "internal_server_error"),
    ] {
        let told = fault == Fault::InvalidToken;
        let (_, reply) = meet(fault).await;
        assert_eq!((reply.status, code(&reply).as_str()), (status, expected));
        assert_eq!(reply.json()["error"]["invalidToken"] == true, told, "only a bad token says so");
    }
}

#[tokio::test]
async fn html_comes_where_json_was_asked_for() {
    for (fault, status) in [(Fault::ServerError(502), 502), (Fault::HtmlPage, 200)] {
        let (_, reply) = meet(fault).await;
        assert_eq!((reply.status, reply.header("content-type")), (status, Some("text/html; charset=utf-8")));
    }
}

#[tokio::test]
async fn a_body_can_be_cut_off_broken_or_spoilt() {
    let stage = Stage::filled(6).await;
    stage.vercel.inject(Fault::Truncated);
    assert!(stage.http.send(hyper::Method::GET, &stage.list(""), &[("authorization", "Bearer x")]).await.is_err());
    stage.vercel.inject(Fault::Malformed);
    let broken = stage.page("").await;
    assert_eq!(broken.status, 200);
    assert!(serde_json::from_slice::<serde_json::Value>(&broken.body).is_err());
    stage.vercel.inject(Fault::BadItem(1));
    let items = deployments(&stage.page("").await);
    assert_eq!(items.len(), 6);
    assert!(items[0]["uid"].is_string() && items[1]["uid"].is_u64());
}

#[tokio::test]
async fn a_page_can_name_a_wrong_next_one() {
    let (_, looping) = meet(Fault::Next(Some(7))).await;
    assert_eq!(looping.json()["pagination"]["next"], 7);
    let (_, ending) = meet(Fault::Next(None)).await;
    assert_eq!((deployments(&ending).len(), &ending.json()["pagination"]["next"]), (3, &serde_json::Value::Null));
    let (_, reply) = meet(Fault::Redirect { status: 302, location: "http://attacker.example/".to_owned() }).await;
    assert_eq!((reply.status, reply.header("location")), (302, Some("http://attacker.example/")));
}

#[tokio::test]
async fn other_projects_can_come_in_the_list_of_one() {
    let stage = Stage::filled(2).await;
    let blog = stage.vercel.add_project("acme", "blog");
    blog.deploy(connector_simulator::vercel::NewDeployment::default(), stage.world.now());
    stage.vercel.inject(Fault::Unfiltered);
    let items = deployments(&stage.page("").await);
    assert_eq!((items.len(), &items[0]["projectId"]), (3, &blog.id.as_str().into()));
}

#[tokio::test(start_paused = true)]
async fn an_answer_can_be_slow_and_a_fault_waits_for_its_request() {
    let stage = Stage::filled(1).await;
    stage.vercel.inject(Fault::Slow(Duration::from_secs(40)).on("/v6/deployments").nth(2));
    let before = tokio::time::Instant::now();
    assert_eq!(stage.http.get(&stage.of_team("/v10/projects")).await.status, 200);
    assert_eq!(stage.page("").await.status, 200);
    assert!(before.elapsed() < Duration::from_secs(40));
    assert_eq!(stage.page("").await.status, 200);
    assert!(before.elapsed() >= Duration::from_secs(40));
}
