//! What a [`DeliveryStore`] promises.

use connector_domain::backfill::{Depth, EntityType, Window};
use connector_domain::capture::CaptureReport;
use connector_domain::delivery::{DeliveryRecord, DeliveryState, Origin};
use connector_domain::ports::{DeliveryStore, PutDelivery, Random};
use connector_domain::{DeliveryId, RunId, Timestamp, WorkspaceId};
use futures::future::join_all;

use super::{some_workspace, unique};
use crate::builders::{at, delivery, delivery_id, resource};
use crate::memory::SeededRandom;

/// Runs the whole suite.
///
/// # Panics
/// When the store breaks a promise.
pub async fn deliveries(store: &dyn DeliveryStore) {
    what_was_stored_comes_back(store).await;
    every_byte_comes_back(store).await;
    the_first_put_wins(store).await;
    the_last_workspace_ends_it(store).await;
    workspaces_complete_side_by_side(store).await;
    only_open_rows_become_due(store).await;
    a_row_reopens_for_who_has_not_captured(store).await;
    a_redrive_counts_once(store).await;
    a_buried_row_keeps_its_bytes(store).await;
    an_unknown_row_is_no_success(store).await;
}

fn some_delivery(pending: &[&WorkspaceId]) -> DeliveryRecord {
    delivery(&unique("github#d"), pending)
}

fn report(captured: u64) -> CaptureReport {
    CaptureReport { captured, ..CaptureReport::default() }
}

async fn put(store: &dyn DeliveryStore, record: &DeliveryRecord) {
    assert_eq!(store.put_if_absent(record, b"{}").await.unwrap(), PutDelivery::Stored);
}

async fn get(store: &dyn DeliveryStore, id: &DeliveryId) -> DeliveryRecord {
    sorted(store.record(id).await.unwrap().unwrap())
}

/// Pending workspaces are a set.
fn sorted(mut record: DeliveryRecord) -> DeliveryRecord {
    record.pending.sort_unstable();
    record
}

async fn what_was_stored_comes_back(store: &dyn DeliveryStore) {
    let (a, b) = (some_workspace(), some_workspace());
    let webhook = some_delivery(&[&a, &b]);
    let mut page = some_delivery(&[&a]);
    page.origin = Origin::Page {
        run: RunId::parse("run#1").unwrap(),
        resource: resource("9"),
        entity: EntityType::Issue,
        page: 7,
        window: Window::last(Depth::Days7, "2026-02-06T12:00:00.123456789Z".parse().unwrap()),
        hold: true,
    };
    page.bytes = u64::from(u32::MAX) + 1;
    page.account = None;
    page.attempts = 3;
    let mut done = some_delivery(&[]);
    done.state = DeliveryState::Processed;
    let mut seen = report(2);
    seen.add_filtered("below_threshold");
    seen.add_quarantined("[3]", "missing field `id`");
    seen.lifecycle = Some("installed".to_owned());
    done.outcomes.insert(a.clone(), seen);
    for record in [webhook, page, done] {
        assert_eq!(store.record(&record.id).await.unwrap(), None);
        assert_eq!(store.load(&record.id).await.unwrap(), None);
        put(store, &record).await;
        assert_eq!(get(store, &record.id).await, sorted(record.clone()));
        let (loaded, raw) = store.load(&record.id).await.unwrap().unwrap();
        assert_eq!((sorted(loaded), raw.as_slice()), (sorted(record), b"{}".as_slice()));
    }
}

async fn every_byte_comes_back(store: &dyn DeliveryStore) {
    let random = SeededRandom::new(7);
    let noise = |bytes: usize| -> Vec<u8> { (0..bytes / 16).flat_map(|_| random.bytes()).collect() };
    let text = br#"{"action":"opened","number":7,"title":"A change"},"#.repeat(120_000);
    for raw in [Vec::new(), vec![0xff, 0, b'\r', b'\n'], noise(1_000_000), noise(6_000_000), text] {
        let record = some_delivery(&[]);
        assert_eq!(store.put_if_absent(&record, &raw).await.unwrap(), PutDelivery::Stored);
        let (_, loaded) = store.load(&record.id).await.unwrap().unwrap();
        assert!(loaded == raw, "{} bytes came back as {}", raw.len(), loaded.len());
    }
}

async fn the_first_put_wins(store: &dyn DeliveryStore) {
    let workspace = some_workspace();
    let first = some_delivery(&[&workspace]);
    put(store, &first).await;
    let second = DeliveryRecord { correlation: "other".to_owned(), pending: Vec::new(), ..first.clone() };
    let known = PutDelivery::Exists(Box::new(first.clone()));
    assert_eq!(store.put_if_absent(&second, b"other").await.unwrap(), known);
    assert_eq!(store.load(&first.id).await.unwrap().unwrap(), (first, b"{}".to_vec()));

    let contested = some_delivery(&[&workspace]);
    let puts = join_all((0..8).map(|_| store.put_if_absent(&contested, b"{}"))).await;
    let stored = puts.into_iter().filter(|put| *put.as_ref().unwrap() == PutDelivery::Stored).count();
    assert_eq!(stored, 1, "of several puts at once, one stores");
}

async fn the_last_workspace_ends_it(store: &dyn DeliveryStore) {
    let (a, b) = (some_workspace(), some_workspace());
    let record = some_delivery(&[&a, &b]);
    put(store, &record).await;

    store.complete(&record.id, &a, &report(1)).await.unwrap();
    let half = get(store, &record.id).await;
    assert_eq!((&half.state, &half.pending), (&DeliveryState::Received, &vec![b.clone()]));
    assert_eq!(half.outcomes.get(&a), Some(&report(1)));

    store.complete(&record.id, &b, &report(2)).await.unwrap();
    let done = get(store, &record.id).await;
    assert_eq!((&done.state, done.pending.len()), (&DeliveryState::Processed, 0));
    assert_eq!(done.outcomes.len(), 2);

    store.complete(&record.id, &b, &report(0)).await.unwrap();
    let again = get(store, &record.id).await;
    let mut expected = done;
    expected.outcomes.insert(b, report(0));
    assert_eq!(again, expected, "a second time changes the report only");

    let held = CaptureReport { held: 2, ..CaptureReport::default() };
    store.complete(&record.id, &a, &held).await.unwrap();
    assert_eq!(get(store, &record.id).await, again, "what is captured is not held back");
    let c = some_workspace();
    let record = some_delivery(&[&a, &c]);
    put(store, &record).await;
    for workspace in [&a, &c] {
        store.complete(&record.id, workspace, &held).await.unwrap();
        store.complete(&record.id, workspace, &report(2)).await.unwrap();
        store.complete(&record.id, workspace, &held).await.unwrap();
        assert_eq!(get(store, &record.id).await.outcomes.get(workspace), Some(&report(2)));
    }
    assert_eq!(get(store, &record.id).await.state, DeliveryState::Processed);

    let other = some_workspace();
    let record = some_delivery(&[&a]);
    put(store, &record).await;
    store.complete(&record.id, &other, &report(1)).await.unwrap();
    let open = get(store, &record.id).await;
    assert_eq!((&open.state, &open.pending), (&DeliveryState::Received, &vec![a]), "who is not pending ends nothing");
    assert_eq!(open.outcomes.get(&other), Some(&report(1)));
}

async fn workspaces_complete_side_by_side(store: &dyn DeliveryStore) {
    for count in [2, 5] {
        let workspaces: Vec<_> = (0..count).map(|_| some_workspace()).collect();
        let record = some_delivery(&workspaces.iter().collect::<Vec<_>>());
        put(store, &record).await;
        let report = report(1);
        let all = join_all(workspaces.iter().map(|workspace| store.complete(&record.id, workspace, &report))).await;
        assert!(all.iter().all(Result::is_ok), "{all:?}");
        let done = get(store, &record.id).await;
        assert_eq!((&done.state, done.pending.len()), (&DeliveryState::Processed, 0));
        assert_eq!(done.outcomes.keys().count(), workspaces.len());
    }
}

/// Those of `ids` that are due, in the order in which the store names them.
async fn due(store: &dyn DeliveryStore, ids: &[&DeliveryId], now: Timestamp) -> Vec<DeliveryId> {
    let mut due = store.due(now, 10_000).await.unwrap();
    due.retain(|id| ids.contains(&id));
    due
}

async fn only_open_rows_become_due(store: &dyn DeliveryStore) {
    let workspace = some_workspace();
    let due_at = |seconds| DeliveryRecord { due_at: at(seconds), ..some_delivery(&[&workspace]) };
    let (late, early, future) = (due_at(-10), due_at(-20), due_at(10));
    let skipped = DeliveryRecord { state: DeliveryState::Skipped("not_linked".to_owned()), ..due_at(-30) };
    let (done, dead) = (due_at(-30), due_at(-30));
    let rows = [&late, &early, &future, &skipped, &done, &dead];
    for row in rows {
        put(store, row).await;
    }
    store.complete(&done.id, &workspace, &report(1)).await.unwrap();
    store.bury(&dead.id, "attempts_exhausted").await.unwrap();

    let ids = rows.map(|row| &row.id);
    assert_eq!(due(store, &ids, at(0)).await, [early.id.clone(), late.id.clone()], "the oldest first");
    assert_eq!(due(store, &ids, at(10)).await, [early.id.clone(), late.id.clone(), future.id.clone()]);
    assert_eq!(due(store, &ids, at(-20)).await, std::slice::from_ref(&early.id), "due is when the moment has come");
    assert_eq!(store.due(at(0), 1).await.unwrap().len(), 1, "no more than asked for");

    assert!(store.redrive(&early.id, 0, at(100)).await.unwrap());
    assert_eq!(due(store, &ids, at(0)).await, [late.id], "a redrive puts it off");
}

async fn a_row_reopens_for_who_has_not_captured(store: &dyn DeliveryStore) {
    let (a, b) = (some_workspace(), some_workspace());
    let record = some_delivery(&[&a]);
    let id = &record.id;
    put(store, &record).await;
    assert!(store.redrive(id, 0, at(200)).await.unwrap());
    store.complete(id, &a, &report(1)).await.unwrap();
    let done = get(store, id).await;

    store.reopen(id, std::slice::from_ref(&a), at(500)).await.unwrap();
    assert_eq!(get(store, id).await, done, "who has captured it does not open it");

    store.reopen(id, &[a.clone(), b.clone()], at(500)).await.unwrap();
    let open = get(store, id).await;
    assert_eq!((&open.state, &open.pending), (&DeliveryState::Received, &vec![b.clone()]));
    assert_eq!((open.due_at, open.attempts), (at(500), 0), "its attempts count anew");
    assert_eq!(open.outcomes, done.outcomes, "what was made of it stays");
    assert_eq!(due(store, &[id], at(500)).await, std::slice::from_ref(id));

    store.complete(id, &b, &report(1)).await.unwrap();
    assert_eq!(get(store, id).await.state, DeliveryState::Processed);
    assert!(due(store, &[id], at(9_000)).await.is_empty());

    let skipped = DeliveryRecord { state: DeliveryState::Skipped("not_linked".to_owned()), ..some_delivery(&[]) };
    put(store, &skipped).await;
    store.reopen(&skipped.id, std::slice::from_ref(&a), at(500)).await.unwrap();
    let open = get(store, &skipped.id).await;
    assert_eq!((&open.state, &open.pending), (&DeliveryState::Received, &vec![a]));
}

async fn a_redrive_counts_once(store: &dyn DeliveryStore) {
    let workspace = some_workspace();
    let record = some_delivery(&[&workspace]);
    let id = &record.id;
    put(store, &record).await;
    assert!(!store.redrive(id, 1, at(400)).await.unwrap(), "these are not its attempts");
    assert_eq!(get(store, id).await, record);
    assert!(store.redrive(id, 0, at(400)).await.unwrap());
    assert!(!store.redrive(id, 0, at(999)).await.unwrap());
    assert_eq!(get(store, id).await, DeliveryRecord { attempts: 1, due_at: at(400), ..record.clone() });

    let sweeps = join_all((0..4).map(|_| store.redrive(id, 1, at(500)))).await;
    assert_eq!(sweeps.into_iter().filter(|swept| *swept.as_ref().unwrap()).count(), 1, "of several sweeps, one counts");

    store.complete(id, &workspace, &report(1)).await.unwrap();
    assert!(!store.redrive(id, 2, at(600)).await.unwrap(), "it has ended");
}

async fn a_buried_row_keeps_its_bytes(store: &dyn DeliveryStore) {
    let (a, b) = (some_workspace(), some_workspace());
    let record = some_delivery(&[&a, &b]);
    let id = &record.id;
    put(store, &record).await;
    store.bury(id, "attempts_exhausted").await.unwrap();
    let dead = DeliveryRecord { state: DeliveryState::Dead("attempts_exhausted".to_owned()), ..sorted(record.clone()) };
    assert_eq!(get(store, id).await, dead, "nothing else changes");
    assert_eq!(store.load(id).await.unwrap().unwrap().1, b"{}");
    store.bury(id, "again").await.unwrap();
    assert_eq!(get(store, id).await, dead, "it is dead already");

    store.complete(id, &a, &report(1)).await.unwrap();
    assert_eq!(get(store, id).await.state, dead.state, "a late capture for one of two");
    store.reopen(id, std::slice::from_ref(&b), at(500)).await.unwrap();
    let open = get(store, id).await;
    assert_eq!((&open.state, &open.pending), (&DeliveryState::Received, &vec![b.clone()]));
    assert_eq!(due(store, &[id], at(500)).await, std::slice::from_ref(id));
    store.bury(id, "attempts_exhausted").await.unwrap();
    store.complete(id, &b, &report(1)).await.unwrap();
    assert_eq!(get(store, id).await.state, DeliveryState::Processed, "a late capture for the last one");
    store.bury(id, "too late").await.unwrap();
    assert_eq!(get(store, id).await.state, DeliveryState::Processed);
}

async fn an_unknown_row_is_no_success(store: &dyn DeliveryStore) {
    let workspace = some_workspace();
    let id = delivery_id(&unique("github#unknown"));
    assert!(store.complete(&id, &workspace, &report(1)).await.is_err());
    assert!(store.reopen(&id, std::slice::from_ref(&workspace), at(0)).await.is_err());
    assert!(!store.redrive(&id, 0, at(0)).await.unwrap());
    store.bury(&id, "gone").await.unwrap();
    assert_eq!(store.record(&id).await.unwrap(), None, "nothing of it comes into being");
}
