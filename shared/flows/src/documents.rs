//! Documents of repositories: who wants one looked at, and finding them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use connector_domain::WorkspaceId;
use connector_domain::backfill::Version;
use connector_domain::connection::Integration;
use connector_domain::documents::{Chunk, DocumentsKey, Sync, SyncLimits, SyncState, is_config};
use connector_domain::enrich::MIN_SIMILARITY;
use connector_domain::ports::{Clock, DocumentStore, DocumentSyncs, Embedder, Paging, PortError, Purpose, Put, Queue};
use connector_domain::task::DocumentsTask;
use connector_providers::{Pushed, provider};
use tracing::warn;

/// What asking for a look needs of the outside.
#[derive(Clone)]
pub struct DocumentPorts {
    /// How far documents are.
    pub syncs: Arc<dyn DocumentSyncs>,
    /// Who looks.
    pub tasks: Arc<dyn Queue<DocumentsTask>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Bounds of a sync.
    pub limits: SyncLimits,
}

/// Whether documents of a link are wanted.
#[must_use]
pub const fn wants_documents(link: &Integration) -> bool {
    link.active && link.settings.documents
}

/// Has the repository of a link looked at: what is new is fetched, what is gone is removed, and when the link has ended or
/// wants no documents all of them are. `None` when there is nothing to look at.
///
/// # Errors
/// When the store fails.
pub async fn ask(
    ports: &DocumentPorts,
    link: &Integration,
    told: Option<&str>,
    correlation: &str,
) -> Result<Option<Sync>, PortError> {
    if provider(link.provider).and_then(|provider| provider.documents()).is_none() {
        return Ok(None);
    }
    let key = DocumentsKey::of(link);
    loop {
        let known = ports.syncs.sync(&key).await?;
        if !wants_documents(link) && known.as_ref().is_none_or(|known| known.state == SyncState::Off) {
            return Ok(None);
        }
        let now = ports.clock.now();
        let next = Sync::ask(known.as_ref(), link, told, correlation, &ports.limits, now);
        let expected: Option<Version> = known.map(|known| known.version);
        if ports.syncs.put_sync(&next, expected).await? == Put::Stored {
            if next.state == SyncState::Pending {
                send(ports, &next).await;
            }
            return Ok(Some(next));
        }
    }
}

/// The row says that it is due: were the message lost, recovery sends it.
async fn send(ports: &DocumentPorts, sync: &Sync) {
    if let Err(error) = ports.tasks.send(&[sync.task()], Duration::ZERO).await {
        warn!(correlation = sync.correlation, "could not enqueue the documents of {}: {error}", sync.key);
    }
}

/// After a push to the branch that counts. A repository that had no configuration just before it, and has surely got none by
/// it, is left alone; where a push before it was not told of, it is looked at.
///
/// # Errors
/// When the store fails.
pub async fn pushed(
    ports: &DocumentPorts,
    link: &Integration,
    push: &Pushed,
    correlation: &str,
) -> Result<Option<Sync>, PortError> {
    if !wants_documents(link) {
        return Ok(None);
    }
    if push.paths.as_ref().is_some_and(|paths| !paths.iter().any(|path| is_config(path))) {
        let known = ports.syncs.sync(&DocumentsKey::of(link)).await?;
        let there = |commit: &String| *commit == push.commit || push.before.as_ref() == Some(commit);
        let has_none = |known: &Sync| known.state == SyncState::NoConfig && known.commit.as_ref().is_some_and(there);
        if let Some(known) = known.filter(has_none) {
            let next = known.without_config_at(&push.commit, ports.clock.now());
            // Otherwise somebody asks for a look at this moment.
            if ports.syncs.put_sync(&next, Some(known.version)).await? == Put::Stored {
                return Ok(None);
            }
        }
    }
    ask(ports, link, Some(&push.commit), correlation).await
}

/// A piece of a document that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundChunk {
    /// Whose document.
    pub of: DocumentsKey,
    /// The piece.
    pub chunk: Chunk,
    /// Whether every word that was searched for stands in it, or in its path.
    pub named: bool,
    /// How alike it is, from 0 to 1.
    pub similarity: f64,
}

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FoundChunks {
    /// The pieces, the best first.
    pub found: Vec<FoundChunk>,
    /// Whether there is more than a search looks at.
    pub more: bool,
}

/// Most pieces that a search looks at.
pub const MAX_SEARCHED: usize = 20_000;
/// Rows read at once.
const PAGE: usize = 500;

/// The pieces of a workspace's documents that have the words of a text, and then those that are like it.
///
/// # Errors
/// When a store or the embedder fails.
pub async fn search(
    syncs: &dyn DocumentSyncs,
    store: &dyn DocumentStore,
    embedder: &dyn Embedder,
    workspace: &WorkspaceId,
    text: &str,
    limit: usize,
) -> Result<FoundChunks, PortError> {
    let words: Vec<String> = text.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let Some(asked) = embedder.embed(Purpose::Query, &[text.to_owned()]).await?.pop() else {
        return Ok(FoundChunks::default());
    };
    let mut all = FoundChunks::default();
    let mut looked = 0;
    for sync in syncs.syncs_in(workspace).await? {
        let revisions = revisions(store, &sync.key).await?;
        let mut after = None;
        loop {
            if looked >= MAX_SEARCHED {
                all.more = true;
                break;
            }
            let page = store.all_chunks(&sync.key, &Paging { after, limit: PAGE }).await?;
            looked += page.items.len();
            for chunk in page.items {
                if revisions.get(&chunk.path) != Some(&chunk.revision) {
                    continue;
                }
                let named = is_named(&chunk, &words);
                let similarity = chunk.embedding.similarity(&asked);
                if named || similarity > MIN_SIMILARITY {
                    all.found.push(FoundChunk { of: sync.key.clone(), chunk, named, similarity });
                }
            }
            // Few of many are kept at any time.
            if all.found.len() > limit + PAGE {
                best(&mut all.found, limit);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    best(&mut all.found, limit);
    Ok(all)
}

fn best(found: &mut Vec<FoundChunk>, limit: usize) {
    found.sort_by(|a, b| {
        let place = |one: &FoundChunk| (one.of.clone(), one.chunk.path.clone(), one.chunk.index);
        let better = b.named.cmp(&a.named).then(b.similarity.total_cmp(&a.similarity));
        better.then_with(|| place(a).cmp(&place(b)))
    });
    found.truncate(limit);
}

fn is_named(chunk: &Chunk, words: &[String]) -> bool {
    let (text, path) = (chunk.text.to_lowercase(), chunk.path.to_lowercase());
    !words.is_empty() && words.iter().all(|word| text.contains(word.as_str()) || path.contains(word.as_str()))
}

/// Which pieces belong to the documents as they are now.
async fn revisions(store: &dyn DocumentStore, key: &DocumentsKey) -> Result<BTreeMap<String, String>, PortError> {
    let mut revisions = BTreeMap::new();
    let mut after = None::<String>;
    loop {
        let documents = store.documents(key, after.as_deref(), PAGE).await?;
        let last = documents.len() < PAGE;
        after = documents.last().map(|document| document.path.clone());
        revisions.extend(documents.into_iter().map(|document| (document.path.clone(), document.revision())));
        if last {
            return Ok(revisions);
        }
    }
}
