//! The management API over HTTP: who gets in, and that a replay makes no second row.

use std::time::Duration;

use connector_adapters::system::SystemClock;
use connector_api::ROUTES;
use connector_domain::WorkspaceId;
use connector_domain::access::Scope;
use connector_domain::ports::Clock;
use connector_simulator::github::NewPullRequest;
use connectors::stack::template::Guard;
use connectors::stack::{Data, Grant, Served, Stack, Template};
use serde_json::{Value, json};

use crate::support::{Answer, GitHub, SECRET, github, ids, link_request, observations, post, send, start, workspace};

const AUDIENCE: &str = "memory-connectors";

struct Desk {
    github: GitHub,
    stack: Stack,
    served: Served,
}

impl Desk {
    async fn new() -> Self {
        let github = github().await;
        let stack = start(Data::Memory, &github).await;
        stack.link(link_request(&github.repository)).await.unwrap();
        let served = stack.serve(0).await.unwrap();
        Self { github, stack, served }
    }

    fn token(&self, workspaces: &[WorkspaceId], audience: &str) -> String {
        let lives = Duration::from_secs(60);
        let grant = Grant { workspaces, scopes: &Scope::ALL, subject: "ann", audience, lives };
        self.stack.issuer().mint(&grant, SystemClock.now())
    }

    async fn ask(&self, method: &str, path: &str, bearer: &str, body: Option<Value>) -> Answer {
        let mut headers = vec![("authorization", format!("Bearer {bearer}"))];
        headers.extend(body.is_some().then(|| ("content-type", "application/json".to_owned())));
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        send(&self.served.url, method, path, &headers, body.as_bytes()).await
    }

    async fn get(&self, path: &str) -> Answer {
        let path = format!("/v1/workspaces/acme{path}");
        self.ask("GET", &path, &self.token(&[workspace()], AUDIENCE), None).await
    }
}

#[tokio::test]
async fn only_a_good_token_gets_in() {
    let desk = Desk::new().await;
    let path = "/v1/workspaces/acme/sources";
    let good = desk.token(&[workspace()], AUDIENCE);
    let found = desk.ask("GET", path, &good, None).await;
    assert_eq!((found.status, found.body["items"].as_array().unwrap().len()), (200, 1), "{found:?}");
    let elsewhere = Desk::new().await.token(&[workspace()], AUDIENCE);
    for bad in ["", "x", &good[1..], &elsewhere, &desk.token(&[workspace()], "another")] {
        let answer = desk.ask("GET", path, bad, None).await;
        assert_eq!((answer.status, answer.body), (401, json!({ "message": "Unauthorized" })), "{bad}");
    }
    assert_eq!(send(&desk.served.url, "GET", path, &[], b"").await.status, 401);
    let foreign = desk.token(&[WorkspaceId::parse("beta").unwrap()], AUDIENCE);
    assert_eq!(desk.ask("GET", path, &foreign, None).await.status, 404);
    assert_eq!(send(&desk.served.url, "GET", "/health", &[], b"").await.body, json!({ "status": "ok" }));
    // What API Gateway says of a caller comes from its event; a header that says it is a header.
    let claims = [("authorization", "Bearer x".to_owned()), ("x-amzn-request-context", "{}".to_owned())];
    assert_eq!(send(&desk.served.url, "GET", path, &claims, b"").await.status, 401);
}

/// Made from the template, so that a new route is held to it too.
#[tokio::test]
async fn every_route_that_is_not_open_wants_a_token() {
    let desk = Desk::new().await;
    let (mut guarded, mut open) = (0, Vec::new());
    let filled = |path: &str| {
        let parts = path.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
        parts.collect::<Vec<_>>().join("/")
    };
    for route in Template::embedded().unwrap().routes {
        if route.guard == Guard::Open {
            open.push(format!("{} {}", route.method, route.path));
            continue;
        }
        let methods = if route.method == "ANY" { vec!["GET", "POST", "DELETE"] } else { vec![route.method.as_str()] };
        for method in methods {
            guarded += 1;
            let answer = send(&desk.served.url, method, &filled(&route.path), &[], b"").await;
            assert_eq!(
                (answer.status, &answer.body),
                (401, &json!({ "message": "Unauthorized" })),
                "{method} {}",
                route.path
            );
            let refused = desk.ask(method, &filled(&route.path), "mem_0_0", None).await.status;
            let machine = route.path.starts_with("/machine/");
            assert_eq!(refused, if machine { 403 } else { 401 }, "{method} {}", route.path);
        }
    }
    assert!(guarded > 40, "{guarded}");
    open.retain(|route| !route.contains("/webhooks/") && !route.starts_with("GET /oauth/"));
    assert_eq!(open, ["GET /health"]);
}

/// Through the gateway and the functions as they are deployed, where each has only the ports that its settings name.
#[tokio::test]
async fn every_route_of_a_foreign_workspace_is_not_there() {
    let desk = Desk::new().await;
    let token = desk.token(&[WorkspaceId::parse("beta").unwrap()], AUDIENCE);
    let connection = desk.stack.stores().connections.integrations_in(&workspace()).await.unwrap()[0].connection.clone();
    let ids = [connection.to_string(), format!("github:{}", desk.github.repository.id), "404".to_owned()];
    let mut answers = Vec::new();
    for route in ROUTES.iter().filter(|route| route.path.contains("{workspace}")) {
        for (workspace, id) in ["acme", "beta"].iter().flat_map(|ws| ids.iter().map(move |id| (ws, id))) {
            let path = route.path.replace("{workspace}", workspace);
            let named = path.contains('{');
            if *workspace == "beta" && !named {
                continue;
            }
            let parts = path.split('/').map(|part| if part.starts_with('{') { id.as_str() } else { part });
            let path = parts.collect::<Vec<_>>().join("/");
            let body = match (route.method, path.rsplit('/').next().unwrap_or_default()) {
                ("POST", "link" | "unlink") => Some(json!({ "resources": ["7"] })),
                ("POST", "restart" | "keys") | ("PATCH", _) => Some(json!({})),
                _ => None,
            };
            let answer = desk.ask(route.method, &path, &token, body).await;
            answers.push((format!("{} {path}", route.method), answer.status, answer.body));
        }
    }
    assert!(answers.len() > 80, "{}", answers.len());
    for (path, status, body) in &answers {
        assert_eq!((*status, body), (404, &answers[0].2), "{path}");
    }
}

#[tokio::test]
async fn a_machine_key_opens_its_own_prefix() {
    let desk = Desk::new().await;
    let token = desk.token(&[workspace()], AUDIENCE);
    let new = json!({ "name": "ci", "scopes": ["connectors:read"], "expiresInDays": 1 });
    let made = desk.ask("POST", "/v1/workspaces/acme/keys", &token, Some(new)).await;
    assert_eq!(made.status, 201, "{made:?}");
    let key = made.body["key"].as_str().unwrap();
    let path = "/machine/v1/workspaces/acme/sources";
    assert_eq!(desk.ask("GET", path, key, None).await.status, 200);
    assert_eq!(desk.ask("GET", "/machine/v1/workspaces/beta/sources", key, None).await.status, 404);
    assert_eq!(desk.ask("GET", "/v1/workspaces/acme/sources", key, None).await.status, 401, "that is for people");
    assert_eq!(desk.ask("GET", path, &token, None).await.status, 403, "and this for programs");
    assert_eq!(send(&desk.served.url, "GET", path, &[], b"").await.status, 401);
    assert_eq!(desk.ask("GET", "/machine/health", key, None).await.status, 404);
    let ended = format!("/v1/workspaces/acme/keys/{}", made.body["id"].as_str().unwrap());
    assert_eq!(desk.ask("DELETE", &ended, &token, None).await.status, 200);
    assert_eq!(desk.ask("GET", path, key, None).await.status, 403);
}

#[tokio::test]
async fn a_replay_captures_again_and_makes_no_second_row() {
    let desk = Desk::new().await;
    let opened = desk.github.repository.open_pull_request(NewPullRequest::titled("Add login"), desk.github.world.now());
    assert_eq!(post(&desk.served.url, &opened.signed(SECRET.as_bytes())).await.status, 200);
    desk.stack.settled().await;
    let before = observations(&desk.stack).await;
    assert_eq!(before.len(), 1);
    let listed = desk.get("/deliveries?state=processed").await;
    let delivery = listed.body["items"][0]["id"].as_str().unwrap().to_owned();
    let token = desk.token(&[workspace()], AUDIENCE);
    for (path, body) in [
        (format!("/deliveries/{delivery}/replay"), None),
        ("/deliveries/replay".to_owned(), Some(json!({ "state": "processed" }))),
    ] {
        let path = format!("/v1/workspaces/acme{path}");
        let answer = desk.ask("POST", &path, &token, body).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        desk.stack.settled().await;
        assert_eq!(observations(&desk.stack).await, before);
        let again = desk.get(&format!("/deliveries/{delivery}")).await;
        assert_eq!(again.body["state"], "processed");
        assert_eq!(again.body["outcome"]["captured"], 1, "it is the delivery that wrote the row: {}", again.body);
    }
    let shown = desk.get("/observations").await;
    assert_eq!(shown.body["items"][0]["sourceId"], json!(ids(&before)[0]));
    assert_eq!(shown.body["items"][0]["delivery"], json!(delivery));
}

#[tokio::test]
async fn a_run_is_started_and_followed_to_its_end() {
    let desk = Desk::new().await;
    desk.github.populate();
    let token = desk.token(&[workspace()], AUDIENCE);
    let source = format!("github:{}", desk.github.repository.id);
    let body =
        json!({ "source": source, "since": "2020-01-01T00:00:00Z", "entities": ["pull_request", "issue", "release"] });
    let started = desk.ask("POST", "/v1/workspaces/acme/runs", &token, Some(body.clone())).await;
    assert_eq!(started.status, 202, "{started:?}");
    desk.stack.settled().await;
    let run = desk.get(&format!("/runs/{}", started.body["run"].as_str().unwrap())).await;
    assert_eq!(run.body["state"], "completed", "{}", run.body);
    let stored = observations(&desk.stack).await.len() as u64;
    assert_eq!(run.body["captured"]["observations"].as_u64(), Some(stored));
    let sync = desk.get(&format!("/sources/{source}")).await.body["sync"].clone();
    assert!(sync["lastSyncedAt"].is_string() && sync["items"].as_u64() >= Some(23), "{sync}");
    let (mut seen, mut cursor) = (0, String::new());
    loop {
        let page = desk.get(&format!("/observations?limit=7{cursor}")).await;
        seen += page.body["items"].as_array().unwrap().len() as u64;
        let Some(next) = page.body["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, stored);
}
