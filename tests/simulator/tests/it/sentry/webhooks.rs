//! Webhooks, and that they tell the same facts as the lists.

use std::collections::BTreeMap;

use connector_simulator::sentry::{Assignee, Degree, NewIssue, Resolution, Webhook};
use serde_json::Value;

use super::Stage;

fn body(webhook: &Webhook) -> Value {
    serde_json::from_slice(&webhook.body).unwrap()
}

fn name(webhook: &Webhook) -> String {
    format!("{}.{}", webhook.resource, webhook.action)
}

/// A moment in whole seconds, however it is written.
fn second(value: &Value) -> String {
    value.as_str().unwrap()[..19].to_owned()
}

#[tokio::test]
async fn every_issue_and_event_of_the_lists_was_told() {
    let stage = Stage::filled(80).await;
    let mut created = BTreeMap::new();
    let mut last = BTreeMap::new();
    let mut errors = BTreeMap::new();
    for webhook in stage.project.history_webhooks() {
        let data = body(&webhook)["data"].clone();
        match (webhook.resource.as_str(), webhook.action.as_str()) {
            ("issue", action) => {
                let id = data["issue"]["id"].as_str().unwrap().to_owned();
                if action == "created" {
                    created.insert(id.clone(), data["issue"].clone());
                }
                last.insert(id, data["issue"].clone());
            }
            ("error", _) => {
                errors.insert(data["error"]["event_id"].as_str().unwrap().to_owned(), data["error"].clone());
            }
            _ => {}
        }
    }
    let issues = stage.walk(stage.issues("query=").await).await;
    for issue in &issues {
        let id = issue["id"].as_str().unwrap();
        assert_eq!(second(&created[id]["firstSeen"]), second(&issue["lifetime"]["firstSeen"]));
        for field in ["shortId", "title", "culprit", "level", "permalink", "project", "metadata", "type", "platform"] {
            assert_eq!(created[id][field], issue[field], "{field}");
        }
        for field in ["status", "substatus", "statusDetails", "assignedTo"] {
            assert_eq!(last[id][field], issue[field], "{field} of {id}: the last webhook tells how it stands");
        }
    }
    let events = stage.walk(stage.events("").await).await;
    for event in &events {
        let told = &errors[event["eventID"].as_str().unwrap()];
        assert_eq!(second(&told["datetime"]), second(&event["dateCreated"]));
        for (own, listed) in
            [("issue_id", "groupID"), ("title", "title"), ("culprit", "culprit"), ("location", "location")]
        {
            assert_eq!(told[own], event[listed], "{own}");
        }
        assert_eq!(told["project"].to_string(), event["projectID"].as_str().unwrap());
    }
    assert_eq!((issues.len(), created.len(), events.len()), (80, 80, errors.len()));
}

#[tokio::test]
async fn every_entry_of_a_history_was_told() {
    let stage = Stage::filled(60).await;
    let webhooks = stage.project.history_webhooks();
    let mut checked = 0;
    for issue in stage.walk(stage.issues("query=").await).await {
        let id: u64 = issue["id"].as_str().unwrap().parse().unwrap();
        let activity = stage.http.get(&format!("/api/0/issues/{id}/activities/")).await.json();
        for entry in activity["activity"].as_array().unwrap() {
            let expected = match entry["type"].as_str().unwrap() {
                "first_seen" => "issue.created",
                "set_resolved" | "set_resolved_in_release" => "issue.resolved",
                "set_unresolved" | "set_regression" | "set_escalating" => "issue.unresolved",
                "set_ignored" => "issue.archived",
                "assigned" => "issue.assigned",
                "note" => "comment.created",
                other => panic!("{other}"),
            };
            let told = webhooks.iter().find(|webhook| {
                webhook.issue == Some(id)
                    && name(webhook) == expected
                    && webhook.at.to_string()[..19] == second(&entry["dateCreated"])
            });
            let told = body(told.unwrap_or_else(|| panic!("{expected} of {id} was not told")));
            if let Some(user) = entry["user"]["id"].as_str() {
                assert_eq!(told["actor"]["id"].to_string(), user);
            } else {
                assert_eq!(told["actor"]["id"], "sentry");
            }
            checked += 1;
        }
    }
    assert!(checked > 150, "{checked}");
}

#[tokio::test]
async fn the_history_is_in_order_and_each_fact_keeps_its_bytes() {
    let stage = Stage::filled(20).await;
    let before = stage.project.history_webhooks();
    assert!(before.windows(2).all(|pair| pair[0].at <= pair[1].at));
    let opened = stage.project.open_issue(NewIssue::default(), stage.at(1));
    stage.project.rename("starship");
    let resolved = stage.project.resolve(opened.issue.unwrap(), Resolution::Now, "tadeo", stage.at(2));
    let after = stage.project.history_webhooks();
    assert_eq!(after[..before.len()], before[..]);
    assert_eq!(after[before.len()], opened, "with the slug of its time");
    assert_eq!(after.last(), Some(&resolved));
    assert_eq!(body(&resolved)["data"]["issue"]["project"]["slug"], "starship");
}

#[tokio::test]
async fn an_issue_lives_its_life() {
    let stage = Stage::empty().await;
    let (project, at) = (&stage.project, |minutes| stage.at(minutes));
    let issue = project.open_issue(NewIssue::error("TypeError", "x is undefined"), at(0)).issue.unwrap();
    project.alert(issue, "Tell the team", at(1));
    project.assign(issue, Assignee::Person("wren42".to_owned()), "tadeo", at(2));
    project.resolve(issue, Resolution::InNextRelease, "wren42", at(3));
    project.unresolve(issue, "tadeo", at(4));
    project.resolve(issue, Resolution::Now, "wren42", at(5));
    project.capture(issue, at(6));
    project.archive(issue, "tadeo", at(7));
    project.escalate(issue, at(8));
    let told = project.history_webhooks();
    let names: Vec<String> = told.iter().map(name).collect();
    assert_eq!(
        names,
        [
            "issue.created",
            "error.created",
            "event_alert.triggered",
            "issue.assigned",
            "issue.resolved",
            "issue.unresolved",
            "issue.resolved",
            "error.created",
            "issue.unresolved",
            "issue.archived",
            "issue.ignored",
            "issue.unresolved",
        ]
    );
    let bodies: Vec<Value> = told.iter().map(body).collect();
    let issue = |index: usize| &bodies[index]["data"]["issue"];
    assert_eq!((&issue(0)["substatus"], &issue(0)["count"]), (&"new".into(), &"1".into()));
    assert!(
        issue(0)["firstSeen"].as_str().unwrap().ends_with("+00:00")
            && issue(3)["firstSeen"].as_str().unwrap().ends_with('Z')
    );
    assert!(issue(0)["web_url"].is_string() && issue(3).get("web_url").is_none());
    assert_eq!(bodies[2]["data"]["triggered_rule"], "Tell the team");
    assert_eq!(bodies[2]["data"]["event"]["event_id"], bodies[1]["data"]["error"]["event_id"]);
    assert!(bodies[3]["data"]["assignee"]["id"].is_u64() && issue(3)["assignedTo"]["id"].is_string());
    assert_eq!(
        (&bodies[4]["data"]["resolution_type"], &issue(4)["statusDetails"]["inNextRelease"]),
        (&"in_next_release".into(), &true.into())
    );
    assert_eq!((&issue(8)["substatus"], &issue(8)["count"]), (&"regressed".into(), &"2".into()));
    assert_eq!((&issue(9)["status"], &issue(10)["status"]), (&"ignored".into(), &"ignored".into()));
    assert_eq!((&issue(11)["substatus"], &bodies[11]["actor"]["type"]), (&"escalating".into(), &"application".into()));
    assert!(bodies.iter().all(|body| body["installation"]["uuid"] == project.installation.as_str()));
}

#[tokio::test]
async fn comments_alerts_and_installations_are_told() {
    let stage = Stage::empty().await;
    let project = &stage.project;
    let issue = project.open_issue(NewIssue::message("Countdown"), stage.at(0)).issue.unwrap();
    let said = project.comment(issue, "Look", "tadeo", stage.at(1));
    let comment = said.comment.unwrap();
    let data = body(&said)["data"].clone();
    assert_eq!((&data["comment_id"], &data["issue_id"]), (&comment.into(), &issue.into()), "numbers here");
    assert_eq!((&data["project_slug"], &data["comment"]), (&"rocket".into(), &"Look".into()));
    assert_eq!(project.edit_comment(comment, "Look here", "tadeo", stage.at(2)).action, "updated");
    let gone = project.delete_comment(comment, "tadeo", stage.at(3));
    assert_eq!((gone.action.as_str(), &body(&gone)["data"]["comment"]), ("deleted", &"Look here".into()));

    let (incident, opened) = project.open_incident("Too many errors", Degree::Critical, stage.at(4));
    let closed = project.change_incident(incident, "Too many errors", Degree::Resolved, stage.at(4), stage.at(9));
    assert_eq!(
        (name(&opened), name(&closed)),
        ("metric_alert.critical".to_owned(), "metric_alert.resolved".to_owned())
    );
    let (opened, closed) = (body(&opened)["data"].clone(), body(&closed)["data"].clone());
    assert_eq!(opened["metric_alert"]["id"], closed["metric_alert"]["id"]);
    assert_eq!(opened["metric_alert"]["date_started"], stage.at(4).to_string());
    assert_eq!(
        (&opened["metric_alert"]["date_closed"], &closed["metric_alert"]["date_closed"]),
        (&Value::Null, &stage.at(9).to_string().into())
    );
    assert_eq!(opened["description_title"], "Critical: Too many errors");

    let installed = body(&project.install("mira-holt", stage.at(10)));
    assert_eq!(
        (&installed["action"], &installed["data"]["installation"]["status"]),
        (&"created".into(), &"pending".into())
    );
    assert!(installed["data"]["installation"]["code"].is_string());
    assert_eq!(body(&project.uninstall("mira-holt", stage.at(11)))["action"], "deleted");
}

#[tokio::test]
async fn each_attempt_has_a_request_id_of_its_own() {
    let stage = Stage::empty().await;
    let webhook = stage.project.open_issue(NewIssue::default(), stage.world.now());
    let (first, again) = (webhook.signed(b"secret"), webhook.signed_again(b"secret", 1));
    assert_eq!(first.header("sentry-hook-resource"), Some("issue"));
    assert_eq!(first.header("sentry-hook-timestamp"), Some(stage.world.now().as_second().to_string().as_str()));
    assert_ne!(first.header("request-id"), again.header("request-id"));
    assert_ne!(first.header("sentry-hook-timestamp"), again.header("sentry-hook-timestamp"));
    let signature = first.header("sentry-hook-signature").unwrap();
    assert_eq!(
        (signature.len(), again.header("sentry-hook-signature")),
        (64, Some(signature)),
        "only the body is signed"
    );
    assert_ne!(webhook.signed(b"other").header("sentry-hook-signature"), Some(signature));
    assert!(!format!("{first:?}").contains(signature), "not in a log");
}

#[tokio::test]
#[should_panic(expected = "not in a state that can change so")]
async fn a_scenario_that_contradicts_itself_stops() {
    let stage = Stage::empty().await;
    let issue = stage.project.open_issue(NewIssue::default(), stage.at(0)).issue.unwrap();
    stage.project.unresolve(issue, "tadeo", stage.at(1));
}
