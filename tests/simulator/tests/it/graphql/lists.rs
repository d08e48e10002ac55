//! Lists, and that they tell what REST and webhooks tell.

use std::collections::{BTreeMap, BTreeSet};

use connector_simulator::github::{NewPullRequest, NewReview, Verdict};
use serde_json::{Value, json};

use super::{ask, data, kind, lively, repository, texts, walk};
use crate::client::Stage;

#[tokio::test]
async fn a_walk_meets_every_item_exactly_once_in_the_order_asked_for() {
    let stage = lively().await;
    for (list, by, count) in [
        ("pullRequests", "createdAt", 40),
        ("pullRequests", "updatedAt", 40),
        ("discussions", "updatedAt", 30),
        ("deployments", "createdAt", 20),
    ] {
        let field = if by == "updatedAt" { "UPDATED_AT" } else { "CREATED_AT" };
        for direction in ["ASC", "DESC"] {
            let arguments = format!("first: 7, orderBy: {{ field: {field}, direction: {direction} }}");
            let items = walk(&stage, list, &arguments, &format!("id {by}")).await.concat();
            let distinct: BTreeSet<String> = texts(&items, "id").into_iter().collect();
            assert_eq!((items.len(), distinct.len()), (count, count), "{list}");
            let mut times = texts(&items, by);
            if direction == "DESC" {
                times.reverse();
            }
            assert!(times.is_sorted(), "{list} {direction}");
        }
    }
}

#[tokio::test]
async fn lists_have_the_orders_they_have_when_none_is_asked_for() {
    let stage = lively().await;
    let times = |list: &'static str, by: &'static str| async {
        texts(&walk(&stage, list, "first: 100", by).await.concat(), by)
    };
    assert!(times("pullRequests", "createdAt").await.is_sorted());
    assert!(times("deployments", "createdAt").await.is_sorted());
    assert!(times("discussions", "updatedAt").await.is_sorted_by(|one, other| one >= other));
    let deployment = &walk(&stage, "deployments", "first: 1", "statuses(first: 9) { nodes { createdAt } }").await[0][0];
    let reports = texts(deployment["statuses"]["nodes"].as_array().unwrap(), "createdAt");
    assert!(reports.len() > 1 && reports.is_sorted_by(|one, other| one >= other), "newest first: {reports:?}");
}

#[tokio::test]
async fn reviews_are_those_of_rest_and_of_the_webhooks() {
    let stage = lively().await;
    let fields = "number reviews(first: 100) { totalCount nodes { id fullDatabaseId databaseId state body url submittedAt commit { oid } author { login __typename } } }";
    let mut compared = 0;
    for pull in walk(&stage, "pullRequests", "first: 20", fields).await.concat() {
        let rest = stage.all(&format!("/repos/acme/rocket/pulls/{}/reviews", pull["number"])).await;
        let reviews = pull["reviews"]["nodes"].as_array().unwrap();
        assert_eq!(pull["reviews"]["totalCount"], rest.len());
        for (review, rest) in reviews.iter().zip(&rest) {
            assert_eq!(review["fullDatabaseId"], rest["id"].to_string(), "a text, since it is too long for an Int");
            assert_eq!(review["databaseId"], Value::Null);
            assert_eq!((&review["id"], &review["url"]), (&rest["node_id"], &rest["html_url"]));
            assert_eq!((&review["state"], &review["body"]), (&rest["state"], &rest["body"]));
            assert_eq!((&review["submittedAt"], &review["commit"]["oid"]), (&rest["submitted_at"], &rest["commit_id"]));
            assert_eq!(review["author"]["login"], rest["user"]["login"]);
            compared += 1;
        }
    }
    assert!(compared > 20, "{compared}");
}

#[tokio::test]
async fn deployments_are_those_of_rest() {
    let stage = lively().await;
    let rest: BTreeMap<u64, Value> = stage
        .all("/repos/acme/rocket/deployments?per_page=100")
        .await
        .into_iter()
        .map(|item| (item["id"].as_u64().unwrap(), item))
        .collect();
    let fields = "databaseId commitOid environment task createdAt ref { name } creator { login __typename }
        statuses(first: 20) { nodes { state createdAt environmentUrl logUrl } }";
    let listed = walk(&stage, "deployments", "first: 6", fields).await.concat();
    assert_eq!(listed.len(), rest.len());
    for deployment in &listed {
        let rest = &rest[&deployment["databaseId"].as_u64().unwrap()];
        assert_eq!((&deployment["commitOid"], &deployment["ref"]["name"]), (&rest["sha"], &rest["ref"]));
        assert_eq!((&deployment["createdAt"], &deployment["task"]), (&rest["created_at"], &rest["task"]));
        assert_eq!(deployment["creator"], json!({ "login": "github-actions", "__typename": "Bot" }), "without [bot]");
        let statuses = stage.all(&format!("/repos/acme/rocket/deployments/{}/statuses", rest["id"])).await;
        let own = deployment["statuses"]["nodes"].as_array().unwrap();
        assert_eq!(own.len(), statuses.len());
        for (own, rest) in own.iter().zip(&statuses) {
            assert_eq!(own["state"], rest["state"].as_str().unwrap().to_uppercase());
            assert_eq!((&own["createdAt"], &own["logUrl"]), (&rest["created_at"], &rest["log_url"]));
        }
    }
}

#[tokio::test]
async fn items_are_told_as_graphql_tells_them() {
    let stage = Stage::empty().await;
    let draft = NewPullRequest { author: Some("ghost".to_owned()), ..NewPullRequest::titled("fix: leak") };
    let number = stage.repository.open_pull_request(draft, stage.world.now()).number.unwrap();
    let review = NewReview::saying(Verdict::ChangesRequested, "Please test.");
    let (id, _) = stage.repository.review(number, review, "tadeo", stage.world.now());
    stage.repository.dismiss_review(id, "octavia", stage.world.now());
    stage.repository.merge_pull_request(number, "octavia", stage.world.now());
    let fields = "pullRequests(first: 5, states: [MERGED]) { nodes { state merged closed body author { login } mergedBy { login }
        reviews(first: 5, states: [DISMISSED]) { nodes { state author { login } } } } }";
    let pull = repository(&stage, fields).await["pullRequests"]["nodes"][0].clone();
    assert_eq!(
        pull,
        json!({
            "state": "MERGED", "merged": true, "closed": true, "body": "", "author": null,
            "mergedBy": { "login": "octavia" },
            "reviews": { "nodes": [{ "state": "DISMISSED", "author": { "login": "tadeo" } }] },
        }),
        "a deleted account is nobody, though REST has a ghost"
    );
    let none = repository(&stage, "pullRequests(first: 5, states: [OPEN, CLOSED]) { totalCount }").await;
    assert_eq!(none["pullRequests"]["totalCount"], 0);
}

#[tokio::test]
async fn a_node_is_found_by_its_id_and_its_list_goes_on() {
    let stage = lively().await;
    let fields = "id reviews(first: 1) { pageInfo { hasNextPage endCursor } nodes { id } }";
    let pulls = walk(&stage, "pullRequests", "first: 50", fields).await.concat();
    let pull = pulls.iter().find(|pull| pull["reviews"]["pageInfo"]["hasNextPage"] == true).unwrap();
    let query = "query($id: ID!, $after: String) { node(id: $id) { __typename ... on PullRequest {
        reviews(first: 1, after: $after) { nodes { id } } } } }";
    let variables = json!({ "id": pull["id"], "after": pull["reviews"]["pageInfo"]["endCursor"] });
    let node = data(&ask(&stage, query, variables).await)["node"].clone();
    assert_eq!(node["__typename"], "PullRequest");
    assert_ne!(node["reviews"]["nodes"][0]["id"], pull["reviews"]["nodes"][0]["id"]);
    let nothing = ask(&stage, query, json!({ "id": "PR_nothing" })).await;
    assert_eq!((nothing.status, kind(&nothing).as_str()), (200, "NOT_FOUND"));
    assert_eq!(nothing.json()["data"], json!({ "node": null }));
}

#[tokio::test]
async fn a_renamed_repository_is_found_by_both_names() {
    let stage = Stage::empty().await;
    stage.repository.rename("starship", stage.world.now());
    assert_eq!(
        repository(&stage, "nameWithOwner databaseId").await,
        json!({ "nameWithOwner": "acme/starship", "databaseId": stage.repository.id })
    );
    let strict = "{ repository(owner: \"acme\", name: \"rocket\", followRenames: false) { id } }";
    let gone = ask(&stage, strict, json!({})).await;
    assert_eq!((gone.status, kind(&gone).as_str()), (200, "NOT_FOUND"));
    assert_eq!(gone.json()["data"], json!({ "repository": null }));
    assert_eq!(gone.json()["errors"][0]["message"], "Could not resolve to a Repository with the name 'acme/rocket'.");
    assert_eq!(gone.json()["errors"][0]["path"], json!(["repository"]));
}
