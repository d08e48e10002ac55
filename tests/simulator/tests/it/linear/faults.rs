//! Faults on request.

use std::time::Duration;

use connector_simulator::{
    Injection,
    linear::{Budget, Fault},
};
use serde_json::Value;

use super::{Stage, code};
use crate::client::Reply;

const LIST: &str = "{ issues(first: 4) { nodes { id title } pageInfo { hasNextPage endCursor } } }";

async fn meet(fault: impl Into<Injection<Fault>>) -> (Stage, Reply) {
    let stage = Stage::filled(6).await;
    stage.linear.inject(fault);
    let reply = stage.ask(LIST).await;
    assert_eq!(stage.ask(LIST).await.status, 200, "the next one is fine again");
    (stage, reply)
}

#[tokio::test]
async fn a_limit_names_the_budget_that_is_spent() {
    for (budget, name) in [(Budget::Requests, "requests"), (Budget::Complexity, "complexity")] {
        for status in [400, 429] {
            let reset_in = Duration::from_secs(120);
            let (stage, reply) = meet(Fault::RateLimited { status, budget, reset_in }).await;
            assert_eq!((reply.status, code(&reply).as_str()), (status, "RATELIMITED"));
            assert_eq!(reply.header(&format!("x-ratelimit-{name}-remaining")), Some("0"));
            let reset = (stage.world.now().as_millisecond() + 120_000).to_string();
            assert_eq!(reply.header(&format!("x-ratelimit-{name}-reset")), Some(reset.as_str()));
            assert_eq!(reply.header("retry-after"), None);
        }
    }
}

#[tokio::test]
async fn part_of_an_answer_comes_with_the_error_that_cost_the_rest() {
    let (_, reply) = meet(Fault::Partial).await;
    let body = reply.json();
    assert_eq!((reply.status, body["data"]["issues"]["nodes"].as_array().unwrap().len()), (200, 2));
    assert_eq!(body["data"]["issues"]["pageInfo"]["hasNextPage"], true, "as though nothing were missing");
    assert_eq!(code(&reply), "INTERNAL_SERVER_ERROR");
    assert_eq!(body["errors"][0]["path"], serde_json::json!(["issues", "nodes", 2]));
}

#[tokio::test]
async fn refusals_have_their_status_and_code() {
    for (fault, status, expected) in [
        (Fault::Unauthorized, 401, "AUTHENTICATION_ERROR"),
        (Fault::Forbidden(200), 200, "FORBIDDEN"),
        (Fault::Forbidden(403), 403, "FORBIDDEN"),
        (Fault::NotFound, 200, "INPUT_ERROR"),
        (Fault::InternalError, 200, "INTERNAL_SERVER_ERROR"),
    ] {
        let (_, reply) = meet(fault).await;
        assert_eq!((reply.status, code(&reply).as_str()), (status, expected));
        assert!(reply.json()["data"].is_null());
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
    let stage = Stage::filled(6).await;
    stage.linear.inject(Fault::Truncated);
    assert!(stage.ask_as("lin_api_x", LIST, Value::Null).await.is_err(), "the connection ends before the body does");
    stage.linear.inject(Fault::Malformed);
    let broken = stage.ask(LIST).await;
    assert_eq!(broken.status, 200);
    assert!(serde_json::from_slice::<Value>(&broken.body).is_err());
}

#[tokio::test]
async fn one_bad_item_leaves_the_others_alone() {
    let (stage, reply) = meet(Fault::BadItem(1)).await;
    let nodes = reply.json()["data"]["issues"]["nodes"].as_array().unwrap().clone();
    assert!(nodes[1]["id"].is_number() && nodes[0]["id"].is_string() && nodes[2]["id"].is_string());
    assert_eq!(nodes.len(), 4);
    drop(stage);
}

#[tokio::test]
async fn a_fault_waits_for_its_list() {
    let stage = Stage::filled(6).await;
    stage.linear.inject(Fault::ServerError(500).on("comments").nth(2));
    assert_eq!(stage.ask(LIST).await.status, 200, "another list");
    let statuses = [
        stage.ask("{ comments { nodes { id } } }").await.status,
        stage.ask("{ comments { nodes { id } } }").await.status,
        stage.ask("{ comments { nodes { id } } }").await.status,
    ];
    assert_eq!(statuses, [200, 500, 200]);
}
