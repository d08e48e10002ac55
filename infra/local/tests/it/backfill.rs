//! Runs, from their start to their end.

use connector_domain::RunId;
use connector_domain::backfill::{RunState, UnitState};
use connector_flows::StartRequest;
use connectors::stack::{Data, StackError};

use crate::support::{SECRET, everything, finish, github, ids, link_request, observations, post, start};

#[tokio::test]
async fn history_and_webhooks_of_the_same_facts_are_the_same_rows() {
    let github = github().await;
    github.populate();
    let stack = start(Data::Memory, &github).await;
    let linked = stack.link(link_request(&github.repository)).await.unwrap();
    let run = stack.start_backfill(everything(linked.integration)).await.unwrap().run.unwrap();
    let progress = finish(&stack, &run).await;
    assert!(progress.counters.pages > 10, "{progress:?}");
    let backfilled = ids(&observations(&stack).await);
    assert_eq!(backfilled.len() as u64, progress.report.captured);

    let served = stack.serve(0).await.unwrap();
    for webhook in github.repository.history_webhooks() {
        assert_eq!(post(&served.url, &webhook.signed(SECRET.as_bytes())).await.status, 200);
    }
    stack.settled().await;
    let both = ids(&observations(&stack).await);
    let mut once = both.clone();
    once.dedup();
    assert_eq!(both, once, "no fact has two rows");
    let repeated = backfilled.iter().filter(|id| !both.contains(id)).count();
    assert_eq!(repeated, 0, "nothing is lost");
    // The API lists an item once, whatever happened to it; webhooks also tell what was undone since.
    assert!(both.len() >= backfilled.len());
}

#[tokio::test]
async fn a_run_that_holds_ends_in_the_same_rows_and_a_cancelled_one_keeps_what_it_held() {
    let github = github().await;
    github.populate();
    let plain = start(Data::Memory, &github).await;
    let linked = plain.link(link_request(&github.repository)).await.unwrap();
    let run = plain.start_backfill(everything(linked.integration)).await.unwrap().run.unwrap();
    finish(&plain, &run).await;

    let stack = start(Data::Memory, &github).await;
    let linked = stack.link(link_request(&github.repository)).await.unwrap();
    let request = StartRequest { hold: true, ..everything(linked.integration.clone()) };
    let run = stack.start_backfill(request).await.unwrap().run.unwrap();
    let progress = finish(&stack, &run).await;
    assert_eq!(ids(&observations(&stack).await), ids(&observations(&plain).await));
    assert_eq!((progress.report.held, progress.report.captured), (0, observations(&stack).await.len() as u64));

    let hour = std::time::Duration::from_secs(3_600);
    let limit = connector_simulator::github::Fault::SecondaryLimit { status: 429, retry_after: Some(hour) };
    github.world.github().inject(limit.nth(4).times(100));
    let cancelled = start(Data::Memory, &github).await;
    let linked = cancelled.link(link_request(&github.repository)).await.unwrap();
    let request = StartRequest { hold: true, ..everything(linked.integration) };
    let run = cancelled.start_backfill(request).await.unwrap().run.unwrap();
    cancelled.settled().await;
    assert_eq!(cancelled.progress(&run).await.unwrap().0.state, RunState::Running);
    assert_eq!(observations(&cancelled).await, []);
    cancelled.cancel(&run).await.unwrap();
    cancelled.settled().await;
    let (progress, _) = cancelled.progress(&run).await.unwrap();
    assert_eq!(progress.state, RunState::Cancelled);
    assert!(progress.report.captured > 0, "{progress:?}");
    assert_eq!(observations(&cancelled).await.len() as u64, progress.report.captured);
}

#[tokio::test]
async fn the_scheduler_fetches_what_is_missing_and_only_once() {
    let github = github().await;
    github.populate();
    let stack = start(Data::Memory, &github).await;
    stack.link(link_request(&github.repository)).await.unwrap();
    assert_eq!(stack.tick().await.unwrap().started, 1);
    stack.settled().await;
    assert_eq!(stack.tick().await.unwrap().started, 0);
    assert_eq!(stack.sweep().await.unwrap(), connector_recovery::Swept::default());
}

#[tokio::test]
async fn a_cancelled_run_fetches_no_more() {
    let github = github().await;
    github.populate();
    // Every unit waits for an hour after its first call.
    let hour = std::time::Duration::from_secs(3_600);
    let limit = connector_simulator::github::Fault::SecondaryLimit { status: 429, retry_after: Some(hour) };
    github.world.github().inject(limit.times(100));
    let stack = start(Data::Memory, &github).await;
    let linked = stack.link(link_request(&github.repository)).await.unwrap();
    let run = stack.start_backfill(everything(linked.integration)).await.unwrap().run.unwrap();
    stack.settled().await;
    let (progress, units) = stack.progress(&run).await.unwrap();
    assert_eq!(progress.state, RunState::Running);
    assert!(units.iter().all(|unit| matches!(unit.state, UnitState::Waiting { .. })), "{units:?}");
    let delayed = stack.queues().into_iter().find(|queue| queue.name == "PageQueue").map(|queue| queue.delayed);
    assert_eq!(delayed, Some(units.len()), "each waits as a delayed message");

    assert_eq!(stack.cancel(&run).await.unwrap(), units.len());
    assert_eq!(stack.cancel(&run).await.unwrap(), 0);
    assert_eq!(stack.progress(&run).await.unwrap().0.state, RunState::Cancelled);
}

#[tokio::test]
async fn a_run_that_is_not_there_is_named() {
    let github = github().await;
    let stack = start(Data::Memory, &github).await;
    let nobody = RunId::parse("nobody").unwrap();
    assert!(matches!(stack.progress(&nobody).await, Err(StackError::UnknownRun(run)) if run == nobody));
    assert!(matches!(stack.cancel(&nobody).await, Err(StackError::UnknownRun(run)) if run == nobody));
}
