//! What a language model said and cost, kept without care.

use std::sync::Arc;

use async_trait::async_trait;
use connector_domain::model::{ClusterSummary, DailyLimit, Reading, Usage};
use connector_domain::ports::{ModelStore, PortError};
use connector_domain::{SourceId, Timestamp, WorkspaceId};

use super::Plant;

pub(crate) struct CarelessModels {
    pub(crate) store: Arc<dyn ModelStore>,
    pub(crate) plant: Plant,
}

#[async_trait]
impl ModelStore for CarelessModels {
    async fn take_call(&self, of: &WorkspaceId, at: Timestamp, limit: DailyLimit) -> Result<bool, PortError> {
        let limit = if self.plant == Plant::BudgetIgnored { DailyLimit { calls: u64::MAX, ..limit } } else { limit };
        self.store.take_call(of, at, limit).await
    }

    async fn put_reading(&self, of: &WorkspaceId, reading: &Reading) -> Result<(), PortError> {
        if self.plant == Plant::AnswerDropped { Ok(()) } else { self.store.put_reading(of, reading).await }
    }

    async fn count_tokens(&self, of: &WorkspaceId, at: Timestamp, tokens: u64) -> Result<(), PortError> {
        self.store.count_tokens(of, at, tokens).await
    }

    async fn usage(&self, of: &WorkspaceId, at: Timestamp) -> Result<Usage, PortError> {
        self.store.usage(of, at).await
    }

    async fn readings(&self, of: &WorkspaceId, source_id: &SourceId) -> Result<Vec<Reading>, PortError> {
        self.store.readings(of, source_id).await
    }

    async fn put_summary(&self, of: &WorkspaceId, summary: &ClusterSummary) -> Result<(), PortError> {
        self.store.put_summary(of, summary).await
    }

    async fn summaries(&self, of: &WorkspaceId, week: &str) -> Result<Vec<ClusterSummary>, PortError> {
        self.store.summaries(of, week).await
    }

    async fn look(&self, of: &WorkspaceId, week: &str) -> Result<Option<Timestamp>, PortError> {
        self.store.look(of, week).await
    }

    async fn put_look(&self, of: &WorkspaceId, week: &str, until: Timestamp) -> Result<(), PortError> {
        self.store.put_look(of, week, until).await
    }
}
