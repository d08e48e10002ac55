//! Budgets in points, and how much a query may ask for.

use connector_simulator::github::Limits;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{ask, ask_as, data, kind, lively};
use crate::client::{Reply, Stage};

fn number(reply: &Reply, header: &str) -> i64 {
    reply.header(header).unwrap().parse().unwrap()
}

fn of(fields: &str) -> String {
    format!("{{ repository(owner: \"acme\", name: \"rocket\") {{ {fields} }} }}")
}

#[tokio::test]
async fn a_query_costs_a_point_for_each_hundred_lists() {
    let stage = lively().await;
    let nested = "pullRequests(first: 100) { nodes { reviews(first: 50) { nodes { id } } comments(first: 50) { nodes { id } } } }";
    let query = format!(
        "{{ repository(owner: \"acme\", name: \"rocket\") {{ {nested} }} rateLimit {{ cost nodeCount used remaining limit resetAt }} }}"
    );
    let reply = ask(&stage, &query, json!({})).await;
    let rate = data(&reply)["rateLimit"].clone();
    assert_eq!((&rate["cost"], &rate["nodeCount"]), (&json!(2), &json!(100 + 100 * 50 * 2)));
    assert_eq!((&rate["used"], &rate["remaining"], &rate["limit"]), (&json!(2), &json!(4_998), &json!(5_000)));
    assert_eq!(rate["resetAt"], "2026-06-01T13:00:00Z");
    assert_eq!(reply.header("x-ratelimit-resource"), Some("graphql"));
    assert_eq!((number(&reply, "x-ratelimit-used"), number(&reply, "x-ratelimit-remaining")), (2, 4_998));
    assert_eq!(number(&stage.get("/repos/acme/rocket").await, "x-ratelimit-used"), 1, "REST has another budget");
    assert_eq!(stage.github.queries()[0].points, 2);
}

#[tokio::test]
async fn a_used_up_budget_is_told_under_200() {
    let stage = Stage::empty().await;
    stage.github.set_limits(Limits { anonymous: 60, authenticated: 2 });
    for _ in 0..2 {
        data(&ask(&stage, &of("id"), json!({})).await);
    }
    let over = ask(&stage, &of("id"), json!({})).await;
    assert_eq!((over.status, kind(&over).as_str()), (200, "RATE_LIMITED"));
    assert!(over.json().get("data").is_none());
    assert_eq!(number(&over, "x-ratelimit-remaining"), 0);
    assert_eq!(over.header("retry-after"), None);
    assert_eq!(stage.get("/repos/acme/rocket").await.status, 200, "REST has its own");
    stage.world.clock().advance(SignedDuration::from_hours(1));
    data(&ask(&stage, &of("id"), json!({})).await);
}

#[tokio::test]
async fn pages_must_say_how_long_they_are() {
    let stage = Stage::empty().await;
    for (fields, expected) in [
        ("discussions { nodes { id } }", "MISSING_PAGINATION_BOUNDARIES"),
        ("discussions(first: 101) { nodes { id } }", "EXCESSIVE_PAGINATION"),
    ] {
        let reply = ask(&stage, &of(fields), json!({})).await;
        assert_eq!((reply.status, kind(&reply).as_str()), (200, expected), "{fields}");
        assert_eq!(reply.json()["data"], json!({ "repository": null }));
        assert_eq!(reply.json()["errors"][0]["path"], json!(["repository", "discussions"]));
    }
    data(&ask(&stage, &of("discussions { totalCount }"), json!({})).await);
    data(&ask(&stage, &of("discussions(last: 1) { nodes { id } }"), json!({})).await);
}

#[tokio::test]
async fn half_a_million_nodes_are_the_most() {
    let stage = Stage::empty().await;
    let deep = |last: u32| {
        of(&format!(
            "discussions(first: 100) {{ nodes {{ comments(first: 100) {{ nodes {{ replies(first: {last}) {{ nodes {{ id }} }} }} }} }} }}"
        ))
    };
    data(&ask(&stage, &deep(48), json!({})).await);
    let reply = ask(&stage, &deep(49), json!({})).await;
    assert_eq!((reply.status, kind(&reply).as_str()), (200, "MAX_NODE_LIMIT_EXCEEDED"));
    assert_eq!(
        reply.json()["errors"][0]["message"],
        "This query requests up to 500100 possible nodes which exceeds the maximum limit of 500000."
    );
}

#[tokio::test]
async fn it_always_needs_a_token() {
    let stage = Stage::empty().await;
    for (authorization, message) in
        [("", "This endpoint requires you to be authenticated."), ("Basic abc", "Bad credentials")]
    {
        let reply = ask_as(&stage, authorization, &of("id"), json!({})).await.unwrap();
        assert_eq!((reply.status, reply.json()["message"].as_str()), (401, Some(message)));
    }
}

#[tokio::test]
async fn what_the_schema_has_not_is_refused_under_200() {
    let stage = Stage::empty().await;
    let reply = ask(&stage, &of("nosuchfield"), json!({})).await;
    let error = &reply.json()["errors"][0];
    assert_eq!(
        (reply.status, error["message"].as_str()),
        (200, Some("Field 'nosuchfield' doesn't exist on type 'Repository'"))
    );
    assert_eq!(
        error["extensions"],
        json!({ "code": "undefinedField", "typeName": "Repository", "fieldName": "nosuchfield" })
    );
    assert_eq!(error.get("type"), None);
    let reply = ask(
        &stage,
        "query($n: Int!) { repository(owner: \"a\", name: \"b\") { discussion(number: $n) { id } } }",
        json!({}),
    )
    .await;
    assert_eq!((reply.status, reply.json()["errors"][0]["extensions"]["problems"].is_array()), (200, true));
    assert_eq!(
        ask(&stage, "{ repository(", Value::Null).await.json()["errors"].as_array().map(Vec::is_empty),
        Some(false)
    );
    let unreadable = stage
        .send_body(hyper::Method::POST, "/graphql", &[("authorization", "Bearer x")], "{".to_owned())
        .await
        .unwrap();
    assert_eq!((unreadable.status, unreadable.json()["message"].as_str()), (400, Some("Problems parsing JSON")));
}
