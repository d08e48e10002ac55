//! A request that is sent again has its effect once.

use connector_domain::http::Headers;
use serde_json::{Value, json};
use std::time::Duration;

use crate::desk::{ALL, Desk, Read, person, request};

async fn start(desk: &Desk, key: &str, body: Value) -> Read {
    let mut sent = request("POST", "/v1/workspaces/acme/runs", Some(body), person("acme", ALL));
    sent.headers.add("Idempotency-Key", key);
    Read::of(desk.api.handle(sent).await)
}

/// A source whose history nobody fetches.
async fn desk() -> Desk {
    let desk = Desk::new();
    let connection = desk.connect("acme", "conn").await;
    desk.link(&connection, "7").await;
    desk
}

#[tokio::test]
async fn the_same_key_gets_the_same_answer() {
    let desk = desk().await;
    let body = json!({ "source": "github:7", "depth": 7 });
    let first = start(&desk, "k1", body.clone()).await;
    assert_eq!(first.status, 202, "{}", first.body);
    let sent = desk.pages.drain().len();
    assert!(sent > 0);
    let again = start(&desk, "k1", body.clone()).await;
    assert_eq!((again.status, &again.body), (202, &first.body));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert!(desk.pages.is_empty(), "no second start");

    let other = start(&desk, "k1", json!({ "source": "github:7", "depth": 30 })).await;
    assert_eq!((other.status, other.code()), (422, "idempotency_key_reused"));
    let fresh = start(&desk, "k2", body.clone()).await;
    assert_eq!((fresh.status, &fresh.body["run"]), (200, &Value::Null), "another run is at it");
    desk.clock.advance(Duration::from_secs(25 * 3_600));
    assert_eq!(start(&desk, "k1", body).await.headers.get("idempotency-replayed"), None, "for a day");
}

#[tokio::test]
async fn a_refusal_is_not_kept() {
    let desk = desk().await;
    let body = json!({ "source": "github:8" });
    assert_eq!(start(&desk, "k", body.clone()).await.code(), "not_linked");
    let connection = desk.connect("acme", "conn").await;
    desk.link(&connection, "8").await;
    assert_eq!(start(&desk, "k", body).await.status, 202);
}

#[tokio::test]
async fn a_key_is_its_callers_own() {
    let desk = desk().await;
    let body = json!({ "source": "github:7" });
    assert_eq!(start(&desk, "k", body.clone()).await.status, 202);
    let mut sent = request("POST", "/v1/workspaces/acme/runs", Some(body), person("acme", ALL));
    if let connector_lambda::api::Caller::Token(claims) = &mut sent.caller {
        claims.insert("sub".to_owned(), "bob".to_owned());
    }
    sent.headers.add("Idempotency-Key", "k");
    let answer = Read::of(desk.api.handle(sent).await);
    assert_eq!((answer.status, answer.headers.get("idempotency-replayed")), (200, None));
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let desk = desk().await;
    for keys in [vec![""], vec!["é"], vec!["a", "b"], vec!["a\tb"]] {
        let mut sent =
            request("POST", "/v1/workspaces/acme/runs", Some(json!({ "source": "github:7" })), person("acme", ALL));
        let mut headers: Headers = sent.headers.clone();
        for key in &keys {
            headers.add("Idempotency-Key", *key);
        }
        sent.headers = headers;
        assert_eq!(Read::of(desk.api.handle(sent).await).code(), "invalid_idempotency_key", "{keys:?}");
    }
    let long = "k".repeat(256);
    assert_eq!(start(&desk, &long, json!({ "source": "github:7" })).await.code(), "invalid_idempotency_key");
    assert!(desk.pages.is_empty());
}
