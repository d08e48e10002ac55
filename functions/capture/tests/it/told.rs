//! What others are told, and what nobody is shown any more.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use connector_capture::{Capture, CapturePorts, Captured, Notify};
use connector_domain::backfill::EntityType;
use connector_domain::delivery::{DeliveryRecord, Origin};
use connector_domain::ports::{DeliveryStore, ObservationStore, PortError, Queue};
use connector_domain::task::{EnrichTask, Task};
use connector_testkit::builders::{at, capture_task, delivery, resource};
use connector_testkit::memory::MemoryQueue;

use crate::desk::{Desk, desk, held};

#[tokio::test]
async fn others_are_told_of_what_matters_and_again_when_that_failed() {
    let mut desk = desk().await;
    let page = |desk: &Desk| {
        let record = DeliveryRecord {
            origin: Origin::Page {
                run: desk.run.id.clone(),
                resource: resource("9"),
                entity: EntityType::Issue,
                page: 0,
                window: desk.run.window,
                hold: false,
            },
            ..delivery("github#p", &[&desk.link.workspace])
        };
        let issue = |number: u32, title: &str| {
            let time = at(-3_600);
            format!(
                r#"{{"id":{number},"number":{number},"title":"{title}","body":"","state":"open","html_url":"https://x.y/{number}",
                "user":{{"id":1,"login":"octo"}},"created_at":"{time}","updated_at":"{time}","labels":[],"assignees":[]}}"#
            )
        };
        (record, format!("[{},{}]", issue(1, "critical security outage"), issue(2, "typo in whitespace")))
    };
    let (record, body) = page(&desk);
    desk.deliveries.put_if_absent(&record, body.as_bytes()).await.unwrap();
    let broken = Arc::new(Refusing(Arc::clone(&desk.notifications), Mutex::new(1)));
    desk.capture = desk.notifying(Notify { queue: broken, from: 70 });
    assert!(desk.capture.handle(capture_task("acme", "github#p")).await.is_err());
    assert_eq!(held(&desk.capture.handle(capture_task("acme", "github#p")).await.unwrap()), (0, 2));
    let told = desk.notifications.drain();
    assert_eq!(told.len(), 1);
    assert!(told[0].score >= 70 && told[0].source_id.as_str().ends_with(":opened"), "{told:?}");
    assert_eq!(desk.capture.handle(capture_task("acme", "github#p")).await.unwrap(), Captured::Already);
    assert!(desk.notifications.is_empty());
}

#[tokio::test]
async fn what_was_deleted_at_its_provider_is_not_shown_whichever_came_first() {
    let told = include_str!("../../../../shared/providers/fixtures/github/webhooks/issue_comment.created.json");
    let deleted = include_str!("../../../../shared/providers/fixtures/github/webhooks/issue_comment.deleted.json");
    for order in [[told, deleted], [deleted, told]] {
        let desk = desk().await;
        for (n, body) in order.iter().enumerate() {
            let id = format!("github#w{n}");
            let record = DeliveryRecord {
                origin: Origin::Webhook { event: "issue_comment".to_owned(), transport_id: None },
                ..delivery(&id, &[&desk.link.workspace])
            };
            desk.deliveries.put_if_absent(&record, body.as_bytes()).await.unwrap();
            let Captured::Done(report) = desk.capture.handle(capture_task("acme", &id)).await.unwrap() else {
                panic!()
            };
            assert_eq!((report.captured, report.deleted), if *body == told { (1, 0) } else { (0, 1) });
        }
        let row = desk.observations.rows.all().remove(0);
        let shown = desk.observations.get(&desk.link.workspace, &row.event.source_id).await.unwrap().unwrap();
        assert_eq!(shown.event.title, "[Comment Added] (deleted)");
        assert_eq!((shown.event.body.as_str(), shown.entities.len(), shown.event.references.len()), ("", 0, 0));
        assert!(shown.deleted_at.is_some());
    }
}

#[tokio::test]
async fn that_something_is_gone_is_told_before_it_is_withheld() {
    let mut desk = desk().await;
    for (id, body) in [
        ("github#w0", include_str!("../../../../shared/providers/fixtures/github/webhooks/issue_comment.created.json")),
        ("github#w1", include_str!("../../../../shared/providers/fixtures/github/webhooks/issue_comment.deleted.json")),
    ] {
        let record = DeliveryRecord {
            origin: Origin::Webhook { event: "issue_comment".to_owned(), transport_id: None },
            ..delivery(id, &[&desk.link.workspace])
        };
        desk.deliveries.put_if_absent(&record, body.as_bytes()).await.unwrap();
    }
    desk.capture.handle(capture_task("acme", "github#w0")).await.unwrap();
    desk.enrichments.drain();
    let id = desk.observations.rows.all().remove(0).event.source_id;
    let is_gone = async |desk: &Desk| {
        desk.observations.get(&desk.link.workspace, &id).await.unwrap().unwrap().deleted_at.is_some()
    };
    let enrichments: Arc<dyn Queue<EnrichTask>> = Arc::new(Refusing(Arc::clone(&desk.enrichments), Mutex::new(1)));
    desk.capture = Capture::new(CapturePorts { enrichments, ..desk.ports.clone() });
    assert!(desk.capture.handle(capture_task("acme", "github#w1")).await.is_err());
    assert!(!is_gone(&desk).await, "who would have it taken out, were the link to end now?");
    desk.capture.handle(capture_task("acme", "github#w1")).await.unwrap();
    assert!(is_gone(&desk).await);
    let told: Vec<_> = desk.enrichments.drain().into_iter().flat_map(|task| task.deleted).collect();
    assert_eq!(told, [id.subject()]);
}

/// A queue that refuses so many times.
struct Refusing<T>(Arc<MemoryQueue<T>>, Mutex<usize>);

#[async_trait]
impl<T: Task + Clone> Queue<T> for Refusing<T> {
    async fn send(&self, tasks: &[T], delay: Duration) -> Result<(), PortError> {
        let refuse = {
            let mut left = self.1.lock().unwrap();
            let now = *left > 0;
            *left = left.saturating_sub(1);
            now
        };
        if refuse {
            return Err(PortError::temporary("send messages", "a fault"));
        }
        self.0.send(tasks, delay).await
    }
}
