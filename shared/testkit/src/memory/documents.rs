//! Documents and their syncs in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use connector_domain::backfill::Version;
use connector_domain::documents::{Chunk, Document, DocumentsKey, Sync, is_storable_path};
use connector_domain::ports::{DocumentStore, DocumentSyncs, Page, Paging, PortError, Put};
use connector_domain::{Timestamp, WorkspaceId};

use super::{MAX_ROW_BYTES, lists, lock};

/// A document with its pieces.
type Stored = (Document, Vec<Chunk>);

/// Documents in memory.
#[derive(Debug, Default)]
pub struct MemoryDocuments {
    documents: Mutex<BTreeMap<(DocumentsKey, String), Stored>>,
    syncs: Mutex<BTreeMap<DocumentsKey, Sync>>,
}

#[async_trait]
impl DocumentSyncs for MemoryDocuments {
    async fn sync(&self, key: &DocumentsKey) -> Result<Option<Sync>, PortError> {
        Ok(lock(&self.syncs).get(key).cloned())
    }

    async fn put_sync(&self, sync: &Sync, expected: Option<Version>) -> Result<Put, PortError> {
        small_enough(serde_json::to_vec(sync))?;
        let mut syncs = lock(&self.syncs);
        if syncs.get(&sync.key).map(|known| known.version) != expected {
            return Ok(Put::Conflict);
        }
        syncs.insert(sync.key.clone(), sync.clone());
        Ok(Put::Stored)
    }

    async fn due_syncs(&self, now: Timestamp, limit: usize) -> Result<Vec<DocumentsKey>, PortError> {
        let syncs = lock(&self.syncs);
        let mut due: Vec<_> = syncs
            .values()
            .filter_map(|sync| Some((sync.due_at.filter(|due_at| *due_at <= now)?, sync.key.clone())))
            .collect();
        due.sort_unstable();
        Ok(due.into_iter().take(limit).map(|(_, key)| key).collect())
    }

    async fn syncs_in(&self, workspace: &WorkspaceId) -> Result<Vec<Sync>, PortError> {
        Ok(lock(&self.syncs).values().filter(|sync| sync.key.workspace == *workspace).cloned().collect())
    }
}

#[async_trait]
impl DocumentStore for MemoryDocuments {
    async fn put_document(&self, key: &DocumentsKey, document: &Document, chunks: &[Chunk]) -> Result<Put, PortError> {
        if !is_storable_path(&document.path) {
            return Err(PortError::permanent("store a document", "its path has no room in a key"));
        }
        small_enough(serde_json::to_vec(document))?;
        chunks.iter().try_for_each(|chunk| small_enough(serde_json::to_vec(chunk)))?;
        let mut documents = lock(&self.documents);
        let place = (key.clone(), document.path.clone());
        if documents.get(&place).is_some_and(|(known, _)| known.fence > document.fence) {
            return Ok(Put::Conflict);
        }
        documents.insert(place, (document.clone(), chunks.to_vec()));
        Ok(Put::Stored)
    }

    async fn remove_document(&self, key: &DocumentsKey, path: &str, fence: u64) -> Result<Put, PortError> {
        let mut documents = lock(&self.documents);
        let place = (key.clone(), path.to_owned());
        if documents.get(&place).is_some_and(|(known, _)| known.fence > fence) {
            return Ok(Put::Conflict);
        }
        documents.remove(&place);
        Ok(Put::Stored)
    }

    async fn document(&self, key: &DocumentsKey, path: &str) -> Result<Option<Document>, PortError> {
        Ok(lock(&self.documents).get(&(key.clone(), path.to_owned())).map(|(document, _)| document.clone()))
    }

    async fn documents(
        &self,
        key: &DocumentsKey,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Document>, PortError> {
        let documents = lock(&self.documents);
        let ours =
            documents.iter().filter(|((of, path), _)| of == key && after.is_none_or(|after| path.as_str() > after));
        Ok(ours.take(limit).map(|(_, (document, _))| document.clone()).collect())
    }

    async fn chunks(&self, key: &DocumentsKey, document: &Document) -> Result<Vec<Chunk>, PortError> {
        let documents = lock(&self.documents);
        let chunks = documents.get(&(key.clone(), document.path.clone())).map(|(_, chunks)| chunks.as_slice());
        let revision = document.revision();
        Ok(chunks.into_iter().flatten().filter(|chunk| chunk.revision == revision).cloned().collect())
    }

    async fn all_chunks(&self, key: &DocumentsKey, paging: &Paging) -> Result<Page<Chunk>, PortError> {
        let documents = lock(&self.documents);
        let ours = documents.iter().filter(|((of, _), _)| of == key).flat_map(|(_, (_, chunks))| chunks);
        let rows = ours.map(|chunk| (format!("{}#{:06}", chunk.path, chunk.index), chunk.clone())).collect();
        lists::page("list the pieces of documents", rows, false, paging, |_| true)
    }
}

fn small_enough(row: serde_json::Result<Vec<u8>>) -> Result<(), PortError> {
    if row.map_or(usize::MAX, |json| json.len()) > MAX_ROW_BYTES {
        return Err(PortError::permanent("store a row", "it is larger than DynamoDB takes"));
    }
    Ok(())
}
