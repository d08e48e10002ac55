//! Discussions, which only GraphQL lists.

use std::collections::BTreeSet;

use connector_simulator::github::NewDiscussion;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{lively, repository, walk};
use crate::client::Stage;

const THREAD: &str = "discussions(first: 10) { nodes { number title url updatedAt isAnswered answerChosenAt
    answerChosenBy { login } answer { url author { login } } category { name }
    comments(first: 10) { totalCount nodes { databaseId body url deletedAt createdAt author { login }
        replies(first: 10) { totalCount nodes { databaseId body replyTo { databaseId } } } } } } }";

async fn thread(stage: &Stage) -> Value {
    repository(stage, THREAD).await["discussions"]["nodes"][0].clone()
}

fn told(webhook: &connector_simulator::github::Webhook) -> Value {
    serde_json::from_slice(&webhook.body).unwrap()
}

#[tokio::test]
async fn a_discussion_lives_its_life() {
    let stage = Stage::empty().await;
    let at = |minutes| stage.world.now() + SignedDuration::from_mins(minutes);
    let number = stage.repository.create_discussion(NewDiscussion::asking("How?"), at(0)).number.unwrap();
    let (first, said) = stage.repository.discuss(number, "Like this.", "tadeo", at(1));
    let (reply, replied) = stage.repository.discuss_further(first, "Thanks!", "octavia", at(2));
    let (second, _) = stage.repository.discuss(number, "Spam", "wren42", at(3));
    let answered = told(&stage.repository.answer_discussion(number, "priya-n", at(4)));
    let (said, replied) = (told(&said), told(&replied));
    assert_eq!((&said["action"], &said["comment"]["body"]), (&json!("created"), &json!("Like this.")));
    assert_eq!((&said["comment"]["id"], &said["comment"]["parent_id"]), (&json!(first), &Value::Null));
    assert_eq!((&replied["comment"]["id"], &replied["comment"]["parent_id"]), (&json!(reply), &json!(first)));
    assert_eq!((&said["discussion"]["comments"], &replied["discussion"]["comments"]), (&json!(1), &json!(2)));
    assert_eq!(replied["discussion"]["updated_at"], at(2).to_string());
    assert_eq!((&replied["sender"]["login"], &replied["discussion"]["number"]), (&json!("octavia"), &json!(number)));

    let listed = thread(&stage).await;
    assert_eq!(listed["url"], answered["discussion"]["html_url"]);
    assert_eq!(
        (&listed["isAnswered"], &listed["answerChosenAt"]),
        (&json!(true), &answered["discussion"]["answer_chosen_at"])
    );
    assert_eq!(listed["answer"], json!({ "url": answered["answer"]["html_url"], "author": { "login": "priya-n" } }));
    assert_eq!((&listed["answerChosenBy"]["login"], &listed["category"]["name"]), (&json!("octavia"), &json!("Q&A")));
    assert_eq!((&listed["updatedAt"], &listed["comments"]["totalCount"]), (&json!(at(4).to_string()), &json!(3)));
    let comment = &listed["comments"]["nodes"][0];
    assert_eq!((&comment["databaseId"], &comment["url"]), (&json!(first), &said["comment"]["html_url"]));
    assert_eq!(
        comment["replies"]["nodes"],
        json!([{ "databaseId": reply, "body": "Thanks!", "replyTo": { "databaseId": first } }])
    );

    stage.repository.delete_discussion_comment(second, at(5));
    let deleted = told(&stage.repository.delete_discussion_comment(first, at(6)));
    assert_eq!((&deleted["action"], &deleted["comment"]["id"]), (&json!("deleted"), &json!(first)));
    let listed = thread(&stage).await;
    assert_eq!(listed["comments"]["totalCount"], 2, "one is gone, of the other the place is left");
    let place = &listed["comments"]["nodes"][0];
    assert_eq!(
        (&place["deletedAt"], &place["body"], &place["author"]),
        (&json!(at(6).to_string()), &json!(""), &Value::Null)
    );
    assert_eq!(place["replies"]["totalCount"], 1);
}

#[tokio::test]
async fn every_comment_that_is_listed_was_told_at_the_same_time() {
    let stage = lively().await;
    let told: BTreeSet<(u64, String, String)> = stage
        .repository
        .history_webhooks()
        .iter()
        .filter(|webhook| webhook.event == "discussion_comment")
        .map(|webhook| {
            let body = told(webhook);
            (
                body["comment"]["id"].as_u64().unwrap(),
                webhook.at.to_string(),
                body["sender"]["login"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let said = "databaseId createdAt author { login }";
    let fields = format!("comments(first: 50) {{ nodes {{ {said} replies(first: 50) {{ nodes {{ {said} }} }} }} }}");
    let mut listed = BTreeSet::new();
    let mut note = |comment: &Value| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        listed.insert((
            comment["databaseId"].as_u64().unwrap(),
            text(&comment["createdAt"]),
            text(&comment["author"]["login"]),
        ));
    };
    for discussion in walk(&stage, "discussions", "first: 8", &fields).await.concat() {
        for comment in discussion["comments"]["nodes"].as_array().unwrap() {
            note(comment);
            comment["replies"]["nodes"].as_array().unwrap().iter().for_each(&mut note);
        }
    }
    assert!(told.len() > 30, "{}", told.len());
    assert_eq!(listed, told);
}

#[tokio::test]
#[should_panic(expected = "acme/rocket has nothing of the id 7 that can change so")]
async fn there_are_no_replies_to_what_is_not_there() {
    let stage = Stage::empty().await;
    stage.repository.create_discussion(NewDiscussion::asking("How?"), stage.world.now());
    stage.repository.discuss_further(7, "?", "tadeo", stage.world.now());
}
