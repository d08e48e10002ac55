//! Who gets in where. Made from the table of routes, so that a new route is held to it too.

use connector_api::{ROUTES, Route};
use connector_lambda::api::Caller;

use crate::desk::{ALL, Desk, Things, body_of, person};

fn path(route: &Route, workspace: &str, things: &Things) -> String {
    let mut path = route.path.replace("{workspace}", workspace);
    for (name, id) in &things.0 {
        path = path.replace(&format!("{{{name}}}"), id);
    }
    assert!(!path.contains('{'), "{path} has a variable that this test does not know");
    path
}

/// The variables of a route besides the workspace.
fn variables(route: &Route) -> Vec<&str> {
    let parts = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    parts.filter(|name| *name != "workspace").collect()
}

#[tokio::test]
async fn every_route_but_health_wants_a_caller() {
    let desk = Desk::new();
    let things = desk.furnish("acme", "7").await;
    for route in ROUTES {
        let path = path(route, "acme", &things);
        let answer = desk.send(route.method, &path, body_of(route.method, &path), Caller::Nobody).await;
        if route.path == "/health" {
            assert_eq!(answer.status, 200);
            continue;
        }
        assert_eq!((answer.status, answer.code()), (401, "unauthenticated"), "{} {path}", route.method);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
}

#[tokio::test]
async fn what_is_foreign_is_not_there() {
    let desk = Desk::new();
    let ours = desk.furnish("acme", "7").await;
    let theirs = desk.furnish("beta", "8").await;
    let unknown = Things(ours.0.keys().map(|name| (*name, "404".to_owned())).collect());
    let mut answers = Vec::new();
    for route in ROUTES.iter().filter(|route| route.path.contains("{workspace}")) {
        let ask = async |path: String| {
            let body = body_of(route.method, &path);
            (path.clone(), desk.send(route.method, &path, body, person("acme", ALL)).await)
        };
        for (workspace, things) in
            [("beta", &theirs), ("beta", &ours), ("beta", &unknown), ("nowhere", &unknown), ("Acme", &ours)]
        {
            answers.push(ask(path(route, workspace, things)).await);
        }
        // In our own workspace: every kind of their ids, and of unknown ones, at every place for an id.
        for name in variables(route) {
            for id in theirs
                .0
                .values()
                .chain(["404".to_owned(), "github:404".to_owned(), "%00".to_owned(), "%20".to_owned()].iter())
            {
                let mut things = Things(ours.0.clone());
                things.0.insert(name, id.clone());
                answers.push(ask(path(route, "acme", &things)).await);
            }
        }
    }
    assert!(answers.len() > 150, "{}", answers.len());
    let (_, first) = &answers[0];
    assert_eq!((first.status, first.code()), (404, "not_found"));
    for (path, answer) in &answers {
        assert_eq!(answer, first, "{path}");
    }
    // Nothing of it had an effect.
    assert!(desk.captures.is_empty() && desk.pages.is_empty());
    for workspace in ["acme", "beta"] {
        let log = desk.send("GET", &format!("/v1/workspaces/{workspace}/audit"), None, person(workspace, ALL)).await;
        let actions: Vec<_> = log.body["items"].as_array().unwrap().iter().map(|entry| &entry["action"]).collect();
        assert_eq!(actions, ["key_created"], "{workspace}");
    }
}

#[tokio::test]
async fn a_body_names_no_foreign_source() {
    let desk = Desk::new();
    desk.furnish("acme", "7").await;
    desk.furnish("beta", "8").await;
    let mut answers = Vec::new();
    for source in ["github:8", "github:404", "linear:7"] {
        answers.push(desk.post("/runs", serde_json::json!({ "source": source })).await);
    }
    assert_eq!((answers[0].status, answers[0].code()), (409, "not_linked"));
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn every_route_wants_its_scope() {
    let desk = Desk::new();
    let things = desk.furnish("acme", "7").await;
    for route in ROUTES {
        let Some(needed) = route.scope else { continue };
        let mut path = path(route, "acme", &things);
        if path.ends_with("/search") {
            path.push_str("?text=x");
        }
        let others: Vec<_> = ALL.split(' ').filter(|scope| *scope != needed.as_str()).collect();
        for scopes in [String::new(), "openid".to_owned(), others.join(" ")] {
            let answer = desk.send(route.method, &path, body_of(route.method, &path), person("acme", &scopes)).await;
            assert_eq!((answer.status, answer.code()), (403, "insufficient_scope"), "{} {path}", route.method);
            assert!(answer.body["detail"].as_str().unwrap().contains(needed.as_str()));
        }
        desk.github_lists(&[7]);
        let answer =
            desk.send(route.method, &path, body_of(route.method, &path), person("acme", needed.as_str())).await;
        let key = route.path.ends_with("/keys") && route.method == "POST";
        assert!(answer.status < 300 || answer.status == 409 || key, "{} {path}: {answer:?}", route.method);
    }
}

#[tokio::test]
async fn other_methods_and_paths_are_named() {
    let desk = Desk::new();
    let answer = desk.ask("PUT", "/runs", None).await;
    assert_eq!((answer.status, answer.headers["allow"].as_str()), (405, "GET, POST"));
    assert_eq!(desk.get("/nothing").await.code(), "not_found");
    let root = desk.send("GET", "/", None, person("acme", ALL)).await;
    assert_eq!(root.status, 404);
}

#[tokio::test]
async fn the_document_and_the_workspaces_want_no_scope() {
    let desk = Desk::new();
    let document = desk.send("GET", "/openapi.json", None, person("acme", "")).await;
    assert_eq!((document.status, document.body["openapi"].as_str()), (200, Some("3.1.0")));
    let mine = desk.send("GET", "/v1/workspaces", None, person("[acme beta]", "")).await;
    assert_eq!(mine.body, serde_json::json!({ "workspaces": ["acme", "beta"], "subject": "user:ann" }));
}
