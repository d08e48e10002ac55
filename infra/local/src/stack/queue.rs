//! A queue with SQS's semantics, in memory: at least once, no order promised, a message hidden while it is worked on,
//! a receive count and dead letters.
//!
//! Time is tokio's, so a test can pause it. One thing differs from SQS: a message that failed comes again after a short
//! pause of our own choice. In AWS that is when its visibility timeout ends, minutes later.

mod messages;
mod sender;
#[cfg(test)]
mod tests;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use connector_lambda::batch::Record;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::template::QueueSpec;
use messages::Messages;

pub(super) use sender::Sender;

/// How a queue stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueStatus {
    /// Its logical id in the template.
    pub name: String,
    /// Messages that can be received now.
    pub visible: usize,
    /// Messages that are worked on, or have failed and will come again.
    pub in_flight: usize,
    /// Messages that were sent with a delay which is not over.
    pub delayed: usize,
    /// Messages that failed too often.
    pub dead_letters: usize,
    /// How long ago the oldest message was sent that is not a dead letter.
    pub oldest_age: Option<Duration>,
}

/// A message that failed too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The queue it was sent to.
    pub queue: String,
    /// The task, as JSON. It holds ids only.
    pub body: String,
    /// How often it was received.
    pub receives: u32,
}

/// Tells whoever waits for quiet that some queue has changed. All queues of a stack share one.
#[derive(Debug, Default)]
pub(super) struct Activity(watch::Sender<()>);

impl Activity {
    fn touch(&self) {
        self.0.send_replace(());
    }

    /// Resolves when none of `queues` has a message that is visible or worked on.
    pub(super) async fn quiet<Q: AsRef<LocalQueue>>(&self, queues: &[Q]) {
        let mut changes = self.0.subscribe();
        loop {
            changes.mark_unchanged();
            let busy = queues.iter().any(|queue| queue.as_ref().is_busy());
            // A message that moved from one queue to another while they were looked at, one after the other, would be
            // seen in neither.
            let moved = changes.has_changed().unwrap_or(false);
            if !busy && !moved {
                return;
            }
            // The sender lives in `self`.
            if changes.changed().await.is_err() {
                return;
            }
        }
    }
}

/// A queue of messages of any kind.
pub(super) struct LocalQueue {
    name: String,
    spec: QueueSpec,
    retry_after: Duration,
    messages: Mutex<Messages>,
    arrived: Notify,
    activity: std::sync::Arc<Activity>,
}

impl LocalQueue {
    pub(super) fn new(name: &str, spec: QueueSpec, retry_after: Duration, activity: std::sync::Arc<Activity>) -> Self {
        let max_receives = spec.dead_letters.as_ref().map_or(u32::MAX, |dead| dead.max_receives);
        Self {
            name: name.to_owned(),
            retry_after: retry_after.min(spec.visibility),
            spec,
            messages: Mutex::new(Messages::new(max_receives)),
            arrived: Notify::new(),
            activity,
        }
    }

    /// Adds messages, each with its tenant. A queue's own delay is for messages that ask for none.
    pub(super) fn send(&self, bodies: Vec<(String, String)>, delay: Duration) {
        let delay = if delay.is_zero() { self.spec.delay } else { delay };
        let now = Instant::now();
        let mut messages = self.lock();
        for (body, tenant) in bodies {
            // It holds ids only.
            tracing::trace!(queue = self.name, body, "sent a message");
            messages.add(body, tenant, now, now + delay);
        }
        drop(messages);
        self.changed();
    }

    /// Waits until there are messages, and hides up to `most` of them for the visibility timeout.
    pub(super) async fn receive(&self, most: usize) -> Vec<Record> {
        loop {
            let now = Instant::now();
            let (batch, next) = {
                let mut messages = self.lock();
                messages.expire(now);
                (messages.take(most, now, now + self.spec.visibility), messages.next_visible())
            };
            if !batch.is_empty() {
                return batch;
            }
            let arrived = self.arrived.notified();
            match next {
                None => arrived.await,
                Some(at) => {
                    #[expect(clippy::disallowed_methods, reason = "a queue's delay is a timer, here as in SQS")]
                    let visible = tokio::time::sleep_until(at);
                    tokio::select! {
                        () = arrived => {}
                        () = visible => {}
                    }
                }
            }
        }
    }

    /// Ends a batch: `failed` messages come again or become dead letters, the others are deleted.
    pub(super) fn finish(&self, batch: &[String], failed: &[String]) {
        let at = Instant::now() + self.retry_after;
        let mut messages = self.lock();
        for id in batch {
            if failed.contains(id) {
                messages.give_back(id, at);
            } else {
                messages.delete(id);
            }
        }
        drop(messages);
        self.changed();
    }

    pub(super) fn status(&self) -> QueueStatus {
        self.lock().status(&self.name, Instant::now())
    }

    pub(super) fn dead_letters(&self) -> Vec<DeadLetter> {
        self.lock().dead_letters(&self.name)
    }

    /// Sends the dead letters again, as new messages. Answers how many.
    pub(super) fn redrive(&self) -> usize {
        let count = self.lock().redrive(Instant::now());
        self.changed();
        count
    }

    /// Whether there is something to do now, or being done. A message that failed counts until it is dealt with.
    pub(super) fn is_busy(&self) -> bool {
        self.lock().is_busy(Instant::now())
    }

    fn changed(&self) {
        self.arrived.notify_one();
        self.activity.touch();
    }

    fn lock(&self) -> MutexGuard<'_, Messages> {
        // Nothing that runs under the lock can leave it half done.
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
