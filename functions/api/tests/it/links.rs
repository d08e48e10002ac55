//! Linking and unlinking, and what they start and stop.

use connector_domain::ProviderKind;
use connector_domain::backfill::UnitState;
use connector_domain::connection::ConnectionStatus;
use connector_domain::ports::ConnectionStore;
use serde_json::{Value, json};

use crate::desk::{Desk, Read};

fn outcomes(answer: &Read) -> Vec<(&str, &str)> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let results = answer.body["results"].as_array().unwrap();
    results.iter().map(|item| (item["outcome"].as_str().unwrap(), item["reason"].as_str().unwrap_or(""))).collect()
}

async fn link(desk: &Desk, body: Value) -> Read {
    desk.post("/connections/conn/link", body).await
}

#[tokio::test]
async fn each_resource_has_an_outcome_of_its_own() {
    let desk = Desk::new();
    let ours = desk.connect("acme", "conn").await;
    let other = desk.connect("acme", "other").await;
    desk.link(&ours, "1").await;
    let mut ended = desk.link(&ours, "2").await;
    ended.active = false;
    ended.inactive_reason = Some("removed_from_installation".to_owned());
    ended.resource.name = "octo/old-name".to_owned();
    desk.connections.put_integration(&ended).await.unwrap();
    desk.link(&other, "3").await;
    desk.github_lists(&[1, 2, 3, 4]);
    let answer = link(&desk, json!({ "resources": ["1", "2", "3", "4", "4", "5", ""] })).await;
    assert_eq!(
        outcomes(&answer),
        [
            ("unchanged", ""),
            ("reactivated", ""),
            ("refused", "linked_elsewhere"),
            ("created", ""),
            ("unchanged", ""),
            ("refused", "not_accessible"),
            ("refused", "not_an_id"),
        ]
    );
    // What is linked now or again is fetched, and nothing else.
    let results = answer.body["results"].as_array().unwrap();
    let runs: Vec<_> = results.iter().map(|item| item["run"].is_string()).collect();
    assert_eq!(runs, [false, true, false, true, false, false, false]);
    let fetched: Vec<_> = desk.backfills.units().iter().map(|unit| unit.key.resource.to_string()).collect();
    assert!(fetched.iter().all(|id| ["2", "4"].contains(&id.as_str())) && !fetched.is_empty(), "{fetched:?}");
    assert_eq!(desk.pages.len(), fetched.len());

    let again = desk.connections.integration(ProviderKind::Github, &ended.resource.id, &ours.workspace).await;
    let again = again.unwrap().unwrap();
    assert_eq!((again.id, again.active, again.inactive_reason), (ended.id, true, None));
    assert_eq!((again.resource.name.as_str(), again.linked_at), ("octo/repo-2", ended.linked_at), "its name now");
    assert_eq!(desk.http.requests().len(), 1);
}

#[tokio::test]
async fn history_is_fetched_unless_it_is_not_wanted() {
    let desk = Desk::new();
    desk.connect("acme", "conn").await;
    let off = json!({ "backfill": { "enabled": false } });
    for (body, starts) in [
        (json!({ "resources": ["1"], "backfill": false }), false),
        (json!({ "resources": ["2"], "settings": off }), false),
        (json!({ "resources": ["3"], "settings": { "backfill": { "depth": 7, "entities": ["issue"] } } }), true),
    ] {
        desk.github_lists(&[1, 2, 3]);
        let answer = link(&desk, body).await;
        assert_eq!(outcomes(&answer), [("created", "")]);
        assert_eq!(answer.body["results"][0]["run"].is_string(), starts);
    }
    let units = desk.backfills.units();
    assert_eq!(units.len(), 1);
    assert_eq!(units[0].window.until.duration_since(units[0].window.since).as_hours(), 7 * 24);
    let sources = desk.all("/sources", 2).await;
    let depths: Vec<_> = sources.iter().map(|source| source["backfill"]["depth"].as_u64().unwrap()).collect();
    assert_eq!(depths, [30, 30, 7]);
}

#[tokio::test]
async fn what_makes_no_sense_links_nothing() {
    let desk = Desk::new();
    let mut connection = desk.connect("acme", "conn").await;
    for (body, status, code) in [
        (json!({ "resources": [] }), 400, "invalid_body"),
        (json!({ "resources": vec!["1"; 51] }), 400, "invalid_body"),
        (json!({ "resource": ["1"] }), 400, "invalid_body"),
        (json!({ "resources": ["1"], "settings": { "events": [] } }), 422, "invalid_value"),
        (json!({ "resources": ["1"], "settings": { "events": ["Issue"] } }), 422, "invalid_value"),
        (json!({ "resources": ["1"], "settings": { "backfill": { "depth": 15 } } }), 400, "invalid_body"),
        (json!({ "resources": ["1"], "settings": { "backfill": { "entities": ["cycle"] } } }), 422, "invalid_value"),
    ] {
        let answer = link(&desk, body.clone()).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{body}");
    }
    desk.http.respond(401, &[], "{}");
    let answer = link(&desk, json!({ "resources": ["1"] })).await;
    assert_eq!((answer.status, answer.code()), (409, "connection_not_active"), "the provider refuses the token");
    desk.http.respond(502, &[], "");
    assert_eq!(link(&desk, json!({ "resources": ["1"] })).await.code(), "provider_unavailable");
    connection.status = ConnectionStatus::Revoked;
    desk.connections.put_connection(&connection).await.unwrap();
    assert_eq!(link(&desk, json!({ "resources": ["1"] })).await.code(), "connection_not_active");
    assert_eq!(desk.all("/sources", 9).await.len(), 0);
}

#[tokio::test]
async fn unlinking_stops_what_is_being_fetched() {
    let desk = Desk::new();
    desk.furnish("acme", "7").await;
    let ask = async || desk.post("/connections/conn-acme/unlink", json!({ "resources": ["7", "8", " "] })).await;
    let expected = |first: &'static str| vec![(first, ""), ("refused", "not_linked"), ("refused", "not_an_id")];
    assert_eq!(outcomes(&ask().await), expected("unlinked"));
    assert_eq!(outcomes(&ask().await), expected("unchanged"));
    let units = desk.backfills.units();
    assert!(units.iter().all(|unit| unit.state == UnitState::Cancelled), "{units:?}");
    let source = desk.get("/sources/github:7").await;
    assert_eq!(
        (source.body["active"].as_bool(), source.body["inactiveReason"].as_str()),
        (Some(false), Some("unlinked"))
    );
    let actions = desk.all("/audit", 9).await;
    assert_eq!(actions.iter().filter(|entry| entry["action"] == "unlinked").count(), 1);
}

#[tokio::test]
async fn the_live_list_is_paged_and_says_what_is_linked() {
    let desk = Desk::new();
    let connection = desk.connect("acme", "conn").await;
    desk.link(&connection, "2").await;
    let next = ("link", r#"<https://api.github.com/installation/repositories?page=2>; rel="next""#);
    let body = json!({ "repositories": [{ "id": 1, "full_name": "octo/a" }, { "id": 2, "full_name": "octo/b" }] });
    desk.http.respond(200, &[next], &body.to_string());
    let first = desk.get("/connections/conn/resources").await;
    let linked: Vec<_> = first.body["items"].as_array().unwrap().iter().map(|item| item["linked"].clone()).collect();
    assert_eq!(linked, [false, true], "{}", first.body);
    desk.github_lists(&[3]);
    let cursor = first.body["next"].as_str().unwrap();
    let second = desk.get(&format!("/connections/conn/resources?cursor={cursor}")).await;
    assert_eq!(second.body, json!({ "items": [{ "id": "3", "name": "octo/repo-3", "linked": false }] }));
    let asked: Vec<_> = desk.http.requests().into_iter().map(|sent| sent.request.query).collect();
    assert!(asked[1].contains(&("page", "2".to_owned())), "{asked:?}");
}

#[tokio::test]
async fn disconnecting_ends_everything_once() {
    let desk = Desk::new();
    desk.furnish("acme", "7").await;
    for _ in 0..2 {
        let answer = desk.ask("POST", "/connections/conn-acme/disconnect", None).await;
        assert_eq!((answer.status, answer.body["status"].as_str()), (200, Some("revoked")), "{}", answer.body);
    }
    let source = desk.get("/sources/github:7").await;
    assert_eq!(source.body["inactiveReason"], "disconnected");
    assert!(desk.backfills.units().iter().all(|unit| unit.state == UnitState::Cancelled));
    let events = desk.get("/connections/conn-acme/events").await;
    let told: Vec<_> = events.body["items"].as_array().unwrap().iter().map(|event| event["action"].clone()).collect();
    assert_eq!(told, ["torn_down", "teardown_started"], "once each: {}", events.body);
    assert_eq!(events.body["items"][0]["by"], "user:ann");
    let health = desk.get("/connections/conn-acme/health").await;
    assert_eq!(health.body["health"], "revoked");
    assert_eq!(desk.get("/observations").await.body["items"].as_array().unwrap().len(), 1, "what was captured stays");
}
