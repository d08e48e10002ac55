//! Lifts a handler of one message to a batch: records run side by side, each fails alone, and only failed ones come back.
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use connector_domain::task::{TASK_VERSION, Task};
use futures::{FutureExt, StreamExt};
use tracing::{error, warn};

use crate::telemetry::chain;

/// A message as its queue delivers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The queue's id of it; never empty, since an empty id in the answer fails the whole batch.
    pub id: String,
    /// The task, as JSON.
    pub body: String,
}

/// Most records of a batch that run at once.
const CONCURRENCY: usize = 10;

/// Runs `handle` on each record and answers the ids of those that must come again.
///
/// Records that are not done after `time` are among them: their work is safe to repeat.
/// So are records of a newer form, which a newer version of this function will understand.
pub async fn process<T, E, F, Fut>(records: Vec<Record>, time: Duration, handle: F) -> Vec<String>
where
    T: Task,
    E: std::error::Error,
    F: Fn(T) -> Fut,
    Fut: Future<Output = Result<(), E>>,
{
    let mut unfinished: Vec<String> = records.iter().map(|record| record.id.clone()).collect();
    let results = futures::stream::iter(records)
        .map(|record| {
            let handle = &handle;
            async move {
                // A panic must cost this record only.
                let done = AssertUnwindSafe(run_one(&record, handle)).catch_unwind().await;
                if done.is_err() {
                    error!(task = T::NAME, message.id = record.id, "a task panicked");
                }
                (record.id, done.unwrap_or(false))
            }
        })
        .buffer_unordered(CONCURRENCY);
    tokio::pin!(results);
    let all = tokio::time::timeout(time, async {
        while let Some((id, done)) = results.next().await {
            if done {
                unfinished.retain(|other| *other != id);
            }
        }
    });
    if all.await.is_err() {
        warn!(task = T::NAME, records = unfinished.len(), "the time is up: unfinished records go back to the queue");
    }
    unfinished
}

/// The task of a message; `None` when it cannot be read, or is of a newer form and waits for a newer function.
#[must_use]
pub fn read<T: Task>(record: &Record) -> Option<T> {
    let task: T = match serde_json::from_str(&record.body) {
        Ok(task) => task,
        Err(error) => {
            // serde_json's text can quote the input; its category and place do not.
            error!(
                task = T::NAME,
                message.id = record.id,
                code = "task_malformed",
                "a message is not a task ({:?} at column {})",
                error.classify(),
                error.column()
            );
            return None;
        }
    };
    if task.version() > TASK_VERSION {
        warn!(task = T::NAME, version = task.version(), "a message is newer than this function");
        return None;
    }
    Some(task)
}

async fn run_one<T, E, F, Fut>(record: &Record, handle: &F) -> bool
where
    T: Task,
    E: std::error::Error,
    F: Fn(T) -> Fut,
    Fut: Future<Output = Result<(), E>>,
{
    let Some(task) = read(record) else { return false };
    match handle(task).await {
        Ok(()) => true,
        Err(error) => {
            error!(task = T::NAME, message.id = record.id, "a task failed: {}", chain(&error));
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use connector_domain::task::CaptureTask;
    use connector_domain::{DeliveryId, WorkspaceId};

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("no")]
    struct No;

    fn record(id: &str, workspace: &str) -> Record {
        let task = CaptureTask {
            v: 1,
            workspace: WorkspaceId::parse(workspace).unwrap(),
            delivery: DeliveryId::parse("github#1").unwrap(),
            correlation: "c".into(),
        };
        Record { id: id.into(), body: serde_json::to_string(&task).unwrap() }
    }

    async fn failures(records: Vec<Record>) -> Vec<String> {
        process(records, Duration::from_secs(60), |task: CaptureTask| async move {
            match task.workspace.as_str() {
                "fails" => Err(No),
                "panics" => panic!("boom"),
                _ => Ok(()),
            }
        })
        .await
    }

    #[tokio::test]
    async fn a_record_fails_alone() {
        let mut newer = record("newer", "ok");
        newer.body = newer.body.replace("\"v\":1", "\"v\":2");
        let junk = Record { id: "junk".into(), body: "{".into() };
        let records =
            vec![record("a", "ok"), record("b", "fails"), record("c", "panics"), newer, junk, record("d", "ok")];
        assert_eq!(failures(records).await, ["b", "c", "newer", "junk"]);
        assert_eq!(failures(Vec::new()).await, Vec::<String>::new());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_done_in_time_comes_again() {
        let slow = |task: CaptureTask| async move {
            if task.workspace.as_str() == "slow" {
                std::future::pending::<()>().await;
            }
            Ok::<_, No>(())
        };
        let records = vec![record("a", "slow"), record("b", "ok")];
        assert_eq!(process(records, Duration::from_secs(1), slow).await, ["a"]);
    }
}
