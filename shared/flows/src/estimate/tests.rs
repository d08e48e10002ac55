use std::sync::Arc;

use connector_domain::backfill::{Budget, Pool, Share, Trigger, Unit, UnitState};
use connector_domain::http::RateLimit;
use connector_domain::ports::{BackfillStore, Clock, ConnectionStore};
use connector_testkit::builders::{at, connection, integration, unit, workspace};
use connector_testkit::memory::{ManualClock, MemoryBackfills, MemoryConnections, ScriptedHttp, StaticTokens};

use super::*;

struct Desk {
    ports: FetchPorts,
    backfills: Arc<MemoryBackfills>,
    http: Arc<ScriptedHttp>,
    request: StartRequest,
}

async fn desk(entities: &[EntityType]) -> Desk {
    let (connections, backfills): (Arc<MemoryConnections>, Arc<MemoryBackfills>) = Default::default();
    let http = Arc::<ScriptedHttp>::default();
    let made = connection("conn", &workspace("acme"), "42");
    connections.put_connection(&made).await.unwrap();
    let link = integration(&made, "9");
    connections.put_integration(&link).await.unwrap();
    let ports = FetchPorts {
        backfills: Arc::clone(&backfills) as _,
        connections,
        tokens: Arc::new(StaticTokens::of("token")),
        http: Arc::clone(&http) as _,
        clock: Arc::new(ManualClock::new(at(0))) as Arc<dyn Clock>,
    };
    let request = StartRequest {
        integration: link,
        entities: entities.iter().copied().collect(),
        window: Window { since: at(-100_000), until: at(0) },
        trigger: Trigger::Manual,
        again: false,
        call_budget: None,
        proves: None,
        hold: false,
        prove: false,
    };
    Desk { ports, backfills, http, request }
}

/// Issues whose updates are so many seconds before [`at`]`(0)`.
fn issues(updated: &[i64]) -> String {
    let issue = |ago: &i64| format!(r#"{{"id":{ago},"updated_at":"{}"}}"#, at(-ago));
    format!("[{}]", updated.iter().map(issue).collect::<Vec<_>>().join(","))
}

async fn counted(desk: &Desk, size: u32) -> Counted {
    match estimate(&desk.ports, &desk.request, size, 20).await.unwrap().lists.remove(0).1 {
        ListEstimate::Counted(counted) => counted,
        other => panic!("not counted: {other:?}"),
    }
}

#[tokio::test]
async fn a_list_of_one_page_is_known_and_nothing_is_stored() {
    let desk = desk(&[EntityType::Issue]).await;
    desk.http.respond(200, &[], &issues(&[90, 80]));
    let counted = counted(&desk, 100).await;
    assert_eq!((counted.items, counted.calls, counted.basis), (2, 1, Basis::Whole));
    assert_eq!((counted.unreadable, counted.facts.len()), (2, 0), "these items lack what makes a fact");
    assert!(desk.backfills.units().is_empty());
}

#[tokio::test]
async fn what_github_counts_is_believed_and_what_it_counts_too_much_of_is_sampled() {
    let link = [("link", "<https://x/?page=2>; rel=\"next\", <https://x/?page=30>; rel=\"last\"")];
    let issue = desk(&[EntityType::Issue]).await;
    issue.http.respond(200, &link, &issues(&[99_000, 98_000]));
    let exact = counted(&issue, 2).await;
    assert_eq!((exact.items, exact.calls, exact.basis), (60, 30, Basis::Pages));

    // Pull requests are listed from the newest back, beyond the window: two of them take a tenth of it.
    let pulls = desk(&[EntityType::PullRequest]).await;
    pulls.http.respond(200, &link, &issues(&[0, 10_000]));
    let sampled = counted(&pulls, 2).await;
    assert_eq!((sampled.items, sampled.calls, sampled.basis), (20, 10, Basis::Density));

    // Issues from the oldest on: that nothing happened at first says nothing of the rest.
    let late = desk(&[EntityType::Issue]).await;
    let next = [("link", "<https://x/?page=2>; rel=\"next\"")];
    late.http.respond(200, &next, &issues(&[10_000, 9_000]));
    let sampled = counted(&late, 2).await;
    assert_eq!((sampled.items, sampled.basis), (20, Basis::Density));
}

#[tokio::test]
async fn what_is_covered_or_refused_takes_nothing() {
    let desk = desk(&[EntityType::PullRequest, EntityType::Issue, EntityType::Release]).await;
    let mut covered = Unit { state: UnitState::Completed, ..unit(&workspace("acme"), "9") };
    covered.coverage.add(desk.request.window);
    desk.backfills.put_unit(&covered, None).await.unwrap();
    desk.http.respond(404, &[], "{}");
    desk.http.respond(502, &[], "{}");
    let estimate = estimate(&desk.ports, &desk.request, 100, 20).await.unwrap();
    let lists: Vec<_> = estimate.lists.iter().map(|(_, list)| list.clone()).collect();
    assert_eq!(lists, [ListEstimate::Covered, ListEstimate::Refused(FailCode::NOT_FOUND), ListEstimate::Unavailable,]);
    assert_eq!((estimate.items(), estimate.calls(), estimate.micro_dollars()), (0, 0, 0));
}

#[tokio::test]
async fn the_time_has_the_waits_for_the_budget_in_it() {
    let desk = desk(&[EntityType::Issue]).await;
    let key = BudgetKey::Connection { connection: desk.request.integration.connection.clone(), pool: Pool::Calls };
    let rate = RateLimit { remaining: Some(12), limit: Some(50), resets_at: Some(at(600)) };
    desk.backfills.put_budget(&Budget::first(key, &rate, at(0)).unwrap(), None).await.unwrap();
    let link = [("link", "<https://x/?page=2>; rel=\"next\", <https://x/?page=30>; rel=\"last\"")];
    desk.http.respond(200, &link, &issues(&[99_000, 98_000]));
    let estimate = estimate(&desk.ports, &desk.request, 2, 20).await.unwrap();
    assert_eq!((estimate.calls(), estimate.time.as_secs()), (30, 600));
    assert!(estimate.micro_dollars() > 0);
}

#[test]
fn several_windows_are_as_dense_as_the_newest() {
    let window = |since, until| Window { since: at(since), until: at(until) };
    let meta = PageMeta { read: Some(Share::ALL), ..PageMeta::new(50, None) };
    let windows = [window(-300, -200), window(-100, -50), window(-50, 0)];
    assert_eq!(count(&meta, 100, &windows), (200, 6, Basis::Density));
}
