//! Tokens over a day in which nobody asks for one.

use connector_domain::connection::{Connection, ConnectionStatus};
use connector_domain::oauth::{Step, TokenRow, TokenSet};
use connector_domain::ports::{AuditLog, ConnectionStore, Put, TokenVault};
use connector_domain::{ProviderKind, Timestamp};
use connector_flows::TokenPorts;
use connector_testkit::builders::{at, connection, tokens, workspace};
use connector_testkit::memory::{
    FakeSigner, ManualClock, ManualPause, MemoryAudit, MemoryConnections, MemoryVault, ScriptedHttp, SeededRandom,
    StaticSecrets,
};
use serde_json::json;

use super::*;

struct Desk {
    refresh: TokenRefresh,
    http: Arc<ScriptedHttp>,
    vault: Arc<MemoryVault>,
    connections: Arc<MemoryConnections>,
    audit: Arc<MemoryAudit>,
    clock: Arc<ManualClock>,
}

fn desk() -> Desk {
    let clock = Arc::new(ManualClock::default());
    let http = Arc::new(ScriptedHttp::default());
    let vault = Arc::new(MemoryVault::default());
    let connections = Arc::new(MemoryConnections::default());
    let audit = Arc::new(MemoryAudit::default());
    let ports = TokenPorts {
        vault: Arc::clone(&vault) as _,
        connections: Arc::clone(&connections) as _,
        secrets: Arc::new(StaticSecrets::of(ProviderKind::Linear, &["client-secret"])),
        signer: Arc::new(FakeSigner),
        audit: Arc::clone(&audit) as _,
        http: Arc::clone(&http) as _,
        clock: Arc::clone(&clock) as _,
        random: Arc::new(SeededRandom::new(7)),
        pause: Arc::new(ManualPause(Arc::clone(&clock))),
    };
    let rows = Arc::clone(&vault) as _;
    let refresh = TokenRefresh { tokens: ConnectionTokens::new(ports), rows, clock: Arc::clone(&clock) as _ };
    Desk { refresh, http, vault, connections, audit, clock }
}

impl Desk {
    /// A connection to Linear whose tokens live for a thousand seconds from the start.
    async fn connect(&self, id: &str) -> Connection {
        self.hold(id, tokens("1", Some(at(1_000)))).await
    }

    async fn hold(&self, id: &str, first: TokenSet) -> Connection {
        let own = Connection { provider: ProviderKind::Linear, ..connection(id, &workspace("acme"), id) };
        self.connections.put_connection(&own).await.unwrap();
        let row = TokenRow::granted(&first, None, 0.5, at(0));
        assert_eq!(self.vault.store(&own, &row, &first, None).await.unwrap(), Put::Stored);
        own
    }

    fn answer_renewed(&self) {
        let body =
            json!({ "access_token": "access-2", "refresh_token": "refresh-2", "expires_in": 1_000, "scope": "read" });
        self.http.respond(200, &[], &body.to_string());
    }

    async fn sweep(&self, now: Timestamp) -> Refreshed {
        self.clock.set(now);
        self.refresh.sweep().await.unwrap()
    }

    async fn status(&self, of: &Connection) -> ConnectionStatus {
        self.connections.connection(&of.id).await.unwrap().unwrap().status
    }

    fn calls(&self) -> usize {
        self.http.requests().len()
    }
}

const NOTHING: Refreshed = Refreshed { renewed: 0, lost: 0, forgotten: 0, failed: 0 };

#[tokio::test]
async fn tokens_are_renewed_before_they_end_although_nobody_asks() {
    let desk = desk();
    let own = desk.connect("own").await;
    assert_eq!(desk.sweep(at(799)).await, NOTHING);
    desk.answer_renewed();
    assert_eq!(desk.sweep(at(800)).await, Refreshed { renewed: 1, ..NOTHING });
    let (row, held) = desk.vault.load(&own).await.unwrap().unwrap();
    assert_eq!((held.access.expose_str(), row.expires_at), (Some("access-2"), Some(at(1_800))));
    assert_eq!(desk.sweep(at(900)).await, NOTHING, "it is fresh");
    assert_eq!(desk.calls(), 1);
}

#[tokio::test]
async fn an_outage_ends_nothing_and_holds_nobody_up() {
    let desk = desk();
    let first = desk.connect("a").await;
    let second = desk.connect("b").await;
    desk.http.respond(503, &[], "<html>");
    desk.answer_renewed();
    assert_eq!(desk.sweep(at(900)).await, Refreshed { renewed: 1, ..NOTHING }, "the old one of the other lives");
    desk.http.respond(429, &[], "");
    assert_eq!(desk.sweep(at(1_100)).await, Refreshed { failed: 1, ..NOTHING }, "now it has ended");
    assert_eq!(desk.sweep(at(1_101)).await, NOTHING, "a provider that is down is not asked all the time");
    desk.answer_renewed();
    assert_eq!(desk.sweep(at(1_200)).await, Refreshed { renewed: 1, ..NOTHING });
    for own in [first, second] {
        assert_eq!(desk.status(&own).await, ConnectionStatus::Active);
        assert!(desk.audit.entries(&own.id, 9).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_renewal_that_did_not_come_back_is_found_out_and_seen() {
    let desk = desk();
    let own = desk.connect("own").await;
    let row = desk.vault.load(&own).await.unwrap().unwrap().0;
    let Step::Refresh(leased) = row.step(false, true, "vanished", at(800)) else { panic!("{row:?}") };
    desk.vault.mark(&own, &leased, row.version).await.unwrap();
    assert_eq!(desk.sweep(at(829)).await, NOTHING, "it may still come back");
    // The provider has renewed them, and takes the old refresh token no more.
    desk.http.respond(400, &[], r#"{"error":"invalid_grant"}"#);
    assert_eq!(desk.sweep(at(830)).await, Refreshed { lost: 1, ..NOTHING });
    assert_eq!(desk.status(&own).await, ConnectionStatus::NeedsReconnect);
    let noted = desk.audit.entries(&own.id, 9).await.unwrap();
    assert_eq!(noted[0].detail.as_deref(), Some("refresh_lost"));
    assert_eq!(desk.sweep(at(9_000)).await, NOTHING, "it is told once");
    assert_eq!((desk.calls(), noted.len()), (1, 1));
}

#[tokio::test]
async fn a_provider_with_a_grace_heals_a_renewal_that_did_not_come_back() {
    let desk = desk();
    let own = desk.connect("own").await;
    let row = desk.vault.load(&own).await.unwrap().unwrap().0;
    let Step::Refresh(leased) = row.step(false, true, "vanished", at(800)) else { panic!("{row:?}") };
    desk.vault.mark(&own, &leased, row.version).await.unwrap();
    desk.answer_renewed();
    assert_eq!(desk.sweep(at(830)).await, Refreshed { renewed: 1, ..NOTHING });
    assert_eq!(desk.status(&own).await, ConnectionStatus::Active);
}

#[tokio::test]
async fn what_nobody_can_renew_is_looked_at_again_at_its_end() {
    let desk = desk();
    let own = desk.hold("own", TokenSet { refresh: None, ..tokens("1", Some(at(1_000))) }).await;
    for seconds in [800, 900, 999] {
        assert_eq!(desk.sweep(at(seconds)).await, NOTHING);
    }
    assert_eq!(desk.vault.load(&own).await.unwrap().unwrap().0.version, 2, "it was put off once");
    assert_eq!(desk.sweep(at(1_000)).await, Refreshed { lost: 1, ..NOTHING });
    assert_eq!((desk.status(&own).await, desk.calls()), (ConnectionStatus::NeedsReconnect, 0));
}

#[tokio::test]
async fn tokens_of_a_connection_that_has_ended_are_forgotten() {
    let desk = desk();
    let own = desk.connect("own").await;
    let ended = Connection { status: ConnectionStatus::Revoked, ..own.clone() };
    desk.connections.put_connection(&ended).await.unwrap();
    assert_eq!(desk.sweep(at(900)).await, Refreshed { forgotten: 1, ..NOTHING });
    assert!(desk.vault.load(&own).await.unwrap().is_none());
    assert_eq!(desk.calls(), 0);
}
