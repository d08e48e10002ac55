use connector_domain::Timestamp;
use connector_domain::backfill::Hold;
use connector_domain::documents::SyncLimits;
use connector_domain::ports::ObservationStore;
use connector_domain::task::DocumentsTask;
use connector_flows::documents::ask;
use connector_testkit::builders::{at, connection, delivery, integration, observation, unit, workspace};
use connector_testkit::memory::{
    ManualClock, MemoryBackfills, MemoryDeliveries, MemoryDocuments, MemoryHolds, MemoryObservations, MemoryQueue,
};

use super::*;

struct Desk {
    recovery: Recovery,
    clock: Arc<ManualClock>,
    deliveries: Arc<MemoryDeliveries>,
    backfills: Arc<MemoryBackfills>,
    captures: Arc<MemoryQueue<CaptureTask>>,
    pages: Arc<MemoryQueue<PageTask>>,
    observations: Arc<MemoryObservations>,
    enrichments: Arc<MemoryQueue<EnrichTask>>,
    holds: Arc<MemoryHolds>,
    replays: Arc<MemoryQueue<ReplayTask>>,
    documents: DocumentPorts,
    document_tasks: Arc<MemoryQueue<DocumentsTask>>,
}

fn desk(now: Timestamp) -> Desk {
    let clock = Arc::new(ManualClock::new(now));
    let (deliveries, backfills): (Arc<MemoryDeliveries>, Arc<MemoryBackfills>) = Default::default();
    let captures = Arc::new(MemoryQueue::new(Arc::clone(&clock) as Arc<dyn Clock>));
    let pages = Arc::new(MemoryQueue::new(Arc::clone(&clock) as Arc<dyn Clock>));
    let enrichments = Arc::new(MemoryQueue::new(Arc::clone(&clock) as Arc<dyn Clock>));
    let replays = Arc::new(MemoryQueue::new(Arc::clone(&clock) as Arc<dyn Clock>));
    let (observations, holds): (Arc<MemoryObservations>, Arc<MemoryHolds>) = Default::default();
    let document_tasks = Arc::new(MemoryQueue::new(Arc::clone(&clock) as Arc<dyn Clock>));
    let documents = DocumentPorts {
        syncs: Arc::new(MemoryDocuments::default()),
        tasks: Arc::clone(&document_tasks) as _,
        clock: Arc::clone(&clock) as _,
        limits: SyncLimits::default(),
    };
    let ports = RecoveryPorts {
        holds: Arc::clone(&holds) as _,
        replays: Arc::clone(&replays) as _,
        enrichment: Arc::clone(&observations) as _,
        enrichments: Arc::clone(&enrichments) as _,
        deliveries: Arc::clone(&deliveries) as _,
        backfills: Arc::clone(&backfills) as _,
        captures: Arc::clone(&captures) as _,
        pages: Arc::clone(&pages) as _,
        documents: documents.clone(),
        clock: Arc::clone(&clock) as _,
    };
    let recovery = Recovery::new(ports, Limits::default());
    Desk {
        recovery,
        clock,
        deliveries,
        backfills,
        captures,
        pages,
        observations,
        enrichments,
        holds,
        replays,
        documents,
        document_tasks,
    }
}

#[tokio::test]
async fn what_nobody_captures_is_sent_again_with_growing_pauses_and_then_given_up() {
    let desk = desk(at(0));
    let (acme, beta) = (workspace("acme"), workspace("beta"));
    desk.deliveries.put_if_absent(&delivery("d", &[&acme, &beta]), b"{}").await.unwrap();
    assert_eq!(desk.recovery.sweep().await.unwrap(), Swept::default(), "it is not due yet");
    let mut sent = Vec::new();
    for minute in 0..3 * 24 * 60 {
        desk.clock.set(at(minute * 60));
        if desk.recovery.sweep().await.unwrap().deliveries > 0 {
            sent.push(minute);
            assert_eq!(desk.captures.drain().len(), 2, "one message for each workspace");
        }
    }
    assert_eq!(sent, [5, 10, 20, 40, 80, 160, 320, 640, 1000, 1360]);
    let record = desk.deliveries.all().remove(0);
    assert_eq!(record.state, DeliveryState::Dead("attempts_exhausted".into()));
    assert_eq!(desk.deliveries.load(&record.id).await.unwrap().unwrap().1, b"{}", "the bytes stay");
}

#[tokio::test]
async fn a_unit_that_stands_still_is_sent_again_once_per_stall() {
    let desk = desk(at(0));
    let stuck = unit(&workspace("acme"), "1");
    desk.backfills.put_unit(&stuck, None).await.unwrap();
    assert_eq!(desk.recovery.sweep().await.unwrap(), Swept::default());
    desk.clock.set(stuck.due_at);
    assert_eq!(desk.recovery.sweep().await.unwrap(), Swept { units: 1, ..Swept::default() });
    assert_eq!(desk.recovery.sweep().await.unwrap(), Swept::default());
    assert_eq!(desk.pages.drain(), [stuck.task()]);
}

#[tokio::test]
async fn observations_that_nobody_enriches_are_sent_again_by_workspace_and_then_left_as_they_are() {
    let desk = desk(at(0));
    let rows: Vec<_> = (0..25).map(|n| observation(&workspace("acme"), &format!("9#{n}"), at(0))).collect();
    assert!(desk.observations.put_if_absent(&rows).await.iter().all(Result::is_ok));
    desk.clock.set(at(359));
    assert_eq!(desk.recovery.sweep().await.unwrap(), Swept::default(), "they are not due yet");
    let (mut sweeps, mut ends) = (0, 0);
    for minute in 6..3 * 24 * 60 {
        desk.clock.set(at(minute * 60));
        let swept = desk.recovery.sweep().await.unwrap();
        if swept.observations > 0 {
            sweeps += 1;
            let sizes: Vec<_> = desk.enrichments.drain().iter().map(|task| task.observations.len()).collect();
            assert_eq!(sizes, [20, 5]);
        }
        ends += swept.unenriched;
    }
    assert_eq!((sweeps, ends), (u64::from(MAX_ATTEMPTS), 25));
}

#[tokio::test]
async fn a_run_that_holds_is_looked_at_once_per_stall_until_all_is_captured() {
    let desk = desk(at(0));
    let limits = Limits::default();
    let run = RunId::parse("r").unwrap();
    let hold = Hold::start(run.clone(), workspace("acme"), limits.stall, at(0));
    desk.holds.put_hold(&hold, None).await.unwrap();
    assert_eq!(desk.recovery.sweep().await.unwrap(), Swept::default());
    desk.clock.set(hold.due_at);
    assert_eq!(desk.recovery.sweep().await.unwrap(), Swept { holds: 1, ..Swept::default() });
    assert_eq!(desk.recovery.sweep().await.unwrap(), Swept::default());
    assert_eq!(desk.replays.drain(), [hold.task()]);
    let now = desk.holds.hold(&run).await.unwrap().unwrap();
    desk.holds.put_hold(&now.end(), Some(now.version)).await.unwrap();
    desk.clock.set(at(86_400));
    assert_eq!(desk.recovery.sweep().await.unwrap(), Swept::default());
}

#[tokio::test]
async fn a_sync_of_documents_that_stands_still_is_sent_again_once_per_stall() {
    let desk = desk(at(0));
    let link = integration(&connection("conn", &workspace("acme"), "5"), "1");
    let asked = ask(&desk.documents, &link, None, "cor").await.unwrap().unwrap();
    desk.document_tasks.drain();
    assert_eq!(desk.recovery.sweep().await.unwrap(), Swept::default());
    desk.clock.set(asked.due_at.unwrap());
    assert_eq!(desk.recovery.sweep().await.unwrap(), Swept { documents: 1, ..Swept::default() });
    assert_eq!(desk.recovery.sweep().await.unwrap(), Swept::default());
    assert_eq!(desk.document_tasks.drain(), [asked.task()]);
}

#[tokio::test]
async fn what_has_ended_is_left_alone() {
    let desk = desk(at(86_400));
    let ended = unit(&workspace("acme"), "1").cancel(at(1)).unwrap();
    desk.backfills.put_unit(&ended, None).await.unwrap();
    assert_eq!(desk.recovery.sweep().await.unwrap(), Swept::default());
    assert!(desk.pages.is_empty());
}
