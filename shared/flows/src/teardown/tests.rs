//! The end of a connection: in one order, again after any fault, and nobody else's.

use connector_domain::backfill::UnitState;
use connector_domain::documents::SyncLimits;
use connector_domain::oauth::TokenRow;
use connector_domain::{ProviderKind, UserId};
use connector_testkit::builders::{at, connection, integration, tokens, unit, workspace};
use connector_testkit::memory::{
    ManualClock, MemoryAudit, MemoryBackfills, MemoryConnections, MemoryDocuments, MemoryQueue, MemoryVault,
    ScriptedHttp, StaticSecrets,
};

use super::*;

struct Desk {
    ports: TeardownPorts,
    revoke: RevokePorts,
    vault: Arc<MemoryVault>,
    http: Arc<ScriptedHttp>,
    own: Connection,
}

/// A connection to Linear with two links, a unit under way, and tokens.
async fn desk() -> Desk {
    let vault = Arc::new(MemoryVault::default());
    let http = Arc::new(ScriptedHttp::default());
    let ports = TeardownPorts {
        connections: Arc::new(MemoryConnections::default()),
        backfills: Arc::new(MemoryBackfills::default()),
        tokens: Arc::clone(&vault) as _,
        audit: Arc::new(MemoryAudit::default()),
        documents: DocumentPorts {
            syncs: Arc::new(MemoryDocuments::default()),
            tasks: Arc::new(MemoryQueue::default()),
            clock: Arc::new(ManualClock::default()),
            limits: SyncLimits::default(),
        },
        clock: Arc::new(ManualClock::default()),
    };
    let revoke = RevokePorts {
        vault: Arc::clone(&vault) as _,
        secrets: Arc::new(StaticSecrets::of(ProviderKind::Linear, &["client-secret"])),
        http: Arc::clone(&http) as _,
    };
    let own = Connection { provider: ProviderKind::Linear, ..connection("own", &workspace("acme"), "org") };
    let other = Connection { provider: ProviderKind::Linear, ..connection("other", &workspace("acme"), "org2") };
    for (of, resources) in [(&own, &["1", "2"][..]), (&other, &["3"])] {
        ports.connections.put_connection(of).await.unwrap();
        for resource in resources {
            ports.connections.put_integration(&integration(of, resource)).await.unwrap();
        }
    }
    let mut running = unit(&own.workspace, "1");
    (running.key.provider, running.key.entity) = (ProviderKind::Linear, connector_domain::backfill::EntityType::Issue);
    ports.backfills.put_unit(&running, None).await.unwrap();
    let first = tokens("1", None);
    vault.store(&own, &TokenRow::granted(&first, None, 0.5, at(0)), &first, None).await.unwrap();
    Desk { ports, revoke, vault, http, own }
}

fn ending() -> Ending {
    Ending { by: Actor::User(UserId::parse("user").unwrap()), reason: "disconnected" }
}

impl Desk {
    async fn ended(&self) {
        let stored = self.ports.connections.connection(&self.own.id).await.unwrap().unwrap();
        assert_eq!(stored.status, ConnectionStatus::Revoked);
        let links = self.ports.connections.integrations_in(&self.own.workspace).await.unwrap();
        for link in links {
            let reason = (link.connection == self.own.id).then_some("disconnected");
            assert_eq!((link.active, link.inactive_reason.as_deref()), (reason.is_none(), reason));
        }
        let mut key = unit(&self.own.workspace, "1").key;
        (key.provider, key.entity) = (ProviderKind::Linear, connector_domain::backfill::EntityType::Issue);
        assert_eq!(self.ports.backfills.unit(&key).await.unwrap().unwrap().state, UnitState::Cancelled);
        assert!(self.vault.row(&self.own).await.unwrap().is_none());
        let entries = self.ports.audit.entries(&self.own.id, 10).await.unwrap();
        let actions: Vec<_> = entries.iter().map(|entry| entry.action).collect();
        assert_eq!(actions.len(), 2, "{actions:?}");
        assert!(actions.contains(&AuditAction::TeardownStarted) && actions.contains(&AuditAction::TornDown));
    }
}

#[tokio::test]
async fn everything_of_it_ends_and_nothing_of_another() {
    let desk = desk().await;
    desk.http.respond(200, &[], "{}");
    tear_down(&desk.ports, &desk.own, &ending(), Some(&desk.revoke)).await.unwrap();
    desk.ended().await;
    let sent = desk.http.requests();
    assert_eq!((sent.len(), sent[0].request.path.as_str()), (1, "/oauth/revoke"));
    // Again, from the row as it stands then.
    let stored = desk.ports.connections.connection(&desk.own.id).await.unwrap().unwrap();
    tear_down(&desk.ports, &stored, &ending(), Some(&desk.revoke)).await.unwrap();
    desk.ended().await;
    assert_eq!(desk.http.requests().len(), 1, "there is nothing left to take back");
}

#[tokio::test]
async fn a_provider_that_does_not_answer_does_not_hold_it_up() {
    for status in [None, Some(400), Some(503)] {
        let desk = desk().await;
        if let Some(status) = status {
            desk.http.respond(status, &[], "{}");
        }
        tear_down(&desk.ports, &desk.own, &ending(), Some(&desk.revoke)).await.unwrap();
        desk.ended().await;
    }
}

#[tokio::test]
async fn an_end_that_stopped_half_way_is_finished() {
    let desk = desk().await;
    // The gate was closed, and then nothing.
    let half = Connection { status: ConnectionStatus::Revoked, ..desk.own.clone() };
    desk.ports.connections.put_connection(&half).await.unwrap();
    tear_down(&desk.ports, &half, &ending(), None).await.unwrap();
    desk.ended().await;
}
