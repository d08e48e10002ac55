//! Queues on SQS.

use std::marker::PhantomData;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use connector_domain::WorkspaceId;
use connector_domain::ports::{MAX_DELAY, PortError, Queue};
use connector_domain::task::{Task, encode};
use sha2::{Digest, Sha256};

use crate::aws::port_error;

const OPERATION: &str = "send messages";
/// Most messages in one call.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>
const BATCH: usize = 10;
/// Longest name of a message group.
const MAX_GROUP_CHARS: usize = 128;

/// A queue on SQS. One whose name ends in `.fifo` keeps the order of each tenant's messages, and takes the same message
/// once within five minutes; its messages are not delayed.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-exactly-once-processing.html>
pub struct SqsQueue<T> {
    client: Client,
    url: String,
    fifo: bool,
    task: PhantomData<fn() -> T>,
}

impl<T: Task> SqsQueue<T> {
    /// The queue at a URL.
    #[must_use]
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        let url = url.into();
        Self { fifo: url.ends_with(".fifo"), client, url, task: PhantomData }
    }

    /// Sends a batch and answers the entries that SQS refused.
    async fn send_batch(&self, entries: &[SendMessageBatchRequestEntry]) -> Result<Vec<Refused>, PortError> {
        let call = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries.to_vec()));
        let answer = call.send().await.map_err(|error| port_error(OPERATION, &error))?;
        // A call that succeeds says nothing of its entries: each must be named as sent.
        let sent = |id: &str| answer.successful().iter().any(|entry| entry.id() == id);
        let unsent = entries.iter().filter(|entry| !sent(entry.id()));
        Ok(unsent
            .map(|entry| {
                let failure = answer.failed().iter().find(|failure| failure.id() == entry.id());
                Refused {
                    entry: entry.clone(),
                    code: failure.map_or("no answer", |failure| failure.code()).to_owned(),
                    ours: failure.is_some_and(|failure| failure.sender_fault()),
                }
            })
            .collect())
    }
}

/// An entry that SQS did not take.
struct Refused {
    entry: SendMessageBatchRequestEntry,
    code: String,
    /// SQS says that the fault is with us.
    ours: bool,
}

#[async_trait]
impl<T: Task> Queue<T> for SqsQueue<T> {
    async fn send(&self, tasks: &[T], delay: Duration) -> Result<(), PortError> {
        for batch in tasks.chunks(BATCH) {
            let delay = (!self.fifo).then_some(delay);
            let entries = batch.iter().enumerate().map(|(n, task)| entry(n, task, delay));
            let refused = self.send_batch(&entries.collect::<Result<Vec<_>, _>>()?).await?;
            if refused.is_empty() {
                continue;
            }
            let again: Vec<_> = refused.into_iter().map(|refused| refused.entry).collect();
            if let Some(Refused { code, ours, .. }) = self.send_batch(&again).await?.into_iter().next() {
                let text = format!("SQS refused a message: {code}");
                return Err(if ours {
                    PortError::permanent(OPERATION, text)
                } else {
                    PortError::temporary(OPERATION, text)
                });
            }
        }
        Ok(())
    }
}

/// Without a delay it is for a queue that keeps order, which takes none and knows a message by its text.
fn entry<T: Task>(n: usize, task: &T, delay: Option<Duration>) -> Result<SendMessageBatchRequestEntry, PortError> {
    let body = encode(task).map_err(|error| PortError::permanent(OPERATION, error))?;
    let text = hex::encode(Sha256::digest(&body));
    SendMessageBatchRequestEntry::builder()
        .id(n.to_string())
        .message_body(body)
        .set_delay_seconds(delay.map(delay_seconds))
        .set_message_deduplication_id(delay.is_none().then_some(text))
        .message_group_id(group(task.workspace()))
        .build()
        .map_err(|error| PortError::permanent(OPERATION, error))
}

/// Whole seconds, never earlier than asked for.
fn delay_seconds(delay: Duration) -> i32 {
    let delay = delay.min(MAX_DELAY);
    let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
    i32::try_from(seconds).unwrap_or(900)
}

/// The tenant as a message group: SQS takes ASCII letters, digits and punctuation there, and not many.
fn group(workspace: &WorkspaceId) -> String {
    let id = workspace.as_str();
    if id.len() <= MAX_GROUP_CHARS && id.chars().all(|c| c.is_ascii_graphic()) {
        return id.to_owned();
    }
    hex::encode(Sha256::digest(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_whole_seconds_within_bounds() {
        for (delay, seconds) in [(0.0, 0), (0.2, 1), (1.0, 1), (899.5, 900), (900.0, 900), (5_000.0, 900)] {
            assert_eq!(delay_seconds(Duration::from_secs_f64(delay)), seconds, "{delay}");
        }
    }

    #[test]
    fn groups_fit_whatever_the_workspace_is_called() {
        let of = |id: &str| group(&WorkspaceId::parse(id).unwrap());
        assert_eq!(of("acme/1"), "acme/1");
        let (long, foreign) = (of(&"x".repeat(200)), of("caf\u{e9}"));
        assert_eq!((long.len(), foreign.len()), (64, 64));
        assert_ne!(long, of(&"x".repeat(201)));
    }
}
