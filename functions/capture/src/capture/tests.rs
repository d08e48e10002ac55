use connector_domain::connection::WorkspaceSettings;
use connector_domain::transformed::Item;
use connector_domain::{DeliveryId, ProviderKind, SourceEvent, SourceId, SourceType};
use connector_simulator::World;
use connector_simulator::github::NewIssue;
use connector_testkit::builders::{at, connection, delivery, integration, workspace};
use connector_testkit::memory::{
    ManualClock, MemoryAudit, MemoryBackfills, MemoryConnections, MemoryDeliveries, MemoryDocuments, MemoryHolds,
    MemoryObservations, MemoryQueue, MemoryVault,
};

use super::*;

const LINKED_AT: i64 = 1_000;

/// The identities of what is kept, and how many items were left out as told live.
fn kept(items: Vec<Item>) -> (Vec<String>, u64) {
    let context = Context {
        workspace: &WorkspaceId::parse("acme").unwrap(),
        sync: &SyncSettings::everything(ProviderKind::Sentry),
        settings: &WorkspaceSettings { significance_threshold: 0, ..WorkspaceSettings::default() },
        source: IngestionSource::Backfill,
        page: None,
        delivery: &DeliveryId::parse("sentry#1").unwrap(),
        correlation: "c",
        now: at(0),
    };
    let mut report = CaptureReport::default();
    let kept = sort_out(&context, at(LINKED_AT), items, &mut report);
    (kept.into_iter().map(|one| one.event.source_id.to_string()).collect(), report.filtered_total())
}

fn resolved(second: i64, live: Option<&str>) -> Item {
    let id = |occurrence: &str| SourceId::once(ProviderKind::Sentry, "issue", 7, occurrence);
    let event = SourceEvent::new(SourceType::SentryIssueResolved, id("own"), "Resolved", "", at(second));
    Item::History { event: Box::new(event), live: live.map(id) }
}

#[test]
fn what_only_history_tells_has_its_own_identity_before_the_link_and_that_of_the_webhook_since() {
    let (own, live) = ("sentry:issue:7:own".to_owned(), "sentry:issue:7:live".to_owned());
    for known in [None, Some("live")] {
        assert_eq!(kept(vec![resolved(LINKED_AT - 1, known)]), (vec![own.clone()], 0));
    }
    assert_eq!(kept(vec![resolved(LINKED_AT, Some("live"))]), (vec![live], 0));
    assert_eq!(kept(vec![resolved(LINKED_AT, None)]), (Vec::new(), 1));
}

#[tokio::test]
async fn what_was_dropped_without_a_link_is_captured_by_a_message_that_comes_again_with_one() {
    let (connections, deliveries): (Arc<MemoryConnections>, Arc<MemoryDeliveries>) = Default::default();
    let clock: Arc<ManualClock> = Arc::default();
    let observations: Arc<MemoryObservations> = Arc::default();
    let capture = Capture::new(CapturePorts {
        deliveries: Arc::clone(&deliveries) as _,
        connections: Arc::clone(&connections) as _,
        observations: Arc::clone(&observations) as _,
        backfills: Arc::new(MemoryBackfills::default()),
        tokens: Arc::new(MemoryVault::default()),
        audit: Arc::new(MemoryAudit::default()),
        enrichments: Arc::new(MemoryQueue::new(Arc::clone(&clock) as Arc<dyn Clock>)),
        holds: Arc::new(MemoryHolds::default()),
        replays: Arc::new(MemoryQueue::new(Arc::clone(&clock) as Arc<dyn Clock>)),
        notify: None,
        documents: connector_flows::documents::DocumentPorts {
            syncs: Arc::new(MemoryDocuments::default()),
            tasks: Arc::new(MemoryQueue::new(Arc::clone(&clock) as Arc<dyn Clock>)),
            clock: Arc::clone(&clock) as _,
            limits: connector_domain::documents::SyncLimits::default(),
        },
        clock,
    });
    let acme = workspace("acme");
    let issue = World::new(1).github().add_repository("octo", "rocket").open_issue(NewIssue::titled("It leaks"), at(0));
    let mut record = delivery("d", &[&acme]);
    record.origin = Origin::Webhook { event: "issues".to_owned(), transport_id: None };
    deliveries.put_if_absent(&record, &issue.signed(b"secret").body).await.unwrap();
    let linked = integration(&connection("connection", &acme, "42"), "9");
    connections.put_integration(&Integration { active: false, ..linked.clone() }).await.unwrap();
    let task = record.capture_task(&acme);
    let Captured::Done(report) = capture.handle(task.clone()).await.unwrap() else { panic!() };
    assert!(report.is_unlinked() && observations.all().is_empty());
    assert_eq!(capture.handle(task.clone()).await.unwrap(), Captured::Already, "there is no link yet");
    connections.put_integration(&linked).await.unwrap();
    let Captured::Done(report) = capture.handle(task.clone()).await.unwrap() else { panic!() };
    assert_eq!((report.captured, observations.all().len()), (1, 1));
    assert_eq!(capture.handle(task).await.unwrap(), Captured::Already);
}
