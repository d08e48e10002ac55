//! What people say: comments, reviews, and comments on lines.

use std::collections::BTreeMap;

use connector_simulator::github::{NewIssue, NewPullRequest, NewReview, Verdict, Webhook};
use jiff::SignedDuration;
use serde_json::Value;

use crate::client::Stage;

fn body(webhook: &Webhook) -> Value {
    serde_json::from_slice(&webhook.body).unwrap()
}

fn ids(items: &[Value]) -> Vec<u64> {
    items.iter().map(|item| item["id"].as_u64().unwrap()).collect()
}

fn texts<'a>(items: &'a [Value], field: &str) -> Vec<&'a str> {
    items.iter().map(|item| item[field].as_str().unwrap()).collect()
}

const COMMENTS: &str = "/repos/acme/rocket/issues/comments?per_page=7";
const REMARKS: &str = "/repos/acme/rocket/pulls/comments?per_page=7";

#[tokio::test]
async fn a_direction_means_nothing_without_a_sort() {
    let stage = Stage::lively(40, 20).await;
    for list in [COMMENTS, REMARKS] {
        let by_id = ids(&stage.all(list).await);
        assert!(by_id.len() > 20 && by_id.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(ids(&stage.all(&format!("{list}&direction=desc")).await), by_id);
        for (sort, field) in [("created", "created_at"), ("updated", "updated_at")] {
            let sorted = stage.all(&format!("{list}&sort={sort}")).await;
            let times = texts(&sorted, field);
            assert!(times.windows(2).all(|pair| pair[0] <= pair[1]), "{list} {sort}: asc is the default");
            let back = stage.all(&format!("{list}&sort={sort}&direction=desc")).await;
            assert!(ids(&back).iter().eq(ids(&sorted).iter().rev()));
        }
    }
}

#[tokio::test]
async fn since_means_updated_since() {
    let stage = Stage::lively(30, 30).await;
    for list in [COMMENTS, REMARKS] {
        let all = stage.all(&format!("{list}&sort=updated")).await;
        let since = all[all.len() / 2]["updated_at"].as_str().unwrap();
        let expected = all.iter().filter(|item| item["updated_at"].as_str().unwrap() >= since).count();
        assert_eq!(stage.all(&format!("{list}&since={since}")).await.len(), expected);
        assert_eq!(stage.get(&format!("{list}&since=yesterday")).await.status, 422);
    }
}

#[tokio::test]
async fn one_item_has_its_own_lists() {
    let stage = Stage::lively(20, 20).await;
    let all = stage.all(COMMENTS).await;
    let mut met = 0;
    for item in stage.all("/repos/acme/rocket/issues?state=all&per_page=100").await {
        let number = item["number"].as_u64().unwrap();
        let own = stage.all(&format!("/repos/acme/rocket/issues/{number}/comments")).await;
        assert_eq!(own.len() as u64, item["comments"].as_u64().unwrap(), "#{number}");
        let issue = format!("https://api.github.com/repos/acme/rocket/issues/{number}");
        let expected = all.iter().filter(|comment| comment["issue_url"] == issue.as_str());
        assert!(own.iter().eq(expected));
        met += own.len();
    }
    assert_eq!(met, all.len());
    let single = stage.get("/repos/acme/rocket/issues/9999/comments").await;
    assert_eq!(single.status, 404);
    let issues = stage.all("/repos/acme/rocket/issues?state=all&per_page=100").await;
    let issue = issues.iter().find(|item| item.get("pull_request").is_none()).unwrap();
    assert_eq!(stage.get(&format!("/repos/acme/rocket/pulls/{}/reviews", issue["number"])).await.status, 404);
}

#[tokio::test]
async fn reviews_are_of_one_pull_request_and_shout_their_state() {
    let stage = Stage::lively(40, 0).await;
    let mut states: BTreeMap<String, u32> = BTreeMap::new();
    let (mut silent, mut remarks) = (0, 0);
    let all_remarks = stage.all(REMARKS).await;
    for pull in stage.all("/repos/acme/rocket/pulls?state=all&per_page=100").await {
        let number = pull["number"].as_u64().unwrap();
        let reviews = stage.all(&format!("/repos/acme/rocket/pulls/{number}/reviews?per_page=2")).await;
        let times = texts(&reviews, "submitted_at");
        assert!(times.windows(2).all(|pair| pair[0] <= pair[1]), "chronological");
        for review in &reviews {
            *states.entry(review["state"].as_str().unwrap().to_owned()).or_default() += 1;
            silent += u32::from(review["body"] == "");
            remarks += all_remarks.iter().filter(|remark| remark["pull_request_review_id"] == review["id"]).count();
        }
        let own = stage.all(&format!("/repos/acme/rocket/pulls/{number}/comments")).await;
        let single = stage.get(&format!("/repos/acme/rocket/pulls/{number}")).await.json();
        assert_eq!(own.len() as u64, single["review_comments"].as_u64().unwrap());
    }
    for state in ["APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED"] {
        assert!(states.contains_key(state), "{state} in {states:?}");
    }
    assert!(silent > 0);
    assert_eq!(remarks, all_remarks.len(), "each belongs to a review");
    assert!(all_remarks.iter().any(|remark| remark["in_reply_to_id"].is_u64()));
}

#[tokio::test]
async fn the_last_webhook_of_each_thing_says_all_that_the_list_says() {
    let stage = Stage::lively(60, 40).await;
    let mut last: BTreeMap<(&str, u64), Value> = BTreeMap::new();
    for webhook in stage.repository.history_webhooks() {
        let body = body(&webhook);
        let (kind, field) = match webhook.event.as_str() {
            "issue_comment" => ("comment", "comment"),
            "pull_request_review_comment" => ("remark", "comment"),
            "pull_request_review" => ("review", "review"),
            _ => continue,
        };
        let id = (kind, body[field]["id"].as_u64().unwrap());
        if body["action"] == "deleted" {
            last.remove(&id);
        } else {
            last.insert(id, body[field].clone());
        }
    }
    let mut compared = 0;
    for (kind, list) in [("comment", COMMENTS), ("remark", REMARKS)] {
        for item in stage.all(list).await {
            assert_eq!(last[&(kind, item["id"].as_u64().unwrap())], item);
            compared += 1;
        }
    }
    for pull in stage.all("/repos/acme/rocket/pulls?state=all&per_page=100").await {
        for mut review in stage.all(&format!("/repos/acme/rocket/pulls/{}/reviews", pull["number"])).await {
            let told = &last[&("review", review["id"].as_u64().unwrap())];
            assert_eq!(review["state"].as_str().unwrap().to_lowercase(), told["state"].as_str().unwrap());
            assert_eq!(review["body"].as_str().unwrap(), told["body"].as_str().unwrap_or_default());
            (review["state"], review["body"]) = (told["state"].clone(), told["body"].clone());
            assert_eq!(*told, review);
            compared += 1;
        }
    }
    assert_eq!(compared, last.len());
    assert!(compared > 150, "{compared}");
}

#[tokio::test]
async fn a_conversation_is_told_as_it_was() {
    let stage = Stage::empty().await;
    let repository = &stage.repository;
    let at = |minutes| stage.world.now() + SignedDuration::from_mins(minutes);
    repository.open_issue(NewIssue::default(), at(0));
    let (comment, said) = repository.comment(1, "Firts", "tadeo", at(1));
    let edited = repository.edit_comment(comment, "First", "tadeo", at(2));
    let closed = repository.close_issue(1, "octavia", at(3));
    let gone = repository.delete_comment(comment, "octavia", at(4));
    let told = repository.history_webhooks();
    assert_eq!(told[1..], [said.clone(), edited.clone(), closed.clone(), gone.clone()]);
    let (said, edited, closed, gone) = (body(&said), body(&edited), body(&closed), body(&gone));
    assert_eq!((&said["comment"]["body"], &said["issue"]["comments"]), (&"Firts".into(), &1.into()));
    assert_eq!(said["comment"]["updated_at"], at(1).to_string());
    assert_eq!((&edited["action"], &edited["changes"]["body"]["from"]), (&"edited".into(), &"Firts".into()));
    assert_eq!(
        (&edited["comment"]["body"], &edited["comment"]["updated_at"]),
        (&"First".into(), &at(2).to_string().into())
    );
    assert_eq!((&edited["issue"]["state"], &closed["issue"]["comments"]), (&"open".into(), &1.into()));
    assert_eq!(
        (&gone["action"], &gone["sender"]["login"], &gone["issue"]["comments"]),
        (&"deleted".into(), &"octavia".into(), &0.into())
    );
    assert_eq!(gone["issue"]["updated_at"], at(4).to_string());
    assert!(stage.get(COMMENTS).await.items().is_empty());
    let issue = stage.get("/repos/acme/rocket/issues/1").await.json();
    assert_eq!((&issue["comments"], &issue["updated_at"]), (&0.into(), &at(4).to_string().into()));
}

#[tokio::test]
async fn a_review_is_told_with_its_remarks_and_dismissed_later() {
    let stage = Stage::empty().await;
    let repository = &stage.repository;
    let at = |minutes| stage.world.now() + SignedDuration::from_mins(minutes);
    repository.open_pull_request(NewPullRequest::default(), at(0));
    let draft = NewReview { remarks: vec!["nit".to_owned()], ..NewReview::saying(Verdict::ChangesRequested, "Please") };
    let (review, _) = repository.review(1, draft, "tadeo", at(1));
    let remark = stage.get(REMARKS).await.items()[0]["id"].as_u64().unwrap();
    let (reply, replied) = repository.reply(remark, "Done", "octavia", at(2));
    let dismissed = repository.dismiss_review(review, "octavia", at(3));
    let events: Vec<String> = repository
        .history_webhooks()
        .iter()
        .map(|webhook| format!("{} {}", webhook.event, webhook.action.as_deref().unwrap()))
        .collect();
    assert_eq!(
        events,
        [
            "pull_request opened",
            "pull_request_review submitted",
            "pull_request_review_comment created",
            "pull_request_review submitted",
            "pull_request_review_comment created",
            "pull_request_review dismissed",
        ]
    );
    let (replied, dismissed) = (body(&replied), body(&dismissed));
    assert_eq!((&replied["comment"]["id"], &replied["comment"]["in_reply_to_id"]), (&reply.into(), &remark.into()));
    assert_eq!(
        (&dismissed["review"]["state"], &dismissed["review"]["submitted_at"]),
        (&"dismissed".into(), &at(1).to_string().into())
    );
    assert_eq!(dismissed["pull_request"]["updated_at"], at(3).to_string());
    assert!(dismissed["pull_request"].get("merged").is_none(), "the short form");
    let submitted = body(&repository.history_webhooks()[3]);
    assert_eq!((&submitted["review"]["state"], &submitted["review"]["body"]), (&"commented".into(), &Value::Null));

    let reviews = stage.get("/repos/acme/rocket/pulls/1/reviews").await.items();
    assert_eq!(texts(&reviews, "state"), ["DISMISSED", "COMMENTED"]);
    let events = stage.get("/repos/acme/rocket/issues/events").await.items();
    assert_eq!((events.len(), &events[0]["event"]), (1, &"review_dismissed".into()));
    assert_eq!(
        (&events[0]["actor"]["login"], &events[0]["created_at"]),
        (&"octavia".into(), &at(3).to_string().into())
    );
    assert_eq!(events[0]["dismissed_review"]["review_id"], review);
    assert_eq!(events[0]["dismissed_review"]["state"], "changes_requested");
}

#[tokio::test]
async fn pages_of_comments_have_numbers_and_validators() {
    let stage = Stage::lively(20, 20).await;
    let first = stage.get(COMMENTS).await;
    assert!(first.link("last").is_some());
    let by_id = format!("/github/repositories/{}/issues/comments?per_page=7&page=2", stage.repository.id);
    assert!(first.link("next").unwrap().ends_with(&by_id));
    let etag = first.header("etag").unwrap().to_owned();
    assert_eq!(stage.get(COMMENTS).await.header("etag"), Some(etag.as_str()));
    let id = first.items()[3]["id"].as_u64().unwrap();
    stage.repository.edit_comment(id, "otherwise", "tadeo", stage.world.now());
    assert_ne!(stage.get(COMMENTS).await.header("etag"), Some(etag.as_str()));
}

#[tokio::test]
#[should_panic(expected = "nothing of the id 17")]
async fn a_scenario_that_contradicts_itself_stops() {
    let stage = Stage::empty().await;
    stage.repository.edit_comment(17, "x", "tadeo", stage.world.now());
}
