//! Runs that hold their facts back.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use connector_capture::{Capture, CapturePorts, Captured, Notify, Replayed};
use connector_domain::backfill::{EntityType, Hold, HoldState, Run, RunProgress, RunState, Unit, UnitState};
use connector_domain::capture::{CaptureOutcome, CaptureReport};
use connector_domain::connection::{Integration, WorkspaceSettings};
use connector_domain::delivery::{DeliveryRecord, Origin};
use connector_domain::documents::SyncLimits;
use connector_domain::notification::Notification;
use connector_domain::observation::Observation;
use connector_domain::ports::{
    BackfillStore, ConnectionStore, DeliveryStore, HoldStore, ObservationFilter, ObservationPage, ObservationStore,
    PortError, Queue,
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
struct Ordered {
    rows: MemoryObservations,
    puts: Mutex<Vec<Timestamp>>,
    refuse: Mutex<usize>,
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

struct Desk {
    capture: Capture,
    clock: Arc<ManualClock>,
    backfills: Arc<MemoryBackfills>,
    connections: Arc<MemoryConnections>,
    deliveries: Arc<MemoryDeliveries>,
    holds: Arc<MemoryHolds>,
    observations: Arc<Ordered>,
    replays: Arc<MemoryQueue<ReplayTask>>,
    enrichments: Arc<MemoryQueue<EnrichTask>>,
    notifications: Arc<MemoryQueue<Notification>>,
    link: Integration,
    run: Run,
    ports: CapturePorts,
}

/// A run over two lists, which holds.
async fn desk() -> Desk {
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
    fn notifying(&self, notify: Notify) -> Capture {
        Capture::new(CapturePorts { notify: Some(notify), ..self.ports.clone() })
    }

    /// Stores the state of a list.
    async fn list(&self, entity: EntityType, state: UnitState, pages: u64) {
        let of = unit(&self.link.workspace, "9");
        let mut next = Unit { run: self.run.id.clone(), state, ..of };
        next.key.entity = entity;
        next.counters.pages = pages;
        let there = self.backfills.unit(&next.key).await.unwrap().map(|unit| unit.version);
        next.version = there.unwrap_or(0) + 1;
        self.backfills.put_unit(&next, there).await.unwrap();
    }

    /// Stores a page and captures it.
    async fn page(&self, entity: EntityType, page: u32, body: &str) -> Captured {
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

    async fn releases(&self, page: u32, days_ago: &[i64]) -> Captured {
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
    async fn replay(&self) -> Vec<Replayed> {
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

    fn clock_or(&self, time: Timestamp) -> Timestamp {
        use connector_domain::ports::Clock;
        self.clock.now().max(time)
    }

    async fn progress(&self) -> RunProgress {
        progress(&*self.backfills, &*self.holds, &self.run).await.unwrap().0
    }

    fn puts(&self) -> Vec<Timestamp> {
        self.observations.puts.lock().unwrap().clone()
    }
}

fn held(captured: &Captured) -> (u64, u64) {
    let Captured::Done(report) = captured else { panic!("{captured:?}") };
    (report.held, report.captured)
}

#[tokio::test]
async fn held_facts_are_captured_in_the_order_of_time_once_all_are_fetched() {
    let desk = desk().await;
    desk.list(EntityType::Release, UnitState::Running, 1).await;
    desk.list(EntityType::Issue, UnitState::Pending, 0).await;
    assert_eq!(held(&desk.releases(0, &[1, 4, 2]).await), (3, 0));
    assert_eq!(desk.replay().await, [Replayed::NotYet], "its lists have not ended");
    assert_eq!(held(&desk.releases(1, &[3, 6, 5]).await), (3, 0));
    assert_eq!(desk.puts(), []);
    let waiting = desk.progress().await;
    assert_eq!((waiting.state, waiting.report.held, waiting.report.captured), (RunState::Running, 6, 0));

    desk.list(EntityType::Release, UnitState::Completed, 2).await;
    desk.list(EntityType::Issue, UnitState::Completed, 1).await;
    assert_eq!(desk.progress().await.state, RunState::Replaying);
    assert_eq!(
        desk.capture.replay(desk.holds.all()[0].task()).await.unwrap(),
        Replayed::NotYet,
        "a page is on its way"
    );
    assert_eq!(held(&desk.page(EntityType::Issue, 0, "[]").await), (0, 0));
    assert_eq!(desk.replay().await.last(), Some(&Replayed::All));

    let days: Vec<_> = (1..=6).rev().map(|day| at(-day * 86_400)).collect();
    assert_eq!(desk.puts(), days);
    let done = desk.progress().await;
    assert_eq!((done.state, done.report.held, done.report.captured), (RunState::Completed, 0, 6));
    assert!(done.is_settled());
    let told: Vec<_> = desk.notifications.drain().iter().map(|told| told.occurred_at).collect();
    assert_eq!(told, days, "others hear of them in that order");
    assert_eq!(desk.enrichments.drain().iter().map(|task| task.observations.len()).sum::<usize>(), 6);
    assert_eq!(desk.holds.held(&desk.run.id, None, 9).await.unwrap(), [], "nothing is left");
    assert_eq!(desk.replay().await, [Replayed::All], "a message too many does nothing");
}

#[tokio::test]
async fn more_facts_than_one_message_takes_and_a_store_that_fails_between_them() {
    let desk = desk().await;
    desk.list(EntityType::Release, UnitState::Completed, 4).await;
    desk.list(EntityType::Issue, UnitState::Cancelled, 0).await;
    for page in 0..4 {
        // Every fourth day, so that each page reaches over all of the time.
        let days: Vec<_> = (0..29).filter(|day| day % 4 == i64::from(page)).collect();
        desk.releases(page, &days).await;
    }
    let many: Vec<_> = (0..250)
        .map(|n| connector_testkit::builders::observation(&desk.link.workspace, &format!("9#{n}"), at(-n * 60)))
        .collect();
    desk.holds.keep(&desk.run.id, &many).await.unwrap();
    let task = desk.holds.all().remove(0).task();
    assert_eq!(desk.capture.replay(task.clone()).await.unwrap(), Replayed::Some(0), "released");
    *desk.observations.refuse.lock().unwrap() = 1;
    assert!(desk.capture.replay(task).await.is_err());
    assert_eq!(desk.replay().await.last(), Some(&Replayed::All));
    let report = desk.holds.all().remove(0).report;
    assert_eq!((report.captured, report.duplicate), (29 + 250, 0), "each once, though a part was put twice");
    assert_eq!(desk.observations.rows.all().len(), 279);
    let all = desk.puts();
    // The failed batch came again from its start.
    let again = all.iter().rposition(|time| *time == all[0]).unwrap_or(0).max(99);
    assert!(all[again..].is_sorted(), "{all:?}");
}

#[tokio::test]
async fn of_two_workers_one_goes_on_and_a_repeated_page_keeps_its_place() {
    let desk = desk().await;
    desk.list(EntityType::Release, UnitState::Completed, 1).await;
    desk.list(EntityType::Issue, UnitState::Completed, 0).await;
    desk.releases(0, &[1, 2]).await;
    let hold = desk.holds.all().remove(0);
    desk.holds.put_hold(&hold.release(), Some(hold.version)).await.unwrap();
    // The worker of the page was stopped after it had noted its report, and before the delivery was done.
    let id = connector_testkit::builders::delivery_id("github#release-0");
    assert!(desk.deliveries.replay(&id, &desk.link.workspace, at(300)).await.unwrap());
    assert_eq!(held(&desk.capture.handle(capture_task("acme", id.as_str())).await.unwrap()), (2, 0));
    assert_eq!(desk.puts(), [], "it does not overtake what is held");

    let (one, other) = tokio::join!(desk.capture.replay(hold.task()), desk.capture.replay(hold.task()));
    let mut outcomes = [one.unwrap(), other.unwrap()];
    outcomes.sort_by_key(|outcome| format!("{outcome:?}"));
    assert!(outcomes.contains(&Replayed::Some(2)), "{outcomes:?}");
    desk.replay().await;
    let ended = desk.holds.all().remove(0);
    assert_eq!((ended.state, ended.report.captured), (HoldState::Replayed, 2));

    // What is looked at anew afterwards is captured as it comes, and not counted again.
    assert!(desk.deliveries.replay(&id, &desk.link.workspace, at(300)).await.unwrap());
    assert_eq!(held(&desk.capture.handle(capture_task("acme", id.as_str())).await.unwrap()), (2, 0));
}

#[tokio::test]
async fn what_is_held_for_a_link_that_has_ended_is_dropped_and_not_covered() {
    let desk = desk().await;
    desk.list(EntityType::Release, UnitState::Completed, 1).await;
    desk.list(EntityType::Issue, UnitState::Completed, 0).await;
    desk.releases(0, &[1, 2]).await;
    let mut covered = desk.backfills.units().into_iter().find(|unit| unit.key.entity == EntityType::Release).unwrap();
    covered.coverage.add(desk.run.window);
    let there = covered.version;
    covered.version += 1;
    desk.backfills.put_unit(&covered, Some(there)).await.unwrap();
    desk.connections.put_integration(&Integration { active: false, ..desk.link.clone() }).await.unwrap();
    assert_eq!(desk.replay().await.last(), Some(&Replayed::All));
    assert_eq!(desk.puts(), []);
    let mut dropped = CaptureReport::default();
    (0..2).for_each(|_| dropped.add_filtered("unlinked"));
    assert_eq!(desk.holds.all().remove(0).report, dropped);
    let unit = desk.backfills.unit(&covered.key).await.unwrap().unwrap();
    assert_eq!(unit.coverage.missing(desk.run.window), [desk.run.window], "who links it again gets them");
}

#[tokio::test]
async fn a_page_that_was_given_up_does_not_hold_the_others_for_ever() {
    let desk = desk().await;
    desk.list(EntityType::Release, UnitState::Completed, 2).await;
    desk.list(EntityType::Issue, UnitState::Completed, 0).await;
    desk.releases(0, &[1]).await;
    let task = desk.holds.all().remove(0).task();
    assert_eq!(desk.capture.replay(task).await.unwrap(), Replayed::NotYet);
    assert_eq!(desk.puts(), []);
    desk.clock.set(at(86_401));
    assert_eq!(desk.replay().await.last(), Some(&Replayed::All));
    assert_eq!(desk.puts().len(), 1);
    assert_eq!(held(&desk.releases(1, &[5]).await), (0, 1), "what comes after that is captured as it comes");
}

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
