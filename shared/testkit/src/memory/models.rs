//! What language models said and cost, in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use connector_domain::model::{ClusterSummary, DailyLimit, Reading, Usage, day};
use connector_domain::ports::{ModelStore, PortError};
use connector_domain::{SourceId, Timestamp, WorkspaceId};

use super::lock;

type Week = (WorkspaceId, String);

/// A [`ModelStore`].
#[derive(Debug, Default)]
pub struct MemoryModels {
    usage: Mutex<BTreeMap<(WorkspaceId, String), Usage>>,
    readings: Mutex<BTreeMap<(WorkspaceId, SourceId, &'static str), Reading>>,
    summaries: Mutex<BTreeMap<(Week, String), ClusterSummary>>,
    looks: Mutex<BTreeMap<Week, Timestamp>>,
}

impl MemoryModels {
    /// What each workspace has spent, by day.
    #[must_use]
    pub fn spent(&self) -> BTreeMap<(WorkspaceId, String), Usage> {
        lock(&self.usage).clone()
    }
}

#[async_trait]
impl ModelStore for MemoryModels {
    async fn take_call(&self, workspace: &WorkspaceId, at: Timestamp, limit: DailyLimit) -> Result<bool, PortError> {
        let mut all = lock(&self.usage);
        let usage = all.entry((workspace.clone(), day(at))).or_default();
        let allowed = usage.allows(limit);
        usage.calls += u64::from(allowed);
        Ok(allowed)
    }

    async fn count_tokens(&self, workspace: &WorkspaceId, at: Timestamp, tokens: u64) -> Result<(), PortError> {
        lock(&self.usage).entry((workspace.clone(), day(at))).or_default().tokens += tokens;
        Ok(())
    }

    async fn usage(&self, workspace: &WorkspaceId, at: Timestamp) -> Result<Usage, PortError> {
        Ok(lock(&self.usage).get(&(workspace.clone(), day(at))).copied().unwrap_or_default())
    }

    async fn put_reading(&self, workspace: &WorkspaceId, reading: &Reading) -> Result<(), PortError> {
        let key = (workspace.clone(), reading.source_id.clone(), reading.said.question());
        lock(&self.readings).insert(key, reading.clone());
        Ok(())
    }

    async fn readings(&self, workspace: &WorkspaceId, source_id: &SourceId) -> Result<Vec<Reading>, PortError> {
        let all = lock(&self.readings);
        let of_fact = all.iter().filter(|((ws, id, _), _)| (ws, id) == (workspace, source_id));
        Ok(of_fact.map(|(_, reading)| reading.clone()).collect())
    }

    async fn put_summary(&self, workspace: &WorkspaceId, summary: &ClusterSummary) -> Result<(), PortError> {
        let key = ((workspace.clone(), summary.week.clone()), summary.cluster.clone());
        lock(&self.summaries).insert(key, summary.clone());
        Ok(())
    }

    async fn summaries(&self, workspace: &WorkspaceId, week: &str) -> Result<Vec<ClusterSummary>, PortError> {
        let all = lock(&self.summaries);
        let of_week = all.iter().filter(|(((ws, of), _), _)| ws == workspace && of == week);
        Ok(of_week.map(|(_, summary)| summary.clone()).collect())
    }

    async fn look(&self, workspace: &WorkspaceId, week: &str) -> Result<Option<Timestamp>, PortError> {
        Ok(lock(&self.looks).get(&(workspace.clone(), week.to_owned())).copied())
    }

    async fn put_look(&self, workspace: &WorkspaceId, week: &str, until: Timestamp) -> Result<(), PortError> {
        lock(&self.looks).insert((workspace.clone(), week.to_owned()), until);
        Ok(())
    }
}
