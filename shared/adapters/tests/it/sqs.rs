//! Queues on the wire.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use connector_adapters::sqs::SqsQueue;
use connector_domain::ports::{PortErrorKind, Queue};
use connector_domain::task::CaptureTask;
use connector_testkit::builders::capture_task;
use serde_json::{Value, json};

use crate::support::aws::{self, Service};

fn tasks(count: usize) -> Vec<CaptureTask> {
    (0..count).map(|n| capture_task(&format!("ws-{n}"), &format!("github#{n}"))).collect()
}

fn queue(service: &Service) -> SqsQueue<CaptureTask> {
    SqsQueue::new(aws::client!(aws_sdk_sqs, &service.url), format!("{}/000000000000/capture", service.url))
}

fn ids(body: &Value) -> Vec<&str> {
    body["Entries"].as_array().unwrap().iter().map(|entry| entry["Id"].as_str().unwrap()).collect()
}

fn sent(ids: &[&str]) -> Value {
    let entry = |id: &&str| json!({ "Id": id, "MessageId": "m", "MD5OfMessageBody": "d" });
    Value::Array(ids.iter().map(entry).collect())
}

/// Answers that all but the entries of `refuse` are sent.
fn answer(body: &Value, refuse: &[&str], sender_fault: bool) -> (u16, Value) {
    let all = ids(body);
    let (bad, good): (Vec<_>, Vec<_>) = all.into_iter().partition(|id| refuse.contains(id));
    let failure = |id: &&str| json!({ "Id": id, "SenderFault": sender_fault, "Code": "InternalError" });
    (200, json!({ "Successful": sent(&good), "Failed": bad.iter().map(failure).collect::<Vec<_>>() }))
}

#[tokio::test]
async fn a_queue_that_keeps_order_takes_no_delay_and_knows_a_message_by_its_text() {
    let service = aws::serve(|_, body| answer(body, &[], false)).await;
    let url = format!("{}/000000000000/told.fifo", service.url);
    let queue = SqsQueue::<CaptureTask>::new(aws::client!(aws_sdk_sqs, &service.url), url);
    let mut tasks = tasks(2);
    tasks.push(tasks[0].clone());
    queue.send(&tasks, Duration::from_secs(60)).await.unwrap();
    let calls = service.calls();
    let entries = calls[0].1["Entries"].as_array().unwrap();
    assert!(entries.iter().all(|entry| entry.get("DelaySeconds").is_none() && entry["MessageGroupId"].is_string()));
    let ids: Vec<_> = entries.iter().map(|entry| entry["MessageDeduplicationId"].as_str().unwrap()).collect();
    assert!(ids[0] == ids[2] && ids[0] != ids[1] && ids[0].len() == 64, "{ids:?}");
}

#[tokio::test]
async fn messages_go_in_tens_with_tenant_and_delay() {
    let service = aws::serve(|_, body| answer(body, &[], false)).await;
    let mut tasks = tasks(23);
    tasks[0].workspace = "caf\u{e9}".parse().unwrap();
    queue(&service).send(&tasks, Duration::from_millis(59_100)).await.unwrap();
    let calls = service.calls();
    assert_eq!(calls.iter().map(|(_, body)| ids(body).len()).collect::<Vec<_>>(), [10, 10, 3]);
    let mut seen = Vec::new();
    for (operation, body) in &calls {
        assert_eq!(operation, "SendMessageBatch");
        assert!(body["QueueUrl"].as_str().unwrap().ends_with("/capture"));
        for entry in body["Entries"].as_array().unwrap() {
            let text = entry["MessageBody"].as_str().unwrap();
            assert!(text.is_ascii());
            let task: CaptureTask = serde_json::from_str(text).unwrap();
            if task.workspace.as_str().is_ascii() {
                assert_eq!(entry["MessageGroupId"], task.workspace.as_str());
            }
            assert_eq!(entry["DelaySeconds"], 60);
            seen.push(task);
        }
    }
    assert_eq!(seen, tasks);
}

#[tokio::test]
async fn nothing_to_send_is_no_call() {
    let service = aws::serve(|_, body| answer(body, &[], false)).await;
    queue(&service).send(&[], Duration::ZERO).await.unwrap();
    assert_eq!(service.calls(), []);
}

#[tokio::test]
async fn a_refused_entry_is_sent_once_more() {
    let count = Arc::new(AtomicUsize::new(0));
    let service = aws::serve(move |_, body| {
        let refuse: &[&str] = if count.fetch_add(1, Ordering::Relaxed) == 0 { &["3", "7"] } else { &[] };
        answer(body, refuse, false)
    })
    .await;
    queue(&service).send(&tasks(10), Duration::ZERO).await.unwrap();
    let calls = service.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(ids(&calls[1].1), ["3", "7"]);
    assert_eq!(calls[1].1["Entries"][0], calls[0].1["Entries"][3]);
}

#[tokio::test]
async fn an_entry_that_stays_refused_is_an_error() {
    for (sender_fault, kind) in [(false, PortErrorKind::Temporary), (true, PortErrorKind::Permanent)] {
        let service = aws::serve(move |_, body| answer(body, &["1"], sender_fault)).await;
        let error = queue(&service).send(&tasks(3), Duration::ZERO).await.unwrap_err();
        assert_eq!(error.kind, kind);
        assert_eq!(service.calls().len(), 2);
    }
}

#[tokio::test]
async fn an_entry_that_is_not_answered_is_not_sent() {
    let service = aws::serve(|_, body| (200, json!({ "Successful": sent(&ids(body)[1..]), "Failed": [] }))).await;
    let error = queue(&service).send(&tasks(3), Duration::ZERO).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Temporary);
    assert_eq!(ids(&service.calls()[1].1), ["0"]);
}

#[tokio::test]
async fn a_refused_call_is_an_error() {
    for (status, code, kind) in [
        (400, "com.amazonaws.sqs#QueueDoesNotExist", PortErrorKind::Permanent),
        (403, "AccessDenied", PortErrorKind::Permanent),
        (400, "RequestThrottled", PortErrorKind::Temporary),
        (503, "ServiceUnavailable", PortErrorKind::Temporary),
    ] {
        let service = aws::serve(move |_, _| aws::error(status, code)).await;
        let error = queue(&service).send(&tasks(1), Duration::ZERO).await.unwrap_err();
        assert_eq!(error.kind, kind, "{code}");
    }
}

#[tokio::test]
async fn an_oversized_task_never_leaves() {
    let service = aws::serve(|_, body| answer(body, &[], false)).await;
    let mut task = capture_task("acme", "github#1");
    task.correlation = "x".repeat(70_000);
    let error = queue(&service).send(&[task], Duration::ZERO).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Permanent);
    assert_eq!(service.calls(), []);
}
