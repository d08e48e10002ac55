//! Conditional requests.

use hyper::Method;

use crate::client::Stage;

const LIST: &str = "/repos/acme/rocket/issues?state=all&per_page=5";

#[tokio::test]
async fn an_unchanged_page_is_304_and_costs_nothing() {
    let stage = Stage::filled(0, 10, 0).await;
    let first = stage.get(LIST).await;
    let etag = first.header("etag").unwrap();
    assert!(etag.starts_with('"') && etag.len() == 66, "strong: {etag}");
    let headers = [("authorization", "Bearer somebody"), ("if-none-match", etag)];
    let again = stage.send(Method::GET, LIST, &headers).await.unwrap();
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(again.header("etag"), Some(etag));
    assert_eq!(again.header("x-ratelimit-remaining"), first.header("x-ratelimit-remaining"));
    let weak = format!("W/{etag}");
    let headers = [("authorization", "Bearer somebody"), ("if-none-match", &weak)];
    assert_eq!(stage.send(Method::GET, LIST, &headers).await.unwrap().status, 304);
}

#[tokio::test]
async fn without_a_token_a_304_is_paid_for() {
    let stage = Stage::filled(0, 10, 0).await;
    let first = stage.get_anonymous(LIST).await;
    let etag = first.header("etag").unwrap();
    let again = stage.send(Method::GET, LIST, &[("if-none-match", etag)]).await.unwrap();
    assert_eq!(again.status, 304);
    assert_eq!((first.header("x-ratelimit-used"), again.header("x-ratelimit-used")), (Some("1"), Some("2")));
}

#[tokio::test]
async fn a_page_has_a_new_validator_exactly_when_its_bytes_change() {
    let stage = Stage::filled(0, 10, 0).await;
    let page = |number: u32| format!("{LIST}&page={number}");
    let (first, second) = (stage.get(&page(1)).await, stage.get(&page(2)).await);
    assert_ne!(first.header("etag"), second.header("etag"));
    // The newest issue is on the first page.
    stage.repository.touch_issue(10, stage.world.now());
    let (first_now, second_now) = (stage.get(&page(1)).await, stage.get(&page(2)).await);
    assert!(first_now.body != first.body && first_now.header("etag") != first.header("etag"));
    assert!(second_now.body == second.body && second_now.header("etag") == second.header("etag"));
}
