//! Webhooks, and that they tell the same facts as the list.

use std::collections::{BTreeMap, BTreeSet};

use connector_simulator::vercel::{Git, NewDeployment, Target, Webhook};
use jiff::SignedDuration;
use serde_json::Value;

use super::Stage;

fn body(webhook: &Webhook) -> Value {
    serde_json::from_slice(&webhook.body).unwrap()
}

#[tokio::test]
async fn every_transition_a_listed_deployment_proves_was_told_then() {
    let stage = Stage::filled(200).await;
    let told: BTreeMap<(String, String), i64> = stage
        .project
        .history_webhooks()
        .iter()
        .filter(|webhook| webhook.event != "deployment.rollback")
        .map(|webhook| {
            let body = body(webhook);
            let lag = body["createdAt"].as_i64().unwrap() - webhook.at.as_millisecond();
            assert!((20..400).contains(&lag), "the event is made a little later: {lag} ms");
            let id = body["payload"]["deployment"]["id"].as_str().unwrap().to_owned();
            ((id, webhook.event.clone()), webhook.at.as_millisecond())
        })
        .collect();
    let mut proven = 0;
    for item in stage.walk("&limit=100", 10).await {
        let mut was_told = |event: &str, at: &Value| {
            let key = (item["uid"].as_str().unwrap().to_owned(), event.to_owned());
            let told = told.get(&key).unwrap_or_else(|| panic!("{key:?} was not told"));
            if let Some(at) = at.as_i64() {
                assert_eq!(*told, at, "{key:?}");
            }
            proven += 1;
        };
        was_told("deployment.created", &item["created"]);
        match item["state"].as_str().unwrap() {
            "READY" => was_told("deployment.ready", &item["ready"]),
            "ERROR" => was_told("deployment.error", &item["ready"]),
            "CANCELED" => was_told("deployment.canceled", &item["ready"]),
            _ => {}
        }
        if let Some(done) = item["checks"]["deployment-alias"].get("completedAt") {
            was_told("deployment.succeeded", done);
        }
        if item["readySubstate"] == "PROMOTED" {
            was_told("deployment.promoted", &Value::Null);
        }
    }
    assert!(proven > 400, "{proven}");
}

#[tokio::test]
async fn webhook_and_list_name_the_same_deployment_alike() {
    let stage = Stage::filled(80).await;
    let listed = stage.walk("&limit=100", 1).await;
    let mut compared = 0;
    for webhook in stage.project.history_webhooks() {
        let body = body(&webhook);
        let payload = &body["payload"];
        assert_eq!(payload["team"]["id"], stage.project.account_id.as_str());
        assert_eq!(payload["project"]["id"], stage.project.id.as_str());
        assert_eq!((&body["region"], &body["id"]), (&Value::Null, &webhook.delivery_id.as_str().into()));
        let Some(told) = payload.get("deployment") else { continue };
        let item = listed.iter().find(|item| item["uid"] == told["id"]).unwrap();
        for field in ["name", "url", "meta", "inspectorUrl"] {
            assert_eq!(told[field], item[field], "{field}");
        }
        assert_eq!(payload["user"]["id"], item["creator"]["uid"]);
        if webhook.event != "deployment.promoted" {
            assert_eq!(payload["target"], item["target"]);
        }
        assert!(told.get("uid").is_none() && told.get("state").is_none());
        compared += 1;
    }
    assert!(compared > 200, "{compared}");
}

#[tokio::test]
async fn the_history_is_in_order_and_each_fact_keeps_its_bytes_and_id() {
    let stage = Stage::filled(40).await;
    let before = stage.project.history_webhooks();
    assert!(before.windows(2).all(|pair| pair[0].at <= pair[1].at));
    let ids: BTreeSet<&str> = before.iter().map(|webhook| webhook.delivery_id.as_str()).collect();
    assert_eq!(ids.len(), before.len());
    let made = stage.project.deploy(NewDeployment::default(), stage.world.now());
    stage.project.rename("store", stage.world.now() + SignedDuration::from_secs(1));
    let after = stage.project.history_webhooks();
    assert_eq!(after[..before.len()], before[..]);
    assert_eq!(after[before.len()], made);
    assert_eq!(after.len(), before.len() + 2);
}

#[tokio::test]
async fn a_deployment_lives_its_life() {
    let stage = Stage::empty().await;
    let project = &stage.project;
    let at = |second| stage.world.now() + SignedDuration::from_secs(second);
    let make = |message: &str, checks: bool, start: i64| {
        let draft = NewDeployment { checks, ..NewDeployment::production(message) };
        let created = project.deploy(draft, at(start));
        let id = created.deployment.clone().unwrap();
        project.build(&id, at(start + 5));
        let sent = vec![
            created,
            project.ready(&id, at(start + 60)),
            project.succeed(&id, at(start + 90)),
            project.promote(&id, at(start + 91)),
        ];
        (id, sent)
    };
    let (first, mut sent) = make("one", false, 0);
    let (second, more) = make("two", true, 1_000);
    sent.extend(more);
    let rollback = project.roll_back(&first, at(2_000));
    assert_eq!(rollback.deployment.as_deref(), Some(first.as_str()));
    let payload = body(&rollback)["payload"].clone();
    assert_eq!(
        (&payload["fromDeploymentId"], &payload["toDeploymentId"]),
        (&second.as_str().into(), &first.as_str().into())
    );
    assert!(payload.get("deployment").is_none(), "ids only");
    sent.push(rollback);
    sent.push(project.promote(&second, at(3_000)));
    assert_eq!(project.history_webhooks(), sent, "told again later, each is as it was then");
    let events: Vec<&str> = sent.iter().map(|webhook| webhook.event.trim_start_matches("deployment.")).collect();
    let life = ["created", "ready", "succeeded", "promoted"];
    assert_eq!(events, [&life[..], &life[..], &["rollback", "promoted"][..]].concat());
    let created = body(&sent[0]);
    assert_eq!(created["payload"]["alias"][0], "shop.vercel.app");
    assert_eq!(created["payload"]["deployment"]["meta"]["githubCommitMessage"], "one");
}

#[tokio::test]
async fn a_failure_is_told_without_its_reason() {
    let stage = Stage::empty().await;
    let (now, project) = (stage.world.now(), &stage.project);
    let id = project.deploy(NewDeployment::default(), now).deployment.unwrap();
    let failed = body(&project.fail(&id, now));
    assert_eq!((&failed["type"], &failed["payload"]["target"]), (&"deployment.error".into(), &Value::Null));
    assert!(!failed.to_string().contains("exited with") && failed["payload"].get("alias").is_none());
    let draft = NewDeployment { git: Git::None, target: Target::Custom("qa".to_owned()), ..NewDeployment::default() };
    let id = project.deploy(draft, now).deployment.unwrap();
    let canceled = body(&project.cancel(&id, now));
    assert_eq!(canceled["type"], "deployment.canceled");
    assert_eq!(canceled["payload"]["deployment"]["meta"], serde_json::json!({}));
}

#[tokio::test]
async fn a_person_s_webhooks_name_no_team() {
    let stage = Stage::empty().await;
    let blog = stage.vercel.add_personal_project("jane", "blog");
    let told = body(&blog.deploy(NewDeployment::default(), stage.world.now()));
    assert_eq!(told["payload"]["team"], Value::Null);
    let gone = body(&blog.uninstall(stage.world.now()));
    assert_eq!(gone["payload"]["user"]["id"], blog.account_id.as_str(), "who installed it");
    let made = body(&stage.project.announce(stage.world.now()));
    assert_eq!((&made["type"], &made["payload"]["project"]["name"]), (&"project.created".into(), &"shop".into()));
}

#[tokio::test]
async fn a_signed_webhook_has_vercel_s_header() {
    let stage = Stage::empty().await;
    let webhook = stage.project.deploy(NewDeployment::default(), stage.world.now());
    let signed = webhook.signed(b"secret");
    let signature = signed.header("x-vercel-signature").unwrap();
    assert!(signature.len() == 40 && signature.bytes().all(|byte| byte.is_ascii_hexdigit()), "{signature}");
    assert_ne!(webhook.signed(b"other").header("x-vercel-signature"), Some(signature));
    assert!(!format!("{signed:?}").contains(signature), "not in a log");
}
