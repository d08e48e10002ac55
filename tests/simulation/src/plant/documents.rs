//! Documents that are written without care.

use std::sync::Arc;

use async_trait::async_trait;
use connector_domain::backfill::Version;
use connector_domain::documents::{Chunk, Document, DocumentsKey, Sync};
use connector_domain::ports::{DocumentStore, DocumentSyncs, Page, Paging, PortError, Put};
use connector_domain::{Timestamp, WorkspaceId};

/// How far a look is is written whatever it was.
pub(crate) struct LookUnfenced(pub(crate) Arc<dyn DocumentSyncs>);

#[async_trait]
impl DocumentSyncs for LookUnfenced {
    async fn sync(&self, key: &DocumentsKey) -> Result<Option<Sync>, PortError> {
        self.0.sync(key).await
    }

    async fn put_sync(&self, sync: &Sync, _: Option<Version>) -> Result<Put, PortError> {
        let there = self.0.sync(&sync.key).await?.map(|known| known.version);
        self.0.put_sync(sync, there).await
    }

    async fn due_syncs(&self, now: Timestamp, limit: usize) -> Result<Vec<DocumentsKey>, PortError> {
        self.0.due_syncs(now, limit).await
    }

    async fn syncs_in(&self, workspace: &WorkspaceId) -> Result<Vec<Sync>, PortError> {
        self.0.syncs_in(workspace).await
    }
}

/// A document is written over one of a later claim.
pub(crate) struct DocumentUnfenced(pub(crate) Arc<dyn DocumentStore>);

#[async_trait]
impl DocumentStore for DocumentUnfenced {
    async fn put_document(&self, key: &DocumentsKey, document: &Document, chunks: &[Chunk]) -> Result<Put, PortError> {
        self.0.put_document(key, &Document { fence: u64::MAX, ..document.clone() }, chunks).await
    }

    async fn remove_document(&self, key: &DocumentsKey, path: &str, _: u64) -> Result<Put, PortError> {
        self.0.remove_document(key, path, u64::MAX).await
    }

    async fn document(&self, key: &DocumentsKey, path: &str) -> Result<Option<Document>, PortError> {
        self.0.document(key, path).await
    }

    async fn documents(
        &self,
        key: &DocumentsKey,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Document>, PortError> {
        self.0.documents(key, after, limit).await
    }

    async fn chunks(&self, key: &DocumentsKey, document: &Document) -> Result<Vec<Chunk>, PortError> {
        self.0.chunks(key, document).await
    }

    async fn all_chunks(&self, key: &DocumentsKey, paging: &Paging) -> Result<Page<Chunk>, PortError> {
        self.0.all_chunks(key, paging).await
    }
}
