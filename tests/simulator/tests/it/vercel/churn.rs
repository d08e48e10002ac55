//! The list while it changes.

use connector_simulator::vercel::NewDeployment;
use jiff::SignedDuration;

use super::{Stage, deployments, uids};

#[tokio::test]
async fn what_comes_and_goes_at_the_head_moves_no_page() {
    let stage = Stage::filled(20).await;
    let before = stage.walk("&limit=100", 1).await;
    let first = stage.page("&limit=5").await;
    let next = first.json()["pagination"]["next"].as_i64().unwrap();
    let later = stage.world.now() + SignedDuration::from_secs(1);
    for _ in 0..3 {
        stage.project.deploy(NewDeployment::default(), later);
    }
    stage.project.delete(uids(&before)[1], later);
    let second = stage.page(&format!("&limit=5&until={next}")).await;
    assert_eq!(uids(&deployments(&second)), uids(&before)[5..10]);
    let head = deployments(&stage.page("&limit=5").await);
    assert_eq!(uids(&head)[3], uids(&before)[0], "three came before it");
}

#[tokio::test]
async fn a_deleted_deployment_leaves_and_an_expired_one_lingers() {
    let stage = Stage::filled(10).await;
    let before = stage.walk("&limit=100", 1).await;
    let done: Vec<&str> =
        before.iter().filter(|item| item["state"] == "READY").map(|item| item["uid"].as_str().unwrap()).collect();
    let now = stage.world.now();
    let told = stage.project.history_webhooks();
    stage.project.delete(done[0], now);
    stage.project.expire(done[1], now);
    let after = stage.walk("&limit=100", 1).await;
    assert!(!uids(&after).contains(&done[0]));
    let expired = after.iter().find(|item| item["uid"] == done[1]).unwrap();
    assert_eq!((&expired["state"], &expired["softDeletedByRetention"]), (&"DELETED".into(), &true.into()));
    assert_eq!(expired["deleted"].as_i64(), Some(now.as_millisecond()));
    assert_eq!(stage.walk("&limit=100&state=DELETED", 1).await.len(), 1);

    stage.world.clock().advance(SignedDuration::from_hours(30 * 24));
    assert_eq!(stage.walk("&limit=100", 1).await.len(), 8, "after thirty days it is gone too");
    assert_eq!(stage.project.history_webhooks(), told, "what was told stays told");
}

#[tokio::test]
async fn a_deployment_ends_while_the_list_is_walked() {
    let stage = Stage::filled(3).await;
    let at = |second| stage.world.now() + SignedDuration::from_secs(second);
    let id = stage.project.deploy(NewDeployment::default(), at(0)).deployment.unwrap();
    let next = stage.page("&limit=1").await.json()["pagination"]["next"].as_i64().unwrap();
    stage.project.fail(&id, at(30));
    let rest = stage.page(&format!("&until={next}")).await;
    assert!(!uids(&deployments(&rest)).contains(&id.as_str()), "its place is that of its creation");
    assert_eq!(deployments(&stage.page("&limit=1").await)[0]["state"], "ERROR");
}

#[tokio::test]
#[should_panic(expected = "not in a state that can change so")]
async fn a_scenario_that_contradicts_itself_stops() {
    let stage = Stage::empty().await;
    let id = stage.project.deploy(NewDeployment::default(), stage.world.now()).deployment.unwrap();
    stage.project.ready(&id, stage.world.now());
    stage.project.cancel(&id, stage.world.now());
}
