//! A language model, what it said and what it may cost.

use async_trait::async_trait;

use super::PortError;
use crate::model::{ClusterSummary, DailyLimit, ModelAnswer, ModelError, ModelRequest, Reading, Usage};
use crate::{SourceId, Timestamp, WorkspaceId};

/// Answers questions about content in a form that is given.
#[async_trait]
pub trait LanguageModel: Send + Sync {
    /// What it is called by.
    fn model(&self) -> &str;

    /// Answers once. What it answers is data to be checked, whatever the form promises.
    async fn complete(&self, request: &ModelRequest) -> Result<ModelAnswer, ModelError>;
}

/// What language models said, beside what the rules say, and how much of the day's budget is spent.
#[async_trait]
pub trait ModelStore: Send + Sync {
    /// Takes one call of a workspace's budget for the day of `at`, and answers whether there was one.
    async fn take_call(&self, workspace: &WorkspaceId, at: Timestamp, limit: DailyLimit) -> Result<bool, PortError>;

    /// Counts tokens that a call took.
    async fn count_tokens(&self, workspace: &WorkspaceId, at: Timestamp, tokens: u64) -> Result<(), PortError>;

    /// What is spent of the day.
    async fn usage(&self, workspace: &WorkspaceId, at: Timestamp) -> Result<Usage, PortError>;

    /// Keeps what a model said of a fact, instead of what one said before to the same question.
    async fn put_reading(&self, workspace: &WorkspaceId, reading: &Reading) -> Result<(), PortError>;

    /// All that models said of a fact.
    async fn readings(&self, workspace: &WorkspaceId, source_id: &SourceId) -> Result<Vec<Reading>, PortError>;

    /// Keeps the summary of a cluster, for the content that it is of.
    async fn put_summary(&self, workspace: &WorkspaceId, summary: &ClusterSummary) -> Result<(), PortError>;

    /// The summaries of a week's clusters, each the latest.
    async fn summaries(&self, workspace: &WorkspaceId, week: &str) -> Result<Vec<ClusterSummary>, PortError>;

    /// Until when facts of a week are seen by a look at its clusters that is asked for.
    async fn look(&self, workspace: &WorkspaceId, week: &str) -> Result<Option<Timestamp>, PortError>;

    /// Notes that such a look is asked for.
    async fn put_look(&self, workspace: &WorkspaceId, week: &str, until: Timestamp) -> Result<(), PortError>;
}
