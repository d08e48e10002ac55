//! Who may ask, and how.

use hyper::Method;
use jiff::SignedDuration;

use crate::client::Stage;

#[tokio::test]
async fn a_request_without_a_user_agent_is_refused() {
    let stage = Stage::empty().await;
    let reply = stage.send(Method::GET, "/repos/acme/rocket", &[("user-agent", "")]).await.unwrap();
    assert_eq!(reply.status, 403);
    assert!(String::from_utf8_lossy(&reply.body).contains("User-Agent"));
}

#[tokio::test]
async fn wrong_addresses_are_404_with_a_json_body() {
    let stage = Stage::empty().await;
    for path in
        ["/repos/acme/rocket/", "/repos/acme/rocket/pulls/", "/repos/acme/nothing", "/nothing", "/repositories/1"]
    {
        let reply = stage.get(path).await;
        assert_eq!(reply.status, 404, "{path}");
        assert_eq!(
            (reply.json()["message"].as_str(), reply.json()["status"].as_str()),
            (Some("Not Found"), Some("404"))
        );
        assert!(reply.json()["documentation_url"].is_string());
    }
}

#[tokio::test]
async fn an_installation_token_is_minted_used_and_expires() {
    let stage = Stage::empty().await;
    stage.github.add_repository("acme", "pad");
    stage.github.add_repository("other", "thing");
    let mint = format!("/app/installations/{}/access_tokens", stage.repository.installation_id);
    let app = [("authorization", "Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2ln")];
    assert_eq!(stage.send(Method::POST, &mint, &[]).await.unwrap().status, 401, "an App must say who it is");
    assert_eq!(stage.send(Method::POST, "/app/installations/1/access_tokens", &app).await.unwrap().status, 404);
    let minted = stage.send(Method::POST, &mint, &app).await.unwrap();
    assert_eq!(minted.status, 201);
    let token = format!("Bearer {}", minted.json()["token"].as_str().unwrap());
    assert!(token.len() > 500 && token.starts_with("Bearer ghs_"), "the long form");
    assert_eq!(minted.json()["expires_at"], "2026-06-01T13:00:00Z");

    let with_token = [("authorization", token.as_str())];
    let held = stage.send(Method::GET, "/installation/repositories", &with_token).await.unwrap().json();
    assert_eq!(held["total_count"], 2, "those of its owner only");
    assert_eq!(stage.get("/installation/repositories").await.status, 403, "not with a person's token");

    stage.world.clock().advance(SignedDuration::from_hours(1));
    let expired = stage.send(Method::GET, "/repos/acme/rocket", &with_token).await.unwrap();
    assert_eq!((expired.status, expired.json()["message"].as_str()), (401, Some("Bad credentials")));
}

#[tokio::test]
async fn requests_are_recorded_without_the_token() {
    let stage = Stage::empty().await;
    stage.get("/repos/acme/rocket/pulls?state=all").await;
    stage.get_anonymous("/nothing").await;
    let requests = stage.github.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!((requests[0].method.as_str(), requests[0].path.as_str()), ("GET", "/repos/acme/rocket/pulls?state=all"));
    assert_eq!((requests[0].status, requests[0].authorized), (200, true));
    assert_eq!((requests[1].status, requests[1].authorized), (404, false));
    assert!(!format!("{requests:?}").contains("somebody"));
    stage.github.forget_requests();
    assert!(stage.github.requests().is_empty());
}

#[tokio::test]
async fn a_stopped_server_answers_nobody() {
    let stage = Stage::empty().await;
    assert_eq!(stage.get("/repos/acme/rocket").await.status, 200);
    let (client, address) = stage.stop().await;
    let again = client.get(format!("{address}/repos/acme/rocket").parse().unwrap()).await;
    assert!(again.is_err(), "not even on the connection that was open");
}
