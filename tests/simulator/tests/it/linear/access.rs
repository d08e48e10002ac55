//! Who may ask, and how.

use jiff::SignedDuration;
use serde_json::json;

use super::{Stage, code};

const ME: &str = "{ viewer { id } }";

#[tokio::test]
async fn keys_go_bare_and_tokens_as_bearer() {
    let stage = Stage::empty().await;
    for (authorization, status, expected) in [
        ("lin_api_x", 200, None),
        ("Bearer anything", 200, None),
        ("", 401, Some("AUTHENTICATION_ERROR")),
        ("anything", 401, Some("AUTHENTICATION_ERROR")),
        ("Bearer lin_api_x", 400, Some("INPUT_ERROR")),
    ] {
        let reply = stage.ask_as(authorization, ME, json!({})).await.unwrap();
        assert_eq!(reply.status, status, "{authorization}");
        if let Some(expected) = expected {
            assert_eq!(code(&reply), expected, "{authorization}");
            assert_eq!(reply.header("x-ratelimit-requests-limit"), None, "nobody's budget");
        }
    }
    let reply = stage.ask_as("Bearer lin_api_x", ME, json!({})).await.unwrap().json();
    assert!(
        reply["errors"][0]["message"]
            .as_str()
            .unwrap()
            .ends_with("Remove the Bearer prefix from the Authorization header.")
    );
}

#[tokio::test]
async fn a_revoked_key_is_refused() {
    let stage = Stage::empty().await;
    stage.linear.revoke_token("lin_api_x");
    assert_eq!(stage.ask_as("lin_api_x", ME, json!({})).await.unwrap().status, 401);
    assert_eq!(stage.ask_as("lin_api_y", ME, json!({})).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_token_works_for_a_day_and_until_it_is_withdrawn() {
    let stage = Stage::empty().await;
    let token = format!("Bearer {}", stage.linear.mint_token());
    assert_eq!(stage.ask_as(&token, ME, json!({})).await.unwrap().status, 200);
    stage.world.clock().advance(SignedDuration::from_hours(24));
    let late = stage.ask_as(&token, ME, json!({})).await.unwrap();
    assert_eq!((late.status, code(&late).as_str()), (401, "AUTHENTICATION_ERROR"));

    let token = format!("Bearer {}", stage.linear.mint_token());
    let revoked = stage.linear.revoke_app(stage.at(0));
    assert_eq!(stage.ask_as(&token, ME, json!({})).await.unwrap().status, 401);
    assert_eq!((revoked.event.as_str(), revoked.action.as_str()), ("OAuthApp", "revoked"));
    let again = format!("Bearer {}", stage.linear.mint_token());
    assert_eq!(stage.ask_as(&again, ME, json!({})).await.unwrap().status, 200);
}
