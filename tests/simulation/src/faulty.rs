//! Every port, with the plan's faults at each of its calls.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use connector_domain::audit::AuditEntry;
use connector_domain::backfill::{Budget, BudgetKey, Hold, Place, Run, Unit, UnitKey, Version};
use connector_domain::capture::{CaptureOutcome, CaptureReport};
use connector_domain::connection::{Connection, Integration, WorkspaceSettings};
use connector_domain::delivery::DeliveryRecord;
use connector_domain::documents::{Chunk, Document, DocumentsKey, Sync};
use connector_domain::enrich::{
    Account, Activity, Advance, Embedding, Enrichment, Feature, Identity, Indexed, Link, LinkKey, Nearest, VectorQuery,
};
use connector_domain::http::{HttpError, HttpRequest, HttpResponse};
use connector_domain::model::{
    ClusterSummary, DailyLimit, ModelAnswer, ModelError, ModelErrorKind, ModelRequest, Reading, Usage,
};
use connector_domain::oauth::{AppCredentials, ConnectOutcome, ConnectState, SecretHash, TokenRow, TokenSet};
use connector_domain::observation::Observation;
use connector_domain::ports::{
    AuditLog, BackfillStore, ConnectionStore, DeliveryStore, DocumentStore, DocumentSyncs, Embedder, EnrichmentStore,
    HoldStore, LanguageModel, ModelStore, ObservationFilter, ObservationPage, ObservationStore, Page, Paging, Pause,
    PortError, ProviderHttp, Purpose, Put, PutDelivery, Queue, Secrets, StateStore, TokenRows, TokenVault, VectorIndex,
};
use connector_domain::task::Task;
use connector_domain::transformed::Deletion;
use connector_domain::{
    AccountId, ConnectionId, DeliveryId, ProviderKind, ResourceId, RunId, Secret, SourceId, Timestamp, WorkspaceId,
};

use crate::Plan;

/// A port with faults.
pub(crate) struct Faulty<P: ?Sized> {
    pub(crate) plan: Arc<Plan>,
    pub(crate) port: Arc<P>,
}

impl<P: ?Sized> Faulty<P> {
    pub(crate) fn of(plan: &Arc<Plan>, port: &Arc<P>) -> Arc<Self> {
        Arc::new(Self { plan: Arc::clone(plan), port: Arc::clone(port) })
    }
}

fn injected<T>() -> Result<T, PortError> {
    Err(PortError::temporary("a simulated call", "an injected fault"))
}

/// Wraps each method of a trait whose methods answer `Result<_, PortError>`.
macro_rules! faulty {
    ($trait:ident { $(fn $method:ident($($arg:ident: $ty:ty),*) -> $answer:ty;)* }) => {
        #[async_trait]
        impl<P: $trait + ?Sized> $trait for Faulty<P> {
            $(async fn $method(&self, $($arg: $ty),*) -> Result<$answer, PortError> {
                let name = concat!(stringify!($trait), "::", stringify!($method));
                self.plan.call(name, self.port.$method($($arg),*), injected).await
            })*
        }
    };
}

faulty!(DeliveryStore {
    fn put_if_absent(record: &DeliveryRecord, raw: &[u8]) -> PutDelivery;
    fn record(id: &DeliveryId) -> Option<DeliveryRecord>;
    fn load(id: &DeliveryId) -> Option<(DeliveryRecord, Vec<u8>)>;
    fn reopen(id: &DeliveryId, workspaces: &[WorkspaceId], due_at: Timestamp) -> ();
    fn replay(id: &DeliveryId, workspace: &WorkspaceId, due_at: Timestamp) -> bool;
    fn complete(id: &DeliveryId, workspace: &WorkspaceId, report: &CaptureReport) -> ();
    fn due(now: Timestamp, limit: usize) -> Vec<DeliveryId>;
    fn redrive(id: &DeliveryId, attempts: u32, due_at: Timestamp) -> bool;
    fn bury(id: &DeliveryId, reason: &str) -> ();
});

faulty!(ConnectionStore {
    fn connection(id: &ConnectionId) -> Option<Connection>;
    fn connections_of(provider: ProviderKind, account: &AccountId) -> Vec<Connection>;
    fn put_connection(connection: &Connection) -> Put;
    fn integration(provider: ProviderKind, resource: &ResourceId, workspace: &WorkspaceId) -> Option<Integration>;
    fn integrations_of(provider: ProviderKind, resource: &ResourceId) -> Vec<Integration>;
    fn integrations_in(workspace: &WorkspaceId) -> Vec<Integration>;
    fn active_integrations(after: Option<String>) -> (Vec<Integration>, Option<String>);
    fn put_integration(integration: &Integration) -> ();
    fn settings(workspace: &WorkspaceId) -> WorkspaceSettings;
    fn put_settings(workspace: &WorkspaceId, settings: &WorkspaceSettings) -> ();
});

faulty!(BackfillStore {
    fn put_run(run: &Run) -> Put;
    fn cancel_run(run: &Run, at: Timestamp) -> ();
    fn run(id: &RunId) -> Option<Run>;
    fn due_runs(now: Timestamp, limit: usize) -> Vec<RunId>;
    fn look_again(run: &RunId, due_at: Option<Timestamp>) -> ();
    fn runs_of(workspace: &WorkspaceId, limit: usize) -> Vec<Run>;
    fn unit(key: &UnitKey) -> Option<Unit>;
    fn put_unit(unit: &Unit, expected: Option<Version>) -> Put;
    fn open_unit(unit: &Unit, expected: Option<Version>) -> Put;
    fn put_ended(unit: &Unit) -> ();
    fn ended_units(run: &RunId) -> Vec<Unit>;
    fn budget(key: &BudgetKey) -> Option<Budget>;
    fn put_budget(budget: &Budget, expected: Option<Version>) -> Put;
    fn due_units(now: Timestamp, limit: usize) -> Vec<UnitKey>;
    fn put_page_report(run: &RunId, unit: &UnitKey, page: u32, report: &CaptureReport) -> ();
    fn page_reports(run: &RunId) -> Vec<CaptureReport>;
});

faulty!(HoldStore {
    fn hold(run: &RunId) -> Option<Hold>;
    fn put_hold(hold: &Hold, expected: Option<Version>) -> Put;
    fn keep(run: &RunId, facts: &[Observation]) -> ();
    fn held(run: &RunId, after: Option<&Place>, limit: usize) -> Vec<Observation>;
    fn forget(run: &RunId, places: &[Place]) -> ();
    fn due_holds(now: Timestamp, limit: usize) -> Vec<RunId>;
});

faulty!(Secrets {
    fn webhook_secrets(provider: ProviderKind, fresh: bool) -> Vec<Secret>;
    fn app(provider: ProviderKind, fresh: bool) -> Option<AppCredentials>;
});

faulty!(StateStore {
    fn put(key: &SecretHash, state: &ConnectState) -> ();
    fn bind(key: &SecretHash, provider: ProviderKind, browser: &SecretHash, now: Timestamp) -> Option<ConnectState>;
    fn take(key: &SecretHash, provider: ProviderKind, browser: &SecretHash, now: Timestamp) -> Option<ConnectState>;
    fn put_outcome(poll: &SecretHash, outcome: &ConnectOutcome, expires_at: Timestamp) -> ();
    fn outcome(poll: &SecretHash, now: Timestamp) -> Option<ConnectOutcome>;
});

faulty!(TokenRows {
    fn row(connection: &Connection) -> Option<TokenRow>;
    fn mark(connection: &Connection, row: &TokenRow, expected: Version) -> Put;
    fn delete(connection: &Connection, expected: Version) -> Put;
    fn due(now: Timestamp, limit: usize) -> Vec<ConnectionId>;
});

faulty!(TokenVault {
    fn load(connection: &Connection) -> Option<(TokenRow, TokenSet)>;
    fn store(connection: &Connection, row: &TokenRow, tokens: &TokenSet, expected: Option<Version>) -> Put;
});

#[async_trait]
impl<P: Embedder + ?Sized> Embedder for Faulty<P> {
    fn model(&self) -> &str {
        self.port.model()
    }

    async fn embed(&self, purpose: Purpose, texts: &[String]) -> Result<Vec<Embedding>, PortError> {
        self.plan.call("Embedder::embed", self.port.embed(purpose, texts), injected).await
    }
}

faulty!(ModelStore {
    fn take_call(workspace: &WorkspaceId, at: Timestamp, limit: DailyLimit) -> bool;
    fn count_tokens(workspace: &WorkspaceId, at: Timestamp, tokens: u64) -> ();
    fn usage(workspace: &WorkspaceId, at: Timestamp) -> Usage;
    fn put_reading(workspace: &WorkspaceId, reading: &Reading) -> ();
    fn readings(workspace: &WorkspaceId, source_id: &SourceId) -> Vec<Reading>;
    fn put_summary(workspace: &WorkspaceId, summary: &ClusterSummary) -> ();
    fn summaries(workspace: &WorkspaceId, week: &str) -> Vec<ClusterSummary>;
    fn look(workspace: &WorkspaceId, week: &str) -> Option<Timestamp>;
    fn put_look(workspace: &WorkspaceId, week: &str, until: Timestamp) -> ();
});

#[async_trait]
impl<P: LanguageModel + ?Sized> LanguageModel for Faulty<P> {
    fn model(&self) -> &str {
        self.port.model()
    }

    async fn complete(&self, request: &ModelRequest) -> Result<ModelAnswer, ModelError> {
        let failed = || Err(ModelError::new(ModelErrorKind::TimedOut));
        self.plan.call("LanguageModel::complete", self.port.complete(request), failed).await
    }
}

#[async_trait]
impl<P: VectorIndex + ?Sized> VectorIndex for Faulty<P> {
    fn name(&self) -> &str {
        self.port.name()
    }

    async fn upsert(&self, of: &WorkspaceId, facts: &[Indexed]) -> Result<(), PortError> {
        self.plan.call("VectorIndex::upsert", self.port.upsert(of, facts), injected).await
    }

    async fn nearest(&self, of: &WorkspaceId, query: &VectorQuery) -> Result<Vec<Nearest>, PortError> {
        self.plan.call("VectorIndex::nearest", self.port.nearest(of, query), injected).await
    }

    async fn delete(&self, of: &WorkspaceId, facts: &[(SourceId, Timestamp)]) -> Result<(), PortError> {
        self.plan.call("VectorIndex::delete", self.port.delete(of, facts), injected).await
    }
}

faulty!(DocumentSyncs {
    fn sync(key: &DocumentsKey) -> Option<Sync>;
    fn put_sync(sync: &Sync, expected: Option<Version>) -> Put;
    fn due_syncs(now: Timestamp, limit: usize) -> Vec<DocumentsKey>;
    fn syncs_in(workspace: &WorkspaceId) -> Vec<Sync>;
});

faulty!(DocumentStore {
    fn put_document(key: &DocumentsKey, document: &Document, chunks: &[Chunk]) -> Put;
    fn remove_document(key: &DocumentsKey, path: &str, fence: u64) -> Put;
    fn document(key: &DocumentsKey, path: &str) -> Option<Document>;
    fn documents(key: &DocumentsKey, after: Option<&str>, limit: usize) -> Vec<Document>;
    fn chunks(key: &DocumentsKey, document: &Document) -> Vec<Chunk>;
    fn all_chunks(key: &DocumentsKey, paging: &Paging) -> Page<Chunk>;
});

faulty!(AuditLog {
    fn append(entry: &AuditEntry) -> ();
    fn entries(connection: &ConnectionId, limit: usize) -> Vec<AuditEntry>;
});

#[async_trait]
impl<P: EnrichmentStore + ?Sized> EnrichmentStore for Faulty<P> {
    async fn load_all(&self, of: &WorkspaceId, ids: &[SourceId]) -> Result<Vec<(Observation, Enrichment)>, PortError> {
        self.plan.call("EnrichmentStore::load_all", self.port.load_all(of, ids), injected).await
    }

    async fn facts_of(&self, workspace: &WorkspaceId, subject: &str) -> Result<Vec<SourceId>, PortError> {
        self.plan.call("EnrichmentStore::facts_of", self.port.facts_of(workspace, subject), injected).await
    }

    async fn advance(&self, of: &WorkspaceId, id: &SourceId, advance: &Advance) -> Result<(), PortError> {
        self.plan.call("EnrichmentStore::advance", self.port.advance(of, id, advance), injected).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(WorkspaceId, SourceId)>, PortError> {
        self.plan.call("EnrichmentStore::due", self.port.due(now, limit), injected).await
    }

    async fn redrive(
        &self,
        of: &WorkspaceId,
        id: &SourceId,
        attempts: u32,
        due_at: Option<Timestamp>,
    ) -> Result<bool, PortError> {
        self.plan.call("EnrichmentStore::redrive", self.port.redrive(of, id, attempts, due_at), injected).await
    }

    /// Each link is a call of its own, as it is a write of its own.
    async fn put_links(&self, of: &WorkspaceId, links: &[Link]) -> Result<(), PortError> {
        for link in links {
            let one = self.port.put_links(of, std::slice::from_ref(link));
            self.plan.call("EnrichmentStore::put_links", one, injected).await?;
        }
        Ok(())
    }

    async fn links(
        &self,
        of: &WorkspaceId,
        key: &LinkKey,
        at: Timestamp,
        limit: usize,
    ) -> Result<Vec<Link>, PortError> {
        self.plan.call("EnrichmentStore::links", self.port.links(of, key, at, limit), injected).await
    }

    /// Each act is a call of its own, as it is a write of its own.
    async fn note_activity(&self, of: &WorkspaceId, account: &Account, acts: &[Activity]) -> Result<(), PortError> {
        for act in acts {
            let one = self.port.note_activity(of, account, std::slice::from_ref(act));
            self.plan.call("EnrichmentStore::note_activity", one, injected).await?;
        }
        Ok(())
    }

    async fn identities(&self, of: &WorkspaceId) -> Result<Vec<Identity>, PortError> {
        self.plan.call("EnrichmentStore::identities", self.port.identities(of), injected).await
    }

    async fn put_feature(&self, of: &WorkspaceId, feature: &Feature) -> Result<(), PortError> {
        self.plan.call("EnrichmentStore::put_feature", self.port.put_feature(of, feature), injected).await
    }

    async fn feature(&self, of: &WorkspaceId, id: &SourceId, at: Timestamp) -> Result<Option<Feature>, PortError> {
        self.plan.call("EnrichmentStore::feature", self.port.feature(of, id, at), injected).await
    }

    async fn delete_features(&self, of: &WorkspaceId, facts: &[(SourceId, Timestamp)]) -> Result<(), PortError> {
        self.plan.call("EnrichmentStore::delete_features", self.port.delete_features(of, facts), injected).await
    }

    async fn features(&self, of: &WorkspaceId, week: &str) -> Result<Vec<Feature>, PortError> {
        self.plan.call("EnrichmentStore::features", self.port.features(of, week), injected).await
    }
}

#[async_trait]
impl<P: ObservationStore + ?Sized> ObservationStore for Faulty<P> {
    /// Each observation is a call of its own, as it is a write of its own.
    async fn put_if_absent(&self, observations: &[Observation]) -> Vec<Result<CaptureOutcome, PortError>> {
        let mut answers = Vec::with_capacity(observations.len());
        for observation in observations {
            let one = async {
                let mut answers = self.port.put_if_absent(std::slice::from_ref(observation)).await;
                answers.pop().unwrap_or_else(injected)
            };
            answers.push(self.plan.call("ObservationStore::put_if_absent", one, injected).await);
        }
        answers
    }

    async fn put_deletions(&self, workspace: &WorkspaceId, deletions: &[Deletion]) -> Result<(), PortError> {
        let put = self.port.put_deletions(workspace, deletions);
        self.plan.call("ObservationStore::put_deletions", put, injected).await
    }

    async fn get(&self, workspace: &WorkspaceId, source_id: &SourceId) -> Result<Option<Observation>, PortError> {
        self.plan.call("ObservationStore::get", self.port.get(workspace, source_id), injected).await
    }

    async fn list(&self, workspace: &WorkspaceId, filter: &ObservationFilter) -> Result<ObservationPage, PortError> {
        self.plan.call("ObservationStore::list", self.port.list(workspace, filter), injected).await
    }
}

#[async_trait]
impl<T: Task, P: Queue<T> + ?Sized> Queue<T> for Faulty<P> {
    /// Each message is a call of its own: of a batch some may be sent and others not.
    async fn send(&self, tasks: &[T], delay: Duration) -> Result<(), PortError> {
        let mut answer = Ok(());
        for task in tasks {
            let one = self.plan.call("Queue::send", self.port.send(std::slice::from_ref(task), delay), injected).await;
            answer = answer.and(one);
        }
        answer
    }
}

#[async_trait]
impl<P: ProviderHttp + ?Sized> ProviderHttp for Faulty<P> {
    async fn send(&self, request: &HttpRequest, bearer: Option<&Secret>) -> Result<HttpResponse, HttpError> {
        self.plan.call("ProviderHttp::send", self.port.send(request, bearer), || Err(HttpError::Timeout)).await
    }
}

/// Waits in the history's time, while others go on.
pub(crate) struct Sleep(pub(crate) Arc<Plan>);

#[async_trait]
impl Pause for Sleep {
    async fn pause(&self, time: Duration) {
        self.0.sleep(time).await;
    }
}
