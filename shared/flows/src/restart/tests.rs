//! What waits for a connection goes on with it, and nothing else does.

use std::sync::Arc;

use connector_domain::backfill::{EntityType, FailCode, Limits, PauseReason};
use connector_domain::connection::{ConnectionStatus, Integration};
use connector_domain::documents::{Sync, SyncLimits};
use connector_domain::ports::BackfillStore;
use connector_testkit::builders::{at, connection, integration, unit, workspace};
use connector_testkit::memory::{
    ManualClock, MemoryBackfills, MemoryConnections, MemoryDocuments, MemoryHolds, MemoryQueue, SeededRandom,
};

use super::*;

struct Desk {
    start: StartPorts,
    connections: MemoryConnections,
    backfills: Arc<MemoryBackfills>,
    own: Connection,
    pages: Arc<MemoryQueue<connector_domain::task::PageTask>>,
    documents: DocumentPorts,
    looks: Arc<MemoryQueue<connector_domain::task::DocumentsTask>>,
}

async fn desk() -> Desk {
    let clock = Arc::new(ManualClock::new(at(3_600)));
    let backfills = Arc::new(MemoryBackfills::default());
    let pages = Arc::new(MemoryQueue::new(Arc::clone(&clock) as _));
    let looks = Arc::new(MemoryQueue::new(Arc::clone(&clock) as _));
    let documents = DocumentPorts {
        syncs: Arc::new(MemoryDocuments::default()),
        tasks: Arc::clone(&looks) as _,
        clock: Arc::clone(&clock) as _,
        limits: SyncLimits::default(),
    };
    let start = StartPorts {
        backfills: Arc::clone(&backfills) as _,
        holds: Arc::new(MemoryHolds::default()),
        pages: Arc::clone(&pages) as _,
        clock,
        random: Arc::new(SeededRandom::new(1)),
        limits: Limits::default(),
    };
    let connections = MemoryConnections::default();
    let own = connection("own", &workspace("acme"), "42");
    connections.put_connection(&own).await.unwrap();
    Desk { start, connections, backfills, own, pages, documents, looks }
}

impl Desk {
    async fn link(&self, of: &Connection, resource: &str) -> Integration {
        let link = integration(of, resource);
        self.connections.put_integration(&link).await.unwrap();
        link
    }

    /// A list of a linked repository, as it stands.
    async fn list(&self, of: &Connection, resource: &str, entity: EntityType, state: UnitState) {
        let mut row = unit(&of.workspace, resource);
        (row.key.entity, row.connection, row.state) = (entity, of.id.clone(), state);
        self.backfills.put_unit(&row, None).await.unwrap();
    }

    /// How the documents of a linked repository stand.
    async fn documents(&self, resource: &str, of: &Connection, state: SyncState) {
        let ports = &self.documents;
        let row = Sync::ask(None, &integration(of, resource), None, "cor", &ports.limits, at(0));
        ports.syncs.put_sync(&Sync { state, ..row }, None).await.unwrap();
    }

    async fn look(&self) -> usize {
        restart_documents(&self.documents, &self.connections, &self.own, "cor").await.unwrap()
    }

    async fn restart(&self) -> usize {
        restart_stopped(&self.start, &self.connections, &self.own).await.unwrap().len()
    }

    /// The lists that are asked for now.
    fn asked(&self) -> Vec<String> {
        let mut asked: Vec<_> = self.pages.drain().into_iter().map(|task| task.unit.to_string()).collect();
        asked.sort();
        asked
    }
}

fn waits_for(reason: Hold) -> SyncState {
    SyncState::Waiting { until: at(7_000), reason }
}

fn waits(why: PauseReason) -> UnitState {
    UnitState::Paused { why }
}

#[tokio::test]
async fn only_what_the_connection_stopped_goes_on() {
    let desk = desk().await;
    let other = connection("other", &workspace("acme"), "43");
    desk.link(&desk.own, "1").await;
    desk.link(&desk.own, "2").await;
    desk.link(&other, "3").await;
    let gone = Integration { active: false, ..desk.link(&desk.own, "4").await };
    desk.connections.put_integration(&gone).await.unwrap();
    use EntityType::{Comment, Issue, PullRequest, Release, Review};
    for (resource, entity, state) in [
        ("1", Issue, waits(PauseReason::NeedsReconnect)),
        ("1", PullRequest, waits(PauseReason::Suspended)),
        ("1", Release, UnitState::Failed { code: FailCode::FORBIDDEN }),
        ("2", Release, waits(PauseReason::Asked)),
        ("1", Review, UnitState::Completed),
        ("1", Comment, UnitState::Cancelled),
        ("2", Issue, waits(PauseReason::NeedsReconnect)),
        ("4", Issue, waits(PauseReason::NeedsReconnect)),
    ] {
        desk.list(&desk.own, resource, entity, state).await;
    }
    desk.list(&other, "3", Issue, waits(PauseReason::NeedsReconnect)).await;
    assert_eq!(desk.restart().await, 1, "they are of one run");
    let wanted = ["acme/github/1/issue", "acme/github/1/pull_request", "acme/github/2/issue"];
    assert_eq!(desk.asked(), wanted);
    assert_eq!(desk.restart().await, 0, "it is under way");
    assert!(desk.asked().is_empty());
}

#[tokio::test]
async fn nothing_goes_on_while_the_connection_does_not_work() {
    let mut desk = desk().await;
    desk.link(&desk.own, "1").await;
    desk.list(&desk.own, "1", EntityType::Issue, waits(PauseReason::NeedsReconnect)).await;
    let waiting = Hold::NeedsReconnect;
    desk.documents("1", &desk.own.clone(), waits_for(waiting)).await;
    for status in [ConnectionStatus::NeedsReconnect, ConnectionStatus::Suspended, ConnectionStatus::Revoked] {
        desk.own.status = status;
        assert_eq!((desk.restart().await, desk.look().await), (0, 0), "{status:?}");
    }
}

#[tokio::test]
async fn only_documents_that_wait_for_the_connection_are_looked_at() {
    let desk = desk().await;
    let other = connection("other", &workspace("acme"), "43");
    let (own, gone) = (desk.own.clone(), FailCode::NOT_FOUND);
    for (resource, of, state) in [
        ("1", &own, waits_for(Hold::NeedsReconnect)),
        ("2", &own, waits_for(Hold::Suspended)),
        ("3", &own, waits_for(Hold::RateLimit)),
        ("4", &own, SyncState::Synced),
        ("5", &own, SyncState::Failed { code: gone, detail: None }),
        ("6", &other, waits_for(Hold::NeedsReconnect)),
    ] {
        desk.link(of, resource).await;
        desk.documents(resource, of, state).await;
    }
    desk.link(&own, "7").await;
    let gone = Integration { active: false, ..desk.link(&own, "8").await };
    desk.documents("8", &own, waits_for(Hold::NeedsReconnect)).await;
    desk.connections.put_integration(&gone).await.unwrap();
    assert_eq!(desk.look().await, 2);
    let mut asked: Vec<_> = desk.looks.drain().into_iter().map(|task| task.documents.resource.to_string()).collect();
    asked.sort();
    assert_eq!(asked, ["1", "2"]);
    assert_eq!(desk.look().await, 0, "it is under way");
}
