//! Runs, replays and health.

use connector_domain::SourceId;
use connector_domain::backfill::{FailCode, Unit, UnitState, WaitReason};
use connector_domain::capture::CaptureReport;
use connector_domain::connection::ConnectionStatus;
use connector_domain::delivery::DeliveryState;
use connector_domain::ports::{BackfillStore, ConnectionStore, DeliveryStore, Put};
use connector_testkit::builders::{at, delivery, run, workspace};
use serde_json::json;

use crate::desk::Desk;

async fn set(desk: &Desk, state: UnitState) -> Unit {
    let unit = desk.backfills.units().into_iter().find(|unit| unit.key.workspace == workspace("acme")).unwrap();
    let next = Unit { version: unit.version + 1, state, ..unit.clone() };
    desk.backfills.put_unit(&next, Some(unit.version)).await.unwrap();
    next
}

#[tokio::test]
async fn a_run_tells_how_it_stands_and_why() {
    let desk = Desk::new();
    desk.furnish("acme", "7").await;
    let waiting = UnitState::Waiting { until: at(90), reason: WaitReason::RateLimit };
    for (state, shown, reason) in [
        (UnitState::Running, "running", None),
        (waiting, "running", Some("rate_limit")),
        (UnitState::Partial { reason: "page_limit".to_owned() }, "partial", Some("page_limit")),
        (UnitState::Failed { code: FailCode::FORBIDDEN }, "failed", Some("forbidden")),
        (UnitState::Completed, "completed", None),
    ] {
        set(&desk, state).await;
        let run = desk.get("/runs/run-acme").await;
        assert_eq!(run.body["state"], shown, "{}", run.body);
        assert_eq!(run.body["lists"][0]["reason"].as_str(), reason);
        assert_eq!(run.body["captured"]["pages"], 0);
        let listed = desk.all("/runs?source=github:7", 1).await;
        assert_eq!((listed.len(), &listed[0]["state"]), (1, &run.body["state"]));
    }
    let source = desk.get("/sources/github:7").await;
    assert!(source.body["sync"]["lastSyncedAt"].is_string(), "{}", source.body);
    let taken = set(&desk, UnitState::Running).await;
    let other = Unit { version: taken.version + 1, run: "later".parse().unwrap(), ..taken.clone() };
    desk.backfills.put_ended(&Unit { state: UnitState::Cancelled, ..taken.clone() }).await.unwrap();
    desk.backfills.put_unit(&other, Some(taken.version)).await.unwrap();
    assert_eq!(desk.get("/runs/run-acme").await.body["state"], "cancelled", "as it ended for this run");
    assert_eq!(desk.all("/runs?source=github:7", 1).await[0]["state"], "cancelled");
    assert_eq!(desk.all("/runs?source=linear:7", 1).await.len(), 0);
}

#[tokio::test]
async fn a_run_that_is_cancelled_before_its_lists_open_is_cancelled_wherever_it_is_told() {
    let desk = Desk::new();
    desk.furnish("acme", "7").await;
    let early = run("early", &workspace("acme"), "7");
    desk.backfills.put_run(&early).await.unwrap();
    assert_eq!(desk.get("/runs/early").await.body["state"], "nothing");
    let cancelled = desk.ask("POST", "/runs/early/cancel", None).await;
    assert_eq!((cancelled.status, cancelled.body["state"].as_str()), (200, Some("cancelled")));
    let listed = desk.all("/runs?source=github:7", 1).await;
    let told = listed.iter().find(|run| run["id"] == "early").unwrap();
    assert_eq!(told["state"], "cancelled");
    let late = Unit { run: early.id, ..desk.backfills.units().remove(0) };
    assert_eq!(desk.backfills.open_unit(&late, Some(late.version)).await.unwrap(), Put::Conflict, "it stays shut");
}

#[tokio::test]
async fn a_run_is_cancelled_once_and_restarted_when_it_has_ended() {
    let desk = Desk::new();
    desk.furnish("acme", "7").await;
    let active = desk.post("/runs/run-acme/restart", json!({})).await;
    assert_eq!((active.status, active.code()), (409, "run_active"));
    for _ in 0..2 {
        let cancelled = desk.ask("POST", "/runs/run-acme/cancel", None).await;
        assert_eq!((cancelled.status, cancelled.body["state"].as_str()), (200, Some("cancelled")));
    }
    let started = desk.ask("POST", "/runs/run-acme/restart", None).await;
    assert_eq!(started.status, 202, "{}", started.body);
    assert_eq!(desk.pages.len(), 1);
    let new = desk.get(&format!("/runs/{}", started.body["run"].as_str().unwrap())).await;
    assert_eq!((new.body["trigger"].as_str(), new.body["state"].as_str()), (Some("api"), Some("running")));
    let old = desk.get("/runs/run-acme").await;
    assert_eq!((&old.body["state"], &old.body["window"]["since"]), (&json!("cancelled"), &new.body["window"]["since"]));
    let actions: Vec<_> = desk.all("/audit", 2).await.iter().map(|entry| entry["action"].clone()).collect();
    assert_eq!(actions.iter().filter(|action| **action == "run_cancelled").count(), 1);
}

#[tokio::test]
async fn a_run_is_paused_resumed_and_what_failed_is_retried() {
    let desk = Desk::new();
    desk.furnish("acme", "7").await;
    for _ in 0..2 {
        let paused = desk.ask("POST", "/runs/run-acme/pause", None).await;
        assert_eq!((paused.status, paused.body["state"].as_str()), (200, Some("paused")));
        assert_eq!(paused.body["lists"][0]["reason"], "asked");
    }
    assert_eq!(desk.post("/runs/run-acme/restart", json!({})).await.code(), "run_active");
    let resumed = desk.ask("POST", "/runs/run-acme/resume", None).await;
    assert_eq!((resumed.body["state"].as_str(), desk.pages.drain().len()), (Some("running"), 1));
    set(&desk, UnitState::Failed { code: FailCode::FORBIDDEN }).await;
    desk.ask("POST", "/runs/run-acme/resume", None).await;
    assert!(desk.pages.is_empty(), "it failed, and is not resumed");
    let retried = desk.ask("POST", "/runs/run-acme/retry", None).await;
    assert_eq!((retried.body["state"].as_str(), desk.pages.drain().len()), (Some("running"), 1));
    assert_eq!(desk.ask("POST", "/runs/run-beta/pause", None).await.status, 404);
}

#[tokio::test]
async fn an_estimate_starts_nothing() {
    let desk = Desk::new();
    desk.furnish("acme", "7").await;
    desk.http.respond(200, &[], "[]");
    let asked = json!({ "source": "github:7", "depth": 7, "entities": ["pull_request", "issue"] });
    let estimate = desk.post("/runs/estimate", asked).await;
    assert_eq!(estimate.status, 200, "{}", estimate.body);
    let lists = &estimate.body["lists"];
    assert_eq!((&lists[0]["outcome"], &lists[0]["reason"]), (&json!("active"), &json!("run-acme")));
    assert_eq!((&lists[1]["outcome"], &lists[1]["basis"]), (&json!("counted"), &json!("whole")));
    assert_eq!((&estimate.body["calls"], &estimate.body["items"]), (&json!(1), &json!(0)));
    assert_eq!((desk.all("/runs", 9).await.len(), desk.pages.len()), (1, 0));
}

#[tokio::test]
async fn a_proof_says_what_a_run_missed() {
    let desk = Desk::new();
    desk.furnish("acme", "7").await;
    assert_eq!(desk.ask("POST", "/runs/run-acme/prove", None).await.code(), "run_active");
    set(&desk, UnitState::Completed).await;
    let started = desk.ask("POST", "/runs/run-acme/prove", None).await;
    assert_eq!(started.status, 202, "{}", started.body);
    let id = started.body["run"].as_str().unwrap();
    let mut report = CaptureReport { captured: 1, ..CaptureReport::default() };
    report.add_missing(&SourceId::parse("github:pr:7#1:merged").unwrap());
    let unit = desk.backfills.units().into_iter().find(|unit| unit.run.as_str() == id).unwrap();
    desk.backfills.put_page_report(&unit.run, &unit.key, 0, &report).await.unwrap();
    let shown = desk.get(&format!("/runs/{id}")).await;
    assert_eq!(shown.body["proof"], json!({ "of": "run-acme", "missing": 1, "facts": ["github:pr:7#1:merged"] }));
    assert_eq!(shown.body["window"], desk.get("/runs/run-acme").await.body["window"]);
}

#[tokio::test]
async fn a_window_must_make_sense() {
    let desk = Desk::new();
    desk.furnish("acme", "7").await;
    set(&desk, UnitState::Completed).await;
    for (body, status) in [
        (json!({ "source": "github:7", "depth": 7, "since": "2026-02-01T00:00:00Z" }), 422),
        (json!({ "source": "github:7", "since": "2026-03-01T00:00:00Z" }), 422),
        (json!({ "source": "github", "depth": 7 }), 422),
        (json!({ "source": "github:7", "entities": ["cycle"] }), 422),
        (json!({ "source": "github:7", "depth": 8 }), 400),
        (json!({ "source": "github:7", "depth": 7, "callBudget": 0 }), 400),
        (json!({ "source": "github:7", "since": "2026-02-01T00:00:00Z", "until": "2027-01-01T00:00:00Z" }), 202),
    ] {
        assert_eq!(desk.post("/runs", body.clone()).await.status, status, "{body}");
    }
    assert!(desk.backfills.units().iter().all(|unit| unit.window.until <= at(0)), "nothing is asked of the future");
}

#[tokio::test]
async fn a_replay_asks_for_our_own_capture() {
    let desk = Desk::new();
    desk.furnish("acme", "7").await;
    let answer = desk.ask("POST", "/deliveries/github-7aa/replay", None).await;
    assert_eq!((answer.status, answer.body["state"].as_str()), (202, Some("received")), "{}", answer.body);
    assert_eq!(answer.body["outcome"]["captured"], 1, "what was made of it stands until it is captured");
    let tasks = desk.captures.drain();
    assert_eq!((tasks.len(), tasks[0].workspace.as_str(), tasks[0].delivery.as_str()), (1, "acme", "github#7aa"));
}

#[tokio::test]
async fn a_filter_is_replayed_page_by_page() {
    let desk = Desk::new();
    let (acme, beta) = (workspace("acme"), workspace("beta"));
    for n in 0..5 {
        let mut record = delivery(&format!("github#d{n}"), &[&acme, &beta]);
        record.received_at = at(-n);
        desk.deliveries.put_if_absent(&record, b"{}").await.unwrap();
        if n != 3 {
            desk.deliveries.bury(&record.id, "attempts_exhausted").await.unwrap();
        }
    }
    let (mut replayed, mut cursor) = (Vec::new(), json!(null));
    for _ in 0..9 {
        let mut body = json!({ "state": "dead", "limit": 3 });
        if cursor.is_string() {
            body["cursor"] = cursor;
        }
        let answer = desk.post("/deliveries/replay", body).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
        replayed.extend(answer.body["replayed"].as_array().unwrap().clone());
        cursor = answer.body["next"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(replayed, ["github-d0", "github-d1", "github-d2", "github-d4"]);
    let tasks = desk.captures.drain();
    assert!(tasks.len() == 4 && tasks.iter().all(|task| task.workspace == acme), "for us alone");
    let all = desk.deliveries.all();
    assert!(all.iter().all(|record| record.state == DeliveryState::Received));
    assert_eq!(desk.post("/deliveries/replay", json!({ "limit": 0 })).await.code(), "invalid_body");
}

#[tokio::test]
async fn an_outage_degrades_and_never_revokes() {
    let desk = Desk::new();
    desk.furnish("acme", "7").await;
    let seen = async |missing| {
        desk.github_lists(&[7]);
        desk.github_is_installed(missing);
        desk.get("/connections/conn-acme/health").await.body
    };
    let health = async || seen("").await;
    assert_eq!(health().await, json!({ "health": "healthy", "findings": [] }));
    let finding = json!({ "state": "missing_event", "reason": "issues" });
    assert_eq!(seen("issues").await, json!({ "health": "degraded", "findings": [finding] }));
    for status in [429, 500, 503] {
        desk.http.respond(status, &[], "<html>");
        desk.http.respond(status, &[], "<html>");
        let shown = desk.get("/connections/conn-acme/health").await.body;
        assert_eq!(shown, json!({ "health": "degraded", "findings": [{ "state": "unavailable" }] }));
    }
    let stored = desk.connections.connection(&"conn-acme".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(stored.status, ConnectionStatus::Active, "to look changes nothing");
    set(&desk, UnitState::Waiting { until: at(60), reason: WaitReason::Unavailable }).await;
    let finding =
        json!({ "source": "github:7", "entity": "pull_request", "state": "waiting", "reason": "unavailable" });
    assert_eq!(health().await, json!({ "health": "degraded", "findings": [finding] }));
    set(&desk, UnitState::Completed).await;
    for (status, shown) in [
        (ConnectionStatus::Suspended, "degraded"),
        (ConnectionStatus::NeedsReconnect, "revoked"),
        (ConnectionStatus::Active, "healthy"),
    ] {
        let mut connection = desk.connections.connection(&"conn-acme".parse().unwrap()).await.unwrap().unwrap();
        connection.status = status;
        desk.connections.put_connection(&connection).await.unwrap();
        assert_eq!(health().await["health"], shown);
    }
    let desk = Desk::new();
    desk.furnish("acme", "7").await;
    desk.http.respond(503, &[], "");
    desk.http.respond(404, &[], "{}");
    assert_eq!(desk.get("/connections/conn-acme/health").await.body["health"], "revoked", "the App is gone");
}
