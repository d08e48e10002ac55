//! Who may ask, and how often.

use connector_simulator::vercel::Limits;
use hyper::Method;
use jiff::SignedDuration;

use super::{Stage, code, deployments};

#[tokio::test]
async fn a_bad_token_is_403_and_says_so() {
    let stage = Stage::filled(3).await;
    let missing = stage.http.send(Method::GET, &stage.list(""), &[]).await.unwrap();
    assert_eq!((missing.status, code(&missing).as_str()), (403, "forbidden"));
    assert_eq!(missing.json()["error"]["missingToken"], true);

    let token = stage.vercel.mint_token("acme");
    assert_eq!(deployments(&stage.http.get_with(&token, &stage.list("")).await).len(), 3);
    stage.vercel.revoke_token(&token);
    let refused = stage.http.get_with(&token, &stage.list("")).await;
    assert_eq!((refused.status, code(&refused).as_str()), (403, "forbidden"));
    assert_eq!(refused.json()["error"]["invalidToken"], true);
    assert_eq!(stage.page("").await.status, 200, "another token is fine");
}

#[tokio::test]
async fn a_token_opens_one_account_only() {
    let stage = Stage::filled(3).await;
    let other = stage.vercel.add_project("rival", "shop");
    let token = stage.vercel.mint_token("acme");
    for target in ["/v10/projects".to_owned(), format!("/v9/projects/{}", other.id), "/v6/deployments".to_owned()] {
        let refused = stage.http.get_with(&token, &format!("{target}?teamId={}", other.account_id)).await;
        assert_eq!((refused.status, code(&refused).as_str()), (403, "forbidden"), "{target}");
        assert!(refused.json()["error"]["message"].as_str().unwrap().contains("under scope \"rival\""));
        assert!(refused.json()["error"].get("invalidToken").is_none());
    }
    assert_eq!(stage.http.get_with(&token, "/v6/deployments?teamId=team_unknown").await.status, 403);
    let by_slug = stage.http.get_with(&token, "/v6/deployments?slug=acme").await;
    assert_eq!(deployments(&by_slug).len(), 3);
}

#[tokio::test]
async fn without_a_team_nothing_of_the_team_is_seen() {
    let stage = Stage::filled(3).await;
    let token = stage.vercel.mint_token("acme");
    for token in [token.as_str(), "somebody"] {
        let silent = stage.http.get_with(token, "/v6/deployments").await;
        assert!(deployments(&silent).is_empty(), "no error tells that the team was left out");
        let hidden = stage.http.get_with(token, &format!("/v9/projects/{}", stage.project.id)).await;
        assert_eq!((hidden.status, code(&hidden).as_str()), (404, "not_found"));
    }
}

#[tokio::test]
async fn a_person_has_no_team() {
    let stage = Stage::empty().await;
    let blog = stage.vercel.add_personal_project("jane", "blog");
    assert_eq!(blog.team_id, None);
    assert!(!blog.account_id.starts_with("team_"));
    let token = stage.vercel.mint_token("jane");
    let path = format!("/v9/projects/{}", blog.id);
    assert_eq!(stage.http.get_with(&token, &path).await.json()["name"], "blog");
    assert_eq!(stage.http.get_with(&token, &format!("{path}?teamId={}", stage.project.account_id)).await.status, 403);
    assert_eq!(stage.http.get_with(&token, &format!("{path}?teamId={}", blog.account_id)).await.status, 403);
}

#[tokio::test]
async fn a_disabled_integration_is_refused_until_it_is_enabled_again() {
    let stage = Stage::filled(1).await;
    stage.vercel.set_integration_enabled("acme", false);
    let refused = stage.page("").await;
    assert_eq!((refused.status, code(&refused).as_str()), (403, "integration_configuration_disabled"));
    stage.vercel.set_integration_enabled("acme", true);
    assert_eq!(stage.page("").await.status, 200);
}

#[tokio::test]
async fn taking_the_integration_off_ends_its_tokens() {
    let stage = Stage::filled(1).await;
    let token = stage.vercel.mint_token("acme");
    let webhook = stage.project.uninstall(stage.world.now());
    assert_eq!(webhook.event, "integration-configuration.removed");
    let refused = stage.http.get_with(&token, &stage.list("")).await;
    assert_eq!(refused.json()["error"]["invalidToken"], true);
}

#[tokio::test]
async fn each_endpoint_has_a_budget_of_its_own() {
    let stage = Stage::filled(1).await;
    stage.vercel.set_limits(Limits { requests: 2, seconds: 60 });
    let first = stage.page("").await;
    let reset = (stage.world.now().as_second() + 60).to_string();
    assert_eq!(first.header("x-ratelimit-limit"), Some("2"));
    assert_eq!(first.header("x-ratelimit-remaining"), Some("1"));
    assert_eq!(first.header("x-ratelimit-reset"), Some(reset.as_str()));
    assert_eq!(stage.page("").await.status, 200);

    let over = stage.page("").await;
    assert_eq!(
        (over.status, code(&over).as_str(), over.header("x-ratelimit-remaining")),
        (429, "rate_limited", Some("0"))
    );
    let limit = &over.json()["error"]["limit"];
    assert_eq!((limit["total"].as_u64(), limit["remaining"].as_u64()), (Some(2), Some(0)));
    assert_eq!((limit["reset"].to_string(), limit["resetMs"].as_u64()), (reset, Some(60_000)));
    assert_eq!(over.header("retry-after"), None);
    assert_eq!(stage.http.get(&stage.of_team("/v10/projects")).await.status, 200, "another endpoint");
    assert_eq!(stage.http.get_with("another", &stage.list("")).await.status, 200, "another caller");

    stage.world.clock().advance(SignedDuration::from_secs(60));
    assert_eq!(stage.page("").await.status, 200);
}

#[tokio::test]
async fn requests_are_recorded_without_the_token() {
    let stage = Stage::filled(1).await;
    stage.page("&limit=5").await;
    stage.http.send(Method::GET, "/nothing", &[]).await.unwrap();
    let requests = stage.vercel.requests();
    assert_eq!((requests[0].path.as_str(), requests[0].status), (stage.list("&limit=5").as_str(), 200));
    assert_eq!((requests[0].authorized, requests[1].authorized), (true, false));
    assert!(!format!("{requests:?}").contains("somebody"));
    stage.vercel.forget_requests();
    assert!(stage.vercel.requests().is_empty());
}
