//! Deliveries that are acknowledged, named or ended in the wrong way.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use connector_domain::capture::CaptureReport;
use connector_domain::delivery::{DeliveryRecord, Origin};
use connector_domain::ports::{DeliveryStore, ObservationStore, PortError, PutDelivery};
use connector_domain::{DeliveryId, Timestamp, WorkspaceId};

use super::observations::Pending;
use crate::forward;

pub(crate) struct AckEarly {
    pub(crate) store: Arc<dyn DeliveryStore>,
}

forward::deliveries!(AckEarly {
    async fn put_if_absent(&self, record: &DeliveryRecord, raw: &[u8]) -> Result<PutDelivery, PortError> {
        Ok(self.store.put_if_absent(record, raw).await.unwrap_or(PutDelivery::Stored))
    }
} also complete rest);

pub(crate) struct HeaderKey {
    pub(crate) store: Arc<dyn DeliveryStore>,
}

forward::deliveries!(HeaderKey {
    async fn put_if_absent(&self, record: &DeliveryRecord, raw: &[u8]) -> Result<PutDelivery, PortError> {
        let mut record = record.clone();
        if let Origin::Webhook { transport_id: Some(transport), .. } = &record.origin
            && let Ok(id) = DeliveryId::parse(format!("{}#{transport}", record.provider))
        {
            record.id = id;
        }
        self.store.put_if_absent(&record, raw).await
    }
} also complete rest);

pub(crate) struct DoneForAll {
    pub(crate) store: Arc<dyn DeliveryStore>,
}

forward::deliveries!(DoneForAll {
    async fn complete(
        &self,
        id: &DeliveryId,
        workspace: &WorkspaceId,
        report: &CaptureReport,
    ) -> Result<(), PortError> {
        let record = self.store.record(id).await?;
        for pending in record.map(|record| record.pending).unwrap_or_default() {
            let report = if pending == *workspace { report.clone() } else { CaptureReport::default() };
            self.store.complete(id, &pending, &report).await?;
        }
        Ok(())
    }
} also put_if_absent rest);

pub(crate) struct DoneFirst {
    pub(crate) store: Arc<dyn DeliveryStore>,
    pub(crate) observations: Arc<dyn ObservationStore>,
    pub(crate) pending: Arc<Pending>,
}

forward::deliveries!(DoneFirst {
    async fn complete(
        &self,
        id: &DeliveryId,
        workspace: &WorkspaceId,
        report: &CaptureReport,
    ) -> Result<(), PortError> {
        let pending = self.pending.take(id, workspace);
        self.store.complete(id, workspace, report).await?;
        self.observations.put_if_absent(&pending).await.into_iter().try_for_each(|answer| answer.map(drop))
    }
} also put_if_absent rest);

/// Pages that are stored when their message is sent, and not before.
#[derive(Default)]
pub(crate) struct Held(Mutex<BTreeMap<DeliveryId, (DeliveryRecord, Vec<u8>)>>);

impl Held {
    pub(crate) fn take(&self, id: &DeliveryId) -> Option<(DeliveryRecord, Vec<u8>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id)
    }
}

pub(crate) struct CheckpointFirst {
    pub(crate) store: Arc<dyn DeliveryStore>,
    pub(crate) held: Arc<Held>,
}

forward::deliveries!(CheckpointFirst {
    async fn put_if_absent(&self, record: &DeliveryRecord, raw: &[u8]) -> Result<PutDelivery, PortError> {
        let mut held = self.held.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.insert(record.id.clone(), (record.clone(), raw.to_vec()));
        Ok(PutDelivery::Stored)
    }
} also complete rest);
