//! A repository gets another name.

use connector_simulator::github::NewIssue;

use crate::client::Stage;

#[tokio::test]
async fn the_old_address_redirects_to_the_address_by_id() {
    let stage = Stage::filled(5, 0, 0).await;
    let next = stage.get("/repos/acme/rocket/pulls?state=all&per_page=2").await.link("next").unwrap();
    let webhook = stage.repository.rename("starship", stage.world.now());
    assert_eq!((webhook.event.as_str(), webhook.action.as_deref()), ("repository", Some("renamed")));
    let body: serde_json::Value = serde_json::from_slice(&webhook.body).unwrap();
    assert_eq!(body["changes"]["repository"]["name"]["from"], "rocket");
    assert_eq!(body["repository"]["full_name"], "acme/starship");

    let moved = stage.get("/repos/acme/rocket/pulls?state=all&per_page=2").await;
    assert_eq!(moved.status, 301);
    assert_eq!(moved.json()["message"], "Moved Permanently");
    let location = moved.header("location").unwrap().to_owned();
    assert_eq!(moved.json()["url"], location.as_str());
    let by_id = format!("/github/repositories/{}/pulls?state=all&per_page=2", stage.repository.id);
    assert!(location.ends_with(&by_id), "{location}");
    assert_eq!(stage.get(&location).await.items().len(), 2);

    assert_eq!(stage.get("/repos/acme/starship").await.status, 200);
    assert_eq!(stage.get(&next).await.items().len(), 2, "a walk goes on: later pages are by id");
    assert_eq!(stage.repository.full_name(), "acme/starship");
    assert_eq!(stage.github.repository("acme/rocket").unwrap().id, stage.repository.id);
}

#[tokio::test]
async fn what_was_told_before_keeps_the_old_name() {
    let stage = Stage::empty().await;
    let told = stage.repository.open_issue(NewIssue::default(), stage.world.now());
    stage.repository.rename("starship", stage.world.now());
    assert_eq!(stage.repository.history_webhooks()[0], told, "the same bytes, the same delivery id");
}

#[tokio::test]
async fn names_do_not_tell_cases_apart() {
    let stage = Stage::empty().await;
    assert_eq!(stage.get("/repos/ACME/Rocket").await.status, 200);
}
