//! Linear.

use connector_simulator::{
    Server, World,
    linear::{Linear, Populate, Team, Webhook},
};
use hyper::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::client::{Http, Reply};

mod access;
mod churn;
mod faults;
mod filters;
mod history;
mod limits;
mod lists;
mod queries;
mod schema;
mod webhooks;

/// A served world with one team.
struct Stage {
    world: World,
    linear: Linear,
    team: Team,
    http: Http,
    _server: Server,
}

impl Stage {
    /// The team `ENG`, without anything.
    async fn empty() -> Self {
        let world = World::new(1);
        let linear = world.linear();
        let team = linear.add_team("ENG", "Engineering");
        let server = Server::start(world.clone()).await.unwrap();
        let http = Http::to(server.linear_url());
        Self { world, linear, team, http, _server: server }
    }

    /// The same with so many issues over the last 60 days, and what belongs to them.
    async fn filled(issues: u32) -> Self {
        let stage = Self::empty().await;
        stage.team.populate(Populate { issues, ..Populate::ending(stage.world.now(), 60) });
        stage
    }

    /// So many seconds after the world began.
    fn at(&self, seconds: i64) -> Timestamp {
        self.world.now() + SignedDuration::from_secs(seconds)
    }

    async fn ask(&self, query: &str) -> Reply {
        self.ask_with(query, json!({})).await
    }

    async fn ask_with(&self, query: &str, variables: Value) -> Reply {
        self.ask_as("Bearer somebody", query, variables).await.unwrap()
    }

    async fn ask_as(&self, authorization: &str, query: &str, variables: Value) -> Result<Reply, String> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let headers = [("authorization", authorization), ("content-type", "application/json")];
        self.http.send_body(Method::POST, "/graphql", &headers, body).await
    }

    /// The data of an answer without errors.
    async fn data(&self, query: &str) -> Value {
        data(&self.ask(query).await)
    }

    /// Follows `endCursor` to the end of a root list and answers every page's items.
    async fn walk(&self, list: &str, arguments: &str, fields: &str) -> Vec<Vec<Value>> {
        let query = format!(
            "query($after: String) {{ {list}(after: $after, {arguments}) \
             {{ pageInfo {{ hasNextPage endCursor }} nodes {{ {fields} }} }} }}"
        );
        let (mut pages, mut after) = (Vec::new(), Value::Null);
        loop {
            assert!(pages.len() < 1_000, "the walk does not end");
            let data = data(&self.ask_with(&query, json!({ "after": after })).await);
            pages.push(data[list]["nodes"].as_array().unwrap().clone());
            if data[list]["pageInfo"]["hasNextPage"] == false {
                return pages;
            }
            after = data[list]["pageInfo"]["endCursor"].clone();
        }
    }

    /// Every item of a root list.
    async fn all(&self, list: &str, arguments: &str, fields: &str) -> Vec<Value> {
        self.walk(list, arguments, fields).await.concat()
    }
}

fn data(reply: &Reply) -> Value {
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    let body = reply.json();
    assert!(body.get("errors").is_none(), "{body}");
    body["data"].clone()
}

/// The first error's code.
fn code(reply: &Reply) -> String {
    reply.json()["errors"][0]["extensions"]["code"].as_str().unwrap().to_owned()
}

fn texts(items: &[Value], field: &str) -> Vec<String> {
    items.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

fn body(webhook: &Webhook) -> Value {
    serde_json::from_slice(&webhook.body).unwrap()
}
