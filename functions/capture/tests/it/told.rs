//! What others are told, and what nobody is shown any more.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use connector_capture::{Captured, Notify};
use connector_domain::backfill::EntityType;
use connector_domain::delivery::{DeliveryRecord, Origin};
use connector_domain::notification::Notification;
use connector_domain::ports::{DeliveryStore, ObservationStore, PortError, Queue};
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

/// A queue that refuses so many times.
struct Refusing(Arc<MemoryQueue<Notification>>, Mutex<usize>);

#[async_trait]
impl Queue<Notification> for Refusing {
    async fn send(&self, tasks: &[Notification], delay: Duration) -> Result<(), PortError> {
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
