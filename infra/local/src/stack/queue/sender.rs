//! The sending end of a queue, as the functions know it.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use connector_domain::ports::{MAX_DELAY, PortError, Queue};
use connector_domain::task::Task;

use super::LocalQueue;

/// Sends tasks of one kind.
pub(in crate::stack) struct Sender<T> {
    queue: Arc<LocalQueue>,
    task: PhantomData<fn(T)>,
}

impl<T> Sender<T> {
    pub(in crate::stack) const fn new(queue: Arc<LocalQueue>) -> Self {
        Self { queue, task: PhantomData }
    }
}

#[async_trait]
impl<T: Task> Queue<T> for Sender<T> {
    async fn send(&self, tasks: &[T], delay: Duration) -> Result<(), PortError> {
        let body = |task: &T| Ok((serde_json::to_string(task)?, task.workspace().to_string()));
        let bodies: Result<Vec<_>, serde_json::Error> = tasks.iter().map(body).collect();
        let bodies = bodies.map_err(|error| PortError::permanent("write a message", error))?;
        self.queue.send(bodies, delay.min(MAX_DELAY));
        Ok(())
    }
}
