use connector_domain::ProviderKind;
use connector_domain::capture::CaptureReport;
use connector_domain::connection::{Connection, ConnectionStatus, ResourceRef};
use connector_simulator::World;
use connector_simulator::github::{NewIssue, Repository};
use connector_testkit::builders::{connection, integration, workspace};
use connector_testkit::memory::{ManualClock, MemoryConnections, MemoryDeliveries, MemoryQueue, StaticSecrets};

use super::*;

struct Desk {
    webhook: Webhook,
    connections: Arc<MemoryConnections>,
    deliveries: Arc<MemoryDeliveries>,
    captures: Arc<MemoryQueue<CaptureTask>>,
    secrets: Arc<StaticSecrets>,
    repository: Repository,
    request: WebhookRequest,
}

fn desk() -> Desk {
    let clock: Arc<ManualClock> = Arc::default();
    let connections: Arc<MemoryConnections> = Arc::default();
    let deliveries: Arc<MemoryDeliveries> = Arc::default();
    let captures = Arc::new(MemoryQueue::new(Arc::clone(&clock) as Arc<dyn Clock>));
    let secrets = Arc::new(StaticSecrets::of(ProviderKind::Github, &["old"]));
    let repository = World::new(1).github().add_repository("acme", "rocket");
    let issue = repository.open_issue(NewIssue::titled("It leaks"), "2026-01-05T10:00:00Z".parse().unwrap());
    let signed = issue.signed(b"old");
    let ports = WebhookPorts {
        connections: Arc::clone(&connections) as _,
        deliveries: Arc::clone(&deliveries) as _,
        captures: Arc::clone(&captures) as _,
        secrets: Arc::clone(&secrets) as _,
        clock,
    };
    let github = connector_providers::provider(ProviderKind::Github).unwrap();
    Desk {
        webhook: Webhook::new(github, ports),
        connections,
        deliveries,
        captures,
        secrets,
        repository,
        request: WebhookRequest { headers: signed.headers.into_iter().collect(), body: signed.body },
    }
}

impl Desk {
    async fn connect(&self, name: &str) -> Connection {
        let account = self.repository.installation_id.to_string();
        let made = connection(&format!("connection-of-{name}"), &workspace(name), &account);
        self.connections.put_connection(&made).await.unwrap();
        made
    }

    async fn link(&self, through: &Connection) {
        let id = self.repository.id.to_string();
        let mut link = integration(through, &id);
        link.resource = ResourceRef { id: ResourceId::parse(id).unwrap(), name: self.repository.full_name() };
        self.connections.put_integration(&link).await.unwrap();
    }

    /// Sends the webhook; answers status, what was said, and for which workspaces captures were asked for.
    async fn send(&self) -> (u16, String, Vec<String>) {
        let reply = self.webhook.handle(self.request.clone()).await;
        let said = ["reason", "code", "status"].iter().find_map(|key| reply.body[key].as_str()).unwrap();
        let tasks = self.captures.drain().into_iter().map(|task| task.workspace.to_string()).collect();
        (reply.status, said.to_owned(), tasks)
    }
}

#[tokio::test]
async fn every_workspace_that_linked_the_repository_gets_it() {
    let desk = desk();
    for name in ["acme", "beta"] {
        desk.link(&desk.connect(name).await).await;
    }
    desk.connect("gamma").await;
    assert_eq!(desk.send().await, (200, "accepted".into(), vec!["acme".into(), "beta".into()]));
}

#[tokio::test]
async fn a_delivery_for_nobody_is_kept_with_the_reason() {
    let desk = desk();
    assert_eq!(desk.send().await, (200, "no_connection".into(), vec![]));
    let kept = desk.deliveries.all().remove(0);
    assert_eq!(kept.state, DeliveryState::Skipped("no_connection".into()));
    assert_eq!(kept.bytes, desk.request.body.len() as u64);
}

#[tokio::test]
async fn a_repository_under_another_accounts_connection_is_somebody_elses() {
    let desk = desk();
    desk.connect("acme").await;
    let foreign = connection("foreign", &workspace("beta"), "999");
    desk.connections.put_connection(&foreign).await.unwrap();
    desk.link(&foreign).await;
    assert_eq!(desk.send().await, (200, "tenant_mismatch".into(), vec![]));
}

#[tokio::test]
async fn a_revoked_connection_receives_nothing_and_a_suspended_one_does() {
    for (status, said) in [(ConnectionStatus::Revoked, "no_connection"), (ConnectionStatus::Suspended, "accepted")] {
        let desk = desk();
        let made = Connection { status, ..desk.connect("acme").await };
        desk.connections.put_connection(&made).await.unwrap();
        desk.link(&made).await;
        assert_eq!(desk.send().await.1, said);
    }
}

#[tokio::test]
async fn a_redelivery_asks_again_for_what_was_not_captured_and_only_for_that() {
    let desk = desk();
    desk.link(&desk.connect("acme").await).await;
    desk.send().await;
    assert_eq!(desk.send().await, (200, "accepted".into(), vec!["acme".into()]));

    let id = desk.deliveries.all().remove(0).id;
    let report = CaptureReport::default();
    desk.deliveries.complete(&id, &workspace("acme"), &report).await.unwrap();
    assert_eq!(desk.send().await, (200, "duplicate".into(), vec![]));

    // A workspace that linked the repository since is told on a redelivery.
    desk.link(&desk.connect("beta").await).await;
    assert_eq!(desk.send().await, (200, "accepted".into(), vec!["beta".into()]));
    let record = desk.deliveries.record(&id).await.unwrap().unwrap();
    assert_eq!((record.state, record.pending), (DeliveryState::Received, vec![workspace("beta")]));
}

#[tokio::test]
async fn what_was_dropped_without_a_link_is_captured_when_it_comes_again_with_one() {
    let desk = desk();
    for name in ["acme", "beta"] {
        desk.link(&desk.connect(name).await).await;
    }
    desk.send().await;
    let id = desk.deliveries.all().remove(0).id;
    let captured = CaptureReport { captured: 1, ..CaptureReport::default() };
    desk.deliveries.complete(&id, &workspace("beta"), &captured).await.unwrap();
    // The link ended before the capture, and is there again.
    let mut dropped = CaptureReport::default();
    dropped.add_unlinked();
    desk.deliveries.complete(&id, &workspace("acme"), &dropped).await.unwrap();
    assert_eq!(desk.send().await, (200, "accepted".into(), vec!["acme".into()]));
    let record = desk.deliveries.record(&id).await.unwrap().unwrap();
    assert_eq!((record.state, record.pending), (DeliveryState::Received, vec![workspace("acme")]));
    desk.deliveries.complete(&id, &workspace("acme"), &captured).await.unwrap();
    assert_eq!(desk.send().await, (200, "duplicate".into(), vec![]));
}

#[tokio::test]
async fn a_secret_that_was_rotated_a_moment_ago_is_read_afresh() {
    let desk = desk();
    desk.link(&desk.connect("acme").await).await;
    desk.secrets.rotate(ProviderKind::Github, &["stale"]);
    desk.send().await;
    desk.secrets.rotate(ProviderKind::Github, &["new", "old"]);
    assert_eq!(desk.send().await.0, 200);
    desk.secrets.rotate(ProviderKind::Github, &["newest"]);
    let calls = desk.secrets.fresh_calls();
    desk.webhook.handle(desk.request.clone()).await;
    assert_eq!(desk.secrets.fresh_calls(), calls, "a cached secret that fits is not read again");
}

#[tokio::test]
async fn what_is_refused_leaves_no_trace() {
    let desk = desk();
    desk.secrets.rotate(ProviderKind::Github, &[]);
    assert_eq!(desk.send().await, (503, "provider_not_configured".into(), vec![]));
    desk.secrets.rotate(ProviderKind::Github, &["other"]);
    assert_eq!(desk.send().await, (401, "signature_mismatch".into(), vec![]));
    assert!(desk.deliveries.all().is_empty());
}
