//! Deliveries in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use async_trait::async_trait;
use connector_domain::capture::CaptureReport;
use connector_domain::delivery::{DeliveryRecord, DeliveryState};
use connector_domain::ports::{DeliveryStore, PortError, PutDelivery};
use connector_domain::{DeliveryId, Timestamp, WorkspaceId};

use super::lock;

/// Deliveries in memory.
#[derive(Debug, Default)]
pub struct MemoryDeliveries(Mutex<BTreeMap<DeliveryId, (DeliveryRecord, Vec<u8>)>>);

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

    async fn complete(
        &self,
        id: &DeliveryId,
        workspace: &WorkspaceId,
        report: &CaptureReport,
    ) -> Result<(), PortError> {
        self.change("complete a delivery", id, |record| {
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
