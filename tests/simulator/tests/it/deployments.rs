//! Deployments and their statuses.

use std::collections::BTreeMap;

use connector_simulator::github::DeploymentState;
use jiff::SignedDuration;
use serde_json::Value;

use crate::client::Stage;

const LIST: &str = "/repos/acme/rocket/deployments";

#[tokio::test]
async fn the_newest_come_first_and_were_told_alike() {
    let stage = Stage::lively(10, 0).await;
    let (mut deployments, mut statuses) = (BTreeMap::new(), BTreeMap::new());
    for webhook in stage.repository.history_webhooks() {
        let body: Value = serde_json::from_slice(&webhook.body).unwrap();
        if webhook.event.starts_with("deployment") {
            assert_eq!(body["action"], "created");
            deployments.insert(body["deployment"]["id"].as_u64().unwrap(), body["deployment"].clone());
            if let Some(status) = body.get("deployment_status") {
                statuses.insert(status["id"].as_u64().unwrap(), status.clone());
            }
        }
    }
    let listed = stage.all(&format!("{LIST}?per_page=5")).await;
    assert_eq!((listed.len(), deployments.len()), (12, 12));
    let times: Vec<&str> = listed.iter().map(|item| item["created_at"].as_str().unwrap()).collect();
    assert!(times.windows(2).all(|pair| pair[0] >= pair[1]));
    let mut met = 0;
    for deployment in &listed {
        let id = deployment["id"].as_u64().unwrap();
        assert_eq!(deployments[&id], *deployment, "the last webhook tells how it stands");
        let own = stage.all(&format!("{LIST}/{id}/statuses?per_page=2")).await;
        assert_eq!(own[0]["created_at"], deployment["updated_at"]);
        for status in &own {
            assert_eq!(statuses[&status["id"].as_u64().unwrap()], *status);
        }
        met += own.len();
    }
    assert_eq!(met, statuses.len());
    assert_eq!(stage.get(&format!("{LIST}/17/statuses")).await.status, 404);
}

#[tokio::test]
async fn a_deployment_lives_its_life() {
    let stage = Stage::empty().await;
    let repository = &stage.repository;
    let at = |minutes| stage.world.now() + SignedDuration::from_mins(minutes);
    let (id, created) = repository.deploy("main", "production", "tadeo", at(0));
    repository.deploy("main", "staging", "tadeo", at(1));
    let states = [DeploymentState::Queued, DeploymentState::InProgress, DeploymentState::Success];
    for (minute, state) in (2..).zip(states) {
        repository.report_deployment(id, state, at(minute));
    }
    let created: Value = serde_json::from_slice(&created.body).unwrap();
    assert_eq!(created["deployment"]["updated_at"], at(0).to_string());
    let statuses = stage.get(&format!("{LIST}/{id}/statuses")).await.items();
    let states: Vec<&str> = statuses.iter().map(|status| status["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["success", "in_progress", "queued"], "the newest first");
    let production = stage.get(&format!("{LIST}?environment=production")).await.items();
    assert_eq!((production.len(), &production[0]["updated_at"]), (1, &at(4).to_string().into()));
    assert_eq!(
        (&production[0]["production_environment"], &production[0]["sha"]),
        (&true.into(), &created["deployment"]["sha"])
    );
    assert!(stage.get(&format!("{LIST}?task=migrate")).await.items().is_empty());
}
