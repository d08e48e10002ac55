//! What the function needs, and how it works.

use std::sync::Arc;

use connector_domain::documents::{ChunkSettings, SyncLimits};
use connector_domain::ports::{
    BackfillStore, Clock, ConnectionStore, DocumentStore, DocumentSyncs, Embedder, ProviderHttp, Queue, Random, Tokens,
};
use connector_domain::task::DocumentsTask;

/// What the function needs of the outside.
#[derive(Clone)]
pub struct WorkerPorts {
    /// How far documents are.
    pub syncs: Arc<dyn DocumentSyncs>,
    /// Documents.
    pub documents: Arc<dyn DocumentStore>,
    /// Where the next step is asked for.
    pub tasks: Arc<dyn Queue<DocumentsTask>>,
    /// What makes vectors of texts.
    pub embedder: Arc<dyn Embedder>,
    /// Whether the connection and the link still stand.
    pub connections: Arc<dyn ConnectionStore>,
    /// Budgets.
    pub backfills: Arc<dyn BackfillStore>,
    /// What opens the provider.
    pub tokens: Arc<dyn Tokens>,
    /// The provider.
    pub http: Arc<dyn ProviderHttp>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Spreads retries.
    pub random: Arc<dyn Random>,
}

/// How documents are fetched.
#[derive(Debug, Clone)]
pub struct DocumentsSettings {
    /// Most documents written or removed by a step.
    pub batch: usize,
    /// Bytes of files after which a step takes no more of them.
    pub batch_bytes: u64,
    /// Largest file that is read.
    pub max_bytes: u64,
    /// Most folders that a step asks for, where a tree is read folder by folder.
    pub max_folders: usize,
    /// Share of a provider's call budget left to people and tokens, in percent. History leaves more.
    pub reserve_percent: u64,
    /// How texts are cut.
    pub chunks: ChunkSettings,
    /// Bounds of a sync.
    pub limits: SyncLimits,
}

impl Default for DocumentsSettings {
    fn default() -> Self {
        Self {
            batch: 50,
            batch_bytes: 4 * 1024 * 1024,
            max_bytes: 2 * 1024 * 1024,
            max_folders: 100,
            reserve_percent: 10,
            chunks: ChunkSettings::default(),
            limits: SyncLimits::default(),
        }
    }
}
