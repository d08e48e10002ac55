//! Looks at repositories that are not taken care of.

use std::sync::Arc;

use async_trait::async_trait;
use connector_domain::backfill::Version;
use connector_domain::documents::{DocumentsKey, Sync};
use connector_domain::ports::{DocumentSyncs, PortError, Put};
use connector_domain::{Timestamp, WorkspaceId};

/// Who asks for a look while one is under way is not heard.
pub(crate) struct LookUnheard(pub(crate) Arc<dyn DocumentSyncs>);

#[async_trait]
impl DocumentSyncs for LookUnheard {
    async fn sync(&self, key: &DocumentsKey) -> Result<Option<Sync>, PortError> {
        self.0.sync(key).await
    }

    async fn put_sync(&self, sync: &Sync, expected: Option<Version>) -> Result<Put, PortError> {
        let known = self.0.sync(&sync.key).await?;
        if known.is_some_and(|known| !known.state.is_at_rest() && known.asked < sync.asked) {
            return Ok(Put::Stored);
        }
        self.0.put_sync(sync, expected).await
    }

    async fn due_syncs(&self, now: Timestamp, limit: usize) -> Result<Vec<DocumentsKey>, PortError> {
        self.0.due_syncs(now, limit).await
    }

    async fn syncs_in(&self, workspace: &WorkspaceId) -> Result<Vec<Sync>, PortError> {
        self.0.syncs_in(workspace).await
    }
}
