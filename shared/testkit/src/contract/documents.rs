//! What a [`DocumentStore`] and a [`DocumentSyncs`] promise.

use connector_domain::ProviderKind;
use connector_domain::backfill::FailCode;
use connector_domain::documents::{
    Chunk, Claim, Config, ConfigFile, Counts, Document, DocumentsKey, FileFailure, Head, Hold, MAX_FAILURES, Pass,
    Skip, Step, Sync, SyncLimits, SyncState,
};
use connector_domain::enrich::embed_text;
use connector_domain::ports::{BackfillStore, DocumentStore, DocumentSyncs, Paging, Put};

use super::{some_workspace, unique};
use crate::builders::{at, connection, document, integration, unit};

/// Runs the whole suite of a store.
///
/// # Panics
/// When the store breaks a promise.
pub async fn documents(store: &dyn DocumentStore) {
    a_document_comes_back_with_its_pieces(store).await;
    fewer_pieces_leave_none_of_the_others(store).await;
    documents_are_listed_by_path_and_by_repository(store).await;
    a_later_claim_is_not_overwritten(store).await;
    all_pieces_are_listed_in_pages(store).await;
    what_is_removed_is_gone(store).await;
}

/// Runs the whole suite of syncs.
///
/// # Panics
/// When the store breaks a promise.
pub async fn document_syncs(store: &dyn DocumentSyncs) {
    a_sync_comes_back_in_every_state(store).await;
    a_sync_is_written_on_top_of_what_was_read(store).await;
    only_syncs_with_something_to_do_become_due(store).await;
    the_syncs_of_a_workspace_are_listed(store).await;
}

/// What is due of one kind is found however much of another is: both may stand in one index.
///
/// # Panics
/// When the store breaks a promise.
pub async fn due_apart(backfills: &dyn BackfillStore, syncs: &dyn DocumentSyncs) {
    let workspace = some_workspace();
    for n in 0..60 {
        backfills.put_unit(&unit(&workspace, &n.to_string()), None).await.unwrap();
    }
    let sync = Sync { due_at: Some(at(400)), ..some_sync() };
    syncs.put_sync(&sync, None).await.unwrap();
    assert!(syncs.due_syncs(at(1_000), 50).await.unwrap().contains(&sync.key));
    assert_eq!(backfills.due_units(at(1_000), 50).await.unwrap().len(), 50);
}

fn some_key() -> DocumentsKey {
    let resource = unique("repo#%").parse().unwrap();
    DocumentsKey { workspace: some_workspace(), provider: ProviderKind::Github, resource }
}

fn pieces(document: &Document) -> Vec<Chunk> {
    let piece = |index| Chunk {
        path: document.path.clone(),
        revision: document.revision(),
        index,
        start: u64::from(index) * 10,
        end: u64::from(index) * 10 + 9,
        tokens: 3,
        text: format!("piece {index} of {}", document.path),
        embedding: embed_text(&document.path),
    };
    (0..document.chunks).map(piece).collect()
}

async fn put(store: &dyn DocumentStore, key: &DocumentsKey, document: &Document) -> Put {
    store.put_document(key, document, &pieces(document)).await.unwrap()
}

async fn a_document_comes_back_with_its_pieces(store: &dyn DocumentStore) {
    let key = some_key();
    let path = format!("docs/\u{e9} #1 100%/{}.md", "x".repeat(800));
    let mut one = document(&path, "text", 12, 1);
    assert_eq!(store.document(&key, &path).await.unwrap(), None);
    assert_eq!(put(store, &key, &one).await, Put::Stored);
    assert_eq!(store.document(&key, &path).await.unwrap().as_ref(), Some(&one));
    assert_eq!(store.chunks(&key, &one).await.unwrap(), pieces(&one));
    assert_eq!(put(store, &key, &one).await, Put::Stored, "the same one again");
    assert_eq!(store.chunks(&key, &one).await.unwrap(), pieces(&one));
    one.skipped = Some(Skip::Binary);
    one.content_hash = None;
    one.chunks = 0;
    assert_eq!(put(store, &key, &one).await, Put::Stored);
    assert_eq!(store.document(&key, &path).await.unwrap(), Some(one));
    for path in ["", "a\nb", &"#".repeat(400)] {
        assert_eq!(store.document(&key, path).await.unwrap(), None);
        assert!(store.put_document(&key, &document(path, "x", 0, 1), &[]).await.is_err(), "{path:?}");
    }
}

async fn fewer_pieces_leave_none_of_the_others(store: &dyn DocumentStore) {
    let key = some_key();
    let (long, short) = (document("a.md", "long", 30, 1), document("a.md", "short", 2, 2));
    let beside = document("a.md#b", "beside", 3, 1);
    for one in [&long, &beside, &short] {
        assert_eq!(put(store, &key, one).await, Put::Stored);
    }
    assert_eq!(store.document(&key, "a.md").await.unwrap().as_ref(), Some(&short));
    let mut all = store.all_chunks(&key, &Paging { after: None, limit: 100 }).await.unwrap().items;
    all.sort_unstable_by(|a, b| (&a.path, a.index).cmp(&(&b.path, b.index)));
    assert_eq!(all, [pieces(&short), pieces(&beside)].concat(), "and none of another document");
    assert_eq!(store.chunks(&key, &long).await.unwrap(), [], "of a former text nothing is left");
}

async fn documents_are_listed_by_path_and_by_repository(store: &dyn DocumentStore) {
    let (key, workspace) = (some_key(), some_workspace());
    let same_repository = DocumentsKey { workspace, ..key.clone() };
    let same_workspace = DocumentsKey { resource: unique("another").parse().unwrap(), ..key.clone() };
    let paths = ["a", "a b", "a#b", "a-b", "a/b", "a/b/c", "ab", "\u{e9}", "\u{1f600}"];
    for path in paths.iter().rev() {
        put(store, &key, &document(path, path, 1, 1)).await;
    }
    for other in [&same_repository, &same_workspace] {
        put(store, other, &document("a", "other", 0, 1)).await;
        assert_eq!(store.documents(other, None, 100).await.unwrap().len(), 1);
    }
    let listed = async |after: Option<&str>, limit| {
        let documents = store.documents(&key, after, limit).await.unwrap();
        documents.into_iter().map(|document| document.path).collect::<Vec<_>>()
    };
    assert_eq!(listed(None, 100).await, paths);
    assert_eq!(listed(None, 3).await, paths[..3]);
    for (n, path) in paths.iter().enumerate() {
        assert_eq!(listed(Some(path), 100).await, paths[n + 1..], "after {path}");
    }
    assert_eq!(listed(Some("a/a"), 1).await, ["a/b"], "a place need not be there");
}

async fn a_later_claim_is_not_overwritten(store: &dyn DocumentStore) {
    let key = some_key();
    let late = document("a", "new", 2, 7);
    put(store, &key, &late).await;
    assert_eq!(put(store, &key, &document("a", "old", 9, 6)).await, Put::Conflict);
    assert_eq!(store.remove_document(&key, "a", 6).await.unwrap(), Put::Conflict);
    assert_eq!(store.document(&key, "a").await.unwrap().as_ref(), Some(&late));
    assert_eq!(store.chunks(&key, &late).await.unwrap(), pieces(&late));
    assert_eq!(put(store, &key, &document("a", "newer", 1, 7)).await, Put::Stored, "its own claim may");
}

async fn all_pieces_are_listed_in_pages(store: &dyn DocumentStore) {
    let key = some_key();
    for n in 0..5 {
        put(store, &key, &document(&format!("{n}.md"), "text", n, 1)).await;
    }
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.all_chunks(&key, &Paging { after, limit: 3 }).await.unwrap();
        assert!(page.items.len() <= 3);
        found.extend(page.items.into_iter().map(|chunk| (chunk.path, chunk.index)));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let expected: Vec<_> = (0..5_u32).flat_map(|n| (0..n).map(move |index| (format!("{n}.md"), index))).collect();
    assert_eq!(found, expected);
    let foreign = Paging { after: Some("nowhere".to_owned()), limit: 3 };
    assert!(store.all_chunks(&key, &foreign).await.is_err());
}

async fn what_is_removed_is_gone(store: &dyn DocumentStore) {
    let key = some_key();
    let (one, other) = (document("a", "text", 30, 1), document("a/b", "text", 1, 1));
    put(store, &key, &one).await;
    put(store, &key, &other).await;
    for _ in 0..2 {
        assert_eq!(store.remove_document(&key, "a", 1).await.unwrap(), Put::Stored);
        assert_eq!(store.documents(&key, None, 9).await.unwrap(), std::slice::from_ref(&other));
        let left = store.all_chunks(&key, &Paging { after: None, limit: 100 }).await.unwrap();
        assert_eq!(left.items, pieces(&other));
    }
    put(store, &key, &one).await;
    assert_eq!(store.chunks(&key, &one).await.unwrap(), pieces(&one), "what was removed may come again");
}

const LIMITS: fn() -> SyncLimits = SyncLimits::default;

fn some_sync() -> Sync {
    let link = integration(&connection("conn", &some_workspace(), "5"), &unique("repo#"));
    Sync::ask(None, &link, Some("c0ffee"), "cor", &LIMITS(), at(0))
}

fn config() -> ConfigFile {
    let config = Config { version: 1, store: "docs".to_owned(), include: vec!["**/*.md".to_owned()] };
    ConfigFile { path: "connectors.yml".to_owned(), blob: "b10b".to_owned(), config }
}

async fn a_sync_comes_back_in_every_state(store: &dyn DocumentSyncs) {
    let states = [
        SyncState::Pending,
        SyncState::Running,
        SyncState::Waiting { until: at(9), reason: Hold::Behind },
        SyncState::Synced,
        SyncState::Partial,
        SyncState::NoConfig,
        SyncState::Off,
        SyncState::Failed { code: FailCode::NOT_FOUND, detail: None },
        SyncState::Failed { code: FailCode::REJECTED, detail: Some("store: Required".to_owned()) },
    ];
    for state in states {
        let mut sync = some_sync();
        assert_eq!(store.sync(&sync.key).await.unwrap(), None);
        sync.state = state;
        sync.pass = Some(Pass {
            head: Head { commit: "c0ffee".to_owned(), tree: "7ee".to_owned() },
            cursor: Some("docs/\u{e9}.md".to_owned()),
            by_folder: true,
        });
        sync.commit = Some("c0ffee".to_owned());
        sync.config = Some(config());
        sync.counts = Counts { written: 1, unchanged: 2, removed: 3, skipped: 4, failed: 5 };
        let failure = |n| FileFailure { path: format!("{n}{}", "x".repeat(900)), code: FailCode::TOO_LARGE };
        sync.failures = (0..MAX_FAILURES).map(failure).collect();
        sync.leased_until = Some("2026-02-06T12:00:00.123456789Z".parse().unwrap());
        sync.synced_at = Some(at(4));
        assert_eq!(store.put_sync(&sync, None).await.unwrap(), Put::Stored);
        assert_eq!(store.sync(&sync.key).await.unwrap(), Some(sync));
    }
}

async fn a_sync_is_written_on_top_of_what_was_read(store: &dyn DocumentSyncs) {
    let first = some_sync();
    assert_eq!(store.put_sync(&first, None).await.unwrap(), Put::Stored);
    assert_eq!(store.put_sync(&first, None).await.unwrap(), Put::Conflict);
    let Claim::Granted(mine) = first.claim(&first.task(), &LIMITS(), at(1)) else { unreachable!("{first:?}") };
    assert_eq!(store.put_sync(&mine, Some(first.version)).await.unwrap(), Put::Stored);
    assert_eq!(store.put_sync(&mine, Some(first.version)).await.unwrap(), Put::Conflict);
    let hold = Step::Hold { reason: Hold::Unavailable, after: None };
    let next = mine.after(&mine, hold, 0.0, &LIMITS(), at(2));
    assert_eq!(store.put_sync(&next, Some(mine.version)).await.unwrap(), Put::Stored);
    assert_eq!(store.sync(&first.key).await.unwrap(), Some(next));
}

async fn only_syncs_with_something_to_do_become_due(store: &dyn DocumentSyncs) {
    let (early, mut late, mut done) = (some_sync(), some_sync(), some_sync());
    late.due_at = Some(at(400));
    done.due_at = None;
    for sync in [&late, &early, &done] {
        store.put_sync(sync, None).await.unwrap();
    }
    let due = async |now| {
        let due = store.due_syncs(at(now), 1_000).await.unwrap();
        due.into_iter().filter(|key| [&early.key, &late.key, &done.key].contains(&key)).collect::<Vec<_>>()
    };
    assert_eq!(due(299).await, []);
    assert_eq!(due(300).await, std::slice::from_ref(&early.key));
    assert_eq!(due(1_000).await, [early.key.clone(), late.key.clone()]);
    let rested = Sync { due_at: None, version: 2, ..early.clone() };
    assert_eq!(store.put_sync(&rested, Some(1)).await.unwrap(), Put::Stored);
    assert_eq!(due(1_000).await, std::slice::from_ref(&late.key));
}

async fn the_syncs_of_a_workspace_are_listed(store: &dyn DocumentSyncs) {
    let connection = connection("conn", &some_workspace(), "5");
    let (first, second) = (unique("1"), unique("2"));
    for resource in [&second, &first] {
        let sync = Sync::ask(None, &integration(&connection, resource), None, "cor", &LIMITS(), at(0));
        store.put_sync(&sync, None).await.unwrap();
    }
    store.put_sync(&some_sync(), None).await.unwrap();
    let listed = store.syncs_in(&connection.workspace).await.unwrap();
    assert_eq!(listed.iter().map(|sync| sync.key.resource.as_str()).collect::<Vec<_>>(), [&first, &second]);
}
