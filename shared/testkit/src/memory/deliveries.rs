//! Deliveries in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use async_trait::async_trait;
use connector_domain::capture::CaptureReport;
use connector_domain::delivery::{DeliveryRecord, DeliveryState};
use connector_domain::ports::{
    DeliveryFilter, DeliveryLog, DeliveryStore, Page, Paging, PortError, PutDelivery, RedeliveryLog,
};
use connector_domain::redelivery::Redelivered;
use connector_domain::{DeliveryId, ProviderKind, Timestamp, WorkspaceId};

use super::{lists, lock};

/// Deliveries in memory.
#[derive(Debug, Default)]
pub struct MemoryDeliveries(Mutex<BTreeMap<DeliveryId, (DeliveryRecord, Vec<u8>)>>, Mutex<Vec<Redelivered>>);

impl MemoryDeliveries {
    /// All rows, in order of id.
    #[must_use]
    pub fn all(&self) -> Vec<DeliveryRecord> {
        lock(&self.0).values().map(|(record, _)| record.clone()).collect()
    }

    fn change<T>(
        &self,
        operation: &'static str,
        id: &DeliveryId,
        change: impl FnOnce(&mut DeliveryRecord) -> T,
    ) -> Result<T, PortError> {
        match lock(&self.0).get_mut(id) {
            Some((record, _)) => Ok(change(record)),
            None => Err(PortError::permanent(operation, "there is no such delivery")),
        }
    }
}

#[async_trait]
impl DeliveryStore for MemoryDeliveries {
    async fn put_if_absent(&self, record: &DeliveryRecord, raw: &[u8]) -> Result<PutDelivery, PortError> {
        let mut rows = lock(&self.0);
        if let Some((known, _)) = rows.get(&record.id) {
            return Ok(PutDelivery::Exists(Box::new(known.clone())));
        }
        rows.insert(record.id.clone(), (record.clone(), raw.to_vec()));
        Ok(PutDelivery::Stored)
    }

    async fn record(&self, id: &DeliveryId) -> Result<Option<DeliveryRecord>, PortError> {
        Ok(lock(&self.0).get(id).map(|(record, _)| record.clone()))
    }

    async fn load(&self, id: &DeliveryId) -> Result<Option<(DeliveryRecord, Vec<u8>)>, PortError> {
        Ok(lock(&self.0).get(id).cloned())
    }

    async fn reopen(&self, id: &DeliveryId, workspaces: &[WorkspaceId], due_at: Timestamp) -> Result<(), PortError> {
        self.change("reopen a delivery", id, |record| {
            let open: Vec<_> = workspaces.iter().filter(|ws| !record.outcomes.contains_key(*ws)).cloned().collect();
            if open.is_empty() {
                return;
            }
            let pending: BTreeSet<_> = record.pending.drain(..).chain(open).collect();
            record.pending = pending.into_iter().collect();
            record.state = DeliveryState::Received;
            record.attempts = 0;
            record.due_at = due_at;
        })
    }

    async fn replay(&self, id: &DeliveryId, workspace: &WorkspaceId, due_at: Timestamp) -> Result<bool, PortError> {
        let mut rows = lock(&self.0);
        let Some((record, _)) = rows.get_mut(id).filter(|(record, _)| record.workspaces().any(|ws| ws == workspace))
        else {
            return Ok(false);
        };
        if !record.pending.contains(workspace) {
            record.pending.push(workspace.clone());
            record.pending.sort_unstable();
        }
        record.state = DeliveryState::Received;
        record.attempts = 0;
        record.due_at = due_at;
        Ok(true)
    }

    async fn complete(
        &self,
        id: &DeliveryId,
        workspace: &WorkspaceId,
        report: &CaptureReport,
    ) -> Result<(), PortError> {
        self.change("complete a delivery", id, |record| {
            if report.held > 0 && !record.pending.contains(workspace) {
                return;
            }
            record.outcomes.insert(workspace.clone(), report.clone());
            record.pending.retain(|pending| pending != workspace);
            if record.pending.is_empty() {
                record.state = DeliveryState::Processed;
            }
        })
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<DeliveryId>, PortError> {
        let rows = lock(&self.0);
        let mut due: Vec<_> = rows
            .values()
            .map(|(record, _)| record)
            .filter(|record| !record.state.is_terminal() && record.due_at <= now)
            .map(|record| (record.due_at, record.id.clone()))
            .collect();
        due.sort_unstable();
        Ok(due.into_iter().take(limit).map(|(_, id)| id).collect())
    }

    async fn redrive(&self, id: &DeliveryId, attempts: u32, due_at: Timestamp) -> Result<bool, PortError> {
        match lock(&self.0).get_mut(id) {
            Some((record, _)) if !record.state.is_terminal() && record.attempts == attempts => {
                record.attempts += 1;
                record.due_at = due_at;
                Ok(true)
            }
            Some(_) | None => Ok(false),
        }
    }

    async fn bury(&self, id: &DeliveryId, reason: &str) -> Result<(), PortError> {
        if let Some((record, _)) = lock(&self.0).get_mut(id)
            && !record.state.is_terminal()
        {
            record.state = DeliveryState::Dead(reason.to_owned());
        }
        Ok(())
    }
}

#[async_trait]
impl DeliveryLog for MemoryDeliveries {
    async fn deliveries_in(
        &self,
        workspace: &WorkspaceId,
        filter: &DeliveryFilter,
        paging: &Paging,
    ) -> Result<Page<DeliveryRecord>, PortError> {
        let rows = lock(&self.0);
        let ours = rows.values().map(|(record, _)| record).filter(|record| {
            record.workspaces().any(|ws| ws == workspace) && (filter.since..=filter.until).contains(&record.received_at)
        });
        let rows = ours.map(|record| (format!("{:.9}#{}", record.received_at, record.id), record.clone())).collect();
        lists::page("list deliveries", rows, true, paging, |record: &DeliveryRecord| {
            filter.provider.is_none_or(|provider| record.provider == provider)
                && filter.state.is_none_or(|state| record.state_for(workspace).name() == state)
        })
    }
}

#[async_trait]
impl RedeliveryLog for MemoryDeliveries {
    async fn redelivered(&self, provider: ProviderKind) -> Result<Option<Redelivered>, PortError> {
        Ok(lock(&self.1).iter().find(|known| known.provider == provider).cloned())
    }

    async fn put_redelivered(&self, redelivered: &Redelivered) -> Result<(), PortError> {
        let mut known = lock(&self.1);
        known.retain(|known| known.provider != redelivered.provider);
        known.push(redelivered.clone());
        Ok(())
    }
}
