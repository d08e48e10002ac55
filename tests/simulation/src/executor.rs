//! Runs tasks one poll at a time, in an order that chance decides.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use connector_domain::Timestamp;
use connector_domain::documents::SyncLimits;
use connector_domain::ports::MAX_WORK;
use connector_domain::time::later;

use crate::monitor::{Doing, Monitor};
use crate::{Chance, Flow, Plan};

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Its work is done.
    Done,
    /// It answered an error.
    Failed,
    /// It crashed.
    Crashed,
}

struct Task<K> {
    about: K,
    doing: Doing,
    work: Pin<Box<dyn Future<Output = bool>>>,
    /// Until when it is not polled: it waits, or its process is frozen.
    asleep_until: Option<Timestamp>,
    /// When it is ended, wherever it is; known once it runs.
    ends_at: Option<Timestamp>,
}

/// How long a function works on a message at most. For most it is taken as longer than it is, so that leases end before.
/// A step of documents has nothing but its lease to tell that a file is not to be there any more.
fn longest(flow: Flow) -> Duration {
    if flow == Flow::Documents { SyncLimits::default().lease } else { MAX_WORK }
}

/// Tasks at work, each with what it is about.
pub(crate) struct Executor<K> {
    tasks: Vec<Task<K>>,
}

impl<K> Executor<K> {
    pub(crate) const fn new() -> Self {
        Self { tasks: Vec::new() }
    }

    /// Starts a task; it answers whether its work is done.
    pub(crate) fn start(&mut self, about: K, doing: Doing, work: impl Future<Output = bool> + 'static) {
        self.tasks.push(Task { about, doing, work: Box::pin(work), asleep_until: None, ends_at: None });
    }

    /// How many could run now.
    pub(crate) fn awake(&self, now: Timestamp) -> usize {
        self.tasks.iter().filter(|task| task.asleep_until.is_none_or(|until| until <= now)).count()
    }

    /// When the next one wakes up.
    pub(crate) fn next_awake(&self) -> Option<Timestamp> {
        self.tasks.iter().filter_map(|task| task.asleep_until).min()
    }

    /// Whether there is nothing at work.
    pub(crate) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Lets one task go on to its next port call, or ends it when its time is over. Answers what ended, when something did.
    pub(crate) fn turn(
        &mut self,
        chance: &Chance,
        plan: &Plan,
        monitor: &Monitor,
        now: Timestamp,
        freeze: impl FnOnce() -> Option<Timestamp>,
    ) -> Option<(K, End)> {
        let n = chance.below(self.awake(now));
        let awake = |task: &Task<K>| task.asleep_until.is_none_or(|until| until <= now);
        let index = self.tasks.iter().enumerate().filter(|(_, task)| awake(task)).nth(n)?.0;
        let task = self.tasks.get_mut(index)?;
        task.asleep_until = None;
        if now >= *task.ends_at.get_or_insert_with(|| later(now, longest(task.doing.flow))) {
            return Some((self.tasks.swap_remove(index).about, End::Crashed));
        }
        plan.enter(task.doing.flow);
        monitor.enter(&task.doing);
        let end = match task.work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(true) => End::Done,
            Poll::Ready(false) => End::Failed,
            Poll::Pending if plan.take_crash() => End::Crashed,
            Poll::Pending => {
                let sleep = plan.take_sleep().and_then(|time| now.checked_add(time).ok());
                task.asleep_until = sleep.or_else(freeze);
                return None;
            }
        };
        // Dropping the future is the crash: nothing after the call it hangs in will run.
        let task = self.tasks.swap_remove(index);
        Some((task.about, end))
    }
}
