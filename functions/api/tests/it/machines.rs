//! Machine keys, from being made to being ended.

use std::sync::Arc;

use connector_api::Authorizer;
use connector_lambda::api::Caller;
use serde_json::json;
use std::time::Duration;

use crate::desk::{Desk, person};

fn authorizer(desk: &Desk) -> Authorizer {
    Authorizer { keys: Arc::clone(&desk.keys) as _, clock: Arc::clone(&desk.clock) as _ }
}

/// Whom the authorizer tells the API of.
async fn caller(desk: &Desk, header: &str) -> Option<Caller> {
    let judged = authorizer(desk).judge(Some(header)).await.unwrap();
    let fields = judged.context.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    judged.is_authorized.then_some(Caller::Machine(fields))
}

#[tokio::test]
async fn a_key_opens_its_workspace_as_far_as_its_scopes_go() {
    let desk = Desk::new();
    let new = json!({ "name": "ci", "scopes": ["connectors:read", "connectors:write"], "expiresInDays": 30 });
    let made = desk.post("/keys", new).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let key = made.body["key"].as_str().unwrap();
    let shown = desk.get("/keys").await;
    assert!(!shown.body.to_string().contains(key) && !shown.body.to_string().contains(&key[22..]), "shown once");

    let machine = caller(&desk, &format!("Bearer {key}")).await.unwrap();
    let ask = async |path: &str, caller: Caller| desk.send("GET", path, None, caller).await.status;
    assert_eq!(ask("/machine/v1/workspaces/acme/runs", machine.clone()).await, 200);
    assert_eq!(ask("/machine/v1/workspaces/beta/runs", machine.clone()).await, 404);
    assert_eq!(ask("/machine/v1/workspaces/acme/keys", machine.clone()).await, 403);
    desk.clock.advance(Duration::from_secs(1));
    let threshold = json!({ "significanceThreshold": 1 });
    let path = "/machine/v1/workspaces/acme/settings";
    assert_eq!(desk.send("PATCH", path, Some(threshold), machine).await.status, 200);
    let entry = desk.all("/audit", 9).await.remove(0);
    assert_eq!(entry["by"], format!("machine:{}", made.body["id"].as_str().unwrap()));

    let id = made.body["id"].as_str().unwrap();
    for _ in 0..2 {
        let ended = desk.ask("DELETE", &format!("/keys/{id}"), None).await;
        assert_eq!((ended.status, ended.body["live"].as_bool()), (200, Some(false)));
    }
    assert_eq!(caller(&desk, &format!("Bearer {key}")).await, None);
}

#[tokio::test]
async fn a_key_ends_by_itself_and_nothing_else_opens() {
    let desk = Desk::new();
    let new = json!({ "name": "ci", "scopes": ["connectors:read"], "expiresInDays": 1 });
    let key = desk.post("/keys", new).await.body["key"].as_str().unwrap().to_owned();
    for header in
        [key.clone(), format!("bearer {key}"), format!("Bearer  {key}"), format!("Bearer {key}0"), "Bearer ".to_owned()]
    {
        assert_eq!(caller(&desk, &header).await, None, "{header}");
    }
    let last = if key.ends_with('0') { '1' } else { '0' };
    assert_eq!(caller(&desk, &format!("Bearer {}{last}", &key[..key.len() - 1])).await, None);
    assert!(!authorizer(&desk).judge(None).await.unwrap().is_authorized);
    assert!(caller(&desk, &format!("Bearer {key}")).await.is_some());
    desk.clock.advance(Duration::from_secs(24 * 3_600));
    assert_eq!(caller(&desk, &format!("Bearer {key}")).await, None);
}

#[tokio::test]
async fn nobody_hands_out_more_than_they_have() {
    let desk = Desk::new();
    let new = json!({ "name": "ci", "scopes": ["connectors:write"], "expiresInDays": 1 });
    let admin = person("acme", "connectors:admin");
    let answer = desk.send("POST", "/v1/workspaces/acme/keys", Some(new), admin).await;
    assert_eq!((answer.status, answer.code()), (403, "insufficient_scope"));
    for new in [
        json!({ "name": "", "scopes": ["connectors:read"], "expiresInDays": 1 }),
        json!({ "name": "ci", "scopes": [], "expiresInDays": 1 }),
        json!({ "name": "ci", "scopes": ["connectors:read"], "expiresInDays": 0 }),
        json!({ "name": "ci", "scopes": ["connectors:read"], "expiresInDays": 366 }),
        json!({ "name": "ci", "scopes": ["connectors:all"], "expiresInDays": 1 }),
        json!({ "name": "ci", "scopes": ["connectors:read"] }),
    ] {
        assert_eq!(desk.post("/keys", new.clone()).await.code(), "invalid_body", "{new}");
    }
    assert_eq!(desk.get("/keys").await.body, json!({ "items": [] }));
}
