//! One issue: itself, its comments, and what happened to it.

use connector_simulator::sentry::{Assignee, NewIssue, Resolution};
use serde_json::Value;

use super::{Stage, direction};

#[tokio::test]
async fn the_history_tells_who_did_what_newest_first() {
    let stage = Stage::empty().await;
    let (project, at) = (&stage.project, |minutes| stage.at(minutes));
    let issue = project.open_issue(NewIssue::default(), at(0)).issue.unwrap();
    project.assign(issue, Assignee::Person("wren42".to_owned()), "tadeo", at(1));
    project.unassign(issue, "tadeo", at(2));
    project.assign(issue, Assignee::Team("launchers".to_owned()), "tadeo", at(3));
    project.resolve(issue, Resolution::InRelease("rocket@2.0.0".to_owned()), "tadeo", at(4));
    project.unresolve(issue, "octavia", at(5));
    project.resolve(issue, Resolution::Now, "tadeo", at(6));
    project.capture(issue, at(7));
    project.archive(issue, "octavia", at(8));
    project.escalate(issue, at(9));
    project.comment(issue, "Look here", "wren42", at(10));
    let path = format!("/api/0/organizations/acme/issues/{issue}/");
    let detail = stage.http.get(&path).await.json();
    let activity = detail["activity"].as_array().unwrap();
    let kinds: Vec<&str> = activity.iter().map(|entry| entry["type"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "note",
            "set_escalating",
            "set_ignored",
            "set_regression",
            "set_resolved",
            "set_unresolved",
            "set_resolved_in_release",
            "assigned",
            "unassigned",
            "assigned",
            "first_seen",
        ]
    );
    assert_eq!((&activity[0]["data"]["text"], &activity[0]["user"]["name"]), (&"Look here".into(), &"wren42".into()));
    assert_eq!((&activity[3]["user"], &activity[10]["id"]), (&Value::Null, &"0".into()), "Sentry itself");
    assert_eq!(activity[6]["data"]["version"], "rocket@2.0.0");
    assert_eq!(
        (&activity[7]["data"]["assigneeType"], &activity[9]["data"]["assigneeType"]),
        (&"team".into(), &"user".into())
    );
    assert_eq!(activity[4]["dateCreated"], at(6).to_string());
    assert_eq!((&detail["status"], &detail["substatus"]), (&"unresolved".into(), &"escalating".into()));

    let same = stage.http.get(&format!("/api/0/issues/{issue}/activities/")).await.json();
    assert_eq!(same["activity"], detail["activity"]);
    let elsewhere = format!("/api/0/organizations/rival/issues/{issue}/");
    stage.sentry.add_project("rival", "rocket");
    assert_eq!(stage.http.get(&elsewhere).await.status, 404, "in another organization");
}

#[tokio::test]
async fn comments_are_paged_edited_and_taken_back() {
    let stage = Stage::empty().await;
    let issue = stage.project.open_issue(NewIssue::default(), stage.at(0)).issue.unwrap();
    let comments: Vec<u64> =
        (1..=5).map(|n| stage.project.comment(issue, &format!("{n}"), "tadeo", stage.at(n)).comment.unwrap()).collect();
    stage.project.edit_comment(comments[1], "two", "tadeo", stage.at(10));
    stage.project.delete_comment(comments[0], "tadeo", stage.at(11));
    let first = stage.http.get(&format!("/api/0/issues/{issue}/comments/?per_page=3")).await;
    assert!(direction(&first, "next").1);
    let all = stage.walk(first).await;
    let texts: Vec<&str> = all.iter().map(|comment| comment["data"]["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["5", "4", "3", "two"]);
    assert_eq!((&all[0]["type"], &all[0]["user"]["name"]), (&"note".into(), &"tadeo".into()));
    assert_eq!(all[0]["id"], comments[4].to_string());
    let issue = stage.http.get(&format!("/api/0/issues/{issue}/")).await.json();
    assert_eq!(issue["numComments"], 4);
}

#[tokio::test]
async fn a_long_history_is_cut_at_a_hundred() {
    let stage = Stage::empty().await;
    let issue = stage.project.open_issue(NewIssue::default(), stage.at(0)).issue.unwrap();
    for n in 1..=150 {
        stage.project.comment(issue, &format!("{n}"), "tadeo", stage.at(n));
    }
    let path = format!("/api/0/issues/{issue}/activities/");
    let activity = stage.http.get(&path).await.json()["activity"].as_array().unwrap().clone();
    assert_eq!((activity.len(), &activity[0]["data"]["text"]), (100, &"150".into()));
    assert!(activity.iter().all(|entry| entry["type"] == "note"), "the beginning is lost");
    let comments = stage.http.get(&format!("/api/0/issues/{issue}/comments/")).await;
    assert_eq!(stage.walk(comments).await.len(), 150, "comments are paged");
}
