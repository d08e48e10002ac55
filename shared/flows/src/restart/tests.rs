//! What waits for a connection goes on with it, and nothing else does.

use std::sync::Arc;

use connector_domain::backfill::{EntityType, FailCode, Limits, PauseReason};
use connector_domain::connection::{ConnectionStatus, Integration};
use connector_domain::ports::BackfillStore;
use connector_testkit::builders::{at, connection, integration, unit, workspace};
use connector_testkit::memory::{
    ManualClock, MemoryBackfills, MemoryConnections, MemoryHolds, MemoryQueue, SeededRandom,
};

use super::*;

struct Desk {
    start: StartPorts,
    connections: MemoryConnections,
    backfills: Arc<MemoryBackfills>,
    own: Connection,
    pages: Arc<MemoryQueue<connector_domain::task::PageTask>>,
}

async fn desk() -> Desk {
    let clock = Arc::new(ManualClock::new(at(3_600)));
    let backfills = Arc::new(MemoryBackfills::default());
    let pages = Arc::new(MemoryQueue::new(Arc::clone(&clock) as _));
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
    Desk { start, connections, backfills, own, pages }
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
    for status in [ConnectionStatus::NeedsReconnect, ConnectionStatus::Suspended, ConnectionStatus::Revoked] {
        desk.own.status = status;
        assert_eq!(desk.restart().await, 0, "{status:?}");
    }
}
