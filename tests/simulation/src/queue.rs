//! A queue with at-least-once delivery, no order, visibility, a receive count and a dead-letter queue.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use connector_domain::Timestamp;
use connector_domain::ports::{Clock, MAX_DELAY, PortError, Queue};
use connector_domain::task::{CaptureTask, EnrichTask, PageTask, Task};

/// A message of any kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message {
    Capture(CaptureTask),
    Page(PageTask),
    Enrich(EnrichTask),
}

impl From<EnrichTask> for Message {
    fn from(task: EnrichTask) -> Self {
        Self::Enrich(task)
    }
}

impl From<CaptureTask> for Message {
    fn from(task: CaptureTask) -> Self {
        Self::Capture(task)
    }
}

impl From<PageTask> for Message {
    fn from(task: PageTask) -> Self {
        Self::Page(task)
    }
}

#[derive(Debug, Clone)]
struct Held {
    id: u64,
    message: Message,
    visible_at: Timestamp,
    receives: u32,
}

/// How long a received message stays hidden.
const VISIBILITY: Duration = Duration::from_secs(360);
/// After how many receives a message is set aside.
const MAX_RECEIVES: u32 = 5;

#[derive(Default)]
struct State {
    next_id: u64,
    held: Vec<Held>,
    dead: Vec<Message>,
}

/// All queues of a history in one.
pub(crate) struct SimulatedQueue {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
}

impl SimulatedQueue {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { state: Mutex::default(), clock }
    }

    /// How many messages can be received now.
    pub(crate) fn visible(&self) -> usize {
        let now = self.clock.now();
        self.state().held.iter().filter(|held| held.visible_at <= now).count()
    }

    /// When the next hidden message becomes visible.
    pub(crate) fn next_visible(&self) -> Option<Timestamp> {
        self.state().held.iter().map(|held| held.visible_at).min()
    }

    /// Receives the `n`-th visible message. `twice` leaves it visible, as a queue may.
    pub(crate) fn receive(&self, n: usize, twice: bool) -> Option<(u64, Message)> {
        let now = self.clock.now();
        let mut state = self.state();
        let index = state.held.iter().enumerate().filter(|(_, held)| held.visible_at <= now).nth(n)?.0;
        let held = state.held.get_mut(index)?;
        if held.receives >= MAX_RECEIVES {
            let held = state.held.swap_remove(index);
            state.dead.push(held.message);
            return None;
        }
        if !twice {
            held.receives += 1;
            held.visible_at = now.checked_add(VISIBILITY).unwrap_or(now);
        }
        Some((held.id, held.message.clone()))
    }

    /// Deletes a message that was handled.
    pub(crate) fn delete(&self, id: u64) {
        self.state().held.retain(|held| held.id != id);
    }

    /// Messages that were set aside.
    pub(crate) fn dead(&self) -> usize {
        self.state().dead.len()
    }

    /// Moves what was set aside back, as a person would.
    pub(crate) fn redrive(&self) {
        let now = self.clock.now();
        let mut state = self.state();
        for message in std::mem::take(&mut state.dead) {
            push(&mut state, message, now);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn push(state: &mut State, message: Message, visible_at: Timestamp) {
    state.next_id += 1;
    let id = state.next_id;
    state.held.push(Held { id, message, visible_at, receives: 0 });
}

#[async_trait]
impl<T: Task + Clone + Into<Message>> Queue<T> for SimulatedQueue {
    async fn send(&self, tasks: &[T], delay: Duration) -> Result<(), PortError> {
        let now = self.clock.now();
        let visible_at = now.checked_add(delay.min(MAX_DELAY)).unwrap_or(now);
        let mut state = self.state();
        for task in tasks {
            push(&mut state, task.clone().into(), visible_at);
        }
        Ok(())
    }
}
