//! What changes after the first sync.

use connector_documents::{DocumentsOutcome, DocumentsSettings};
use connector_domain::connection::ConnectionStatus;
use connector_domain::documents::{Claim, SyncLimits, SyncState, content_hash};
use connector_domain::ports::{Clock, ConnectionStore, DocumentSyncs};
use connector_flows::documents::{ask, pushed, search};
use connector_providers::Pushed;

use crate::desk::{Desk, commit, config};

async fn three_documents() -> Desk {
    let desk = Desk::new().await;
    let all = commit().write("connectors.yml", config(&["**/*.md"]));
    desk.push(all.write("a.md", "a").write("docs/b.md", "b").write("docs/c.md", "c"));
    assert_eq!(desk.sync().await.state, SyncState::Synced);
    desk.forget();
    desk
}

#[tokio::test]
async fn only_what_differs_is_fetched() {
    let desk = three_documents().await;
    desk.push(commit().write("a.md", "a, changed").delete("docs/b.md").write("new.md", "c").delete("docs/c.md"));
    let row = desk.sync().await;
    assert_eq!((row.counts.written, row.counts.removed, row.counts.unchanged), (2, 2, 0));
    assert_eq!(desk.paths().await, ["a.md", "new.md"].map(str::to_owned).into());
    assert_eq!(desk.requests("/git/blobs/"), 2);
    assert_eq!(desk.all_chunks().await, 2);
    desk.forget();
    let row = desk.sync().await;
    assert_eq!((row.counts.unchanged, desk.requests("/git/blobs/")), (2, 0), "the same again is nothing");
}

/// D105: deleting, adding and deleting again leaves nothing.
#[tokio::test]
async fn what_is_deleted_added_and_deleted_again_is_gone() {
    let desk = three_documents().await;
    for n in 0..2 {
        desk.push(commit().delete("a.md"));
        desk.sync().await;
        assert!(!desk.paths().await.contains("a.md"));
        desk.push(commit().write("a.md", format!("again {n}")));
        desk.sync().await;
        assert!(desk.paths().await.contains("a.md"));
    }
    desk.push(commit().delete("a.md"));
    desk.sync().await;
    assert_eq!((desk.paths().await.len(), desk.all_chunks().await), (2, 2));
}

/// D106: of a text that has become shorter no piece is left.
#[tokio::test]
async fn a_shorter_text_leaves_no_pieces() {
    let desk = three_documents().await;
    desk.push(commit().write("a.md", "Some words here.\n\n".repeat(2_000)));
    desk.sync().await;
    assert!(desk.all_chunks().await > 10);
    desk.push(commit().write("a.md", "short"));
    desk.sync().await;
    assert_eq!(desk.all_chunks().await, 3);
}

/// D107: narrowing the configuration, or deleting it, removes documents.
#[tokio::test]
async fn a_narrower_configuration_removes_documents_and_none_removes_all() {
    let desk = three_documents().await;
    desk.push(commit().write("connectors.yml", config(&["docs/*.md"])));
    let row = desk.sync().await;
    assert_eq!((row.counts.removed, row.counts.unchanged, desk.requests("/git/blobs/")), (1, 2, 1));
    desk.push(commit().write("connectors.yml", config(&["docs/*.md", "a.md"])));
    assert_eq!(desk.sync().await.counts.written, 1);
    desk.push(commit().delete("connectors.yml"));
    let row = desk.sync().await;
    assert_eq!((row.state.clone(), row.counts.removed, row.commit.is_some()), (SyncState::NoConfig, 3, true));
    assert_eq!((desk.paths().await.len(), desk.all_chunks().await), (0, 0));
}

#[tokio::test]
async fn a_link_that_ends_or_wants_no_documents_has_none() {
    let mut desk = three_documents().await;
    desk.link.settings.documents = false;
    desk.connections.put_integration(&desk.link).await.unwrap();
    let row = desk.sync().await;
    assert_eq!((row.state.clone(), row.counts.removed, desk.requests("/")), (SyncState::Off, 3, 0));
    assert_eq!(ask(&desk.ask, &desk.link, None, "cor").await.unwrap(), None, "it is off already");
    desk.link.settings.documents = true;
    desk.connections.put_integration(&desk.link).await.unwrap();
    assert_eq!(desk.sync().await.counts.written, 3);
    desk.unlink().await;
    assert_eq!(desk.sync().await.state, SyncState::Off);
    assert_eq!((desk.paths().await.len(), desk.all_chunks().await), (0, 0));
}

#[tokio::test]
async fn a_link_that_ends_during_a_sync_stops_it() {
    let mut desk = Desk::with(DocumentsSettings { batch: 1, ..DocumentsSettings::default() }).await;
    let all = commit().write("connectors.yml", config(&["**/*.md"]));
    desk.push(all.write("a.md", "a").write("b.md", "b").write("c.md", "c"));
    ask(&desk.ask, &desk.link, None, "cor").await.unwrap();
    let first = desk.queue.drain().remove(0);
    desk.worker.handle(first).await.unwrap();
    assert_eq!(desk.paths().await.len(), 1);
    desk.unlink().await;
    desk.settle().await;
    assert_eq!((desk.state().await, desk.paths().await.len()), (SyncState::Off, 0));
}

#[tokio::test]
async fn a_push_during_a_sync_is_followed_by_the_newest_commit() {
    let desk = Desk::with(DocumentsSettings { batch: 1, ..DocumentsSettings::default() }).await;
    let all = commit().write("connectors.yml", config(&["**/*.md"]));
    desk.push(all.write("a.md", "a").write("b.md", "b").write("c.md", "c"));
    ask(&desk.ask, &desk.link, None, "cor").await.unwrap();
    let first = desk.queue.drain().remove(0);
    desk.worker.handle(first).await.unwrap();
    let second = desk.queue.drain().remove(0);
    let old = desk.row().await.pass.unwrap().head.commit;
    desk.push(commit().write("a.md", "a, newer").delete("c.md"));
    ask(&desk.ask, &desk.link, None, "cor").await.unwrap();
    desk.worker.handle(second).await.unwrap();
    desk.settle().await;
    let row = desk.row().await;
    assert_eq!(row.state, SyncState::Synced);
    assert_ne!(row.commit.as_ref(), Some(&old));
    let documents = desk.documents().await;
    assert_eq!(documents.keys().collect::<Vec<_>>(), ["a.md", "b.md"]);
    assert_eq!(documents["a.md"].content_hash, Some(content_hash("a, newer")));
}

/// D107: files are those of the commit whose tree is read, whatever is pushed meanwhile.
#[tokio::test]
async fn files_are_fetched_at_the_commit_of_the_tree() {
    let desk = Desk::with(DocumentsSettings { batch: 1, ..DocumentsSettings::default() }).await;
    let all = commit().write("connectors.yml", config(&["**/*.md"]));
    desk.push(all.write("a.md", "a").write("b.md", "b"));
    ask(&desk.ask, &desk.link, None, "cor").await.unwrap();
    let first = desk.queue.drain().remove(0);
    desk.worker.handle(first).await.unwrap();
    desk.push(commit().write("b.md", "b, newer"));
    desk.settle().await;
    assert_eq!(desk.documents().await["b.md"].content_hash, Some(content_hash("b")));
    desk.sync().await;
    assert_eq!(desk.documents().await["b.md"].content_hash, Some(content_hash("b, newer")));
}

#[tokio::test]
async fn the_same_message_twice_fetches_and_writes_nothing_twice() {
    let desk = three_documents().await;
    desk.push(commit().write("a.md", "a, changed"));
    ask(&desk.ask, &desk.link, None, "cor").await.unwrap();
    let task = desk.queue.drain().remove(0);
    desk.worker.handle(task.clone()).await.unwrap();
    let (requests, before) = (desk.requests("/"), desk.documents().await);
    assert_eq!(desk.worker.handle(task).await.unwrap(), DocumentsOutcome::Dropped);
    assert_eq!((desk.requests("/"), desk.documents().await), (requests, before));
}

#[tokio::test]
async fn a_frozen_worker_that_wakes_up_late_changes_nothing() {
    let desk = three_documents().await;
    ask(&desk.ask, &desk.link, None, "cor").await.unwrap();
    let row = desk.row().await;
    let Claim::Granted(frozen) = row.claim(&row.task(), &SyncLimits::default(), desk.clock.now()) else { panic!() };
    desk.store.put_sync(&frozen, Some(row.version)).await.unwrap();
    assert_eq!(desk.settle().await, [DocumentsOutcome::Dropped], "it has the step to itself");
    desk.clock.advance(SyncLimits::default().lease);
    desk.worker.handle(row.task()).await.unwrap();
    assert!(!desk.row().await.is_still(&frozen));
    assert_eq!(desk.state().await, SyncState::Synced);
}

#[tokio::test]
async fn a_head_that_lags_behind_what_was_told_is_looked_at_again() {
    let desk = three_documents().await;
    desk.push(commit().write("a.md", "a, changed"));
    desk.repository.lag_behind(2);
    let told = desk.world.github().repository("acme/rocket").unwrap();
    let head = told.head("main").unwrap();
    ask(&desk.ask, &desk.link, Some(&head), "cor").await.unwrap();
    desk.settle().await;
    let row = desk.row().await;
    assert_eq!((row.state.clone(), row.commit.as_deref()), (SyncState::Synced, Some(head.as_str())));
    assert_eq!((row.counts.written, row.behind), (1, 2));
    ask(&desk.ask, &desk.link, Some("c0ffee"), "cor").await.unwrap();
    desk.settle().await;
    assert_eq!(desk.state().await, SyncState::Synced, "what never comes is not waited for forever");
}

#[tokio::test]
async fn a_push_wakes_a_repository_without_a_configuration_only_where_it_may_bring_one() {
    let desk = Desk::new().await;
    desk.push(commit().write("README.md", "# Rocket"));
    desk.sync().await;
    desk.forget();
    let push = |before: &str, paths: Option<&[&str]>| Pushed {
        before: Some(before.to_owned()),
        commit: format!("{before}1"),
        paths: paths.map(|paths| paths.iter().map(|path| (*path).to_owned()).collect()),
    };
    let woken = async |push: Pushed| pushed(&desk.ask, &desk.link, &push, "cor").await.unwrap().is_some();
    let head = desk.row().await.commit.unwrap();
    let other = &["README.md", "docs/connectors.yml"][..];
    assert!(!woken(push(&head, Some(other))).await);
    assert!(!woken(push(&head, Some(other))).await, "once more");
    assert!(!woken(push(&format!("{head}1"), Some(other))).await, "the next one");
    assert!(desk.queue.is_empty() && desk.requests("/") == 0);
    assert!(woken(push(&format!("{head}1"), Some(&["README.md", "connectors.yaml"]))).await);
    desk.settle().await;
    assert!(woken(push(&head, None)).await, "all may be among what is not named");
    desk.settle().await;
    let (_, beside) = desk.beside("till").await;
    let first = push(&head, Some(&["x"]));
    assert!(pushed(&desk.ask, &beside, &first, "cor").await.unwrap().is_some(), "it was never looked at");
}

/// The webhook that told of the configuration was lost.
#[tokio::test]
async fn a_push_after_one_that_nobody_told_of_wakes_a_repository_without_a_configuration() {
    let desk = Desk::new().await;
    desk.push(commit().write("README.md", "# Rocket"));
    assert_eq!(desk.sync().await.state, SyncState::NoConfig);
    desk.push(commit().write("connectors.yml", config(&["*.md"])));
    let before = desk.repository.head("main");
    desk.push(commit().write("b.md", "b"));
    let push = Pushed { before, commit: desk.repository.head("main").unwrap(), paths: Some(vec!["b.md".to_owned()]) };
    assert!(pushed(&desk.ask, &desk.link, &push, "cor").await.unwrap().is_some());
    desk.settle().await;
    assert_eq!((desk.state().await, desk.paths().await.len()), (SyncState::Synced, 2));
}

#[tokio::test]
async fn what_cannot_be_asked_waits_without_a_call_and_goes_on_when_it_can() {
    let desk = three_documents().await;
    let mut connection = desk.connection.clone();
    for status in [ConnectionStatus::NeedsReconnect, ConnectionStatus::Suspended] {
        connection.status = status;
        desk.connections.put_connection(&connection).await.unwrap();
        ask(&desk.ask, &desk.link, None, "cor").await.unwrap();
        let task = desk.queue.drain().remove(0);
        desk.worker.handle(task).await.unwrap();
        let state = desk.state().await;
        assert_eq!((state.name(), desk.requests("/")), ("waiting", 0), "{state:?}");
        desk.queue.drain();
    }
    connection.status = ConnectionStatus::Active;
    desk.connections.put_connection(&connection).await.unwrap();
    assert_eq!(desk.sync().await.state, SyncState::Synced);
    connection.status = ConnectionStatus::Revoked;
    desk.connections.put_connection(&connection).await.unwrap();
    assert_eq!(desk.sync().await.state, SyncState::Off);
    assert_eq!(desk.paths().await.len(), 0);
}

#[tokio::test]
async fn pieces_are_found_by_their_words_and_by_likeness() {
    let desk = three_documents().await;
    let payment = "The payment service retries a timeout.";
    desk.push(commit().write("docs/payment.md", payment).write("docs/icons.md", "Icons of the landing page"));
    desk.sync().await;
    let find = async |text: &str| {
        let workspace = &desk.link.workspace;
        let found = search(&*desk.store, &*desk.store, &*desk.ports.embedder, workspace, text, 10).await.unwrap();
        assert!(!found.more);
        found.found.into_iter().map(|one| (one.chunk.path, one.named)).collect::<Vec<_>>()
    };
    assert_eq!(find("Timeout PAYMENT").await[0], ("docs/payment.md".to_owned(), true));
    assert_eq!(find("payments and timeouts").await[0], ("docs/payment.md".to_owned(), false));
    assert_eq!(find("zebra crossing").await, []);
}
