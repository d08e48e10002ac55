//! A run that holds, and everything around it in memory.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use connector_capture::{Capture, CapturePorts, Captured, Notify, Replayed};
use connector_domain::backfill::{EntityType, Hold, Run, RunProgress, Unit, UnitState};
use connector_domain::capture::CaptureOutcome;
use connector_domain::connection::{Integration, WorkspaceSettings};
use connector_domain::delivery::{DeliveryRecord, Origin};
use connector_domain::documents::SyncLimits;
use connector_domain::notification::Notification;
use connector_domain::observation::Observation;
use connector_domain::ports::{
    BackfillStore, ConnectionStore, DeliveryStore, HoldStore, ObservationFilter, ObservationPage, ObservationStore,
    PortError,
};
use connector_domain::task::{EnrichTask, ReplayTask};
use connector_domain::transformed::Deletion;
use connector_domain::{SourceId, Timestamp, WorkspaceId};
use connector_flows::documents::DocumentPorts;
use connector_flows::runs::progress;
use connector_testkit::builders::{
    at, capture_task, connection, delivery, integration, resource, run, unit, workspace,
};
use connector_testkit::memory::{
    ManualClock, MemoryAudit, MemoryBackfills, MemoryConnections, MemoryDeliveries, MemoryDocuments, MemoryHolds,
    MemoryObservations, MemoryQueue, MemoryVault,
};

/// Observations, with the order in which they are put, which fail when that is wanted.
#[derive(Default)]
pub(crate) struct Ordered {
    pub(crate) rows: MemoryObservations,
    pub(crate) puts: Mutex<Vec<Timestamp>>,
    pub(crate) refuse: Mutex<usize>,
}

#[async_trait]
impl ObservationStore for Ordered {
    async fn put_if_absent(&self, observations: &[Observation]) -> Vec<Result<CaptureOutcome, PortError>> {
        let mut answers = Vec::new();
        for observation in observations {
            let refused = {
                let mut refuse = self.refuse.lock().unwrap();
                let now = *refuse > 0;
                *refuse = refuse.saturating_sub(1);
                now
            };
            if refused {
                answers.push(Err(PortError::temporary("store an observation", "a fault")));
                continue;
            }
            let answer = self.rows.put_if_absent(std::slice::from_ref(observation)).await.remove(0);
            self.puts.lock().unwrap().push(observation.event.occurred_at);
            answers.push(answer);
        }
        answers
    }

    async fn put_deletions(&self, workspace: &WorkspaceId, deletions: &[Deletion]) -> Result<(), PortError> {
        self.rows.put_deletions(workspace, deletions).await
    }

    async fn get(&self, workspace: &WorkspaceId, source_id: &SourceId) -> Result<Option<Observation>, PortError> {
        self.rows.get(workspace, source_id).await
    }

    async fn list(&self, workspace: &WorkspaceId, filter: &ObservationFilter) -> Result<ObservationPage, PortError> {
        self.rows.list(workspace, filter).await
    }
}

pub(crate) struct Desk {
    pub(crate) capture: Capture,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) backfills: Arc<MemoryBackfills>,
    pub(crate) connections: Arc<MemoryConnections>,
    pub(crate) deliveries: Arc<MemoryDeliveries>,
    pub(crate) holds: Arc<MemoryHolds>,
    pub(crate) observations: Arc<Ordered>,
    pub(crate) replays: Arc<MemoryQueue<ReplayTask>>,
    pub(crate) enrichments: Arc<MemoryQueue<EnrichTask>>,
    pub(crate) notifications: Arc<MemoryQueue<Notification>>,
    pub(crate) link: Integration,
    pub(crate) run: Run,
    pub(crate) ports: CapturePorts,
}

/// A run over two lists, which holds.
pub(crate) async fn desk() -> Desk {
    let clock = Arc::new(ManualClock::new(at(0)));
    let (backfills, connections): (Arc<MemoryBackfills>, Arc<MemoryConnections>) = Default::default();
    let (deliveries, holds): (Arc<MemoryDeliveries>, Arc<MemoryHolds>) = Default::default();
    let observations: Arc<Ordered> = Arc::default();
    let replays = Arc::new(MemoryQueue::new(Arc::clone(&clock) as _));
    let enrichments = Arc::new(MemoryQueue::new(Arc::clone(&clock) as _));
    let notifications = Arc::new(MemoryQueue::new(Arc::clone(&clock) as _));
    let own = connection("conn", &workspace("acme"), "42");
    connections.put_connection(&own).await.unwrap();
    let link = integration(&own, "9");
    connections.put_integration(&link).await.unwrap();
    let all = WorkspaceSettings { significance_threshold: 0, ..WorkspaceSettings::default() };
    connections.put_settings(&link.workspace, &all).await.unwrap();
    let entities = vec![EntityType::Release, EntityType::Issue];
    let run = Run { hold: true, entities, ..run("r", &link.workspace, "9") };
    backfills.put_run(&run).await.unwrap();
    let hold = Hold::start(run.id.clone(), run.workspace.clone(), Duration::from_secs(300), at(0));
    holds.put_hold(&hold, None).await.unwrap();
    let ports = CapturePorts {
        deliveries: Arc::clone(&deliveries) as _,
        connections: Arc::clone(&connections) as _,
        observations: Arc::clone(&observations) as _,
        backfills: Arc::clone(&backfills) as _,
        holds: Arc::clone(&holds) as _,
        replays: Arc::clone(&replays) as _,
        tokens: Arc::new(MemoryVault::default()),
        audit: Arc::new(MemoryAudit::default()),
        enrichments: Arc::clone(&enrichments) as _,
        documents: DocumentPorts {
            syncs: Arc::new(MemoryDocuments::default()),
            tasks: Arc::new(MemoryQueue::new(Arc::clone(&clock) as _)),
            clock: Arc::clone(&clock) as _,
            limits: SyncLimits::default(),
        },
        notify: Some(Notify { queue: Arc::clone(&notifications) as _, from: 1 }),
        clock: Arc::clone(&clock) as _,
    };
    let capture = Capture::new(ports.clone());
    Desk {
        capture,
        clock,
        backfills,
        connections,
        deliveries,
        holds,
        observations,
        replays,
        enrichments,
        notifications,
        link,
        run,
        ports,
    }
}

impl Desk {
    pub(crate) fn notifying(&self, notify: Notify) -> Capture {
        Capture::new(CapturePorts { notify: Some(notify), ..self.ports.clone() })
    }

    /// Stores the state of a list.
    pub(crate) async fn list(&self, entity: EntityType, state: UnitState, pages: u64) {
        let of = unit(&self.link.workspace, "9");
        let mut next = Unit { run: self.run.id.clone(), state, ..of };
        next.key.entity = entity;
        next.counters.pages = pages;
        let there = self.backfills.unit(&next.key).await.unwrap().map(|unit| unit.version);
        next.version = there.unwrap_or(0) + 1;
        self.backfills.put_unit(&next, there).await.unwrap();
    }

    /// Stores a page and captures it.
    pub(crate) async fn page(&self, entity: EntityType, page: u32, body: &str) -> Captured {
        let id = format!("github#{entity}-{page}");
        let record = DeliveryRecord {
            origin: Origin::Page {
                run: self.run.id.clone(),
                resource: resource("9"),
                entity,
                page,
                window: self.run.window,
                hold: true,
            },
            ..delivery(&id, &[&self.link.workspace])
        };
        self.deliveries.put_if_absent(&record, body.as_bytes()).await.unwrap();
        self.capture.handle(capture_task("acme", &id)).await.unwrap()
    }

    pub(crate) async fn releases(&self, page: u32, days_ago: &[i64]) -> Captured {
        let release = |day: &i64| {
            let time = at(-day * 86_400);
            format!(
                r#"{{"id":{day},"tag_name":"v{day}","name":"v{day}","body":"","draft":false,"prerelease":false,
                "html_url":"https://github.com/o/r/releases/{day}","target_commitish":"main","created_at":"{time}",
                "published_at":"{time}","author":{{"id":1,"login":"octo"}}}}"#
            )
        };
        let all: Vec<_> = days_ago.iter().map(release).collect();
        self.page(EntityType::Release, page, &format!("[{}]", all.join(","))).await
    }

    /// Handles all messages to replay, however long that takes.
    pub(crate) async fn replay(&self) -> Vec<Replayed> {
        let mut done = Vec::new();
        let task = self.holds.all().remove(0).task();
        done.push(self.capture.replay(task).await.unwrap());
        while let Some(time) = self.replays.next_visible_at() {
            self.clock.set(self.clock_or(time));
            for task in self.replays.drain() {
                done.push(self.capture.replay(task).await.unwrap());
            }
            if done.len() > 200 {
                break;
            }
        }
        done
    }

    pub(crate) fn clock_or(&self, time: Timestamp) -> Timestamp {
        use connector_domain::ports::Clock;
        self.clock.now().max(time)
    }

    pub(crate) async fn progress(&self) -> RunProgress {
        progress(&*self.backfills, &*self.holds, &self.run).await.unwrap().0
    }

    pub(crate) fn puts(&self) -> Vec<Timestamp> {
        self.observations.puts.lock().unwrap().clone()
    }
}

pub(crate) fn held(captured: &Captured) -> (u64, u64) {
    let Captured::Done(report) = captured else { panic!("{captured:?}") };
    (report.held, report.captured)
}
