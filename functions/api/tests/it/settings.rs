//! Settings of sources and workspaces, and how strictly bodies are read.

use std::time::Duration;

use connector_domain::ports::ConnectionStore;
use connector_testkit::builders::workspace;
use serde_json::json;

use crate::desk::{ALL, Desk, Read, person, request};

#[tokio::test]
async fn a_list_is_no_body() {
    let desk = Desk::new();
    let answer = desk.ask("PATCH", "/settings", Some(json!([50]))).await;
    assert_eq!((answer.status, answer.code()), (400, "invalid_body"));
}

#[tokio::test]
async fn a_source_changes_in_what_is_named() {
    let desk = Desk::new();
    desk.furnish("acme", "7").await;
    let before = desk.get("/sources/github:7").await.body;
    desk.clock.advance(Duration::from_secs(1));
    let change = json!({ "events": ["push", "issues"], "backfill": { "depth": 90, "enabled": false } });
    let after = desk.ask("PATCH", "/sources/github:7", Some(change)).await;
    assert_eq!(after.status, 200, "{}", after.body);
    assert_eq!(after.body["events"], json!(["issues", "push"]));
    assert_eq!(after.body["backfill"], json!({ "enabled": false, "depth": 90, "entities": [] }));
    assert_eq!((&after.body["connection"], &after.body["sync"]), (&before["connection"], &before["sync"]));
    let same = desk.ask("PATCH", "/sources/github:7", Some(json!({}))).await;
    assert_eq!(same.body, after.body);
    let changes = desk.all("/audit", 9).await;
    assert_eq!(changes.iter().filter(|entry| entry["action"] == "source_changed").count(), 1);
    assert_eq!((&changes[0]["by"], &changes[0]["target"]), (&json!("user:ann"), &json!("github:7")));
    for change in
        [json!({ "events": [] }), json!({ "events": ["pushes"] }), json!({ "backfill": { "entities": ["error"] } })]
    {
        assert_eq!(desk.ask("PATCH", "/sources/github:7", Some(change)).await.code(), "invalid_value");
    }
}

#[tokio::test]
async fn the_threshold_is_from_0_to_100() {
    let desk = Desk::new();
    assert_eq!(desk.get("/settings").await.body, json!({ "significanceThreshold": 30, "weights": {} }));
    for threshold in [0, 100] {
        let answer = desk.ask("PATCH", "/settings", Some(json!({ "significanceThreshold": threshold }))).await;
        assert_eq!(answer.body["significanceThreshold"], threshold);
        assert_eq!(desk.connections.settings(&workspace("acme")).await.unwrap().significance_threshold, threshold);
    }
    for bad in [json!(101), json!(-1), json!(300), json!("30"), json!(1.5)] {
        let answer = desk.ask("PATCH", "/settings", Some(json!({ "significanceThreshold": bad }))).await;
        assert_eq!((answer.status, answer.code()), (400, "invalid_body"), "{bad}");
    }
}

#[tokio::test]
async fn points_are_given_for_what_is_counted() {
    let desk = Desk::new();
    let weights = json!({ "base:push": 50, "fix_keyword": -5, "references": 0 });
    let answer = desk.ask("PATCH", "/settings", Some(json!({ "weights": weights }))).await;
    assert_eq!(answer.body, json!({ "significanceThreshold": 30, "weights": weights }));
    assert_eq!(desk.connections.settings(&workspace("acme")).await.unwrap().weights["base:push"], 50);
    let other = desk.ask("PATCH", "/settings", Some(json!({ "significanceThreshold": 40 }))).await;
    assert_eq!(other.body["weights"], weights, "what is left out stays");
    for (bad, says) in [(json!({ "pushes": 1 }), "pushes"), (json!({ "base:push": 101 }), "-100 to 100")] {
        let answer = desk.ask("PATCH", "/settings", Some(json!({ "weights": bad }))).await;
        assert_eq!((answer.status, answer.code()), (400, "invalid_body"), "{bad}");
        assert!(answer.body["detail"].as_str().unwrap().contains(says), "{}", answer.body);
    }
    let usual = desk.ask("PATCH", "/settings", Some(json!({ "weights": {} }))).await;
    assert_eq!(usual.body["weights"], json!({}));
}

#[tokio::test]
async fn a_body_is_read_strictly_and_its_fault_is_named() {
    let desk = Desk::new();
    desk.furnish("acme", "7").await;
    let send = async |kind: &str, body: Vec<u8>| {
        let mut sent = request("PATCH", "/v1/workspaces/acme/sources/github:7", None, person("acme", ALL));
        sent.headers.add("content-type", kind);
        sent.body = body;
        Read::of(desk.api.handle(sent).await)
    };
    let json = "application/json; charset=utf-8";
    for (kind, body, status, code, says) in [
        (json, "{\"evnets\":[]}", 400, "invalid_body", "evnets"),
        (json, "{\"backfill\":{\"depht\":7}}", 400, "invalid_body", "depht"),
        (json, "{\"backfill\":{\"depth\":8}}", 400, "invalid_body", "backfill.depth"),
        (json, "{\"events\":null} x", 400, "malformed_json", ""),
        (json, "{", 400, "malformed_json", ""),
        (json, "", 400, "malformed_json", ""),
        (json, "[]", 400, "invalid_body", ""),
        ("text/plain", "{}", 415, "unsupported_media_type", ""),
        ("", "{}", 415, "unsupported_media_type", ""),
    ] {
        let answer = send(kind, body.into()).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{body}");
        assert!(answer.body["detail"].as_str().unwrap_or_default().contains(says), "{}", answer.body);
    }
    assert_eq!(send(json, vec![b' '; 64 * 1024 + 1]).await.code(), "body_too_large");
    assert_eq!(send(json, vec![b'{', 0xff]).await.status, 400);
    let nested = "[".repeat(10_000);
    assert_eq!(send(json, format!("{{\"events\":{nested}").into()).await.status, 400);
}
