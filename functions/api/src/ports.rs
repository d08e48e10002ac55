//! What the management API needs of the outside.

use std::sync::Arc;

use async_trait::async_trait;
use connector_domain::UserId;
use connector_domain::connection::Connection;
use connector_domain::ports::{
    AuditLog, ChangeLog, ConnectionLists, ConnectionStore, DeliveryLog, DeliveryStore, DocumentStore, Embedder,
    EnrichmentStore, MachineKeys, ModelStore, ObservationStore, OnceStore, PortError, Queue, RunLists, VectorIndex,
};
use connector_domain::task::CaptureTask;
use connector_flows::documents::DocumentPorts;
use connector_flows::{ProbePorts, StartPorts};

/// What every route may need. The rest is with the function that has the right to it.
#[derive(Clone)]
pub struct ApiPorts {
    /// Connections, links and settings.
    pub connections: Arc<dyn ConnectionStore>,
    /// The same, by workspace.
    pub connection_lists: Arc<dyn ConnectionLists>,
    /// Runs and units, by workspace.
    pub run_lists: Arc<dyn RunLists>,
    /// Starts runs; it also has the clock and chance.
    pub start: StartPorts,
    /// Requests that must have their effect once.
    pub once: Arc<dyn OnceStore>,
    /// What was changed.
    pub changes: Arc<dyn ChangeLog>,
    /// What happened to connections.
    pub audit: Arc<dyn AuditLog>,
    /// How far documents are, and who looks at repositories.
    pub documents: DocumentPorts,
    /// What was captured, and how programs get in.
    pub records: Option<RecordPorts>,
    /// What must ask the provider.
    pub live: Option<LivePorts>,
}

/// What was captured, and how programs get in.
#[derive(Clone)]
pub struct RecordPorts {
    /// Raw deliveries.
    pub deliveries: Arc<dyn DeliveryStore>,
    /// The same, by workspace.
    pub delivery_log: Arc<dyn DeliveryLog>,
    /// Observations.
    pub observations: Arc<dyn ObservationStore>,
    /// What is kept beside them.
    pub enrichment: Arc<dyn EnrichmentStore>,
    /// What language models said.
    pub models: Arc<dyn ModelStore>,
    /// Documents of repositories.
    pub documents: Arc<dyn DocumentStore>,
    /// What makes vectors of what is searched for.
    pub embedder: Arc<dyn Embedder>,
    /// An index outside that vectors are looked for in.
    pub index: Option<Arc<dyn VectorIndex>>,
    /// Who captures what is replayed.
    pub captures: Arc<dyn Queue<CaptureTask>>,
    /// Machine keys.
    pub keys: Arc<dyn MachineKeys>,
}

/// What must ask the provider, and so may open tokens.
#[derive(Clone)]
pub struct LivePorts {
    /// What a connection gives access to, and how it is.
    pub probe: ProbePorts,
    /// How a connection ends.
    pub teardown: Arc<dyn Teardown>,
}

/// How a connection ends: nothing is accepted for it any more, its work stops, its links and tokens are gone.
#[async_trait]
pub trait Teardown: Send + Sync {
    /// Ends it. Safe to repeat.
    async fn disconnect(&self, connection: &Connection, by: UserId) -> Result<(), PortError>;
}
