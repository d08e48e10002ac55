//! A worker with a linked repository.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use connector_adapters::http::ReqwestHttp;
use connector_documents::{DocumentsOutcome, DocumentsSettings, DocumentsWorker, WorkerPorts};
use connector_domain::connection::{Connection, Integration};
use connector_domain::documents::{Chunk, Document, DocumentsKey, Sync, SyncLimits, SyncState};
use connector_domain::ports::{Clock, ConnectionStore, DocumentStore, DocumentSyncs, LocalEmbedder, Paging};
use connector_domain::task::DocumentsTask;
use connector_domain::{ProviderKind, ResourceId};
use connector_flows::documents::{DocumentPorts, ask};
use connector_simulator::github::{NewCommit, Repository, Webhook};
use connector_simulator::{Server, World};
use connector_testkit::builders::{at, connection, integration, workspace};
use connector_testkit::memory::{
    ManualClock, MemoryBackfills, MemoryConnections, MemoryDocuments, MemoryQueue, SeededRandom, StaticTokens,
};

pub(crate) struct Desk {
    pub(crate) world: World,
    pub(crate) repository: Repository,
    pub(crate) worker: DocumentsWorker,
    pub(crate) ports: WorkerPorts,
    pub(crate) store: Arc<MemoryDocuments>,
    pub(crate) connections: Arc<MemoryConnections>,
    pub(crate) queue: Arc<MemoryQueue<DocumentsTask>>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) ask: DocumentPorts,
    pub(crate) connection: Connection,
    pub(crate) link: Integration,
    _server: Server,
}

/// A configuration that wants these.
pub(crate) fn config(patterns: &[&str]) -> String {
    let include: String = patterns.iter().map(|pattern| format!("  - '{pattern}'\n")).collect();
    format!("version: 1\nstore: docs\ninclude:\n{include}")
}

/// A commit.
pub(crate) fn commit() -> NewCommit {
    NewCommit::saying("Write")
}

impl Desk {
    pub(crate) async fn new() -> Self {
        Self::with(DocumentsSettings::default()).await
    }

    pub(crate) async fn with(settings: DocumentsSettings) -> Self {
        let world = World::new(3);
        let repository = world.github().add_repository("acme", "rocket");
        let server = Server::start(world.clone()).await.unwrap();
        let http =
            ReqwestHttp::builder().base_url(ProviderKind::Github, &server.github_url()).unwrap().build().unwrap();
        let clock = Arc::new(ManualClock::new(at(0)));
        let (store, connections, backfills): (Arc<MemoryDocuments>, Arc<MemoryConnections>, Arc<MemoryBackfills>) =
            Default::default();
        let queue = Arc::new(MemoryQueue::new(Arc::clone(&clock) as Arc<dyn Clock>));
        let ports = WorkerPorts {
            syncs: Arc::clone(&store) as _,
            documents: Arc::clone(&store) as _,
            tasks: Arc::clone(&queue) as _,
            embedder: Arc::new(LocalEmbedder),
            connections: Arc::clone(&connections) as _,
            backfills,
            tokens: Arc::new(StaticTokens::of("a-token")),
            http: Arc::new(http),
            clock: Arc::clone(&clock) as _,
            random: Arc::new(SeededRandom::new(1)),
        };
        let connection = connection("conn", &workspace("acme"), "5");
        connections.put_connection(&connection).await.unwrap();
        let mut link = integration(&connection, &repository.id.to_string());
        link.resource.name = repository.full_name();
        connections.put_integration(&link).await.unwrap();
        let ask = DocumentPorts {
            syncs: Arc::clone(&store) as _,
            tasks: Arc::clone(&queue) as _,
            clock: Arc::clone(&clock) as _,
            limits: SyncLimits::default(),
        };
        let worker = DocumentsWorker::new(ports.clone(), settings);
        Self {
            world,
            repository,
            worker,
            ports,
            store,
            connections,
            queue,
            clock,
            ask,
            connection,
            link,
            _server: server,
        }
    }

    pub(crate) fn key(&self) -> DocumentsKey {
        DocumentsKey::of(&self.link)
    }

    /// Pushes a commit to the default branch.
    pub(crate) fn push(&self, commit: NewCommit) -> Webhook {
        self.repository.push("main", &[commit], self.world.now())
    }

    /// Has the repository looked at and goes on until nothing is left to do.
    pub(crate) async fn sync(&self) -> Sync {
        ask(&self.ask, &self.link, None, "cor").await.unwrap();
        self.settle().await;
        self.row().await
    }

    /// Does what is asked for, and lets time pass where it must wait.
    pub(crate) async fn settle(&self) -> Vec<DocumentsOutcome> {
        let mut outcomes = Vec::new();
        for _ in 0..10_000 {
            let Some(visible_at) = self.queue.next_visible_at() else { return outcomes };
            if visible_at > self.clock.now() {
                self.clock.set(visible_at);
            }
            for message in self.queue.receive(1) {
                outcomes.push(self.worker.handle(message.task).await.unwrap());
                self.queue.ack(message.id);
            }
        }
        panic!("it never ends")
    }

    pub(crate) async fn row(&self) -> Sync {
        self.store.sync(&self.key()).await.unwrap().unwrap()
    }

    pub(crate) async fn state(&self) -> SyncState {
        self.row().await.state
    }

    pub(crate) async fn documents(&self) -> BTreeMap<String, Document> {
        let documents = self.store.documents(&self.key(), None, usize::MAX).await.unwrap();
        documents.into_iter().map(|document| (document.path.clone(), document)).collect()
    }

    pub(crate) async fn paths(&self) -> BTreeSet<String> {
        self.documents().await.into_keys().collect()
    }

    pub(crate) async fn chunks(&self, path: &str) -> Vec<Chunk> {
        let document = self.store.document(&self.key(), path).await.unwrap().unwrap();
        self.store.chunks(&self.key(), &document).await.unwrap()
    }

    pub(crate) async fn all_chunks(&self) -> usize {
        self.store.all_chunks(&self.key(), &Paging { after: None, limit: 100_000 }).await.unwrap().items.len()
    }

    /// The requests since the last time, by the part of the API.
    pub(crate) fn requests(&self, part: &str) -> usize {
        let requests = self.world.github().requests();
        requests.iter().filter(|request| request.path.contains(part)).count()
    }

    pub(crate) fn forget(&self) {
        self.world.github().forget_requests();
    }

    /// Ends the link.
    pub(crate) async fn unlink(&mut self) {
        self.link.active = false;
        self.connections.put_integration(&self.link).await.unwrap();
    }

    /// The same link in another workspace.
    pub(crate) async fn elsewhere(&self, name: &str) -> Integration {
        let other = connection(name, &workspace(name), "5");
        self.connections.put_connection(&other).await.unwrap();
        let mut link = integration(&other, &self.repository.id.to_string());
        link.resource.name = self.repository.full_name();
        self.connections.put_integration(&link).await.unwrap();
        link
    }

    /// Another repository in the same workspace.
    pub(crate) async fn beside(&self, name: &str) -> (Repository, Integration) {
        let repository = self.world.github().add_repository("acme", name);
        let mut link = integration(&self.connection, &repository.id.to_string());
        link.resource.id = ResourceId::parse(repository.id.to_string()).unwrap();
        link.resource.name = repository.full_name();
        self.connections.put_integration(&link).await.unwrap();
        (repository, link)
    }
}
