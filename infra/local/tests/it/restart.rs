//! What a restart must not lose.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use connector_adapters::system::SystemClock;
use connector_domain::ProviderKind;
use connector_domain::backfill::UnitState;
use connector_domain::http::WebhookRequest;
use connector_domain::ports::{PortError, Queue, Secrets};
use connector_domain::task::CaptureTask;
use connector_simulator::github::NewPullRequest;
use connector_webhook::{Webhook, WebhookPorts};
use connectors::stack::{Data, Database, Stack, Template};

use crate::support::{SECRET, dir, everything, finish, github, ids, link_request, observations, options, start};

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn observations_and_links_survive() {
    let data = tempfile::tempdir().unwrap();
    let github = github().await;
    github.populate();
    let stack = start(dir(data.path()), &github).await;
    let linked = stack.link(link_request(&github.repository)).await.unwrap();
    let run = stack.start_backfill(everything(linked.integration.clone())).await.unwrap().run.unwrap();
    let progress = finish(&stack, &run).await;
    let before = observations(&stack).await;
    assert!(!before.is_empty());
    stack.drain_and_stop(PATIENCE).await;

    let stack = start(dir(data.path()), &github).await;
    stack.settled().await;
    assert_eq!(observations(&stack).await, before);
    assert_eq!(stack.progress(&run).await.unwrap().0, progress);
    let again = stack.start_backfill(everything(linked.integration)).await.unwrap();
    assert_eq!(again.run, None, "what is covered stays covered: {again:?}");
}

/// Loses every message, as a crash after the delivery was stored does.
struct Nowhere;

#[async_trait]
impl Queue<CaptureTask> for Nowhere {
    async fn send(&self, _: &[CaptureTask], _: Duration) -> Result<(), PortError> {
        Ok(())
    }
}

#[tokio::test]
async fn a_webhook_that_was_acknowledged_and_not_captured_is_captured_at_the_next_start() {
    let data = tempfile::tempdir().unwrap();
    let github = github().await;
    let stack = start(dir(data.path()), &github).await;
    stack.link(link_request(&github.repository)).await.unwrap();
    let ports = WebhookPorts {
        connections: Arc::clone(&stack.stores().connections),
        deliveries: Arc::clone(&stack.stores().deliveries),
        captures: Arc::new(Nowhere),
        secrets: Arc::new(stack.secrets().clone()) as Arc<dyn Secrets>,
        clock: Arc::new(SystemClock),
    };
    let webhook = Webhook::new(connector_providers::provider(ProviderKind::Github).unwrap(), ports);
    let signed = github
        .repository
        .open_pull_request(NewPullRequest::titled("Add login"), github.world.now())
        .signed(SECRET.as_bytes());
    let request = WebhookRequest { headers: signed.headers.into_iter().collect(), body: signed.body };
    assert_eq!(webhook.handle(request).await.status, 200);
    stack.settled().await;
    assert_eq!(observations(&stack).await.len(), 0);
    drop((webhook, stack));

    let stack = start(dir(data.path()), &github).await;
    stack.settled().await;
    assert_eq!(ids(&observations(&stack).await), [format!("github:pr:{}#1:opened", github.repository.id)]);
}

/// Starts a run, and stops once GitHub has answered so many calls.
async fn interrupt(stack: Stack, github: &crate::support::GitHub, calls: usize, patience: Option<Duration>) -> String {
    let linked = stack.link(link_request(&github.repository)).await.unwrap();
    let run = stack.start_backfill(everything(linked.integration)).await.unwrap().run.unwrap();
    while github.world.github().requests().len() < calls {
        tokio::task::yield_now().await;
    }
    match patience {
        Some(patience) => stack.drain_and_stop(patience).await,
        None => drop(stack),
    }
    run.to_string()
}

async fn goes_on_after(patience: Option<Duration>) {
    let github = github().await;
    github.populate();
    let whole = tempfile::tempdir().unwrap();
    let stack = start(dir(whole.path()), &github).await;
    let linked = stack.link(link_request(&github.repository)).await.unwrap();
    let run = stack.start_backfill(everything(linked.integration)).await.unwrap().run.unwrap();
    let undisturbed = finish(&stack, &run).await;
    let expected = ids(&observations(&stack).await);
    drop(stack);
    github.world.github().forget_requests();

    let data = tempfile::tempdir().unwrap();
    let stack = start(dir(data.path()), &github).await;
    let run = interrupt(stack, &github, 4, patience).await.parse().unwrap();
    let rows = Database::open(&Template::embedded().unwrap(), &dir(data.path())).await.unwrap();
    let stored = rows.stores().backfills.run(&run).await.unwrap().unwrap();
    let mut unfinished = 0;
    for key in stored.unit_keys() {
        let unit = rows.stores().backfills.unit(&key).await.unwrap().unwrap();
        unfinished += usize::from(matches!(unit.state, UnitState::Pending | UnitState::Running));
    }
    assert!(unfinished > 0, "the run was interrupted in its middle");
    drop(rows);

    let stack = start(dir(data.path()), &github).await;
    let progress = finish(&stack, &run).await;
    assert_eq!(progress.counters.pages, undisturbed.counters.pages, "no page is counted twice");
    assert_eq!(ids(&observations(&stack).await), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_goes_on_after_an_orderly_stop() {
    goes_on_after(Some(PATIENCE)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_goes_on_after_a_crash() {
    goes_on_after(None).await;
}

#[tokio::test]
async fn rows_can_be_read_while_a_stack_runs() {
    let data = tempfile::tempdir().unwrap();
    let github = github().await;
    let stack = start(dir(data.path()), &github).await;
    let linked = stack.link(link_request(&github.repository)).await.unwrap().integration;
    let reader = Database::open(&Template::embedded().unwrap(), &dir(data.path())).await.unwrap();
    let seen = reader.stores().connections.integrations_in(&linked.workspace).await.unwrap();
    assert_eq!(seen, [linked]);
}

#[tokio::test]
async fn data_that_cannot_be_opened_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let github = github().await;
    let result = Stack::start(&Template::embedded().unwrap(), options(Data::Dir(file.clone()), &github)).await;
    let error = result.err().unwrap().to_string();
    assert!(error.contains(file.to_str().unwrap()), "{error}");
}
