//! What an issue's past tells.

use connector_simulator::linear::{Edit, NewIssue};
use serde_json::{Value, json};

use super::Stage;

async fn history(stage: &Stage) -> Vec<Value> {
    let fields = "createdAt updatedAt actor { displayName } fromState { name } toState { name } fromAssigneeId
        toAssignee { displayName } fromTitle toTitle addedLabels { name } removedLabelIds fromPriority toPriority archived";
    let data = stage.data(&format!("{{ issue(id: \"ENG-1\") {{ history {{ nodes {{ {fields} }} }} }} }}")).await;
    data["issue"]["history"]["nodes"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_first_minutes_belong_to_the_creation() {
    let stage = Stage::empty().await;
    let id = stage.team.open_issue(NewIssue::default(), stage.at(0)).id;
    stage.team.move_issue(&id, "In Progress", "tadeo", stage.at(60));
    stage.team.edit_issue(&id, vec![Edit::Title("Better".to_owned())], "tadeo", stage.at(179));
    assert!(history(&stage).await.is_empty(), "though both were told by webhook");
    stage.team.move_issue(&id, "Done", "octavia", stage.at(200));
    let entries = history(&stage).await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["fromState"]["name"], "In Progress");
    assert_eq!(entries[0]["toState"]["name"], "Done");
    assert_eq!(entries[0]["actor"]["displayName"], "octavia");
    assert_eq!(entries[0]["addedLabels"], Value::Null, "what did not change is null");
}

#[tokio::test]
async fn what_one_person_does_in_one_go_is_one_entry() {
    let stage = Stage::empty().await;
    let id = stage.team.open_issue(NewIssue::default(), stage.at(0)).id;
    stage.team.move_issue(&id, "Todo", "tadeo", stage.at(1_000));
    stage.team.move_issue(&id, "In Progress", "tadeo", stage.at(1_060));
    stage.team.edit_issue(&id, vec![Edit::Assignee(Some("hana-mori".to_owned()))], "tadeo", stage.at(1_120));
    stage.team.edit_issue(&id, vec![Edit::Label("Bug".to_owned())], "octavia", stage.at(1_121));
    stage.team.touch_issue(&id, stage.at(1_122));
    stage.team.edit_issue(&id, vec![Edit::Priority(1)], "tadeo", stage.at(1_400));
    let entries = history(&stage).await;
    assert_eq!(entries.len(), 3, "newest first: {entries:#?}");
    assert_eq!((&entries[0]["fromPriority"], &entries[0]["toPriority"]), (&json!(0), &json!(1)));
    assert_eq!(entries[1]["addedLabels"], json!([{ "name": "Bug" }]));
    let joined = &entries[2];
    assert_eq!((&joined["fromState"]["name"], &joined["toState"]["name"]), (&json!("Backlog"), &json!("In Progress")));
    assert_eq!((&joined["fromAssigneeId"], &joined["toAssignee"]["displayName"]), (&Value::Null, &json!("hana-mori")));
    assert!(joined["updatedAt"].as_str() > joined["createdAt"].as_str());
}

#[tokio::test]
async fn every_state_is_kept_with_its_times() {
    let stage = Stage::empty().await;
    let id = stage.team.open_issue(NewIssue::default(), stage.at(0)).id;
    for (second, state) in [(60, "In Progress"), (1_000, "Done"), (2_000, "Todo")] {
        stage.team.move_issue(&id, state, "tadeo", stage.at(second));
    }
    let data = stage
        .data("{ issue(id: \"ENG-1\") { startedAt completedAt createdAt stateHistory { nodes { startedAt endedAt state { name } } } } }")
        .await;
    let issue = &data["issue"];
    assert_eq!((&issue["startedAt"], &issue["completedAt"]), (&Value::Null, &Value::Null), "it is open again");
    let mut spans = issue["stateHistory"]["nodes"].as_array().unwrap().clone();
    spans.reverse();
    let names: Vec<&str> = spans.iter().map(|span| span["state"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Backlog", "In Progress", "Done", "Todo"]);
    assert_eq!(spans[0]["startedAt"], issue["createdAt"]);
    for pair in spans.windows(2) {
        assert_eq!(pair[0]["endedAt"], pair[1]["startedAt"]);
    }
    assert_eq!(spans[3]["endedAt"], Value::Null);
}

#[tokio::test]
async fn a_move_is_timed_apart_by_issue_history_and_webhook() {
    let stage = Stage::filled(60).await;
    let issues = stage
        .all(
            "issues",
            "first: 60",
            "completedAt updatedAt stateHistory(first: 50) { nodes { startedAt state { type } } }",
        )
        .await;
    let mut apart = 0;
    for issue in issues.iter().filter(|issue| !issue["completedAt"].is_null()) {
        let at = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        let completed = at(&issue["completedAt"]);
        let spans = issue["stateHistory"]["nodes"].as_array().unwrap();
        let span = spans.iter().find(|span| span["state"]["type"] == "completed").unwrap();
        let milliseconds = at(&span["startedAt"]).duration_since(completed).as_millis();
        assert!((0..=120).contains(&milliseconds), "{issue}");
        apart += usize::from(milliseconds > 0);
    }
    assert!(apart > 3);
}
