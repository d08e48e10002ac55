//! The inputs for `sam local invoke` are current, and the functions accept them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::sqs::SqsEvent;
use connector_api::{Api, ApiPorts, Authorizer};
use connector_backfill::{PagePorts, PageSettings, PageWorker};
use connector_capture::{Capture, CapturePorts};
use connector_documents::{DocumentsSettings, DocumentsWorker, WorkerPorts};
use connector_domain::backfill::{EntityType, Limits, Unit, UnitState};
use connector_domain::documents::{SyncLimits, SyncState};
use connector_domain::ports::{BackfillStore, ConnectionStore, LocalEmbedder};
use connector_domain::task::{CaptureTask, DocumentsTask, PageTask, Task};
use connector_domain::{ProviderKind, Timestamp};
use connector_flows::StartPorts;
use connector_flows::documents::{DocumentPorts, ask};
use connector_lambda::batch::{Record, process};
use connector_lambda::http::webhook_request;
use connector_testkit::builders::{at, connection, integration, unit, workspace};
use connector_testkit::memory::{
    ManualClock, MemoryAudit, MemoryBackfills, MemoryChanges, MemoryConnections, MemoryDeliveries, MemoryDocuments,
    MemoryHolds, MemoryKeys, MemoryObservations, MemoryOnce, MemoryQueue, MemoryVault, ScriptedHttp, SeededRandom,
    StaticSecrets, StaticTokens,
};
use connector_webhook::{Webhook, WebhookPorts};

/// As README.md in `events/` says.
const SECRET: &str = "local-development-secret";

fn events() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(events().join(name)).unwrap()
}

/// The ports in memory, with the repository of the events linked.
#[derive(Clone)]
struct System {
    connections: Arc<MemoryConnections>,
    deliveries: Arc<MemoryDeliveries>,
    observations: Arc<MemoryObservations>,
    backfills: Arc<MemoryBackfills>,
    captures: Arc<MemoryQueue<CaptureTask>>,
    pages: Arc<MemoryQueue<PageTask>>,
    http: Arc<ScriptedHttp>,
    clock: Arc<ManualClock>,
}

impl System {
    async fn new() -> Self {
        let system = Self {
            connections: Arc::default(),
            deliveries: Arc::default(),
            observations: Arc::default(),
            backfills: Arc::default(),
            captures: Arc::default(),
            pages: Arc::default(),
            http: Arc::default(),
            clock: Arc::default(),
        };
        let connection = connection("conn", &workspace("acme"), "42");
        system.connections.put_connection(&connection).await.unwrap();
        system.connections.put_integration(&integration(&connection, "7001")).await.unwrap();
        system
    }

    fn webhook(&self, provider: ProviderKind) -> Webhook {
        let Self { connections, deliveries, captures, clock, .. } = self.clone();
        let secrets = Arc::new(StaticSecrets::of(provider, &[SECRET]));
        let ports = WebhookPorts { connections, deliveries, captures, secrets, clock };
        Webhook::new(connector_providers::provider(provider).unwrap(), ports)
    }

    fn capture(&self) -> Capture {
        let Self { connections, deliveries, observations, backfills, clock, .. } = self.clone();
        let (tokens, audit) = (Arc::new(MemoryVault::default()), Arc::new(MemoryAudit::default()));
        let enrichments = Arc::new(MemoryQueue::default());
        Capture::new(CapturePorts {
            deliveries,
            connections,
            observations,
            backfills,
            holds: Arc::new(MemoryHolds::default()),
            replays: Arc::new(MemoryQueue::new(Arc::clone(&clock) as _)),
            tokens,
            audit,
            enrichments,
            notify: None,
            documents: documents(),
            clock,
        })
    }

    fn api(&self) -> Api {
        let Self { connections, backfills, pages, clock, .. } = self.clone();
        Api::new(ApiPorts {
            connections: Arc::clone(&connections) as _,
            connection_lists: connections,
            run_lists: Arc::clone(&backfills) as _,
            start: StartPorts {
                backfills,
                holds: Arc::new(MemoryHolds::default()),
                pages,
                clock,
                random: Arc::new(SeededRandom::new(1)),
                limits: Limits::default(),
            },
            once: Arc::new(MemoryOnce::default()),
            changes: Arc::new(MemoryChanges::default()),
            audit: Arc::new(MemoryAudit::default()),
            documents: documents(),
            records: None,
            live: None,
        })
    }

    fn pages(&self) -> PageWorker {
        let Self { connections, deliveries, backfills, captures, pages, http, clock, .. } = self.clone();
        let (tokens, random) = (Arc::new(StaticTokens::none()), Arc::new(SeededRandom::new(1)));
        let replays = Arc::new(MemoryQueue::new(Arc::clone(&clock) as _));
        let ports =
            PagePorts { backfills, connections, deliveries, captures, replays, pages, tokens, http, clock, random };
        PageWorker::new(ports, PageSettings::default())
    }
}

fn documents() -> DocumentPorts {
    DocumentPorts {
        syncs: Arc::new(MemoryDocuments::default()),
        tasks: Arc::new(MemoryQueue::default()),
        clock: Arc::new(ManualClock::default()),
        limits: SyncLimits::default(),
    }
}

/// What Lambda makes of a queue's event.
fn records(name: &str) -> Vec<Record> {
    let event: SqsEvent = serde_json::from_str(&read(name)).unwrap();
    let record = |message: aws_lambda_events::sqs::SqsMessage| Record {
        id: message.message_id.unwrap(),
        body: message.body.unwrap(),
    };
    event.records.into_iter().map(record).collect()
}

fn task<T: Task>(name: &str) -> T {
    serde_json::from_str(&records(name)[0].body).unwrap()
}

#[test]
fn they_are_what_the_program_writes() {
    let check = Command::new(env!("CARGO_BIN_EXE_connectors")).args(["events", "--check"]).output().unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
}

/// Each function of the template has its input, and there is no other.
#[test]
fn there_is_one_for_each_function() {
    let template = connectors::stack::Template::embedded().unwrap();
    let functions: BTreeSet<_> = template.functions.values().map(|function| function.binary.clone()).collect();
    let files = std::fs::read_dir(events()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let inputs: BTreeSet<_> = files.filter_map(|name| name.strip_suffix(".json").map(str::to_owned)).collect();
    assert_eq!(inputs, functions);
}

#[tokio::test]
async fn the_webhook_is_accepted_and_its_capture_makes_an_observation() {
    let system = System::new().await;
    let request = lambda_http::request::from_str(&read("webhook-github.json")).unwrap();
    let reply = system.webhook(ProviderKind::Github).handle(webhook_request(request)).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.body["status"], "accepted", "{}", reply.body);
    assert_eq!(system.captures.tasks(), [task::<CaptureTask>("observation-capture.json")]);

    let capture = system.capture();
    let handle = |task: CaptureTask| {
        let capture = capture.clone();
        async move { capture.handle(task).await.map(drop) }
    };
    let failed = process(records("observation-capture.json"), Duration::from_secs(60), handle).await;
    assert_eq!(failed, Vec::<String>::new());
    let kept = system.observations.all();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].event.source_type.name(), "issue.opened");
}

/// Nobody has connected the accounts of the others here, so their deliveries are kept for nobody.
#[tokio::test]
async fn every_providers_webhook_is_verified_and_kept() {
    for provider in ProviderKind::ALL {
        let system = System::new().await;
        let text = read(&format!("webhook-{provider}.json"));
        let sent: serde_json::Value = serde_json::from_str(&text).unwrap();
        let sent_at = sent["requestContext"]["timeEpoch"].as_i64().unwrap();
        system.clock.set(Timestamp::from_millisecond(sent_at).unwrap());
        let request = lambda_http::request::from_str(&text).unwrap();
        let reply = system.webhook(provider).handle(webhook_request(request)).await;
        assert_eq!(reply.status, 200, "{provider}: {}", reply.body);
        let kept = system.deliveries.all();
        assert_eq!((kept.len(), kept[0].provider, kept[0].account.is_some()), (1, provider, true));
    }
}

#[tokio::test]
async fn the_page_is_fetched() {
    let system = System::new().await;
    let task: PageTask = task("backfill-page.json");
    let mut unit: Unit = unit(&workspace("acme"), "7001");
    unit.key.entity = EntityType::Issue;
    unit.run = task.run.clone();
    assert_eq!(unit.key, task.unit);
    assert_eq!(unit.claim(&task, &Limits::default(), at(1)), unit.claim(&unit.task(), &Limits::default(), at(1)));
    system.backfills.put_unit(&unit, None).await.unwrap();
    system.http.respond(200, &[], "[]");

    let worker = system.pages();
    let handle = |task: PageTask| {
        let worker = worker.clone();
        async move { worker.handle(task).await.map(drop) }
    };
    let failed = process(records("backfill-page.json"), Duration::from_secs(60), handle).await;
    assert_eq!(failed, Vec::<String>::new());
    assert_eq!(system.http.requests().len(), 1);
    assert_eq!(system.backfills.unit(&unit.key).await.unwrap().unwrap().state, UnitState::Completed);
}

#[tokio::test]
async fn the_repository_is_looked_at() {
    let system = System::new().await;
    let ports = documents();
    let link = system.connections.integrations_in(&workspace("acme")).await.unwrap().remove(0);
    let asked = ask(&ports, &link, None, "c0ffee").await.unwrap().unwrap();
    assert_eq!(asked.task(), task::<DocumentsTask>("documents-sync.json"));
    let System { connections, backfills, http, clock, .. } = system.clone();
    http.respond(409, &[], r#"{"message":"Git Repository is empty."}"#);
    let worker = DocumentsWorker::new(
        WorkerPorts {
            syncs: Arc::clone(&ports.syncs),
            documents: Arc::new(MemoryDocuments::default()),
            tasks: Arc::clone(&ports.tasks),
            embedder: Arc::new(LocalEmbedder),
            connections,
            backfills,
            tokens: Arc::new(StaticTokens::none()),
            http,
            clock,
            random: Arc::new(SeededRandom::new(1)),
        },
        DocumentsSettings::default(),
    );
    let handle = |task: DocumentsTask| {
        let worker = worker.clone();
        async move { worker.handle(task).await.map(drop) }
    };
    let failed = process(records("documents-sync.json"), Duration::from_secs(60), handle).await;
    assert_eq!((failed, system.http.requests().len()), (Vec::<String>::new(), 1));
    assert_eq!(ports.syncs.sync(&asked.key).await.unwrap().unwrap().state, SyncState::NoConfig);
}

/// These functions take any event; it must be one that the scheduler could send.
#[test]
fn the_schedules_are_ticks_of_the_scheduler() {
    for name in ["backfill-scheduler", "recovery-sweep", "token-refresh"] {
        let event: EventBridgeEvent = serde_json::from_str(&read(&format!("{name}.json"))).unwrap();
        assert_eq!((event.source.as_str(), event.detail_type.as_str()), ("aws.scheduler", "Scheduled Event"));
        assert!(event.resources.unwrap()[0].ends_with(name));
    }
}

/// The inputs of the management API are requests that its functions answer.
#[tokio::test]
async fn the_management_api_takes_its_inputs() {
    let system = System::new().await;
    let request = lambda_http::request::from_str(&read("management-api.json")).unwrap();
    let request = connector_lambda::api::api_request(request);
    assert_eq!(request.path, "/v1/workspaces/acme/connections");
    let answer = system.api().handle(request).await;
    assert!(answer.status == 200 && answer.body.contains("\"id\":\"conn\""), "{answer:?}");

    let request = lambda_http::request::from_str(&read("management-live.json")).unwrap();
    let answer = system.api().handle(connector_lambda::api::api_request(request)).await;
    assert_eq!(answer.status, 404, "there is no such connection: {answer:?}");

    let event: serde_json::Value = serde_json::from_str(&read("management-authorizer.json")).unwrap();
    let keys = Arc::new(MemoryKeys::default());
    let authorizer = Authorizer { keys, clock: Arc::clone(&system.clock) as _ };
    let judged = authorizer.judge(event["identitySource"][0].as_str()).await.unwrap();
    assert!(!judged.is_authorized, "nobody made that key");
}
