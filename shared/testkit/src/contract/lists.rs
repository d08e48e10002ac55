//! What the lists of a workspace's rows promise.

use std::collections::BTreeSet;

use connector_domain::backfill::Run;
use connector_domain::connection::Integration;
use connector_domain::delivery::{DeliveryRecord, DeliveryState};
use connector_domain::ports::{
    BackfillStore, ConnectionLists, ConnectionStore, DeliveryFilter, DeliveryLog, DeliveryStore, IntegrationFilter,
    Page, Paging, PortError, PortErrorKind, RunLists,
};
use connector_domain::{ConnectionId, ProviderKind, ResourceId, Timestamp, WorkspaceId};

use super::{some_workspace, unique};
use crate::builders::{at, connection, delivery, integration, run, unit};

/// Runs the suite of [`ConnectionLists`].
///
/// # Panics
/// When the store breaks a promise.
pub async fn connection_lists<S: ConnectionStore + ConnectionLists>(store: &S) {
    a_connection_is_there_for_its_workspace_only(store).await;
    connections_are_listed_once(store).await;
    links_keep_to_their_filter(store).await;
}

/// Runs the suite of [`DeliveryLog`], and of replaying.
///
/// # Panics
/// When the store breaks a promise.
pub async fn delivery_log<S: DeliveryStore + DeliveryLog>(store: &S) {
    deliveries_go_back_in_time(store).await;
    a_delivery_is_listed_for_who_it_came(store).await;
    a_log_keeps_to_its_filter(store).await;
    what_was_given_up_is_listed_until_it_is_replayed(store).await;
    a_replay_is_for_who_it_came(store).await;
}

/// Runs the suite of [`RunLists`].
///
/// # Panics
/// When the store breaks a promise.
pub async fn run_lists<S: BackfillStore + RunLists>(store: &S) {
    runs_are_paged_newest_first(store).await;
    units_come_back_together(store).await;
}

const fn paging(limit: usize, after: Option<String>) -> Paging {
    Paging { after, limit }
}

/// The rows of all pages.
pub(super) async fn all<T>(limit: usize, list: impl AsyncFn(Paging) -> Result<Page<T>, PortError>) -> Vec<T> {
    let (mut found, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = list(paging(limit, after)).await.unwrap();
        assert!(page.items.len() <= limit, "no more than asked for");
        found.extend(page.items);
        pages += 1;
        assert!(pages < 1_000, "paging comes to an end");
        match page.next {
            Some(next) => after = Some(next),
            None => return found,
        }
    }
}

/// A list refuses to go on from what is no place of it.
pub(super) async fn refuses<T>(list: impl AsyncFn(Paging) -> Result<Page<T>, PortError>) {
    for nonsense in ["no place".to_owned(), String::new()] {
        let refused = list(paging(3, Some(nonsense.clone()))).await.err().map(|error| error.kind);
        assert_eq!(refused, Some(PortErrorKind::Input), "{nonsense:?}");
    }
}

async fn a_connection_is_there_for_its_workspace_only<S: ConnectionStore + ConnectionLists>(store: &S) {
    let (ours, theirs) = (some_workspace(), some_workspace());
    let mut made = connection(&unique("conn"), &ours, &unique("acct"));
    assert_eq!(store.connection_in(&ours, &made.id).await.unwrap(), None);
    store.put_connection(&made).await.unwrap();
    made.account_name = "renamed".to_owned();
    store.put_connection(&made).await.unwrap();
    assert_eq!(store.connection_in(&ours, &made.id).await.unwrap().as_ref(), Some(&made));
    assert_eq!(store.connection_in(&theirs, &made.id).await.unwrap(), None);
}

async fn connections_are_listed_once<S: ConnectionStore + ConnectionLists>(store: &S) {
    let workspace = some_workspace();
    let mut made: Vec<_> = (0..9).map(|_| connection(&unique("conn"), &workspace, &unique("acct"))).collect();
    for connection in &made {
        store.put_connection(connection).await.unwrap();
    }
    made.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    for limit in [1, 4, 9, 100] {
        let found = all(limit, async |paging| store.connections_in(&workspace, &paging).await).await;
        assert_eq!(found, made, "in pages of {limit}");
    }
    assert_eq!(all(9, async |paging| store.connections_in(&some_workspace(), &paging).await).await, []);
    // A row that comes in between moves no other one: paging finds it if it is still to come.
    let first = store.connections_in(&workspace, &paging(4, None)).await.unwrap();
    let last = connection(&format!("~{}", unique("conn")), &workspace, &unique("acct"));
    store.put_connection(&last).await.unwrap();
    let mut rest = Vec::new();
    let mut after = first.next;
    while let Some(place) = after {
        let page = store.connections_in(&workspace, &paging(4, Some(place))).await.unwrap();
        rest.extend(page.items);
        after = page.next;
    }
    made.push(last);
    assert_eq!(rest, made[4..]);
    refuses(async |paging| store.connections_in(&workspace, &paging).await).await;
}

async fn links_keep_to_their_filter<S: ConnectionStore + ConnectionLists>(store: &S) {
    let workspace = some_workspace();
    let (a, b) = (connection(&unique("a"), &workspace, "1"), connection(&unique("b"), &workspace, "2"));
    let mut links: Vec<_> =
        (0..12).map(|n| integration(if n % 3 == 0 { &a } else { &b }, &unique("repo"))).collect::<Vec<_>>();
    for (n, link) in links.iter_mut().enumerate() {
        link.active = n % 2 == 0;
        if n == 5 {
            link.provider = ProviderKind::Linear;
        }
        store.put_integration(link).await.unwrap();
    }
    store.put_integration(&integration(&connection("x", &some_workspace(), "1"), "foreign")).await.unwrap();
    links.sort_unstable_by_key(|link| (link.provider.as_str(), link.resource.id.clone()));
    let none = IntegrationFilter::default();
    let of = |connection: &ConnectionId| IntegrationFilter { connection: Some(connection.clone()), ..none.clone() };
    let linear = IntegrationFilter { provider: Some(ProviderKind::Linear), ..none.clone() };
    let filters = [none.clone(), of(&a.id), IntegrationFilter { active: Some(true), ..of(&b.id) }, linear];
    let expected: [&dyn Fn(&Integration) -> bool; 4] =
        [&|_| true, &|link| link.connection == a.id, &|link| link.connection == b.id && link.active, &|link| {
            link.provider == ProviderKind::Linear
        }];
    for (filter, wanted) in filters.iter().zip(expected) {
        let expected: Vec<_> = links.iter().filter(|link| wanted(link)).cloned().collect();
        for limit in [1, 2, 50] {
            let found = all(limit, async |paging| store.integrations_page(&workspace, filter, &paging).await).await;
            assert_eq!(found, expected, "{filter:?} in pages of {limit}");
        }
    }
    refuses(async |paging| store.integrations_page(&workspace, &none, &paging).await).await;
}

const fn ever() -> DeliveryFilter {
    DeliveryFilter { provider: None, state: None, since: Timestamp::UNIX_EPOCH, until: Timestamp::MAX }
}

fn came(received_at: Timestamp, to: &[&WorkspaceId]) -> DeliveryRecord {
    DeliveryRecord { received_at, ..delivery(&unique("github#d"), to) }
}

async fn put<S: DeliveryStore>(store: &S, record: &DeliveryRecord) {
    store.put_if_absent(record, b"{}").await.unwrap();
}

async fn log<S: DeliveryLog>(
    store: &S,
    workspace: &WorkspaceId,
    filter: &DeliveryFilter,
    limit: usize,
) -> Vec<DeliveryRecord> {
    all(limit, async |paging| store.deliveries_in(workspace, filter, &paging).await).await
}

async fn deliveries_go_back_in_time<S: DeliveryStore + DeliveryLog>(store: &S) {
    let workspace = some_workspace();
    let times = ["2026-02-06T12:00:00.5Z", "2026-02-06T12:00:00Z", "2026-01-31T23:59:59.999Z", "2025-12-31T00:00:00Z"];
    let mut rows: Vec<_> = times.iter().map(|time| came(time.parse().unwrap(), &[&workspace])).collect();
    rows.push(came(rows[3].received_at, &[&workspace]));
    rows[3..].sort_unstable_by(|a, b| b.id.cmp(&a.id));
    for n in [4, 1, 3, 0, 2] {
        put(store, &rows[n]).await;
        // Seen again later: the first one stands, at its own time.
        put(store, &DeliveryRecord { received_at: at(99_999), ..rows[n].clone() }).await;
    }
    for limit in [1, 2, 100] {
        assert_eq!(log(store, &workspace, &ever(), limit).await, rows, "in pages of {limit}");
    }
    let time = |n: usize| rows[n].received_at;
    let between = |since, until| DeliveryFilter { since, until, ..ever() };
    assert_eq!(log(store, &workspace, &between(time(2), time(1)), 9).await, rows[1..3], "both ends are included");
    assert_eq!(log(store, &workspace, &between(time(1), time(2)), 9).await, []);
    refuses(async |paging| store.deliveries_in(&workspace, &ever(), &paging).await).await;
}

async fn a_delivery_is_listed_for_who_it_came<S: DeliveryStore + DeliveryLog>(store: &S) {
    let (a, b, late) = (some_workspace(), some_workspace(), some_workspace());
    let record = came(at(0), &[&a, &b]);
    put(store, &record).await;
    store.complete(&record.id, &a, &Default::default()).await.unwrap();
    store.reopen(&record.id, std::slice::from_ref(&late), at(500)).await.unwrap();
    for workspace in [&a, &b, &late] {
        let found = log(store, workspace, &ever(), 9).await;
        assert_eq!(found.iter().map(|record| &record.id).collect::<Vec<_>>(), [&record.id]);
    }
    assert_eq!(log(store, &some_workspace(), &ever(), 9).await, []);
}

async fn a_log_keeps_to_its_filter<S: DeliveryStore + DeliveryLog>(store: &S) {
    let workspace = some_workspace();
    let mut rows: Vec<_> = (0..12).map(|n| came(at(-n), &[&workspace])).collect();
    rows[4] = DeliveryRecord { provider: ProviderKind::Linear, ..delivery(&unique("linear#d"), &[&workspace]) };
    rows[4].received_at = at(-4);
    for row in &rows {
        put(store, row).await;
    }
    for n in [2, 7] {
        store.complete(&rows[n].id, &workspace, &Default::default()).await.unwrap();
    }
    let ids = |rows: Vec<DeliveryRecord>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
    for limit in [1, 5] {
        let done = DeliveryFilter { state: Some(DeliveryState::Processed.name()), ..ever() };
        let found = ids(log(store, &workspace, &done, limit).await);
        assert_eq!(found, [rows[2].id.clone(), rows[7].id.clone()]);
        let linear = DeliveryFilter { provider: Some(ProviderKind::Linear), ..ever() };
        assert_eq!(ids(log(store, &workspace, &linear, limit).await), [rows[4].id.clone()]);
    }
}

async fn what_was_given_up_is_listed_until_it_is_replayed<S: DeliveryStore + DeliveryLog>(store: &S) {
    let (a, b) = (some_workspace(), some_workspace());
    let rows = [came(at(2), &[&a, &b]), came(at(1), &[&a]), came(at(0), &[&a])];
    for row in &rows {
        put(store, row).await;
    }
    for row in &rows[..2] {
        store.bury(&row.id, "attempts_exhausted").await.unwrap();
    }
    let dead = DeliveryFilter { state: Some(DeliveryState::Dead(String::new()).name()), ..ever() };
    let found = async |workspace: &WorkspaceId| {
        let found = log(store, workspace, &dead, 1).await;
        found.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(found(&a).await, [rows[0].id.clone(), rows[1].id.clone()]);
    assert_eq!(found(&b).await, [rows[0].id.clone()]);
    assert!(store.replay(&rows[0].id, &a, at(500)).await.unwrap());
    assert_eq!(found(&a).await, [rows[1].id.clone()]);
    store.bury(&rows[0].id, "attempts_exhausted").await.unwrap();
    assert_eq!(found(&b).await, [rows[0].id.clone()], "once, however often it was given up");
}

async fn a_replay_is_for_who_it_came<S: DeliveryStore + DeliveryLog>(store: &S) {
    let (a, b) = (some_workspace(), some_workspace());
    let record = came(at(0), &[&a]);
    put(store, &record).await;
    let report = connector_domain::capture::CaptureReport { captured: 3, ..Default::default() };
    store.complete(&record.id, &a, &report).await.unwrap();
    let done = store.record(&record.id).await.unwrap();
    assert!(!store.replay(&record.id, &b, at(500)).await.unwrap(), "it did not come for them");
    assert_eq!(store.record(&record.id).await.unwrap(), done);
    assert!(store.replay(&record.id, &a, at(500)).await.unwrap());
    assert!(store.replay(&record.id, &a, at(600)).await.unwrap(), "a second time changes nothing but when it is due");
    let open = store.record(&record.id).await.unwrap().unwrap();
    assert_eq!((&open.state, &open.pending, open.due_at), (&DeliveryState::Received, &vec![a.clone()], at(600)));
    assert_eq!(open.outcomes.get(&a), Some(&report), "what was made of it stands until it is captured");
    assert!(store.due(at(600), 10_000).await.unwrap().contains(&record.id));
    store.complete(&record.id, &a, &Default::default()).await.unwrap();
    let again = store.record(&record.id).await.unwrap().unwrap();
    assert_eq!((&again.state, again.pending.len()), (&DeliveryState::Processed, 0));
    let unknown = crate::builders::delivery_id(&unique("github#unknown"));
    assert!(!store.replay(&unknown, &a, at(0)).await.unwrap());
    assert_eq!(store.record(&unknown).await.unwrap(), None, "nothing of it comes into being");
}

async fn runs_are_paged_newest_first<S: BackfillStore + RunLists>(store: &S) {
    let workspace = some_workspace();
    let made = |n: i64, resource: &str| Run { started_at: at(-n), ..run(&unique("run"), &workspace, resource) };
    let runs: Vec<_> = (0..9).map(|n| made(n, if n % 4 == 1 { "7" } else { "9" })).collect();
    for run in runs.iter().rev() {
        store.put_run(run).await.unwrap();
    }
    let seven = ResourceId::parse("7").unwrap();
    let of_seven: Vec<_> = runs.iter().filter(|run| run.resource.id == seven).cloned().collect();
    for limit in [1, 4, 50] {
        assert_eq!(all(limit, async |paging| store.runs_in(&workspace, None, &paging).await).await, runs);
        let of = Some((ProviderKind::Github, &seven));
        assert_eq!(all(limit, async |paging| store.runs_in(&workspace, of, &paging).await).await, of_seven);
        let of = Some((ProviderKind::Vercel, &seven));
        assert_eq!(all(limit, async |paging| store.runs_in(&workspace, of, &paging).await).await, []);
    }
    refuses(async |paging| store.runs_in(&workspace, None, &paging).await).await;
}

async fn units_come_back_together<S: BackfillStore + RunLists>(store: &S) {
    let workspace = some_workspace();
    let mut made: Vec<_> = (0..120).map(|n| unit(&workspace, &n.to_string())).collect();
    for unit in &made {
        store.put_unit(unit, None).await.unwrap();
    }
    let mut keys: BTreeSet<_> = made.iter().map(|unit| unit.key.clone()).collect();
    keys.insert(unit(&some_workspace(), "1").key);
    let mut found = store.units(&keys.into_iter().collect::<Vec<_>>()).await.unwrap();
    made.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    found.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(found, made);
    assert_eq!(store.units(&[]).await.unwrap(), []);
}
