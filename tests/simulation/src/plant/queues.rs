//! Queues that do too late what should be done first, or say too much.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use connector_domain::ports::{DeliveryStore, PortError, Queue};
use connector_domain::task::{CaptureTask, PageTask};

use super::deliveries::Held;
use crate::monitor::Monitor;

/// Stores a page when its message is sent.
pub(crate) struct Flushing {
    pub(crate) queue: Arc<dyn Queue<CaptureTask>>,
    pub(crate) deliveries: Arc<dyn DeliveryStore>,
    pub(crate) held: Arc<Held>,
}

#[async_trait]
impl Queue<CaptureTask> for Flushing {
    async fn send(&self, tasks: &[CaptureTask], delay: Duration) -> Result<(), PortError> {
        for task in tasks {
            if let Some((record, raw)) = self.held.take(&task.delivery) {
                self.deliveries.put_if_absent(&record, &raw).await?;
            }
        }
        self.queue.send(tasks, delay).await
    }
}

pub(crate) struct TokenInMessage {
    pub(crate) queue: Arc<dyn Queue<PageTask>>,
    pub(crate) monitor: Arc<Monitor>,
}

#[async_trait]
impl Queue<PageTask> for TokenInMessage {
    async fn send(&self, tasks: &[PageTask], delay: Duration) -> Result<(), PortError> {
        let mut tasks = tasks.to_vec();
        for task in &mut tasks {
            task.correlation.extend(self.monitor.any_token());
        }
        self.queue.send(&tasks, delay).await
    }
}
