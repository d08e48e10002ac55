//! Runs tasks one poll at a time, in an order that chance decides.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::{Chance, Plan};

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

type Task = Pin<Box<dyn Future<Output = bool>>>;

/// Tasks at work, each with what it is about.
pub(crate) struct Executor<K> {
    tasks: Vec<(K, Task)>,
}

impl<K> Executor<K> {
    pub(crate) const fn new() -> Self {
        Self { tasks: Vec::new() }
    }

    /// Starts a task; it answers whether its work is done.
    pub(crate) fn start(&mut self, about: K, task: impl Future<Output = bool> + 'static) {
        self.tasks.push((about, Box::pin(task)));
    }

    pub(crate) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Lets one task go on to its next port call. Answers what ended, when something did.
    pub(crate) fn turn(&mut self, chance: &Chance, plan: &Plan) -> Option<(K, End)> {
        let index = chance.below(self.tasks.len());
        let (_, task) = self.tasks.get_mut(index)?;
        let end = match task.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(true) => End::Done,
            Poll::Ready(false) => End::Failed,
            Poll::Pending if plan.take_crash() => End::Crashed,
            Poll::Pending => return None,
        };
        // Dropping the future is the crash: nothing after the call it hangs in will run.
        Some((self.tasks.swap_remove(index).0, end))
    }
}
