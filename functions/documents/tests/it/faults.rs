//! A provider that fails.

use std::time::Duration;

use connector_documents::{DocumentsOutcome, DocumentsSettings};
use connector_domain::documents::{SyncLimits, SyncState};
use connector_domain::ports::Clock;
use connector_flows::documents::ask;
use connector_simulator::github::Fault;

use crate::desk::{Desk, commit, config};

async fn with_ten(settings: DocumentsSettings) -> Desk {
    let desk = Desk::with(settings).await;
    let mut all = commit().write("connectors.yml", config(&["**/*.md"]));
    for n in 0..10 {
        all = all.write(format!("{n}.md"), format!("text {n}"));
    }
    desk.push(all);
    desk
}

#[tokio::test]
async fn a_limit_is_waited_for_with_a_delayed_message() {
    let desk = with_ten(DocumentsSettings::default()).await;
    let spent = Fault::PrimaryLimit { status: 403, reset_in: Duration::from_secs(1_200) };
    desk.world.github().inject(spent.on("/repos/acme/rocket/git/blobs/").nth(5));
    ask(&desk.ask, &desk.link, None, "cor").await.unwrap();
    let task = desk.queue.drain().remove(0);
    let outcome = desk.worker.handle(task).await.unwrap();
    let DocumentsOutcome::Done(SyncState::Waiting { until, .. }) = outcome else { panic!("{outcome:?}") };
    assert!(until > desk.clock.now());
    let so_far = desk.paths().await.len();
    desk.settle().await;
    assert_eq!((desk.state().await, desk.paths().await.len()), (SyncState::Synced, 10));
    assert!(so_far < 10);
    assert!(desk.requests("/git/blobs/") <= 12 + 4, "what was read is not read again, but for those under way");
}

#[tokio::test]
async fn a_provider_with_a_fault_is_asked_again_and_given_up_in_the_end() {
    let desk = with_ten(DocumentsSettings::default()).await;
    for (fault, part) in [
        (Fault::ServerError(502), "commits"),
        (Fault::Malformed, "commits"),
        (Fault::HtmlPage, "git/trees/"),
        (Fault::Truncated, "git/trees/"),
        (Fault::ServerError(503), "git/blobs/"),
        (Fault::Malformed, "git/blobs/"),
        (Fault::HtmlPage, "git/blobs/"),
        (Fault::Truncated, "git/blobs/"),
    ] {
        desk.world.github().inject(fault.on(format!("/repos/acme/rocket/{part}")));
    }
    assert_eq!(desk.sync().await.state, SyncState::Synced);
    for n in 0..10 {
        assert_eq!(
            desk.chunks(&format!("{n}.md")).await[0].text,
            format!("text {n}"),
            "no other answer is taken for it"
        );
    }
    desk.world.github().inject(Fault::ServerError(500).on("/repos/acme/rocket/").times(1_000));
    let row = desk.sync().await;
    assert_eq!(row.state.name(), "failed");
    assert_eq!(desk.paths().await.len(), 10, "what was kept stays");
}

/// D108: a sync with files that failed is no success. Recovery makes it again, with an end.
#[tokio::test]
async fn files_that_fail_make_it_partial_and_it_is_made_again() {
    let desk = with_ten(DocumentsSettings::default()).await;
    desk.world.github().inject(Fault::NotFound.on("/repos/acme/rocket/git/blobs/").nth(4));
    desk.world.github().inject(Fault::PermissionDenied.on("/repos/acme/rocket/git/blobs/").nth(7));
    let row = desk.sync().await;
    assert_eq!((row.state.clone(), row.counts.failed, row.counts.written), (SyncState::Partial, 2, 8));
    assert_eq!(row.failures.len(), 2);
    assert!(row.failures.iter().any(|failure| failure.code.as_str() == "not_found"), "{:?}", row.failures);
    let due_at = row.due_at.unwrap();
    desk.clock.set(due_at);
    let again = row.redrive(&SyncLimits::default(), due_at).unwrap();
    connector_domain::ports::DocumentSyncs::put_sync(&*desk.store, &again, Some(row.version)).await.unwrap();
    desk.forget();
    desk.worker.handle(again.task()).await.unwrap();
    let row = desk.row().await;
    assert_eq!((row.state.clone(), row.counts.written, row.counts.unchanged), (SyncState::Synced, 2, 8));
    assert_eq!((row.failures.len(), desk.requests("/git/blobs/")), (0, 2));
}

#[tokio::test]
async fn a_repository_that_is_hidden_fails_with_a_code() {
    let desk = with_ten(DocumentsSettings::default()).await;
    desk.world.github().inject(Fault::NotFound.on("/repos/acme/rocket/commits"));
    let SyncState::Failed { code, .. } = desk.sync().await.state else { panic!() };
    assert_eq!(code.as_str(), "not_found");
}

#[tokio::test]
async fn many_files_take_many_steps_of_one_batch_each() {
    let desk = with_ten(DocumentsSettings { batch: 3, ..DocumentsSettings::default() }).await;
    ask(&desk.ask, &desk.link, None, "cor").await.unwrap();
    let outcomes = desk.settle().await;
    assert_eq!(outcomes.len(), 4);
    let row = desk.row().await;
    assert_eq!((row.counts.written, desk.paths().await.len()), (10, 10));
    assert_eq!(desk.requests("/commits"), 1, "the head is read once");
}
