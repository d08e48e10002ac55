//! The one way from a handler to rows: every call carries the workspace that the caller may enter.

use connector_domain::access::{MachineKey, Scope};
use connector_domain::audit::AuditEntry;
use connector_domain::backfill::{Run, RunProgress, Unit, UnitKey};
use connector_domain::change::{Change, ChangeAction};
use connector_domain::connection::{Connection, Integration, WorkspaceSettings};
use connector_domain::delivery::DeliveryRecord;
use connector_domain::documents::{Chunk, Document, DocumentsKey, Sync};
use connector_domain::enrich::{Cluster, Enrichment, Profile};
use connector_domain::model::{ClusterSummary, Reading};
use connector_domain::observation::Observation;
use connector_domain::ports::{
    DeliveryFilter, IntegrationFilter, LocalEmbedder, ObservationFilter, ObservationPage, Page, Paging, Put,
};
use connector_domain::{
    ConnectionId, DeliveryId, ProviderKind, ResourceId, RunId, SourceId, Timestamp, WorkspaceId, time,
};
use connector_flows::documents::{self, FoundChunks};
use connector_flows::estimate::{Estimate, estimate};
use connector_flows::fetch::{FetchPorts, PAGE_SIZE, RESERVE_PERCENT};
use connector_flows::memory::{self, Reach, Search, SearchResult, Story};
use connector_flows::{StartError, StartRequest, Started, runs, start_run};
use std::sync::Arc;
use std::time::Duration;

use crate::ports::{ApiPorts, LivePorts, RecordPorts};
use crate::principal::{Principal, Tenant};
use crate::problem::{Code, Problem};

/// How long a replayed delivery may wait for its capture before recovery sends it again.
const DUE_AFTER: Duration = Duration::from_secs(300);

/// The ports, out of reach of handlers.
pub(crate) struct Stores(ApiPorts);

impl Stores {
    pub(crate) const fn new(ports: ApiPorts) -> Self {
        Self(ports)
    }

    /// Lets a caller into one of its workspaces.
    pub(crate) fn enter<'a>(&'a self, principal: &'a Principal, workspace: &str) -> Option<Access<'a>> {
        Some(Access { tenant: principal.tenant(workspace)?, principal, ports: &self.0 })
    }
}

/// A workspace, entered.
pub(crate) struct Access<'a> {
    tenant: Tenant,
    principal: &'a Principal,
    ports: &'a ApiPorts,
}

type Answer<T> = Result<T, Problem>;

impl<'a> Access<'a> {
    pub(crate) const fn workspace(&self) -> &WorkspaceId {
        self.tenant.id()
    }

    pub(crate) const fn principal(&self) -> &Principal {
        self.principal
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.ports.start.clock.now()
    }

    pub(crate) fn new_id(&self) -> String {
        self.ports.start.random.id()
    }

    pub(crate) fn random(&self) -> [u8; 16] {
        self.ports.start.random.bytes()
    }

    pub(crate) fn once(&self) -> &dyn connector_domain::ports::OnceStore {
        &*self.ports.once
    }

    /// What must ask the provider. A route that needs it is served where it is.
    pub(crate) fn live(&self) -> Answer<&'a LivePorts> {
        self.ports.live.as_ref().ok_or(Problem::new(Code::Internal))
    }

    fn records(&self) -> Answer<&'a RecordPorts> {
        self.ports.records.as_ref().ok_or(Problem::new(Code::Internal))
    }

    /// Notes a change, before it is made: one that is noted and had no effect is better than the other way round.
    pub(crate) async fn note(&self, action: ChangeAction, target: impl Into<String>) -> Answer<()> {
        let change = Change {
            id: self.new_id(),
            at: self.now(),
            workspace: self.workspace().clone(),
            by: self.principal.subject().to_string(),
            action,
            target: target.into(),
        };
        Ok(self.ports.changes.append(&change).await?)
    }

    pub(crate) async fn changes(&self, paging: &Paging) -> Answer<Page<Change>> {
        Ok(self.ports.changes.changes_in(self.workspace(), paging).await?)
    }

    // ---- connections and links

    pub(crate) async fn connections(&self, paging: &Paging) -> Answer<Page<Connection>> {
        Ok(self.ports.connection_lists.connections_in(self.workspace(), paging).await?)
    }

    pub(crate) async fn connection(&self, id: &str) -> Answer<Connection> {
        let id = ConnectionId::parse(id).map_err(|_| Problem::new(Code::NotFound))?;
        let found = self.ports.connection_lists.connection_in(self.workspace(), &id).await?;
        found.ok_or(Problem::new(Code::NotFound))
    }

    /// What happened to a connection of this workspace, the newest first.
    pub(crate) async fn events(&self, connection: &Connection, limit: usize) -> Answer<Vec<AuditEntry>> {
        debug_assert!(connection.workspace == *self.workspace(), "a connection of this workspace");
        Ok(self.ports.audit.entries(&connection.id, limit).await?)
    }

    pub(crate) async fn links(&self, filter: &IntegrationFilter, paging: &Paging) -> Answer<Page<Integration>> {
        Ok(self.ports.connection_lists.integrations_page(self.workspace(), filter, paging).await?)
    }

    pub(crate) async fn link(&self, provider: ProviderKind, resource: &ResourceId) -> Answer<Option<Integration>> {
        Ok(self.ports.connections.integration(provider, resource, self.workspace()).await?)
    }

    /// Stores a link of this workspace.
    pub(crate) async fn save(&self, link: Integration) -> Answer<Integration> {
        let link = Integration { workspace: self.workspace().clone(), ..link };
        self.ports.connections.put_integration(&link).await?;
        Ok(link)
    }

    pub(crate) async fn settings(&self) -> Answer<WorkspaceSettings> {
        Ok(self.ports.connections.settings(self.workspace()).await?)
    }

    pub(crate) async fn save_settings(&self, settings: &WorkspaceSettings) -> Answer<()> {
        Ok(self.ports.connections.put_settings(self.workspace(), settings).await?)
    }

    // ---- runs

    pub(crate) async fn runs(&self, of: Option<(ProviderKind, &ResourceId)>, paging: &Paging) -> Answer<Page<Run>> {
        Ok(self.ports.run_lists.runs_in(self.workspace(), of, paging).await?)
    }

    pub(crate) async fn run(&self, id: &str) -> Answer<Run> {
        let id = RunId::parse(id).map_err(|_| Problem::new(Code::NotFound))?;
        let run = self.ports.start.backfills.run(&id).await?.filter(|run| run.workspace == *self.workspace());
        run.ok_or(Problem::new(Code::NotFound))
    }

    /// The units that there are of these, which are made from runs and links of this workspace.
    pub(crate) async fn units(&self, keys: &[UnitKey]) -> Answer<Vec<Unit>> {
        debug_assert!(keys.iter().all(|key| key.workspace == *self.workspace()), "keys of this workspace");
        Ok(self.ports.run_lists.units(keys).await?)
    }

    pub(crate) async fn progress(&self, run: &Run) -> Answer<(RunProgress, Vec<Unit>)> {
        Ok(runs::progress(&*self.ports.start.backfills, &*self.ports.start.holds, run).await?)
    }

    pub(crate) async fn start(&self, request: &StartRequest) -> Answer<Started> {
        start_run(&self.ports.start, request).await.map_err(refused)
    }

    pub(crate) async fn estimate(&self, request: &StartRequest) -> Answer<Estimate> {
        let live = &self.live()?.probe.resources;
        let ports = FetchPorts {
            backfills: Arc::clone(&self.ports.start.backfills),
            connections: Arc::clone(&self.ports.connections),
            tokens: Arc::clone(&live.tokens),
            http: Arc::clone(&live.http),
            clock: Arc::clone(&live.clock),
        };
        estimate(&ports, request, PAGE_SIZE, RESERVE_PERCENT).await.map_err(refused)
    }

    pub(crate) async fn cancel(&self, run: &Run) -> Answer<usize> {
        Ok(runs::cancel(&*self.ports.start.backfills, &*self.ports.start.clock, run).await?)
    }

    pub(crate) async fn pause(&self, run: &Run) -> Answer<usize> {
        Ok(runs::pause(&*self.ports.start.backfills, &*self.ports.start.clock, run).await?)
    }

    pub(crate) async fn resume(&self, run: &Run) -> Answer<usize> {
        Ok(runs::resume(&self.ports.start, run).await?)
    }

    pub(crate) async fn retry(&self, run: &Run) -> Answer<usize> {
        Ok(runs::retry(&self.ports.start, run).await?)
    }

    /// Of units as they are now those of a run, and what was kept of those that later runs have taken over.
    pub(crate) async fn own_units(&self, run: &Run, now: Vec<Unit>) -> Answer<Vec<Unit>> {
        Ok(runs::own_units(&*self.ports.start.backfills, run, now).await?)
    }

    pub(crate) async fn cancel_unit(&self, unit: Unit) -> Answer<bool> {
        let run = unit.run.clone();
        Ok(runs::cancel_unit(&*self.ports.start.backfills, &*self.ports.start.clock, unit, &run).await?)
    }

    // ---- documents

    pub(crate) fn documents_of(&self, provider: ProviderKind, resource: ResourceId) -> DocumentsKey {
        DocumentsKey { workspace: self.workspace().clone(), provider, resource }
    }

    /// Has the repository of a link of this workspace looked at.
    pub(crate) async fn ask_for_documents(&self, link: &Integration, correlation: &str) -> Answer<Option<Sync>> {
        debug_assert!(link.workspace == *self.workspace(), "a link of this workspace");
        Ok(documents::ask(&self.ports.documents, link, None, correlation).await?)
    }

    pub(crate) async fn document_sync(&self, key: &DocumentsKey) -> Answer<Option<Sync>> {
        debug_assert!(key.workspace == *self.workspace(), "a key of this workspace");
        Ok(self.ports.documents.syncs.sync(key).await?)
    }

    pub(crate) async fn document_syncs(&self) -> Answer<Vec<Sync>> {
        Ok(self.ports.documents.syncs.syncs_in(self.workspace()).await?)
    }

    pub(crate) async fn documents(
        &self,
        key: &DocumentsKey,
        after: Option<&str>,
        limit: usize,
    ) -> Answer<Vec<Document>> {
        debug_assert!(key.workspace == *self.workspace(), "a key of this workspace");
        Ok(self.records()?.documents.documents(key, after, limit).await?)
    }

    /// A document with its pieces.
    pub(crate) async fn document(&self, key: &DocumentsKey, path: &str) -> Answer<(Document, Vec<Chunk>)> {
        debug_assert!(key.workspace == *self.workspace(), "a key of this workspace");
        let store = &self.records()?.documents;
        let document = store.document(key, path).await?.ok_or(Problem::new(Code::NotFound))?;
        let chunks = store.chunks(key, &document).await?;
        Ok((document, chunks))
    }

    pub(crate) async fn search_documents(&self, text: &str, limit: usize) -> Answer<FoundChunks> {
        let (records, syncs) = (self.records()?, &*self.ports.documents.syncs);
        // Documents have the vectors that need no service.
        Ok(documents::search(syncs, &*records.documents, &LocalEmbedder, self.workspace(), text, limit).await?)
    }

    // ---- observations and deliveries

    pub(crate) async fn observations(&self, filter: &ObservationFilter) -> Answer<ObservationPage> {
        Ok(self.records()?.observations.list(self.workspace(), filter).await?)
    }

    pub(crate) async fn observation(&self, id: &SourceId) -> Answer<Observation> {
        self.records()?.observations.get(self.workspace(), id).await?.ok_or(Problem::new(Code::NotFound))
    }

    /// The same, with how far its enrichment is.
    pub(crate) async fn loaded(&self, id: &SourceId) -> Answer<(Observation, Enrichment)> {
        self.records()?.enrichment.load(self.workspace(), id).await?.ok_or(Problem::new(Code::NotFound))
    }

    /// How far a story of a fact is followed.
    pub(crate) async fn story(&self, of: &Observation, reach: Reach) -> Answer<Story> {
        Ok(memory::story(&*self.records()?.enrichment, self.workspace(), of, reach).await?)
    }

    pub(crate) async fn people(&self) -> Answer<Vec<Profile>> {
        Ok(memory::people(&*self.records()?.enrichment, self.workspace()).await?)
    }

    /// The clusters of a week, with what a language model said of each, if one did.
    pub(crate) async fn clusters(&self, week: &str) -> Answer<Vec<(Cluster, Option<ClusterSummary>)>> {
        let records = self.records()?;
        Ok(memory::summarised_clusters(&*records.enrichment, &*records.models, self.workspace(), week).await?)
    }

    /// What language models said of a fact.
    pub(crate) async fn readings(&self, id: &SourceId) -> Answer<Vec<Reading>> {
        Ok(self.records()?.models.readings(self.workspace(), id).await?)
    }

    pub(crate) async fn search(&self, search: &Search) -> Answer<SearchResult> {
        let records = self.records()?;
        Ok(memory::search(&*records.enrichment, &*records.embedder, records.index.as_deref(), self.workspace(), search)
            .await?)
    }

    pub(crate) async fn deliveries(&self, filter: &DeliveryFilter, paging: &Paging) -> Answer<Page<DeliveryRecord>> {
        Ok(self.records()?.delivery_log.deliveries_in(self.workspace(), filter, paging).await?)
    }

    pub(crate) async fn delivery(&self, id: &DeliveryId) -> Answer<DeliveryRecord> {
        let record = self.records()?.deliveries.record(id).await?;
        let ours = |record: &DeliveryRecord| record.workspaces().any(|workspace| workspace == self.workspace());
        record.filter(ours).ok_or(Problem::new(Code::NotFound))
    }

    /// Has a delivery captured anew.
    pub(crate) async fn replay(&self, record: &DeliveryRecord) -> Answer<()> {
        let records = self.records()?;
        let due_at = time::later(self.now(), DUE_AFTER);
        if !records.deliveries.replay(&record.id, self.workspace(), due_at).await? {
            return Err(Problem::new(Code::NotFound));
        }
        // Were the message lost, the row is due and recovery sends it.
        Ok(records.captures.send(&[record.capture_task(self.workspace())], Duration::ZERO).await?)
    }

    // ---- machine keys

    pub(crate) async fn keys(&self) -> Answer<Vec<MachineKey>> {
        Ok(self.records()?.keys.of_workspace(self.workspace()).await?)
    }

    /// Stores a key for this workspace that allows no more than its maker may do.
    pub(crate) async fn add_key(&self, key: MachineKey) -> Answer<MachineKey> {
        if let Some(scope) = key.scopes.iter().find(|scope| !self.principal.may(**scope)) {
            return Err(lacking(*scope));
        }
        let key = MachineKey { workspace: self.workspace().clone(), ..key };
        match self.records()?.keys.add(&key).await? {
            Put::Stored => Ok(key),
            Put::Conflict => Err(Problem::new(Code::Unavailable)),
        }
    }

    pub(crate) async fn revoke_key(&self, id: &str) -> Answer<MachineKey> {
        let revoked = self.records()?.keys.revoke(self.workspace(), id, self.now()).await?;
        revoked.ok_or(Problem::new(Code::NotFound))
    }
}

fn refused(error: StartError) -> Problem {
    match error {
        StartError::Port(error) => error.into(),
        StartError::NotLinked => Problem::new(Code::NotLinked),
        error @ (StartError::Unsupported(_) | StartError::UnknownProvider) => {
            Problem::with(Code::InvalidValue, error.to_string())
        }
    }
}

/// The caller lacks a scope.
pub(crate) fn lacking(scope: Scope) -> Problem {
    Problem::with(Code::InsufficientScope, format!("this needs {scope}"))
}
