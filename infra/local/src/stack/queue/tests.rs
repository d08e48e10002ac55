//! Time is paused: a wait takes no time, and happens only when nothing else can.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use connector_domain::ports::Queue;
use connector_domain::task::CaptureTask;
use connector_domain::{DeliveryId, WorkspaceId};
use tokio::sync::mpsc;

use super::super::poller::{Delivery, deliver};
use super::super::template::DeadLetters;
use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn queue(max_receives: Option<u32>) -> Arc<LocalQueue> {
    let dead_letters = max_receives.map(|max_receives| DeadLetters { queue: "Dead".into(), max_receives });
    let spec = QueueSpec { visibility: 30 * SECOND, delay: Duration::ZERO, dead_letters };
    Arc::new(LocalQueue::new("Q", spec, SECOND, Arc::default()))
}

fn task(workspace: &str) -> CaptureTask {
    CaptureTask {
        v: 1,
        workspace: WorkspaceId::parse(workspace).unwrap(),
        delivery: DeliveryId::parse("github#1").unwrap(),
        correlation: "c".into(),
    }
}

async fn send(queue: &Arc<LocalQueue>, workspaces: &[&str], delay: Duration) {
    let tasks: Vec<_> = workspaces.iter().map(|workspace| task(workspace)).collect();
    Sender::new(Arc::clone(queue)).send(&tasks, delay).await.unwrap();
}

fn ids(batch: &[Record]) -> Vec<String> {
    batch.iter().map(|record| record.id.clone()).collect()
}

/// (visible, in flight, delayed, dead)
fn counts(queue: &LocalQueue) -> (usize, usize, usize, usize) {
    let status = queue.status();
    (status.visible, status.in_flight, status.delayed, status.dead_letters)
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_hidden_and_then_deleted() {
    let queue = queue(None);
    send(&queue, &["a", "b", "c"], Duration::ZERO).await;
    let batch = queue.receive(2).await;
    assert_eq!(batch.len(), 2);
    assert!(batch[0].body.contains("\"a\"") && batch[1].body.contains("\"b\""), "the oldest come first");
    assert_eq!(counts(&queue), (1, 2, 0, 0));
    queue.finish(&ids(&batch), &[]);
    assert_eq!(counts(&queue), (1, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_delayed_message_comes_when_its_delay_is_over() {
    let queue = queue(None);
    let start = Instant::now();
    send(&queue, &["late"], 600 * SECOND).await;
    assert_eq!(counts(&queue), (0, 0, 1, 0));
    assert!(!queue.is_busy(), "what is delayed into the future is no work now");
    let batch = queue.receive(10).await;
    assert_eq!(start.elapsed(), 600 * SECOND);
    queue.finish(&ids(&batch), &[]);
    let start = Instant::now();
    send(&queue, &["later-than-sqs-can"], 5_000 * SECOND).await;
    queue.receive(10).await;
    assert_eq!(start.elapsed(), 900 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_new_message_is_not_held_up_by_a_delayed_one() {
    let queue = queue(None);
    send(&queue, &["late"], 600 * SECOND).await;
    let receiver = tokio::spawn({
        let queue = Arc::clone(&queue);
        async move { queue.receive(10).await }
    });
    tokio::task::yield_now().await;
    let start = Instant::now();
    send(&queue, &["now"], Duration::ZERO).await;
    assert!(receiver.await.unwrap()[0].body.contains("\"now\""));
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_failed_message_comes_again_until_it_is_a_dead_letter() {
    let queue = queue(Some(5));
    send(&queue, &["bad"], Duration::ZERO).await;
    for receive in 1..=5 {
        assert!(queue.is_busy(), "a message that will be tried again is work, before receive {receive}");
        let start = Instant::now();
        let batch = queue.receive(10).await;
        assert_eq!(start.elapsed(), if receive == 1 { Duration::ZERO } else { SECOND });
        assert_eq!(counts(&queue), (0, 1, 0, 0), "receive {receive}");
        queue.finish(&ids(&batch), &ids(&batch));
    }
    assert_eq!(counts(&queue), (0, 0, 0, 1), "the fifth failure is the last");
    assert!(!queue.is_busy());
    let letters = queue.dead_letters();
    assert_eq!((letters.len(), letters[0].queue.as_str(), letters[0].receives), (1, "Q", 5));
    assert!(letters[0].body.contains("\"bad\""));
}

#[tokio::test(start_paused = true)]
async fn dead_letters_can_be_sent_again() {
    let queue = queue(Some(1));
    send(&queue, &["bad"], Duration::ZERO).await;
    let batch = queue.receive(1).await;
    queue.finish(&ids(&batch), &ids(&batch));
    assert_eq!(queue.redrive(), 1);
    assert_eq!(counts(&queue), (1, 0, 0, 0));
    assert_eq!(queue.redrive(), 0);
    let batch = queue.receive(1).await;
    queue.finish(&ids(&batch), &[]);
    assert_eq!(counts(&queue), (0, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_finishes_comes_again_when_its_visibility_ends() {
    let queue = queue(Some(2));
    send(&queue, &["lost"], Duration::ZERO).await;
    let first = queue.receive(1).await;
    let start = Instant::now();
    let second = queue.receive(1).await;
    assert_eq!(start.elapsed(), 30 * SECOND);
    // The first worker comes back too late: it may not take the message from the second.
    queue.finish(&ids(&first), &[]);
    assert_eq!(counts(&queue), (0, 1, 0, 0));
    queue.finish(&ids(&second), &ids(&second));
    assert_eq!(counts(&queue), (0, 0, 0, 1));
}

#[derive(Debug, thiserror::Error)]
#[error("no")]
struct No;

/// Handles by workspace name, and tells each call.
fn start(queue: &Arc<LocalQueue>, how: Delivery) -> (watch::Sender<bool>, mpsc::UnboundedReceiver<String>) {
    let (stop, stopped) = watch::channel(false);
    let (calls, seen) = mpsc::unbounded_channel();
    let handle = move |task: CaptureTask| {
        let calls = calls.clone();
        async move {
            let workspace = task.workspace.to_string();
            calls.send(workspace.clone()).unwrap();
            match workspace.as_str() {
                "fails" => Err(No),
                "panics" => panic!("boom"),
                "hangs" => std::future::pending().await,
                _ => Ok(()),
            }
        }
    };
    tokio::spawn(deliver(Arc::clone(queue), how, stopped, handle));
    (stop, seen)
}

fn seen(calls: &mut mpsc::UnboundedReceiver<String>) -> Vec<String> {
    let mut seen: Vec<_> = std::iter::from_fn(|| calls.try_recv().ok()).collect();
    seen.sort();
    seen
}

#[tokio::test(start_paused = true)]
async fn a_failed_record_of_a_batch_fails_alone() {
    let queue = queue(Some(3));
    let how = Delivery { batch_size: 10, concurrency: 2, timeout: 10 * SECOND };
    let (_stop, mut calls) = start(&queue, how);
    send(&queue, &["a", "fails", "panics", "hangs", "b"], Duration::ZERO).await;
    queue.activity.quiet(&[Arc::clone(&queue)]).await;
    let thrice = |name: &str| vec![name.to_owned(); 3];
    let expected = [vec!["a".to_owned(), "b".to_owned()], thrice("fails"), thrice("hangs"), thrice("panics")].concat();
    assert_eq!(seen(&mut calls), expected);
    assert_eq!(counts(&queue), (0, 0, 0, 3));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_no_task_becomes_a_dead_letter() {
    let queue = queue(Some(2));
    let how = Delivery { batch_size: 1, concurrency: 1, timeout: 10 * SECOND };
    let (_stop, mut calls) = start(&queue, how);
    queue.send(vec![("{".to_owned(), "w".to_owned())], Duration::ZERO);
    queue.activity.quiet(&[Arc::clone(&queue)]).await;
    assert_eq!(seen(&mut calls), Vec::<String>::new());
    assert_eq!(queue.dead_letters()[0].body, "{");
}

#[tokio::test(start_paused = true)]
async fn no_more_batches_run_at_once_than_the_mapping_says() {
    let queue = queue(None);
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let how = Delivery { batch_size: 2, concurrency: 3, timeout: 100 * SECOND };
    let handle = {
        let (running, most) = (Arc::clone(&running), Arc::clone(&most));
        move |_: CaptureTask| {
            let (running, most) = (Arc::clone(&running), Arc::clone(&most));
            async move {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                #[expect(
                    clippy::disallowed_methods,
                    reason = "the clock is paused: it stands for work that takes time"
                )]
                tokio::time::sleep(SECOND).await;
                running.fetch_sub(1, Ordering::SeqCst);
                Ok::<_, No>(())
            }
        }
    };
    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(deliver(Arc::clone(&queue), how, stopped, handle));
    send(&queue, &["x"; 20], Duration::ZERO).await;
    queue.activity.quiet(&[Arc::clone(&queue)]).await;
    assert_eq!(most.load(Ordering::SeqCst), 6, "three batches of two");
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_the_work_at_hand_and_takes_no_more() {
    let queue = queue(None);
    let how = Delivery { batch_size: 1, concurrency: 1, timeout: 10 * SECOND };
    let (stop, stopped) = watch::channel(false);
    let (began, mut begun) = mpsc::unbounded_channel();
    let (go, wait) = watch::channel(false);
    let handle = move |_: CaptureTask| {
        let (began, mut wait) = (began.clone(), wait.clone());
        async move {
            began.send(()).unwrap();
            wait.wait_for(|go| *go).await.unwrap();
            Ok::<_, No>(())
        }
    };
    let poller = tokio::spawn(deliver(Arc::clone(&queue), how, stopped, handle));
    send(&queue, &["first", "second"], Duration::ZERO).await;
    begun.recv().await.unwrap();
    stop.send(true).unwrap();
    tokio::task::yield_now().await;
    assert!(!poller.is_finished());
    go.send(true).unwrap();
    poller.await.unwrap();
    assert_eq!(counts(&queue), (1, 0, 0, 0), "the second was not begun");
}

#[tokio::test(start_paused = true)]
async fn quiet_is_over_all_queues_and_does_not_wait_for_the_future() {
    let (first, second) = (queue(None), queue(None));
    let second = Arc::new(LocalQueue::new("R", second.spec.clone(), SECOND, Arc::clone(&first.activity)));
    // A hop from one queue to the other, as a page hands over to its capture.
    let (_stop, stopped) = watch::channel(false);
    let how = Delivery { batch_size: 1, concurrency: 1, timeout: 10 * SECOND };
    let hop = {
        let second = Arc::clone(&second);
        move |task: CaptureTask| {
            let second = Arc::clone(&second);
            async move {
                send(&second, &[task.workspace.as_str()], Duration::ZERO).await;
                Ok::<_, No>(())
            }
        }
    };
    tokio::spawn(deliver(Arc::clone(&first), how, stopped, hop));
    let (_stop, mut calls) = start(&second, how);
    send(&first, &["one"], Duration::ZERO).await;
    send(&first, &["tomorrow"], 800 * SECOND).await;
    let started = Instant::now();
    first.activity.quiet(&[Arc::clone(&first), Arc::clone(&second)]).await;
    assert_eq!(seen(&mut calls), ["one"]);
    assert_eq!(started.elapsed(), Duration::ZERO);
    assert_eq!(counts(&first), (0, 0, 1, 0));
}

/// How long a tenant's one page takes while another one has thousands: at most twice as long as alone.
#[tokio::test(start_paused = true)]
async fn a_tenant_with_thousands_of_pages_does_not_delay_anothers_one() {
    async fn quiet_tenant_waits(noise: usize) -> Duration {
        let queue = queue(None);
        let (stop, stopped) = watch::channel(false);
        let (calls, mut called) = mpsc::unbounded_channel();
        let how = Delivery { batch_size: 1, concurrency: 10, timeout: 60 * SECOND };
        let handle = move |task: CaptureTask| {
            let calls = calls.clone();
            async move {
                #[expect(clippy::disallowed_methods, reason = "a page takes a second of paused time")]
                tokio::time::sleep(SECOND).await;
                calls.send(task.workspace.to_string()).unwrap();
                Ok::<_, std::convert::Infallible>(())
            }
        };
        let delivering = tokio::spawn(deliver(Arc::clone(&queue), how, stopped, handle));
        send(&queue, &vec!["noisy"; noise], Duration::ZERO).await;
        // In the middle of the flood.
        for _ in 0..noise.min(35) {
            called.recv().await.unwrap();
        }
        let sent = Instant::now();
        send(&queue, &["quiet"], Duration::ZERO).await;
        while called.recv().await.unwrap() != "quiet" {}
        let took = sent.elapsed();
        stop.send(true).unwrap();
        delivering.abort();
        took
    }
    let alone = quiet_tenant_waits(0).await;
    let beside = quiet_tenant_waits(10_000).await;
    assert_eq!(alone, SECOND);
    assert!(beside <= 2 * alone, "{beside:?} beside a flood, {alone:?} alone");
}
