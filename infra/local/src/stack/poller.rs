//! Delivers a queue to a function, as Lambda's poller does: batches of the mapping's size, at most so many at once,
//! and only failed messages come back.
//!
//! Lambda can also wait a while to fill a batch. That saves invocations, which cost nothing here, so there is no wait.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use connector_domain::task::Task;
use connector_lambda::batch::process;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::queue::LocalQueue;

/// How a queue is delivered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delivery {
    /// Most messages of a batch.
    pub(super) batch_size: usize,
    /// Most batches at once.
    pub(super) concurrency: usize,
    /// How long a batch may take.
    pub(super) timeout: Duration,
}

/// Delivers until `stop` says so, then waits for the batches that are out. Dropped, it drops them: a crash.
pub(super) async fn deliver<T, E, F, Fut>(
    queue: Arc<LocalQueue>,
    how: Delivery,
    mut stop: watch::Receiver<bool>,
    handle: F,
) where
    T: Task,
    E: std::error::Error + Send,
    F: Fn(T) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send,
{
    let permits = Arc::new(Semaphore::new(how.concurrency));
    let mut batches = JoinSet::new();
    loop {
        let next = async {
            let permit = Arc::clone(&permits).acquire_owned().await;
            (permit, queue.receive(how.batch_size).await)
        };
        let (permit, batch) = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            next = next => next,
        };
        while batches.try_join_next().is_some() {}
        let (queue, handle) = (Arc::clone(&queue), handle.clone());
        batches.spawn(async move {
            let ids: Vec<_> = batch.iter().map(|record| record.id.clone()).collect();
            let failed = process(batch, how.timeout, handle).await;
            queue.finish(&ids, &failed);
            drop(permit);
        });
    }
    while batches.join_next().await.is_some() {}
}
