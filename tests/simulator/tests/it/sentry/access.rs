//! Who may ask, and how often.

use connector_simulator::sentry::Limits;
use hyper::Method;
use jiff::SignedDuration;

use super::Stage;

const LIST: &str = "/api/0/organizations/acme/issues/?query=";

#[tokio::test]
async fn a_token_opens_one_organization_for_eight_hours() {
    let stage = Stage::filled(2).await;
    stage.sentry.add_project("rival", "rocket");
    let token = stage.sentry.mint_token("acme");
    assert_eq!(stage.http.get_with(&token, LIST).await.items().len(), 2);
    let other = stage.http.get_with(&token, "/api/0/organizations/rival/issues/").await;
    assert_eq!(
        (other.status, &other.json()["detail"]),
        (403, &"You do not have permission to perform this action.".into())
    );
    assert_eq!(stage.http.get_with(&token, "/api/0/organizations/nobody/issues/").await.status, 404);

    stage.world.clock().advance(SignedDuration::from_hours(8));
    let expired = stage.http.get_with(&token, LIST).await;
    assert_eq!((expired.status, &expired.json()["detail"]), (401, &"Token expired".into()));
}

#[tokio::test]
async fn refusals_say_why() {
    let stage = Stage::filled(1).await;
    let missing = stage.http.send(Method::GET, LIST, &[]).await.unwrap();
    assert_eq!(missing.json()["detail"], "Authentication credentials were not provided.");
    let basic = stage.http.send(Method::GET, LIST, &[("authorization", "Basic abc")]).await.unwrap();
    assert_eq!((basic.status, &basic.json()["detail"]), (401, &"Invalid token".into()));
    stage.sentry.revoke_token("mine");
    assert_eq!(stage.http.get_with("mine", LIST).await.status, 401);
    let token = stage.sentry.mint_token("acme");
    stage.project.uninstall("mira-holt", stage.world.now());
    assert_eq!(stage.http.get_with(&token, LIST).await.status, 401, "its tokens end with the installation");
}

#[tokio::test]
async fn every_address_ends_in_a_slash() {
    let stage = Stage::filled(1).await;
    for path in ["/api/0/organizations/acme/issues", "/api/0/nothing/", "/api/", "/api/0/projects/acme/nothing/"] {
        let reply = stage.http.get(path).await;
        assert_eq!((reply.status, &reply.json()["detail"]), (404, &"The requested resource does not exist".into()));
    }
    for name in ["acme".to_owned(), stage.project.organization_id.to_string()] {
        assert_eq!(stage.http.get(&format!("/api/0/organizations/{name}/issues/")).await.status, 200);
    }
}

#[tokio::test]
async fn each_endpoint_has_a_budget_of_its_own() {
    let stage = Stage::filled(1).await;
    stage.sentry.set_limits(Limits { requests: 2, seconds: 10, concurrent: 5 });
    let token = stage.sentry.mint_token("acme");
    let first = stage.http.get_with(&token, LIST).await;
    let reset = (stage.world.now().as_second() + 10).to_string();
    for (header, value) in [
        ("limit", "2"),
        ("remaining", "1"),
        ("reset", reset.as_str()),
        ("concurrentlimit", "5"),
        ("concurrentremaining", "4"),
    ] {
        assert_eq!(first.header(&format!("x-sentry-rate-limit-{header}")), Some(value), "{header}");
    }
    let again = stage.sentry.mint_token("acme");
    assert_eq!(stage.http.get_with(&again, LIST).await.status, 200);
    let over = stage.http.get_with(&token, LIST).await;
    assert_eq!((over.status, over.header("retry-after")), (429, None));
    assert_eq!(over.header("x-sentry-rate-limit-remaining"), Some("0"), "all tokens of an organization pay together");
    let detail = "You are attempting to use this endpoint too frequently. Limit is 2 requests in 10 seconds";
    assert_eq!(over.json()["detail"], detail);
    let events = "/api/0/projects/acme/rocket/events/";
    assert_eq!(stage.http.get_with(&token, events).await.status, 200, "another endpoint");
    stage.world.clock().advance(SignedDuration::from_secs(10));
    assert_eq!(stage.http.get_with(&token, LIST).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn only_so_many_requests_are_answered_at_once() {
    let stage = Stage::filled(1).await;
    stage.sentry.set_limits(Limits { concurrent: 2, ..Limits::default() });
    stage.sentry.set_latency(std::time::Duration::from_secs(1));
    let replies = tokio::join!(stage.http.get(LIST), stage.http.get(LIST), stage.http.get(LIST));
    let replies = [replies.0, replies.1, replies.2];
    let refused: Vec<_> = replies.iter().filter(|reply| reply.status == 429).collect();
    assert!(!refused.is_empty() && refused.len() < 3);
    let expected = "You are attempting to go above the allowed concurrency for this endpoint. Concurrency limit is 2";
    assert_eq!(refused[0].json()["detail"], expected);
    assert_eq!(refused[0].header("x-sentry-rate-limit-concurrentremaining"), Some("0"));
    assert_ne!(refused[0].header("x-sentry-rate-limit-remaining"), Some("0"));
    let after = stage.http.get(LIST).await;
    assert_eq!((after.status, after.header("x-sentry-rate-limit-concurrentremaining")), (200, Some("1")));
}

#[tokio::test]
async fn a_renamed_project_leads_to_its_new_address() {
    let stage = Stage::filled(3).await;
    stage.project.rename("starship");
    let moved = stage.http.get("/api/0/projects/acme/rocket/events/?per_page=5").await;
    assert_eq!(moved.status, 302);
    assert_eq!(moved.header("location"), Some("/sentry/api/0/projects/acme/starship/events/?per_page=5"));
    assert_eq!(moved.json()["detail"]["code"], "resource-moved");
    assert_eq!(moved.json()["detail"]["extra"]["slug"], "starship");
    let by_id = format!("/api/0/projects/acme/{}/events/", stage.project.id);
    assert_eq!(stage.http.get(&by_id).await.status, 200, "an id does not move");
    let project = stage.http.get("/api/0/projects/acme/starship/").await.json();
    assert_eq!((&project["slug"], &project["id"]), (&"starship".into(), &stage.project.id.to_string().into()));
    assert_eq!(project["organization"]["slug"], "acme");
}

#[tokio::test]
async fn an_organization_lists_its_projects() {
    let stage = Stage::empty().await;
    for slug in ["pad", "api", "tower"] {
        stage.sentry.add_project("acme", slug);
    }
    stage.sentry.add_project("rival", "rocket");
    let first = stage.http.get("/api/0/organizations/acme/projects/?per_page=3").await;
    let projects = stage.walk(first).await;
    let slugs: Vec<&str> = projects.iter().map(|project| project["slug"].as_str().unwrap()).collect();
    assert_eq!(slugs, ["api", "pad", "rocket", "tower"]);
    assert_eq!(projects[2]["id"], stage.project.id.to_string());
}

#[tokio::test]
async fn requests_are_recorded_without_the_token() {
    let stage = Stage::filled(1).await;
    stage.http.get(LIST).await;
    let requests = stage.sentry.requests();
    assert_eq!((requests[0].path.as_str(), requests[0].status, requests[0].authorized), (LIST, 200, true));
    assert!(!format!("{requests:?}").contains("somebody"));
    stage.sentry.forget_requests();
    assert!(stage.sentry.requests().is_empty());
}
