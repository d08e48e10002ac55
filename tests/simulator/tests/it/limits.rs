//! Budgets.

use connector_simulator::github::Limits;
use jiff::SignedDuration;

use crate::client::Stage;

fn number(reply: &crate::client::Reply, header: &str) -> i64 {
    reply.header(header).unwrap().parse().unwrap()
}

#[tokio::test]
async fn every_answer_shows_the_budget() {
    let stage = Stage::empty().await;
    let first = stage.get("/repos/acme/rocket").await;
    assert_eq!(number(&first, "x-ratelimit-limit"), 5_000);
    assert_eq!(number(&first, "x-ratelimit-remaining"), 4_999);
    assert_eq!(number(&first, "x-ratelimit-used"), 1);
    assert_eq!(number(&first, "x-ratelimit-reset"), stage.world.now().as_second() + 3_600);
    assert_eq!(first.header("x-ratelimit-resource"), Some("core"));
    assert_eq!(number(&stage.get("/repos/acme/nothing").await, "x-ratelimit-used"), 2, "a 404 counts");
    assert_eq!(number(&stage.get_anonymous("/repos/acme/rocket").await, "x-ratelimit-limit"), 60);
}

#[tokio::test]
async fn a_budget_ends_and_comes_back() {
    let stage = Stage::empty().await;
    stage.github.set_limits(Limits { anonymous: 2, authenticated: 3 });
    for _ in 0..3 {
        assert_eq!(stage.get("/repos/acme/rocket").await.status, 200);
    }
    let over = stage.get("/repos/acme/rocket").await;
    assert_eq!(over.status, 403);
    assert_eq!(number(&over, "x-ratelimit-remaining"), 0);
    assert!(over.json()["message"].as_str().unwrap().starts_with("API rate limit exceeded"));
    assert_eq!(over.header("retry-after"), None);
    assert_eq!(stage.get_anonymous("/repos/acme/rocket").await.status, 200, "another budget");

    let reset = number(&over, "x-ratelimit-reset");
    stage.world.clock().set(jiff::Timestamp::from_second(reset - 1).unwrap());
    assert_eq!(stage.get("/repos/acme/rocket").await.status, 403);
    stage.world.clock().advance(SignedDuration::from_secs(1));
    let back = stage.get("/repos/acme/rocket").await;
    assert_eq!((back.status, number(&back, "x-ratelimit-used")), (200, 1));
}

#[tokio::test]
async fn asking_for_the_budget_is_free() {
    let stage = Stage::empty().await;
    stage.get("/repos/acme/rocket").await;
    for _ in 0..3 {
        let reply = stage.get("/rate_limit").await;
        assert_eq!(reply.json()["resources"]["core"]["remaining"], 4_999);
        assert_eq!(reply.json()["rate"]["used"], 1);
    }
}

#[tokio::test]
async fn the_date_is_the_worlds() {
    let stage = Stage::empty().await;
    let reply = stage.get("/repos/acme/rocket").await;
    assert_eq!(reply.header("date"), Some("Mon, 01 Jun 2026 12:00:00 GMT"));
    assert!(reply.header("x-github-request-id").unwrap().ends_with(":6A1D7440"));
}
