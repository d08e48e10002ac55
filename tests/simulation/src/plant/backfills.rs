//! Units that are written without care.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use connector_domain::backfill::{Cursor, Run, Unit, UnitKey, UnitState, Version};
use connector_domain::capture::CaptureReport;
use connector_domain::ports::{BackfillStore, PortError, Put, Queue};
use connector_domain::task::PageTask;
use connector_domain::{RunId, Timestamp, WorkspaceId};

use crate::forward;
use crate::monitor::Monitor;

pub(crate) struct NoFence {
    pub(crate) store: Arc<dyn BackfillStore>,
}

forward::backfills!(NoFence {
    async fn put_unit(&self, unit: &Unit, _: Option<Version>) -> Result<Put, PortError> {
        let there = self.store.unit(&unit.key).await?.map(|unit| unit.version);
        self.store.put_unit(unit, there).await
    }
} also unit open_unit due_units rest);

pub(crate) struct CancelIgnored {
    pub(crate) store: Arc<dyn BackfillStore>,
}

forward::backfills!(CancelIgnored {
    async fn put_unit(&self, unit: &Unit, expected: Option<Version>) -> Result<Put, PortError> {
        if unit.state == UnitState::Cancelled {
            return Ok(Put::Stored);
        }
        self.store.put_unit(unit, expected).await
    }
} also unit open_unit due_units rest);

pub(crate) struct OpensCancelled {
    pub(crate) store: Arc<dyn BackfillStore>,
}

forward::backfills!(OpensCancelled {
    async fn open_unit(&self, unit: &Unit, expected: Option<Version>) -> Result<Put, PortError> {
        self.store.put_unit(unit, expected).await
    }
} also unit put_unit due_units rest);

pub(crate) struct NoSweep {
    pub(crate) store: Arc<dyn BackfillStore>,
}

forward::backfills!(NoSweep {
    async fn due_units(&self, _: Timestamp, _: usize) -> Result<Vec<UnitKey>, PortError> {
        Ok(Vec::new())
    }
} also unit put_unit open_unit rest);

/// The places that messages carry.
#[derive(Default)]
pub(crate) struct Cursors(Mutex<BTreeMap<(UnitKey, RunId, u32), Option<Cursor>>>);

impl Cursors {
    fn all(&self) -> MutexGuard<'_, BTreeMap<(UnitKey, RunId, u32), Option<Cursor>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A unit is where the message that is being handled says.
pub(crate) struct CursorInMessage {
    pub(crate) store: Arc<dyn BackfillStore>,
    pub(crate) cursors: Arc<Cursors>,
    pub(crate) monitor: Arc<Monitor>,
}

forward::backfills!(CursorInMessage {
    async fn unit(&self, key: &UnitKey) -> Result<Option<Unit>, PortError> {
        let unit = self.store.unit(key).await?;
        let place = self.monitor.page().and_then(|place| Some((self.cursors.all().get(&place)?.clone(), place)));
        Ok(unit.map(|unit| match place {
            Some((cursor, (_, run, page))) if unit.run == run && page < unit.page && !unit.state.is_terminal() => {
                Unit { page, cursor, ..unit }
            }
            _ => unit,
        }))
    }
} also put_unit open_unit due_units rest);

/// Notes the place of each message that is sent.
pub(crate) struct Carrying {
    pub(crate) queue: Arc<dyn Queue<PageTask>>,
    pub(crate) store: Arc<dyn BackfillStore>,
    pub(crate) cursors: Arc<Cursors>,
}

#[async_trait]
impl Queue<PageTask> for Carrying {
    async fn send(&self, tasks: &[PageTask], delay: Duration) -> Result<(), PortError> {
        for task in tasks {
            if let Some(unit) = self.store.unit(&task.unit).await? {
                self.cursors.all().insert((task.unit.clone(), task.run.clone(), unit.page), unit.cursor);
            }
        }
        self.queue.send(tasks, delay).await
    }
}
