//! Faults on request.

use std::time::Duration;

use connector_simulator::{Injection, github::Fault};
use serde_json::{Value, json};

use super::{ask, ask_as, kind, lively};
use crate::client::{Reply, Stage};

const LIST: &str = "query Discussions { repository(owner: \"acme\", name: \"rocket\") {
    discussions(first: 4) { nodes { number title comments(first: 2) { nodes { id } } } pageInfo { hasNextPage } } } }";

async fn meet(fault: impl Into<Injection<Fault>>) -> (Stage, Reply) {
    let stage = lively().await;
    stage.github.inject(fault);
    let reply = ask(&stage, LIST, json!({})).await;
    assert!(ask(&stage, LIST, json!({})).await.json().get("errors").is_none(), "the next one is fine again");
    (stage, reply)
}

#[tokio::test]
async fn limits_come_with_their_headers() {
    let (stage, reply) = meet(Fault::PrimaryLimit { status: 403, reset_in: Duration::from_secs(120) }).await;
    assert_eq!((reply.status, kind(&reply).as_str()), (200, "RATE_LIMITED"));
    assert_eq!(reply.header("x-ratelimit-remaining"), Some("0"));
    let reset = (stage.world.now().as_second() + 120).to_string();
    assert_eq!(reply.header("x-ratelimit-reset"), Some(reset.as_str()));
    for status in [200, 403] {
        let (_, reply) = meet(Fault::SecondaryLimit { status, retry_after: Some(Duration::from_secs(7)) }).await;
        assert_eq!((reply.status, reply.header("retry-after")), (status, Some("7")));
        assert!(reply.json()["message"].as_str().unwrap().contains("secondary rate limit"));
    }
}

#[tokio::test]
async fn what_rest_refuses_by_status_is_refused_under_200() {
    for (fault, expected) in [(Fault::PermissionDenied, "FORBIDDEN"), (Fault::NotFound, "NOT_FOUND")] {
        let (_, reply) = meet(fault).await;
        assert_eq!((reply.status, kind(&reply).as_str()), (200, expected));
        assert_eq!(reply.json()["data"], json!({ "repository": null }));
    }
    let (_, reply) = meet(Fault::Unauthorized).await;
    assert_eq!((reply.status, reply.json()["message"].as_str()), (401, Some("Bad credentials")));
    let (_, reply) = meet(Fault::ServerError(502)).await;
    assert_eq!((reply.status, reply.header("content-type")), (502, Some("text/html; charset=utf-8")));
}

#[tokio::test]
async fn part_of_an_answer_comes_with_the_error_that_cost_the_rest() {
    let (_, reply) = meet(Fault::Partial).await;
    let body = reply.json();
    let nodes = body["data"]["repository"]["discussions"]["nodes"].as_array().unwrap();
    assert_eq!((reply.status, nodes.len()), (200, 4));
    assert!(nodes[1].is_object() && nodes[2].is_null() && nodes[3].is_null());
    assert!(
        body["errors"][0]["message"].as_str().unwrap().starts_with("Something went wrong while executing your query.")
    );
    assert_eq!(body["errors"][0].get("type"), None);
}

#[tokio::test]
async fn one_bad_item_leaves_the_others_alone() {
    let (_, reply) = meet(Fault::BadItem(1)).await;
    let nodes = reply.json()["data"]["repository"]["discussions"]["nodes"].as_array().unwrap().clone();
    assert!(nodes[1]["number"].is_array() && nodes[0]["number"].is_number() && nodes[2]["number"].is_number());
}

#[tokio::test]
async fn a_body_can_be_cut_off_or_broken() {
    let stage = lively().await;
    stage.github.inject(Fault::Truncated);
    assert!(ask_as(&stage, "Bearer x", LIST, json!({})).await.is_err(), "the connection ends before the body does");
    stage.github.inject(Fault::Malformed);
    let broken = ask(&stage, LIST, json!({})).await;
    assert_eq!(broken.status, 200);
    assert!(serde_json::from_slice::<Value>(&broken.body).is_err());
}

#[tokio::test]
async fn a_fault_waits_for_its_operation() {
    let stage = lively().await;
    stage.github.inject(Fault::NotFound.on("/graphql#Discussions").nth(2));
    let other = "query Other { viewer { login } }";
    let kinds = [
        kind(&ask(&stage, LIST, json!({})).await),
        kind(&ask(&stage, other, json!({})).await),
        kind(&ask(&stage, LIST, json!({})).await),
        kind(&ask(&stage, LIST, json!({})).await),
    ];
    assert_eq!(kinds, ["", "", "NOT_FOUND", ""]);
    assert_eq!(stage.get("/repos/acme/rocket").await.status, 200);
}
