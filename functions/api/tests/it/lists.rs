//! Lists: their filters, and that a page stays where it is.

use connector_domain::delivery::{DeliveryRecord, Origin};
use connector_domain::observation::Observation;
use connector_domain::ports::{DeliveryStore, ObservationStore};
use connector_domain::{SourceType, Timestamp};
use connector_testkit::builders::{actor, at, delivery, observation, workspace};
use serde_json::Value;

use crate::desk::{ALL, Desk, person};

async fn remember(desk: &Desk, rows: &[Observation]) {
    assert!(desk.observations.put_if_absent(rows).await.iter().all(Result::is_ok));
}

fn fact(n: i64) -> Observation {
    observation(&workspace("acme"), &format!("7#{n}"), at(-n * 60))
}

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["sourceId"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_page_stays_where_it_is_while_new_facts_come_in() {
    let desk = Desk::new();
    let old: Vec<_> = (0..9).map(fact).collect();
    remember(&desk, &old).await;
    let first = desk.get("/observations?limit=4").await;
    // Newer ones, and one of the same moment as the last row of the page.
    let twin = observation(&workspace("acme"), "7#3-twin", at(-3 * 60));
    remember(&desk, &[fact(-1), fact(-2), twin]).await;
    let mut seen: Vec<_> = first.body["items"].as_array().unwrap().clone();
    let mut next = first.body["next"].as_str().map(str::to_owned);
    while let Some(cursor) = next {
        let page = desk.get(&format!("/observations?limit=4&cursor={cursor}")).await;
        seen.extend(page.body["items"].as_array().unwrap().iter().cloned());
        next = page.body["next"].as_str().map(str::to_owned);
    }
    let expected: Vec<_> = old.iter().map(|row| row.event.source_id.as_str()).collect();
    let seen: Vec<_> = ids(&seen).into_iter().filter(|id| !id.contains("twin")).collect();
    assert_eq!(seen, expected, "each once, in order");
    assert_eq!(desk.all("/observations", 5).await.len(), 12);
}

#[tokio::test]
async fn observations_are_found_by_source_type_actor_and_time() {
    let desk = Desk::new();
    let mut rows: Vec<_> = (0..6).map(fact).collect();
    rows[1].event.source_type = SourceType::GithubIssueOpened;
    rows[2].event.actor = Some(actor("99"));
    remember(&desk, &rows).await;
    for (query, expected) in [
        ("type=issue.opened", vec![1]),
        ("actor=99", vec![2]),
        ("entity=nothing", vec![]),
        ("source=github&type=pull-request.merged&actor=583231", vec![0, 3, 4, 5]),
        ("source=linear", vec![]),
        ("since=2026-02-06T11:57:00Z&until=2026-02-06T11:59:00Z", vec![1, 2, 3]),
        ("since=2026-02-06T13:00:00Z", vec![]),
    ] {
        let found = desk.all(&format!("/observations?{query}"), 2).await;
        let expected: Vec<_> = expected.into_iter().map(|n: usize| rows[n].event.source_id.as_str()).collect();
        assert_eq!(ids(&found), expected, "{query}");
    }
    let one = desk.all("/observations", 1).await.remove(0);
    let got = desk.get(&format!("/observations/{}", one["id"].as_str().unwrap())).await;
    for (name, value) in one.as_object().unwrap() {
        assert_eq!(got.body[name], *value, "{name}");
    }
    assert_eq!(got.body["delivery"], "github-00");
}

#[tokio::test]
async fn a_parameter_that_is_not_known_is_named() {
    let desk = Desk::new();
    for (query, code, names) in [
        ("limits=3", "unknown_parameter", "limits"),
        ("limit=0", "invalid_parameter", "limit"),
        ("limit=101", "invalid_parameter", "limit"),
        ("limit=ten", "invalid_parameter", "limit"),
        ("limit=1&limit=2", "invalid_parameter", "limit"),
        ("source=gitlab", "invalid_parameter", "source"),
        ("since=yesterday", "invalid_parameter", "since"),
        ("cursor=abc", "invalid_cursor", ""),
    ] {
        let answer = desk.get(&format!("/observations?{query}")).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{query}");
        assert!(answer.body["detail"].as_str().unwrap_or_default().contains(names), "{query}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_list_alone() {
    let desk = Desk::new();
    remember(&desk, &(0..3).map(fact).collect::<Vec<_>>()).await;
    let first = desk.get("/observations?limit=1&source=github").await;
    let cursor = first.body["next"].as_str().unwrap();
    for path in ["/observations?", "/observations?source=linear&", "/runs?", "/deliveries?"] {
        assert_eq!(desk.get(&format!("{path}cursor={cursor}")).await.code(), "invalid_cursor", "{path}");
    }
    let theirs = format!("/v1/workspaces/beta/observations?source=github&cursor={cursor}");
    assert_eq!(desk.send("GET", &theirs, None, person("beta", ALL)).await.code(), "invalid_cursor");
    assert_eq!(desk.get(&format!("/observations?source=github&limit=2&cursor={cursor}")).await.status, 200);
}

#[tokio::test]
async fn deliveries_tell_how_far_they_came_for_us() {
    let desk = Desk::new();
    let (acme, beta) = (workspace("acme"), workspace("beta"));
    let mut records: Vec<_> = (0..4).map(|n| came(n, &format!("github#d{n}"))).collect();
    records[1].origin = Origin::Webhook { event: "issues".to_owned(), transport_id: None };
    records[1].pending.push(beta.clone());
    for record in &records {
        desk.deliveries.put_if_absent(record, b"{}").await.unwrap();
    }
    desk.deliveries.complete(&records[1].id, &acme, &Default::default()).await.unwrap();
    desk.deliveries.bury(&records[2].id, "attempts_exhausted").await.unwrap();
    let states: Vec<_> = desk.all("/deliveries", 3).await.iter().map(|row| row["state"].clone()).collect();
    assert_eq!(states, ["received", "processed", "dead", "received"], "whatever another workspace waits for");
    let dead = desk.all("/dead-letters", 1).await;
    assert_eq!((dead.len(), dead[0]["id"].as_str()), (1, Some("github-d2")));
    assert_eq!(dead[0]["reason"], "attempts_exhausted");
    assert_eq!(desk.all("/deliveries?state=processed", 9).await[0]["event"], "issues");
    assert_eq!(desk.all("/deliveries?provider=sentry", 9).await.len(), 0);
    assert_eq!(desk.get("/deliveries?state=pending").await.code(), "invalid_parameter");
}

fn came(n: i64, id: &str) -> DeliveryRecord {
    let received_at: Timestamp = at(-n);
    DeliveryRecord { received_at, ..delivery(id, &[&workspace("acme")]) }
}
