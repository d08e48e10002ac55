//! Lists that change while they are walked: the very faults a client must survive.

use std::collections::BTreeSet;

use connector_simulator::linear::{Cursors, NewComment};
use serde_json::{Value, json};

use super::{Stage, code, data, texts};

const PAGE: &str = "query($after: String) { issues(first: 5, after: $after, orderBy: updatedAt) {
    nodes { id identifier updatedAt } pageInfo { hasNextPage endCursor } } }";

async fn page(stage: &Stage, after: &Value) -> Value {
    data(&stage.ask_with(PAGE, json!({ "after": after })).await)["issues"].clone()
}

#[tokio::test]
async fn a_touched_item_jumps_to_the_head_where_the_walk_has_been_already() {
    let stage = Stage::filled(20).await;
    let first = page(&stage, &Value::Null).await;
    let everything = texts(&stage.all("issues", "orderBy: updatedAt", "id").await, "id");
    stage.team.touch_issue(&everything[10], stage.at(60));
    let mut met: BTreeSet<String> = texts(first["nodes"].as_array().unwrap(), "id").into_iter().collect();
    let mut info = first["pageInfo"].clone();
    while info["hasNextPage"] == true {
        let next = page(&stage, &info["endCursor"]).await;
        met.extend(texts(next["nodes"].as_array().unwrap(), "id"));
        info = next["pageInfo"].clone();
    }
    assert_eq!(met.len(), 19, "one is missed");
    assert!(!met.contains(&everything[10]));
    assert_eq!(page(&stage, &Value::Null).await["nodes"][0]["id"], everything[10].as_str());
}

#[tokio::test]
async fn a_page_begins_after_the_place_its_cursor_names_now() {
    let stage = Stage::filled(20).await;
    let first = page(&stage, &Value::Null).await;
    let last = first["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
    stage.team.touch_issue(&last, stage.at(60));
    let again = page(&stage, &json!(last)).await;
    assert_eq!(again["nodes"][0], first["nodes"][0], "it is at the head now, so all comes again");

    stage.linear.set_cursors(Cursors::Places);
    let first = page(&stage, &Value::Null).await;
    let last = first["nodes"][4]["id"].as_str().unwrap().to_owned();
    stage.team.touch_issue(&last, stage.at(120));
    let next = page(&stage, &first["pageInfo"]["endCursor"]).await;
    assert_eq!(next["pageInfo"]["hasNextPage"], true);
    assert_ne!(next["nodes"][0], first["nodes"][0], "a place stays where it was");
}

#[tokio::test]
async fn a_cursor_whose_item_is_gone_is_refused() {
    let stage = Stage::filled(20).await;
    let first = page(&stage, &Value::Null).await;
    let last = first["pageInfo"]["endCursor"].clone();
    stage.team.trash_issue(last.as_str().unwrap(), "tadeo", stage.at(60));
    assert_eq!(page(&stage, &last).await["nodes"].as_array().unwrap().len(), 5, "the trash still knows it");
    stage.team.purge_issue(last.as_str().unwrap());
    let reply = stage.ask_with(PAGE, json!({ "after": last })).await;
    assert_eq!((reply.status, code(&reply).as_str()), (200, "INVALID_INPUT"));
    assert_eq!(reply.json()["data"], Value::Null);
}

#[tokio::test]
async fn what_is_put_away_while_a_list_is_walked_leaves_no_hole() {
    let stage = Stage::filled(20).await;
    let everything = texts(&stage.all("issues", "orderBy: updatedAt", "id").await, "id");
    let first = page(&stage, &Value::Null).await;
    stage.team.archive_issue(&everything[1], stage.at(60));
    let second = page(&stage, &first["pageInfo"]["endCursor"]).await;
    assert_eq!(texts(second["nodes"].as_array().unwrap(), "id"), everything[5..10]);
}

#[tokio::test]
async fn a_deleted_comment_is_nowhere() {
    let stage = Stage::filled(3).await;
    let issue = texts(&stage.all("issues", "first: 3", "id").await, "id").remove(0);
    let comment = stage.linear.comment(NewComment::on(&issue, "Oops"), stage.at(60));
    let before = stage.all("comments", "includeArchived: true", "id").await.len();
    let told = stage.linear.delete_comment(&comment.id, "octavia", stage.at(61));
    assert_eq!(
        (told.action.as_str(), stage.all("comments", "includeArchived: true", "id").await.len()),
        ("remove", before - 1)
    );
}

#[tokio::test]
async fn a_bulk_change_times_all_alike() {
    let stage = Stage::filled(10).await;
    let ids = texts(&stage.all("issues", "first: 10", "id").await, "id");
    let ids: Vec<&str> = ids.iter().take(4).map(String::as_str).collect();
    stage.team.move_issues(&ids, "Done", "mira-holt", stage.at(60));
    let head = stage.data("{ issues(first: 4, orderBy: updatedAt) { nodes { updatedAt completedAt } } }").await;
    let nodes = head["issues"]["nodes"].as_array().unwrap();
    assert!(nodes.iter().all(|node| node == &nodes[0]), "{nodes:#?}");
    assert_eq!(nodes[0]["completedAt"], "2026-06-01T12:01:00.000Z");
    assert!(nodes[0]["updatedAt"].as_str() > nodes[0]["completedAt"].as_str(), "timed a little apart");
}
