//! Where raw deliveries are kept.

use async_trait::async_trait;

use super::PortError;
use crate::capture::CaptureReport;
use crate::delivery::DeliveryRecord;
use crate::redelivery::Redelivered;
use crate::{DeliveryId, ProviderKind, Timestamp, WorkspaceId};

/// What storing a delivery did.
#[derive(Debug, Clone, PartialEq)]
pub enum PutDelivery {
    /// Its bytes are durable now.
    Stored,
    /// They were already; this is its row.
    Exists(Box<DeliveryRecord>),
}

/// Raw deliveries and how far they have come.
#[async_trait]
pub trait DeliveryStore: Send + Sync {
    /// Stores a delivery unless its id is there. When this answers, bytes and row are durable.
    async fn put_if_absent(&self, record: &DeliveryRecord, raw: &[u8]) -> Result<PutDelivery, PortError>;

    /// The row.
    async fn record(&self, id: &DeliveryId) -> Result<Option<DeliveryRecord>, PortError>;

    /// The row and the bytes.
    async fn load(&self, id: &DeliveryId) -> Result<Option<(DeliveryRecord, Vec<u8>)>, PortError>;

    /// Adds workspaces that have not captured it to its pending ones; the row is then `received` again
    /// and its attempts count anew.
    async fn reopen(&self, id: &DeliveryId, workspaces: &[WorkspaceId], due_at: Timestamp) -> Result<(), PortError>;

    /// Asks one of its workspaces to capture it anew: the row is then `received` and waits for it. What the workspace
    /// made of it before stands until then. Answers whether it is one of its workspaces.
    async fn replay(&self, id: &DeliveryId, workspace: &WorkspaceId, due_at: Timestamp) -> Result<bool, PortError>;

    /// Notes what a workspace made of it. With the last pending workspace the row becomes `processed`.
    /// Doing it twice changes nothing but the report; that facts are held back is noted by a pending workspace only, since it
    /// has captured them where it is not.
    async fn complete(&self, id: &DeliveryId, workspace: &WorkspaceId, report: &CaptureReport)
    -> Result<(), PortError>;

    /// Ids of rows that are not terminal and whose `due_at` has come, the oldest first. May lag behind writes.
    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<DeliveryId>, PortError>;

    /// Counts an attempt and puts the next look off, if the row is not terminal and still has `attempts`.
    /// Answers whether it was.
    async fn redrive(&self, id: &DeliveryId, attempts: u32, due_at: Timestamp) -> Result<bool, PortError>;

    /// Gives it up, if it is not terminal. The bytes stay.
    async fn bury(&self, id: &DeliveryId, reason: &str) -> Result<(), PortError>;
}

/// Which webhooks were asked for again.
#[async_trait]
pub trait RedeliveryLog: Send + Sync {
    /// What was asked for of a provider.
    async fn redelivered(&self, provider: ProviderKind) -> Result<Option<Redelivered>, PortError>;

    /// Stores it, whatever is there: that something is asked for twice does no harm.
    async fn put_redelivered(&self, redelivered: &Redelivered) -> Result<(), PortError>;
}
