//! Lists that change while they are walked.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{ask, data, kind, lively, texts, walk};
use crate::client::Stage;

const PAGE: &str = "query($after: String) { repository(owner: \"acme\", name: \"rocket\") {
    list: discussions(first: 5, after: $after, orderBy: { field: UPDATED_AT, direction: DESC }) {
        nodes { id number updatedAt } pageInfo { hasNextPage endCursor } } } }";

async fn page(stage: &Stage, after: &Value) -> Value {
    data(&ask(stage, PAGE, json!({ "after": after })).await)["repository"]["list"].clone()
}

#[tokio::test]
async fn what_is_said_moves_a_discussion_to_the_head_where_the_walk_has_been_already() {
    let stage = lively().await;
    let order = "first: 100, orderBy: { field: UPDATED_AT, direction: DESC }";
    let everything = walk(&stage, "discussions", order, "id number").await.concat();
    let first = page(&stage, &Value::Null).await;
    let number = u32::try_from(everything[12]["number"].as_u64().unwrap()).unwrap();
    stage.repository.discuss(number, "And?", "tadeo", stage.world.now() + SignedDuration::from_secs(60));
    let mut met = texts(first["nodes"].as_array().unwrap(), "id");
    let mut info = first["pageInfo"].clone();
    while info["hasNextPage"] == true {
        let next = page(&stage, &info["endCursor"]).await;
        met.extend(texts(next["nodes"].as_array().unwrap(), "id"));
        info = next["pageInfo"].clone();
    }
    let missed: Vec<&Value> =
        everything.iter().filter(|item| !met.contains(&item["id"].as_str().unwrap().to_owned())).collect();
    assert_eq!(missed, [&everything[12]], "and nothing came twice: {}", met.len());
    assert_eq!(met.len(), 29);
    assert_eq!(page(&stage, &Value::Null).await["nodes"][0]["id"], everything[12]["id"]);
}

#[tokio::test]
async fn a_cursor_names_a_place_and_not_an_item() {
    let stage = lively().await;
    let first = page(&stage, &Value::Null).await;
    let before = page(&stage, &first["pageInfo"]["endCursor"]).await;
    let last = u32::try_from(first["nodes"][4]["number"].as_u64().unwrap()).unwrap();
    stage.repository.discuss(last, "And?", "tadeo", stage.world.now() + SignedDuration::from_secs(60));
    let after = page(&stage, &first["pageInfo"]["endCursor"]).await;
    assert_eq!(after, before, "though the item it was made of is at the head now");
    let odd = ask(&stage, PAGE, json!({ "after": "bogus" })).await;
    assert_eq!((odd.status, kind(&odd).as_str()), (200, "INVALID_CURSOR_ARGUMENTS"));
    assert_eq!(odd.json()["errors"][0]["message"], "`bogus` does not appear to be a valid cursor.");
}
