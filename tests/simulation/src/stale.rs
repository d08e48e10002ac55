//! Indexes that lag behind their table: what was written a moment ago may be missing, and what has left may still be there.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use connector_domain::backfill::{Run, Unit, UnitKey, Version};
use connector_domain::capture::CaptureReport;
use connector_domain::connection::{Connection, Integration, WorkspaceSettings};
use connector_domain::delivery::DeliveryRecord;
use connector_domain::enrich::{Account, Activity, Advance, Enrichment, Feature, Identity, Link, LinkKey};
use connector_domain::observation::Observation;
use connector_domain::ports::{
    BackfillStore, ConnectionStore, DeliveryStore, EnrichmentStore, PortError, Put, PutDelivery,
};
use connector_domain::{
    AccountId, ConnectionId, DeliveryId, ProviderKind, ResourceId, RunId, SourceId, Timestamp, WorkspaceId,
};
use connector_testkit::memory::MemoryObservations;

use crate::Chance;
use crate::forward;
use crate::monitor::Monitor;

/// How many of the last writes an index may not have seen.
const BEHIND: usize = 4;

/// How far indexes lag in a history.
pub(crate) struct Lag {
    chance: Chance,
    percent: Mutex<u64>,
    monitor: Arc<Monitor>,
}

impl Lag {
    pub(crate) fn new(seed: u64, percent: u64, monitor: Arc<Monitor>) -> Arc<Self> {
        Arc::new(Self { chance: Chance::apart(seed, 0x1a6), percent: Mutex::new(percent), monitor })
    }

    /// From here on every index has seen everything.
    pub(crate) fn catch_up(&self) {
        *self.percent.lock().unwrap_or_else(PoisonError::into_inner) = 0;
    }

    fn behind(&self) -> bool {
        let percent = *self.percent.lock().unwrap_or_else(PoisonError::into_inner);
        let behind = self.chance.percent(percent);
        if behind {
            self.monitor.count(|tally| tally.stale_reads += 1);
        }
        behind
    }
}

/// A store whose indexes lag.
pub(crate) struct Stale<S: ?Sized, K> {
    store: Arc<S>,
    lag: Arc<Lag>,
    recent: Mutex<VecDeque<K>>,
}

impl<S: ?Sized, K: Clone + PartialEq> Stale<S, K> {
    pub(crate) fn new(store: Arc<S>, lag: &Arc<Lag>) -> Arc<Self> {
        Arc::new(Self { store, lag: Arc::clone(lag), recent: Mutex::default() })
    }

    fn recent(&self) -> MutexGuard<'_, VecDeque<K>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wrote(&self, key: &K) {
        let mut recent = self.recent();
        recent.retain(|known| known != key);
        recent.push_back(key.clone());
        if recent.len() > BEHIND {
            recent.pop_front();
        }
    }

    /// What the index says, where the table would say `now`.
    fn read<T>(&self, mut now: Vec<T>, key: impl Fn(&T) -> &K, left: impl Fn(&K) -> T) -> Vec<T> {
        if !self.lag.behind() {
            return now;
        }
        for changed in self.recent().iter() {
            if !self.lag.chance.percent(50) {
                continue;
            }
            match now.iter().position(|row| key(row) == changed) {
                Some(place) => drop(now.remove(place)),
                None => now.push(left(changed)),
            }
        }
        now
    }
}

forward::backfills!(Stale<dyn BackfillStore, UnitKey> {
    async fn put_unit(&self, unit: &Unit, expected: Option<Version>) -> Result<Put, PortError> {
        self.wrote(&unit.key);
        self.store.put_unit(unit, expected).await
    }

    async fn open_unit(&self, unit: &Unit, expected: Option<Version>) -> Result<Put, PortError> {
        self.wrote(&unit.key);
        self.store.open_unit(unit, expected).await
    }

    async fn due_units(&self, now: Timestamp, limit: usize) -> Result<Vec<UnitKey>, PortError> {
        let due = self.store.due_units(now, limit).await?;
        Ok(self.read(due, |key| key, Clone::clone))
    }
} also unit rest);

#[async_trait]
impl<S: DeliveryStore + ?Sized> DeliveryStore for Stale<S, DeliveryId> {
    async fn put_if_absent(&self, record: &DeliveryRecord, raw: &[u8]) -> Result<PutDelivery, PortError> {
        self.wrote(&record.id);
        self.store.put_if_absent(record, raw).await
    }

    async fn record(&self, id: &DeliveryId) -> Result<Option<DeliveryRecord>, PortError> {
        self.store.record(id).await
    }

    async fn load(&self, id: &DeliveryId) -> Result<Option<(DeliveryRecord, Vec<u8>)>, PortError> {
        self.store.load(id).await
    }

    async fn reopen(&self, id: &DeliveryId, workspaces: &[WorkspaceId], due_at: Timestamp) -> Result<(), PortError> {
        self.wrote(id);
        self.store.reopen(id, workspaces, due_at).await
    }

    async fn replay(&self, id: &DeliveryId, workspace: &WorkspaceId, due_at: Timestamp) -> Result<bool, PortError> {
        self.wrote(id);
        self.store.replay(id, workspace, due_at).await
    }

    async fn complete(
        &self,
        id: &DeliveryId,
        workspace: &WorkspaceId,
        report: &CaptureReport,
    ) -> Result<(), PortError> {
        self.wrote(id);
        self.store.complete(id, workspace, report).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<DeliveryId>, PortError> {
        let due = self.store.due(now, limit).await?;
        Ok(self.read(due, |id| id, Clone::clone))
    }

    async fn redrive(&self, id: &DeliveryId, attempts: u32, due_at: Timestamp) -> Result<bool, PortError> {
        self.wrote(id);
        self.store.redrive(id, attempts, due_at).await
    }

    async fn bury(&self, id: &DeliveryId, reason: &str) -> Result<(), PortError> {
        self.wrote(id);
        self.store.bury(id, reason).await
    }
}

forward::enrichment!(Stale<MemoryObservations, (WorkspaceId, SourceId)> {
    async fn advance(&self, of: &WorkspaceId, id: &SourceId, advance: &Advance) -> Result<(), PortError> {
        self.wrote(&(of.clone(), id.clone()));
        self.store.advance(of, id, advance).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(WorkspaceId, SourceId)>, PortError> {
        let due = self.store.due(now, limit).await?;
        Ok(self.read(due, |fact| fact, Clone::clone))
    }

    async fn redrive(
        &self,
        of: &WorkspaceId,
        id: &SourceId,
        attempts: u32,
        due_at: Option<Timestamp>,
    ) -> Result<bool, PortError> {
        self.wrote(&(of.clone(), id.clone()));
        self.store.redrive(of, id, attempts, due_at).await
    }
} also load put_links note_activity rest);

forward::connections!(Stale<dyn ConnectionStore, Integration> {
    /// The index holds whole rows, so it also tells of a link as it was.
    async fn active_integrations(
        &self,
        after: Option<String>,
    ) -> Result<(Vec<Integration>, Option<String>), PortError> {
        let (active, next) = self.store.active_integrations(after).await?;
        if next.is_some() {
            return Ok((active, next));
        }
        Ok((self.read(active, |link| link, Clone::clone), next))
    }

    async fn put_integration(&self, integration: &Integration) -> Result<(), PortError> {
        let known = self.store.integration(integration.provider, &integration.resource.id, &integration.workspace);
        if let Some(known) = known.await?.filter(|known| known.active && !integration.active) {
            self.wrote(&known);
        } else {
            self.wrote(integration);
        }
        self.store.put_integration(integration).await
    }
} also integrations_of rest);
