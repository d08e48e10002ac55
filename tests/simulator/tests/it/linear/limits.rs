//! Budgets, and what a query costs.

use connector_simulator::linear::Limits;
use jiff::{SignedDuration, Timestamp};

use super::{Stage, code};
use crate::client::Reply;

fn number(reply: &Reply, header: &str) -> i64 {
    reply.header(header).unwrap().parse().unwrap()
}

#[tokio::test]
async fn every_answer_shows_both_budgets_in_milliseconds() {
    let stage = Stage::empty().await;
    let reply = stage.ask("{ viewer { id name email displayName } }").await;
    assert_eq!(number(&reply, "x-complexity"), 2);
    assert_eq!(number(&reply, "x-ratelimit-requests-limit"), 5_000);
    assert_eq!(number(&reply, "x-ratelimit-requests-remaining"), 4_999);
    assert_eq!(number(&reply, "x-ratelimit-complexity-limit"), 2_000_000);
    assert_eq!(number(&reply, "x-ratelimit-complexity-remaining"), 1_999_998);
    let reset = number(&reply, "x-ratelimit-requests-reset");
    let now = stage.world.now().as_millisecond();
    assert!((now..now + 2_000).contains(&reset), "{reset}: one request is back in less than a second");
    let refused = stage.ask("{ viewer { nosuchfield } }").await;
    assert_eq!((number(&refused, "x-complexity"), number(&refused, "x-ratelimit-requests-remaining")), (0, 4_998));
}

#[tokio::test]
async fn points_are_charged_as_measured() {
    let stage = Stage::empty().await;
    for (query, points) in [
        ("{ issues(first: 250) { nodes { id } } }", 3),
        ("{ viewer { id } }", 2),
        ("{ team(id: \"ENG\") { states(first: 50) { nodes { id } } } }", 57),
    ] {
        assert_eq!(number(&stage.ask(query).await, "x-complexity"), points, "{query}");
    }
}

#[tokio::test]
async fn a_query_of_more_than_ten_thousand_points_is_refused() {
    let stage = Stage::empty().await;
    let nested = |first| format!("{{ issues(first: {first}) {{ nodes {{ id comments {{ nodes {{ id }} }} }} }} }}");
    assert_eq!(stage.ask(&nested(150)).await.status, 200);
    let reply = stage.ask(&nested(250)).await;
    assert_eq!((reply.status, code(&reply).as_str()), (400, "INPUT_ERROR"));
    let error = &reply.json()["errors"][0];
    assert_eq!(error["message"], "Query too complex");
    assert_eq!(
        error["extensions"]["userPresentableMessage"],
        "The query is too complex. Complexity: 14276. Maximum allowed complexity: 10000."
    );
    assert_eq!(number(&reply, "x-complexity"), 0);
}

#[tokio::test]
async fn a_budget_ends_and_fills_again_little_by_little() {
    let stage = Stage::empty().await;
    stage.linear.set_limits(Limits { requests: 3, complexity: 1_000 });
    for _ in 0..3 {
        assert_eq!(stage.ask("{ viewer { id } }").await.status, 200);
    }
    let over = stage.ask("{ viewer { id } }").await;
    assert_eq!((over.status, code(&over).as_str()), (400, "RATELIMITED"));
    assert_eq!(over.header("retry-after"), None);
    assert_eq!(number(&over, "x-ratelimit-requests-remaining"), 0);
    assert_eq!(number(&over, "x-ratelimit-complexity-remaining"), 994, "the other budget has enough");
    let reset = number(&over, "x-ratelimit-requests-reset");
    let other = stage.ask_as("lin_api_mine", "{ viewer { id } }", serde_json::json!({})).await.unwrap();
    assert_eq!(other.status, 200, "another token has budgets of its own");

    stage.world.clock().advance(SignedDuration::from_mins(21));
    assert_eq!(stage.ask("{ viewer { id } }").await.status, 200, "one is back after a third of the hour");
    assert_eq!(stage.ask("{ viewer { id } }").await.status, 400);
    stage.world.clock().set(Timestamp::from_millisecond(reset).unwrap() + SignedDuration::from_mins(21));
    assert_eq!(number(&stage.ask("{ viewer { id } }").await, "x-ratelimit-requests-remaining"), 2);
}

#[tokio::test]
async fn points_can_run_out_before_requests_do() {
    let stage = Stage::empty().await;
    stage.linear.set_limits(Limits { requests: 100, complexity: 100 });
    let query = "{ team(id: \"ENG\") { states(first: 50) { nodes { id } } } }";
    assert_eq!(stage.ask(query).await.status, 200);
    assert_eq!(stage.ask(query).await.status, 200, "what is left covers a part, which is enough");
    let over = stage.ask(query).await;
    assert_eq!((over.status, code(&over).as_str()), (400, "RATELIMITED"));
    assert_eq!(number(&over, "x-ratelimit-complexity-remaining"), 0);
    assert!(number(&over, "x-ratelimit-requests-remaining") > 90);
}
