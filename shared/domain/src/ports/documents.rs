//! Where documents are kept, and how far their syncs are.

use async_trait::async_trait;

use super::{Page, Paging, PortError, Put};
use crate::backfill::Version;
use crate::documents::{Chunk, Document, DocumentsKey, Sync};
use crate::{Timestamp, WorkspaceId};

/// How far the documents of repositories are.
#[async_trait]
pub trait DocumentSyncs: Send + std::marker::Sync {
    /// One sync, as it is now.
    async fn sync(&self, key: &DocumentsKey) -> Result<Option<Sync>, PortError>;

    /// Stores a sync on top of version `expected`; `None` means that there must be none yet.
    async fn put_sync(&self, sync: &Sync, expected: Option<Version>) -> Result<Put, PortError>;

    /// Those whose [`due_at`](Sync::due_at) has come, the oldest first. May lag behind writes.
    async fn due_syncs(&self, now: Timestamp, limit: usize) -> Result<Vec<DocumentsKey>, PortError>;

    /// All of a workspace, in the order of their keys.
    async fn syncs_in(&self, workspace: &WorkspaceId) -> Result<Vec<Sync>, PortError>;
}

/// Documents and their pieces.
#[async_trait]
pub trait DocumentStore: Send + std::marker::Sync {
    /// Stores a document with its pieces in place of what is there under its path. Whoever reads sees the one or the other,
    /// never a mixture. A document that a later claim wrote ([`Document::fence`]) is a conflict and stays. When it fails,
    /// what is there may have no [`blob`](Document::blob) any more: doing it again finishes it.
    async fn put_document(&self, key: &DocumentsKey, document: &Document, chunks: &[Chunk]) -> Result<Put, PortError>;

    /// Removes a document with its pieces. One that a later claim than `fence` wrote is a conflict and stays; that there is
    /// none is no conflict.
    async fn remove_document(&self, key: &DocumentsKey, path: &str, fence: u64) -> Result<Put, PortError>;

    /// One document.
    async fn document(&self, key: &DocumentsKey, path: &str) -> Result<Option<Document>, PortError>;

    /// The documents after a path, in the order of their paths as bytes.
    async fn documents(
        &self,
        key: &DocumentsKey,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Document>, PortError>;

    /// The pieces of a document as it is now, in order.
    async fn chunks(&self, key: &DocumentsKey, document: &Document) -> Result<Vec<Chunk>, PortError>;

    /// A page of the pieces of all documents, in a stable order. May lag behind writes, and pieces of former texts may be
    /// among them: those whose [`revision`](Chunk::revision) is not that of their document.
    async fn all_chunks(&self, key: &DocumentsKey, paging: &Paging) -> Result<Page<Chunk>, PortError>;
}
