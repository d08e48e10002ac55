//! An API over ports in memory, with two workspaces that have the same kinds of things.

use std::collections::BTreeMap;
use std::sync::Arc;

use connector_api::{Api, ApiPorts, LivePorts, ProviderTeardown, RecordPorts};
use connector_domain::backfill::{Limits, Run};
use connector_domain::capture::CaptureReport;
use connector_domain::connection::{Connection, Integration};
use connector_domain::documents::{Sync, SyncLimits};
use connector_domain::ports::{
    BackfillStore, ConnectionStore, DeliveryStore, DocumentStore, DocumentSyncs, LocalEmbedder, ObservationStore,
};
use connector_domain::task::{CaptureTask, DocumentsTask, PageTask};
use connector_domain::{ProviderKind, WorkspaceId};
use connector_flows::documents::DocumentPorts;
use connector_flows::{ProbePorts, ResourcePorts, RevokePorts, StartPorts, TeardownPorts};
use connector_lambda::api::{Answer, ApiRequest, Caller};
use connector_providers::github::app;
use connector_testkit::builders::{at, connection, delivery, document, integration, observation, run, unit, workspace};
use connector_testkit::memory::{
    FakeSigner, ManualClock, MemoryAudit, MemoryBackfills, MemoryChanges, MemoryConnections, MemoryDeliveries,
    MemoryDocuments, MemoryHolds, MemoryKeys, MemoryModels, MemoryObservations, MemoryOnce, MemoryQueue, MemoryVault,
    ScriptedHttp, SeededRandom, StaticSecrets, StaticTokens,
};
use serde_json::{Value, json};

pub(crate) const ALL: &str = "connectors:read connectors:write connectors:admin";

pub(crate) struct Desk {
    pub(crate) api: Api,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) connections: Arc<MemoryConnections>,
    pub(crate) deliveries: Arc<MemoryDeliveries>,
    pub(crate) observations: Arc<MemoryObservations>,
    pub(crate) backfills: Arc<MemoryBackfills>,
    pub(crate) pages: Arc<MemoryQueue<PageTask>>,
    pub(crate) captures: Arc<MemoryQueue<CaptureTask>>,
    pub(crate) keys: Arc<MemoryKeys>,
    pub(crate) models: Arc<MemoryModels>,
    pub(crate) http: Arc<ScriptedHttp>,
    pub(crate) documents: Arc<MemoryDocuments>,
    pub(crate) document_tasks: Arc<MemoryQueue<DocumentsTask>>,
}

/// An answer, read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Read {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) headers: BTreeMap<&'static str, String>,
}

impl Read {
    pub(crate) fn of(answer: Answer) -> Self {
        let body = serde_json::from_str(&answer.body).unwrap();
        Self { status: answer.status, body, headers: answer.headers.into_iter().collect() }
    }

    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

/// A request as API Gateway hands it on.
pub(crate) fn request(method: &str, path: &str, body: Option<Value>, caller: Caller) -> ApiRequest {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let headers = body.iter().map(|_| ("content-type", "application/json")).collect();
    ApiRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
        caller,
    }
}

/// A person of some workspaces.
pub(crate) fn person(workspaces: &str, scope: &str) -> Caller {
    let claims = [("sub", "ann"), ("workspaces", workspaces), ("scope", scope)];
    Caller::Token(claims.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

impl Desk {
    pub(crate) fn new() -> Self {
        let clock: Arc<ManualClock> = Arc::default();
        let (connections, backfills): (Arc<MemoryConnections>, Arc<MemoryBackfills>) = Default::default();
        let (deliveries, observations): (Arc<MemoryDeliveries>, Arc<MemoryObservations>) = Default::default();
        let pages = Arc::new(MemoryQueue::new(Arc::clone(&clock) as _));
        let captures = Arc::new(MemoryQueue::new(Arc::clone(&clock) as _));
        let (keys, http): (Arc<MemoryKeys>, Arc<ScriptedHttp>) = Default::default();
        let (audit, models): (Arc<MemoryAudit>, Arc<MemoryModels>) = Default::default();
        let documents: Arc<MemoryDocuments> = Arc::default();
        let document_tasks = Arc::new(MemoryQueue::new(Arc::clone(&clock) as _));
        let asking = DocumentPorts {
            syncs: Arc::clone(&documents) as _,
            tasks: Arc::clone(&document_tasks) as _,
            clock: Arc::clone(&clock) as _,
            limits: SyncLimits::default(),
        };
        let rows = ApiPorts {
            documents: asking.clone(),
            connections: Arc::clone(&connections) as _,
            connection_lists: Arc::clone(&connections) as _,
            run_lists: Arc::clone(&backfills) as _,
            start: StartPorts {
                backfills: Arc::clone(&backfills) as _,
                holds: Arc::new(MemoryHolds::default()),
                pages: Arc::clone(&pages) as _,
                clock: Arc::clone(&clock) as _,
                random: Arc::new(SeededRandom::new(1)),
                limits: Limits::default(),
            },
            once: Arc::new(MemoryOnce::default()),
            changes: Arc::new(MemoryChanges::default()),
            audit: Arc::clone(&audit) as _,
            records: Some(RecordPorts {
                deliveries: Arc::clone(&deliveries) as _,
                delivery_log: Arc::clone(&deliveries) as _,
                observations: Arc::clone(&observations) as _,
                enrichment: Arc::clone(&observations) as _,
                models: Arc::clone(&models) as _,
                documents: Arc::clone(&documents) as _,
                embedder: Arc::new(LocalEmbedder),
                index: None,
                captures: Arc::clone(&captures) as _,
                keys: Arc::clone(&keys) as _,
            }),
            live: None,
        };
        let vault: Arc<MemoryVault> = Arc::default();
        let live = LivePorts {
            probe: ProbePorts {
                resources: ResourcePorts {
                    tokens: Arc::new(StaticTokens::of("a-token")),
                    http: Arc::clone(&http) as _,
                    clock: Arc::clone(&clock) as _,
                },
                secrets: Arc::new(StaticSecrets::of(ProviderKind::Github, &["secret"])),
                signer: Arc::new(FakeSigner),
            },
            teardown: Arc::new(ProviderTeardown {
                rows: TeardownPorts {
                    connections: Arc::clone(&connections) as _,
                    backfills: Arc::clone(&backfills) as _,
                    tokens: Arc::clone(&vault) as _,
                    audit,
                    documents: asking,
                    clock: Arc::clone(&clock) as _,
                },
                revoke: RevokePorts { vault, secrets: Arc::new(StaticSecrets::none()), http: Arc::clone(&http) as _ },
            }),
        };
        let api = Api::new(ApiPorts { live: Some(live), ..rows });
        Self {
            api,
            clock,
            connections,
            deliveries,
            observations,
            backfills,
            pages,
            captures,
            keys,
            models,
            http,
            documents,
            document_tasks,
        }
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<Value>, caller: Caller) -> Read {
        Read::of(self.api.handle(request(method, path, body, caller)).await)
    }

    /// Asks in workspace `acme`, as somebody who may do everything there.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Read {
        let path = format!("/v1/workspaces/acme{path}");
        self.send(method, &path, body, person("acme", ALL)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Read {
        self.ask("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Read {
        self.ask("POST", path, Some(body)).await
    }

    /// All rows of a list, asked for in pages of `limit`.
    pub(crate) async fn all(&self, path: &str, limit: usize) -> Vec<Value> {
        let (mut rows, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let sign = if path.contains('?') { '&' } else { '?' };
            let after = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let page = self.get(&format!("{path}{sign}limit={limit}{after}")).await;
            assert_eq!(page.status, 200, "{path}: {}", page.body);
            let items = page.body["items"].as_array().unwrap();
            assert!(items.len() <= limit);
            rows.extend(items.iter().cloned());
            match page.body["next"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return rows,
            }
        }
    }

    /// A connection of a workspace, with the account of the same number.
    pub(crate) async fn connect(&self, workspace_id: &str, id: &str) -> Connection {
        let made = connection(id, &workspace(workspace_id), &format!("account-of-{id}"));
        self.connections.put_connection(&made).await.unwrap();
        made
    }

    pub(crate) async fn link(&self, connection: &Connection, resource: &str) -> Integration {
        let link = integration(connection, resource);
        self.connections.put_integration(&link).await.unwrap();
        link
    }

    /// One of each thing that has an id.
    pub(crate) async fn furnish(&self, name: &str, resource: &str) -> Things {
        let id: WorkspaceId = workspace(name);
        let made = self.connect(name, &format!("conn-{name}")).await;
        let link = self.link(&made, resource).await;
        let sync = Sync::ask(None, &link, None, "cor", &SyncLimits::default(), at(0));
        self.documents.put_sync(&sync, None).await.unwrap();
        self.documents.put_document(&sync.key, &document("docs/a.md", "text", 0, 1), &[]).await.unwrap();
        let run = Run { connection: made.id.clone(), ..run(&format!("run-{name}"), &id, resource) };
        self.backfills.put_run(&run).await.unwrap();
        let mut unit = unit(&id, resource);
        unit.run = run.id.clone();
        unit.connection = made.id.clone();
        self.backfills.put_unit(&unit, None).await.unwrap();
        let fact = observation(&id, &format!("{resource}#1"), at(-60));
        self.observations.put_if_absent(std::slice::from_ref(&fact)).await.remove(0).unwrap();
        let record = delivery(&format!("github#{resource}aa"), &[&id]);
        self.deliveries.put_if_absent(&record, b"{}").await.unwrap();
        self.deliveries.complete(&record.id, &id, &CaptureReport { captured: 1, ..Default::default() }).await.unwrap();
        let path = format!("/v1/workspaces/{name}");
        let new = json!({ "name": "ci", "scopes": ["connectors:read"], "expiresInDays": 1 });
        let key = self.send("POST", &format!("{path}/keys"), Some(new), person(name, ALL)).await;
        let documents = self.send("GET", &format!("{path}/documents"), None, person(name, ALL)).await;
        let listed = self.send("GET", &format!("{path}/observations"), None, person(name, ALL)).await;
        Things(BTreeMap::from([
            ("connection", made.id.to_string()),
            ("source", format!("github:{resource}")),
            ("run", run.id.to_string()),
            ("observation", listed.body["items"][0]["id"].as_str().unwrap().to_owned()),
            ("document", documents.body["items"][0]["id"].as_str().unwrap().to_owned()),
            ("delivery", format!("github-{resource}aa")),
            ("keyId", key.body["id"].as_str().unwrap().to_owned()),
        ]))
    }

    /// What GitHub answers when it is asked how an installation is.
    pub(crate) fn github_is_installed(&self, missing: &str) {
        let permissions: BTreeMap<_, _> = app::PERMISSIONS.iter().map(|(name, _)| (*name, "read")).collect();
        let events: Vec<_> = app::events().filter(|event| *event != missing).collect();
        self.http.respond(200, &[], &json!({ "permissions": permissions, "events": events }).to_string());
    }

    /// What GitHub answers when it is asked for an installation's repositories.
    pub(crate) fn github_lists(&self, ids: &[u64]) {
        let repositories: Vec<_> =
            ids.iter().map(|id| json!({ "id": id, "full_name": format!("octo/repo-{id}") })).collect();
        let body = json!({ "total_count": ids.len(), "repositories": repositories }).to_string();
        self.http.respond(200, &[], &body);
    }
}

/// The id of one of each thing.
pub(crate) struct Things(pub(crate) BTreeMap<&'static str, String>);

/// A body that a route takes.
pub(crate) fn body_of(method: &str, path: &str) -> Option<Value> {
    let last = path.rsplit('/').next().unwrap();
    match (method, last) {
        ("PATCH", "settings") => Some(json!({ "significanceThreshold": 40 })),
        ("PATCH", _) => Some(json!({ "backfill": { "depth": 7 } })),
        ("POST", "link" | "unlink") => Some(json!({ "resources": ["7"] })),
        ("POST", "runs" | "estimate") => Some(json!({ "source": "github:404" })),
        ("POST", "restart") => Some(json!({})),
        ("POST", "keys") => Some(json!({ "name": "ci", "scopes": ["connectors:read"], "expiresInDays": 1 })),
        ("POST", "replay") if path.ends_with("deliveries/replay") => Some(json!({})),
        _ => None,
    }
}
