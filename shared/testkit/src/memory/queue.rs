//! A queue in memory that behaves as SQS does where it hurts: a message comes again unless it is deleted.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use connector_domain::Timestamp;
use connector_domain::ports::{Clock, MAX_DELAY, PortError, Queue};
use connector_domain::task::{Task, encode};
use connector_domain::time::later;

use super::{ManualClock, lock};

/// At-least-once and without order. Messages are kept as their text, so that a task that does not survive it is noticed.
pub struct MemoryQueue<T> {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
    visibility: Duration,
    task: PhantomData<fn() -> T>,
}

#[derive(Debug, Default)]
struct State {
    next_id: u64,
    messages: Vec<Message>,
}

#[derive(Debug)]
struct Message {
    id: u64,
    body: String,
    visible_at: Timestamp,
    receives: u32,
}

/// A message in the hands of a worker. It comes again after the queue's visibility time unless it is acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received<T> {
    /// What [`MemoryQueue::ack`] wants.
    pub id: u64,
    /// The task.
    pub task: T,
    /// How often it was handed out, this time included.
    pub receives: u32,
}

impl<T: Task> MemoryQueue<T> {
    /// An empty queue whose delays run by `clock`. A message that is received stays invisible for a minute.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { state: Mutex::default(), clock, visibility: Duration::from_secs(60), task: PhantomData }
    }

    /// Sets how long a received message stays invisible.
    #[must_use]
    pub const fn visibility(mut self, visibility: Duration) -> Self {
        self.visibility = visibility;
        self
    }

    /// Up to `max` visible messages, the oldest first.
    pub fn receive(&self, max: usize) -> Vec<Received<T>> {
        let now = self.clock.now();
        let again_at = later(now, self.visibility);
        let mut state = lock(&self.state);
        let visible = state.messages.iter_mut().filter(|message| message.visible_at <= now).take(max);
        visible
            .filter_map(|message| {
                message.visible_at = again_at;
                message.receives += 1;
                let task = serde_json::from_str(&message.body).ok()?;
                Some(Received { id: message.id, task, receives: message.receives })
            })
            .collect()
    }

    /// Deletes a message.
    pub fn ack(&self, id: u64) {
        lock(&self.state).messages.retain(|message| message.id != id);
    }

    /// The tasks of all messages, visible or not.
    #[must_use]
    pub fn tasks(&self) -> Vec<T> {
        lock(&self.state).messages.iter().filter_map(|message| serde_json::from_str(&message.body).ok()).collect()
    }

    /// Takes all messages out, visible or not.
    pub fn drain(&self) -> Vec<T> {
        let tasks = self.tasks();
        lock(&self.state).messages.clear();
        tasks
    }

    /// How many messages there are, visible or not.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.state).messages.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// When the next message is visible.
    #[must_use]
    pub fn next_visible_at(&self) -> Option<Timestamp> {
        lock(&self.state).messages.iter().map(|message| message.visible_at).min()
    }
}

impl<T: Task> Default for MemoryQueue<T> {
    /// A queue with a clock of its own, for tests that look at tasks only.
    fn default() -> Self {
        Self::new(Arc::new(ManualClock::default()))
    }
}

#[async_trait]
impl<T: Task> Queue<T> for MemoryQueue<T> {
    async fn send(&self, tasks: &[T], delay: Duration) -> Result<(), PortError> {
        let visible_at = later(self.clock.now(), delay.min(MAX_DELAY));
        let mut state = lock(&self.state);
        for task in tasks {
            let body = encode(task).map_err(|error| PortError::permanent("send a message", error))?;
            if serde_json::from_str::<T>(&body).is_err() {
                return Err(PortError::permanent("send a message", "the task does not read back"));
            }
            let id = state.next_id;
            state.next_id += 1;
            state.messages.push(Message { id, body, visible_at, receives: 0 });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builders::{at, capture_task};

    #[tokio::test]
    async fn a_message_comes_again_until_it_is_acknowledged() {
        let clock = Arc::new(ManualClock::new(at(0)));
        let queue = MemoryQueue::new(Arc::clone(&clock) as Arc<dyn Clock>);
        queue.send(&[capture_task("acme", "github#1")], Duration::from_secs(10)).await.unwrap();
        assert_eq!(queue.receive(10), []);
        clock.advance(Duration::from_secs(10));
        let first = queue.receive(10).remove(0);
        assert_eq!((first.receives, queue.receive(10)), (1, vec![]));
        clock.advance(Duration::from_secs(60));
        let second = queue.receive(10).remove(0);
        assert_eq!((second.id, second.receives), (first.id, 2));
        queue.ack(second.id);
        assert!(queue.is_empty());
    }

    #[tokio::test]
    async fn no_delay_is_longer_than_a_queue_allows() {
        let queue = MemoryQueue::default();
        queue.send(&[capture_task("acme", "github#1")], Duration::from_secs(5_000)).await.unwrap();
        assert_eq!(queue.next_visible_at(), Some(at(900)));
    }
}
