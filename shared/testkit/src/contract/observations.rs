//! What an [`ObservationStore`] promises.

use connector_domain::capture::{CaptureOutcome, Entity, EntityCategory};
use connector_domain::observation::{IngestionSource, Observation};
use connector_domain::ports::{ObservationFilter, ObservationStore, PortError, PortErrorKind};
use connector_domain::{ProviderKind, Reference, ReferenceKind, RunId, SourceId, SourceType, Timestamp, WorkspaceId};
use futures::future::join_all;
use serde_json::json;

use super::{some_workspace, unique};
use crate::builders::{actor, at, delivery_id, event, observation, observe};

/// Runs the whole suite.
///
/// # Panics
/// When the store breaks a promise.
pub async fn observations(store: &dyn ObservationStore) {
    what_was_captured_comes_back(store).await;
    a_fact_is_captured_once(store).await;
    a_duplicate_names_what_differs(store).await;
    each_gets_its_own_answer(store).await;
    workspaces_do_not_see_each_other(store).await;
    the_largest_fact_fits(store).await;
    lists_go_back_in_time(store).await;
    lists_keep_to_their_filter(store).await;
    a_foreign_cursor_is_refused(store).await;
}

async fn put(store: &dyn ObservationStore, observation: &Observation) -> CaptureOutcome {
    let mut outcomes = store.put_if_absent(std::slice::from_ref(observation)).await;
    assert_eq!(outcomes.len(), 1);
    outcomes.remove(0).unwrap()
}

async fn get(store: &dyn ObservationStore, of: &Observation) -> Option<Observation> {
    store.get(&of.workspace, &of.event.source_id).await.unwrap()
}

fn everything(limit: usize) -> ObservationFilter {
    ObservationFilter {
        provider: None,
        source_type: None,
        actor: None,
        entity: None,
        since: Timestamp::MIN,
        until: Timestamp::MAX,
        limit,
        cursor: None,
    }
}

/// The source ids of all pages, and how many pages there were.
async fn list(store: &dyn ObservationStore, ws: &WorkspaceId, mut filter: ObservationFilter) -> (Vec<String>, usize) {
    let (mut ids, mut pages) = (Vec::new(), 0);
    loop {
        let page = store.list(ws, &filter).await.unwrap();
        assert!(page.observations.len() <= filter.limit);
        ids.extend(page.observations.into_iter().map(|seen| seen.event.source_id.to_string()));
        pages += 1;
        assert!(pages < 1_000, "paging comes to an end");
        match page.next {
            Some(next) => filter.cursor = Some(next),
            None => return (ids, pages),
        }
    }
}

fn ids(observations: &[&Observation]) -> Vec<String> {
    observations.iter().map(|seen| seen.event.source_id.to_string()).collect()
}

async fn what_was_captured_comes_back(store: &dyn ObservationStore) {
    let workspace = some_workspace();
    let plain = observation(&workspace, "9#1", at(0));
    let mut event = event("9#2", "2026-02-06T12:00:00.123456789Z".parse().unwrap());
    event.body = "Fixes #3 in `src/main.rs`: \u{1f600} e\u{301} \0 \u{202e}".to_owned();
    event.actor = Some(connector_domain::Actor { email: Some("o@example.org".to_owned()), ..actor("1") });
    event.references = vec![
        Reference::new(ReferenceKind::Pr, "#2").unwrap().url("https://example.org/2").label("self"),
        Reference::new(ReferenceKind::Branch, "main").unwrap(),
    ];
    event.metadata = json!({
        "additions": 12, "ratio": 1.0, "tiny": 1e-200, "big": u64::MAX, "negative": i64::MIN, "draft": false, "none": null,
        "empty": "", "list": [], "map": { "": { "deep": [[{ "a": 1.5 }]] } },
    })
    .as_object()
    .unwrap()
    .clone();
    let mut rich = observe(&workspace, event);
    rich.ingestion_source = IngestionSource::Backfill;
    rich.run = Some(RunId::parse("run").unwrap());
    rich.page = Some(12);
    let mut long = observation(&workspace, "9#3", at(0));
    long.event.source_id =
        SourceId::once(ProviderKind::Github, "push", "refs/heads/".to_owned() + &"#".repeat(900), "x");
    for observation in [plain, rich, long] {
        assert_eq!(get(store, &observation).await, None);
        assert_eq!(put(store, &observation).await, CaptureOutcome::Captured);
        assert_eq!(get(store, &observation).await, Some(observation));
    }
}

/// The same fact out of another delivery.
fn again(seen: &Observation) -> Observation {
    Observation { delivery: delivery_id(&unique("github#again")), captured_at: at(99), ..seen.clone() }
}

async fn a_fact_is_captured_once(store: &dyn ObservationStore) {
    let workspace = some_workspace();
    let seen = observation(&workspace, "9#1", at(0));
    let duplicate = CaptureOutcome::Duplicate { conflicts: Vec::new() };
    assert_eq!(put(store, &seen).await, CaptureOutcome::Captured);
    assert_eq!(put(store, &again(&seen)).await, duplicate);
    let repeated = Observation { captured_at: at(99), ..seen.clone() };
    assert_eq!(put(store, &repeated).await, CaptureOutcome::Captured, "its delivery has captured it");
    assert_eq!(get(store, &seen).await, Some(seen), "the row is kept as it is");

    let contested: Vec<_> = (0..8).map(|_| again(&observation(&workspace, "9#2", at(0)))).collect();
    let alone = join_all(contested.iter().map(|seen| store.put_if_absent(std::slice::from_ref(seen)))).await;
    let alone: Vec<_> = alone.into_iter().flatten().map(Result::unwrap).collect();
    assert_eq!(alone.iter().filter(|outcome| **outcome == CaptureOutcome::Captured).count(), 1);
    assert_eq!(alone.iter().filter(|outcome| **outcome == duplicate).count(), 7);
    let together: Vec<_> = store.put_if_absent(&contested).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(together, alone, "each delivery is told the same again");
}

async fn a_duplicate_names_what_differs(store: &dyn ObservationStore) {
    let workspace = some_workspace();
    let kept = observation(&workspace, "9#1", at(0));
    put(store, &kept).await;
    let differing = |change: fn(&mut Observation)| {
        let mut seen = again(&kept);
        change(&mut seen);
        seen
    };
    type Change = fn(&mut Observation);
    let cases: [(Change, &[&str]); 9] = [
        (|_| {}, &[]),
        (|seen| seen.event.title.push('!'), &["title"]),
        (|seen| seen.event.body.clear(), &["body"]),
        (|seen| seen.event.occurred_at = at(60), &["occurredAt"]),
        (|seen| seen.event.occurred_at = at(1), &[]),
        (|seen| seen.event.actor = None, &[]),
        (
            |seen| {
                seen.event.title.push('!');
                seen.event.body.clear();
                seen.event.occurred_at = at(60);
                seen.event = seen.event.clone().with_stand_in(&["title", "body", "occurredAt"]);
            },
            &[],
        ),
        (|seen| seen.event.actor = Some(actor("2")), &["actor"]),
        (
            |seen| {
                seen.event.title.push('!');
                seen.event.occurred_at = at(60);
            },
            &["title", "occurredAt"],
        ),
    ];
    for (change, conflicts) in cases {
        let outcome = put(store, &differing(change)).await;
        assert_eq!(outcome, CaptureOutcome::Duplicate { conflicts: conflicts.to_vec() });
    }
    assert_eq!(get(store, &kept).await, Some(kept), "the row is kept as it is");
}

async fn each_gets_its_own_answer(store: &dyn ObservationStore) {
    assert!(store.put_if_absent(&[]).await.is_empty());
    let workspace = some_workspace();
    let rows: Vec<_> = (0..40).map(|n| observation(&workspace, &format!("9#{n}"), at(n))).collect();
    let odd: Vec<_> = rows.iter().skip(1).step_by(2).cloned().collect();
    assert!(store.put_if_absent(&odd).await.into_iter().all(|put| put.unwrap() == CaptureOutcome::Captured));
    let rows: Vec<_> = rows.iter().map(again).collect();
    for (n, put) in store.put_if_absent(&rows).await.into_iter().enumerate() {
        assert_eq!(put.unwrap() == CaptureOutcome::Captured, n % 2 == 0, "row {n}");
    }
}

async fn workspaces_do_not_see_each_other(store: &dyn ObservationStore) {
    let (a, b) = (some_workspace(), some_workspace());
    let seen = observation(&a, "9#1", at(0));
    put(store, &seen).await;
    assert_eq!(store.get(&b, &seen.event.source_id).await.unwrap(), None);
    assert_eq!(list(store, &b, everything(10)).await.0, Vec::<String>::new());
    assert_eq!(put(store, &observation(&b, "9#1", at(0))).await, CaptureOutcome::Captured);
}

async fn the_largest_fact_fits(store: &dyn ObservationStore) {
    let workspace = some_workspace();
    let mut event = event("9#1", at(0));
    event.body = "\u{1f600}".repeat(connector_domain::text::MAX_BODY_CHARS);
    for n in 0..300 {
        let id = format!("{n}-{}", "\u{e9}".repeat(500));
        event.references.extend(Reference::new(ReferenceKind::Label, id));
    }
    for n in 0..100_u32 {
        event.metadata.insert(n.to_string(), "x".repeat(990).into());
    }
    let largest = observe(&workspace, event.clone().bounded());
    assert_eq!(put(store, &largest).await, CaptureOutcome::Captured);
    assert_eq!(get(store, &largest).await, Some(largest));

    event.source_id = SourceId::once(ProviderKind::Github, "pr", "9#2", "merged");
    event.metadata.insert("all".to_owned(), "x".repeat(500_000).into());
    let good = observation(&workspace, "9#3", at(0));
    let answers: Vec<Result<_, PortError>> = store.put_if_absent(&[observe(&workspace, event), good]).await;
    assert!(answers[0].is_err(), "what no row holds is refused");
    assert_eq!(answers[1].as_ref().unwrap(), &CaptureOutcome::Captured, "and only that");
}

async fn lists_go_back_in_time(store: &dyn ObservationStore) {
    let workspace = some_workspace();
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    // Months, a year and a gap apart, two at one instant, nanoseconds around a month's end.
    let rows: Vec<_> = [
        ("9#8", "2026-02-06T12:00:00Z"),
        ("9#7", "2026-02-01T00:00:00Z"),
        ("9#6", "2026-01-31T23:59:59.999999999Z"),
        ("9#5", "2026-01-31T23:59:59Z"),
        ("9#4", "2025-12-31T23:59:59Z"),
        ("9#3", "2025-12-31T23:59:59Z"),
        ("9#2", "2019-07-01T00:00:00Z"),
        ("9#1", "1970-01-01T00:00:00Z"),
    ]
    .into_iter()
    .map(|(id, at)| observation(&workspace, id, time(at)))
    .collect();
    let shuffled: Vec<_> = [3, 0, 7, 5, 1, 6, 4, 2].into_iter().map(|n: usize| rows[n].clone()).collect();
    assert!(store.put_if_absent(&shuffled).await.iter().all(Result::is_ok));
    let rows: Vec<_> = rows.iter().collect();

    for limit in [1, 2, 3, 7, 8, 9] {
        let (found, pages) = list(store, &workspace, everything(limit)).await;
        assert_eq!(found, ids(&rows), "in pages of {limit}");
        assert!(pages >= rows.len().div_ceil(limit));
    }
    let between =
        |since: &str, until: &str| ObservationFilter { since: time(since), until: time(until), ..everything(3) };
    let (found, _) = list(store, &workspace, between("2025-12-31T23:59:59Z", "2026-02-01T00:00:00Z")).await;
    assert_eq!(found, ids(&rows[1..6]), "both ends are included");
    let (found, _) = list(store, &workspace, between("2025-12-31T23:59:59.000000001Z", "2026-01-31T23:59:59.5Z")).await;
    assert_eq!(found, ids(&rows[3..4]), "to the nanosecond");
    let (found, _) = list(store, &workspace, between("2020-01-01T00:00:00Z", "2025-01-01T00:00:00Z")).await;
    assert!(found.is_empty());
}

async fn lists_keep_to_their_filter(store: &dyn ObservationStore) {
    let workspace = some_workspace();
    let mut rows = Vec::new();
    for n in 0..30 {
        let mut row = observation(&workspace, &format!("9#{n}"), at(-n * 86_400));
        if n % 3 == 0 {
            row.event.source_type = SourceType::GithubIssueOpened;
            row.event.actor = Some(actor("7"));
            row.entities = vec![Entity {
                category: EntityCategory::Reference,
                key: "9#7".to_owned(),
                value: None,
                confidence: 98,
                evidence: "issue".to_owned(),
            }];
        }
        rows.push(row);
    }
    assert!(store.put_if_absent(&rows).await.iter().all(Result::is_ok));
    let issues: Vec<_> = rows.iter().step_by(3).collect();
    let filter = ObservationFilter { source_type: Some("issue.opened".to_owned()), ..everything(4) };
    assert_eq!(list(store, &workspace, filter.clone()).await.0, ids(&issues));
    let of_one = ObservationFilter { actor: Some("7".to_owned()), ..everything(4) };
    assert_eq!(list(store, &workspace, of_one).await.0, ids(&issues));
    let naming = |key: &str| ObservationFilter { entity: Some(key.to_owned()), ..everything(4) };
    assert_eq!(list(store, &workspace, naming("9#7")).await.0, ids(&issues));
    assert!(list(store, &workspace, naming("9#")).await.0.is_empty(), "a key is whole");
    let of_nobody = ObservationFilter { actor: Some("user-7".to_owned()), ..filter.clone() };
    assert!(list(store, &workspace, of_nobody).await.0.is_empty());
    let filter = ObservationFilter { provider: Some(ProviderKind::Github), ..filter };
    assert_eq!(list(store, &workspace, filter.clone()).await.0, ids(&issues));
    let filter = ObservationFilter { provider: Some(ProviderKind::Linear), ..filter };
    assert!(list(store, &workspace, filter).await.0.is_empty());
    let filter = ObservationFilter { source_type: Some("issue".to_owned()), ..everything(4) };
    assert!(list(store, &workspace, filter).await.0.is_empty(), "a type is a whole name");
}

async fn a_foreign_cursor_is_refused(store: &dyn ObservationStore) {
    let filter = ObservationFilter { cursor: Some(unique("nonsense")), ..everything(1) };
    let error = store.list(&some_workspace(), &filter).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Input);
}
