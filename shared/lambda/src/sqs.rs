//! Serves a queue: Lambda's batch event in, the ids of failed messages out.

use std::future::Future;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use connector_domain::task::Task;
use lambda_runtime::{Error, LambdaEvent, service_fn};

use crate::batch::{Record, process};

/// Left at the end of an invocation for the answer to reach Lambda.
const MARGIN: Duration = Duration::from_secs(2);

/// Runs until Lambda ends the process.
///
/// # Errors
/// When the Runtime API fails.
pub async fn serve<T, E, F, Fut>(handle: F) -> Result<(), Error>
where
    T: Task,
    E: std::error::Error,
    F: Fn(T) -> Fut,
    Fut: Future<Output = Result<(), E>>,
{
    let handle = &handle;
    lambda_runtime::run(service_fn(|event: LambdaEvent<SqsEvent>| async move {
        let time = time_left(event.context.deadline).saturating_sub(MARGIN);
        let failed = process(records(event.payload)?, time, handle).await;
        let mut response = SqsBatchResponse::default();
        for id in failed {
            response.add_failure(id);
        }
        Ok::<_, Error>(response)
    }))
    .await
}

fn records(event: SqsEvent) -> Result<Vec<Record>, Error> {
    let mut records = Vec::with_capacity(event.records.len());
    for message in event.records {
        let id = message.message_id.filter(|id| !id.is_empty()).ok_or("a message has no id")?;
        records.push(Record { id, body: message.body.unwrap_or_default() });
    }
    Ok(records)
}

#[expect(clippy::disallowed_methods, reason = "Lambda's deadline is in real time")]
fn time_left(deadline_ms: u64) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Duration::from_millis(deadline_ms).saturating_sub(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_without_id_fails_the_batch_at_once() {
        let event: SqsEvent = serde_json::from_str(r#"{"Records":[{"messageId":"","body":"{}"}]}"#).unwrap();
        assert!(records(event).is_err());
        let event: SqsEvent = serde_json::from_str(r#"{"Records":[{"messageId":"m","body":"{}"}]}"#).unwrap();
        assert_eq!(records(event).unwrap(), [Record { id: "m".into(), body: "{}".into() }]);
    }
}
