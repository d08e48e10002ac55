//! A queue with at-least-once delivery, no order, visibility, a receive count and a dead-letter queue.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use connector_domain::Timestamp;
use connector_domain::ports::{Clock, MAX_DELAY, PortError, Queue};
use connector_domain::task::{
    CaptureTask, DocumentsTask, EnrichTask, PageTask, ReplayTask, TASK_VERSION, Task, encode,
};
use connector_lambda::batch::{Record, read};

use crate::monitor::Monitor;

/// A message, read as its function reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message {
    Capture(CaptureTask),
    Page(PageTask),
    Replay(ReplayTask),
    Enrich(EnrichTask),
    Documents(DocumentsTask),
}

/// Which queue it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Capture,
    Page,
    Replay,
    Enrich,
    Documents,
}

#[derive(Debug, Clone)]
struct Held {
    id: u64,
    kind: Kind,
    body: String,
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
    dead: Vec<Held>,
    /// The next version of the functions writes messages, and not all that read are of it.
    newer: bool,
    /// Nobody sees a message that asks for enrichment.
    withheld: bool,
}

impl State {
    fn is_seen(&self, held: &Held) -> bool {
        !(self.withheld && held.kind == Kind::Enrich)
    }
}

/// All queues of a history in one.
pub(crate) struct SimulatedQueue {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
    monitor: Arc<Monitor>,
}

/// What a poller got.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) id: u64,
    /// `None` when the function cannot read it: it waits for a newer one.
    pub(crate) message: Option<Message>,
}

impl SimulatedQueue {
    pub(crate) fn new(clock: Arc<dyn Clock>, monitor: Arc<Monitor>) -> Self {
        Self { state: Mutex::default(), clock, monitor }
    }

    /// How many messages can be received now.
    pub(crate) fn visible(&self) -> usize {
        let now = self.clock.now();
        let state = self.state();
        state.held.iter().filter(|held| held.visible_at <= now && state.is_seen(held)).count()
    }

    /// When the next hidden message becomes visible.
    pub(crate) fn next_visible(&self) -> Option<Timestamp> {
        let state = self.state();
        state.held.iter().filter(|held| state.is_seen(held)).map(|held| held.visible_at).min()
    }

    /// Receives the `n`-th visible message. `twice` leaves it visible, as a queue may; while the next version is rolled out,
    /// `older` says that a function of this one has it.
    pub(crate) fn receive(&self, n: usize, twice: bool, older: bool) -> Option<Received> {
        let now = self.clock.now();
        let mut state = self.state();
        let older = older && state.newer;
        let seen = |held: &Held| held.visible_at <= now && state.is_seen(held);
        let index = state.held.iter().enumerate().filter(|(_, held)| seen(held)).nth(n)?.0;
        let held = state.held.get_mut(index)?;
        if held.receives >= MAX_RECEIVES {
            let held = state.held.swap_remove(index);
            state.dead.push(held);
            self.monitor.count(|tally| tally.set_aside += 1);
            return None;
        }
        if twice {
            self.monitor.count(|tally| tally.duplicates += 1);
        } else {
            held.receives += 1;
            held.visible_at = now.checked_add(VISIBILITY).unwrap_or(now);
        }
        Some(Received { id: held.id, message: message(held, older) })
    }

    /// Deletes a message that was handled.
    pub(crate) fn delete(&self, id: u64) {
        self.state().held.retain(|held| held.id != id);
    }

    /// Messages that were set aside; without those that ask for enrichment where that cannot be had.
    pub(crate) fn dead(&self, unenriched: bool) -> usize {
        let counts = |held: &&Held| !(unenriched && held.kind == Kind::Enrich);
        self.state().dead.iter().filter(counts).count()
    }

    /// Messages that ask for enrichment are not seen until all are set aside.
    pub(crate) fn withhold_enrichments(&self) {
        self.state().withheld = true;
    }

    /// Moves what was set aside back, as a person would.
    pub(crate) fn redrive(&self) {
        let now = self.clock.now();
        let mut state = self.state();
        for held in std::mem::take(&mut state.dead) {
            state.held.push(Held { visible_at: now, receives: 0, ..held });
        }
    }

    /// Takes everything out, as if its function had failed each time; what is not kept is lost.
    pub(crate) fn set_all_aside(&self, kept: bool) {
        let mut state = self.state();
        let withheld = std::mem::take(&mut state.withheld);
        let (held, rest) = std::mem::take(&mut state.held)
            .into_iter()
            .partition::<Vec<_>, _>(|held| !withheld || held.kind == Kind::Enrich);
        state.held = rest;
        if kept {
            self.monitor.count(|tally| tally.set_aside += held.len() as u64);
            state.dead.extend(held);
        }
    }

    /// The next version is being rolled out, or there for all: it writes messages that this one cannot read.
    pub(crate) fn deploy(&self, begins: bool) {
        self.state().newer = begins;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push<T: Task>(&self, task: &T, visible_at: Timestamp) -> Result<(), PortError> {
        let mut body = encode(task).map_err(|error| PortError::permanent("send messages", error))?;
        if !body.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            return Err(PortError::permanent("send messages", "a character that SQS refuses"));
        }
        self.monitor.search("a message", &body);
        self.monitor.count(|tally| tally.messages += 1);
        let mut state = self.state();
        if state.newer {
            body = body.replace(&version(TASK_VERSION), &version(TASK_VERSION + 1));
        }
        state.next_id += 1;
        let id = state.next_id;
        let kind = match T::NAME {
            CaptureTask::NAME => Kind::Capture,
            EnrichTask::NAME => Kind::Enrich,
            ReplayTask::NAME => Kind::Replay,
            DocumentsTask::NAME => Kind::Documents,
            _ => Kind::Page,
        };
        state.held.push(Held { id, kind, body, visible_at, receives: 0 });
        Ok(())
    }
}

fn version(v: u32) -> String {
    format!("\"v\":{v},")
}

/// What a function makes of a message: one of this version, or one of the next.
fn message(held: &Held, older: bool) -> Option<Message> {
    let newest = version(TASK_VERSION + 1);
    let body = if older || !held.body.contains(&newest) {
        held.body.clone()
    } else {
        // What the next version of the reader will make of it.
        held.body.replace(&newest, &version(TASK_VERSION))
    };
    let record = Record { id: held.id.to_string(), body };
    match held.kind {
        Kind::Capture => read(&record).map(Message::Capture),
        Kind::Page => read(&record).map(Message::Page),
        Kind::Replay => read(&record).map(Message::Replay),
        Kind::Enrich => read(&record).map(Message::Enrich),
        Kind::Documents => read(&record).map(Message::Documents),
    }
}

#[async_trait]
impl<T: Task> Queue<T> for SimulatedQueue {
    async fn send(&self, tasks: &[T], delay: Duration) -> Result<(), PortError> {
        let now = self.clock.now();
        let visible_at = now.checked_add(delay.min(MAX_DELAY)).unwrap_or(now);
        tasks.iter().try_for_each(|task| self.push(task, visible_at))
    }
}
