//! GitHub's GraphQL API.

use connector_simulator::github::Populate;
use hyper::Method;
use serde_json::{Value, json};

use crate::client::{Reply, Stage};

mod churn;
mod discussions;
mod faults;
mod limits;
mod lists;
mod schema;

/// `acme/rocket` with some of everything over the last 60 days.
async fn lively() -> Stage {
    let stage = Stage::empty().await;
    let lively = Populate::lively(stage.world.now(), 60);
    stage.repository.populate(Populate { discussions: 30, deployments: 20, ..lively });
    stage
}

async fn ask(stage: &Stage, query: &str, variables: Value) -> Reply {
    ask_as(stage, "Bearer somebody", query, variables).await.unwrap()
}

async fn ask_as(stage: &Stage, authorization: &str, query: &str, variables: Value) -> Result<Reply, String> {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let headers = [("authorization", authorization), ("content-type", "application/json")];
    stage.send_body(Method::POST, "/graphql", &headers, body).await
}

/// The repository of an answer without errors.
async fn repository(stage: &Stage, fields: &str) -> Value {
    let query = format!("{{ repository(owner: \"acme\", name: \"rocket\") {{ {fields} }} }}");
    data(&ask(stage, &query, json!({})).await)["repository"].clone()
}

fn data(reply: &Reply) -> Value {
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    let body = reply.json();
    assert!(body.get("errors").is_none(), "{body}");
    body["data"].clone()
}

/// The first error's type.
fn kind(reply: &Reply) -> String {
    reply.json()["errors"][0]["type"].as_str().unwrap_or_default().to_owned()
}

/// Every item of a list of the repository, page by page.
async fn walk(stage: &Stage, list: &str, arguments: &str, fields: &str) -> Vec<Vec<Value>> {
    let query = format!(
        "query($after: String) {{ repository(owner: \"acme\", name: \"rocket\") {{ {list}(after: $after, {arguments}) \
         {{ pageInfo {{ hasNextPage endCursor }} nodes {{ {fields} }} }} }} }}"
    );
    let (mut pages, mut after) = (Vec::new(), Value::Null);
    loop {
        assert!(pages.len() < 1_000, "the walk does not end");
        let list = data(&ask(stage, &query, json!({ "after": after })).await)["repository"][list].clone();
        pages.push(list["nodes"].as_array().unwrap().clone());
        if list["pageInfo"]["hasNextPage"] == false {
            return pages;
        }
        after = list["pageInfo"]["endCursor"].clone();
    }
}

fn texts(items: &[Value], field: &str) -> Vec<String> {
    items.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}
