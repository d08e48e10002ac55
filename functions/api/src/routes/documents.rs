//! Documents: files of linked repositories, and how far their syncs are.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connector_domain::change::ChangeAction;
use connector_domain::documents::{self, Chunk, Counts, DocumentsKey, FileFailure, SyncState};
use connector_domain::ports::Page;
use connector_domain::{ProviderKind, Timestamp};
use connector_flows::documents::FoundChunk;
use connector_lambda::api::Answer;
use serde::Serialize;
use utoipa::ToSchema;

use super::memory::percent;
use super::sources::of_path;
use crate::context::{Context, json, page};
use crate::input::wrong;
use crate::problem::{Code, Problem};
use crate::schema::{Conflicts, Gateway, InWorkspace, PageOf, Paged, Refusals, parse_source, source_id};

/// A file of a linked repository.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Document)]
pub(crate) struct View {
    /// The id in this API.
    id: String,
    /// The source that it is of.
    #[schema(example = "github:1296269")]
    source: String,
    #[schema(example = "docs/guide/start.md")]
    path: String,
    /// The path without its folders.
    title: String,
    /// A name for addresses.
    slug: String,
    /// The commit at which it was read.
    commit: String,
    /// Its size.
    bytes: u64,
    /// SHA-256 of its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    content_hash: Option<String>,
    /// Why it has no text: `too_large`, `binary` or `not_utf8`.
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<&'static str>,
    /// How many pieces it has.
    chunks: u32,
    /// What made the vectors of its pieces.
    model: String,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

fn view(key: &DocumentsKey, document: documents::Document) -> View {
    View {
        id: public_id(key, &document.path),
        source: source_id(key.provider, &key.resource),
        title: document.title().to_owned(),
        slug: documents::slug(document.title(), &document.path),
        skipped: document.skipped.map(documents::Skip::name),
        path: document.path,
        commit: document.commit,
        bytes: document.bytes,
        content_hash: document.content_hash,
        chunks: document.chunks,
        model: document.model,
        updated_at: document.updated_at,
    }
}

/// A piece of a document.
#[derive(Serialize, ToSchema)]
#[schema(as = DocumentChunk)]
pub(crate) struct Piece {
    /// Which piece, from 0.
    index: u32,
    text: String,
    /// Where it starts in the text, in bytes.
    start: u64,
    /// Where it ends.
    end: u64,
    /// How many tokens it has, as cl100k counts them.
    tokens: u32,
}

impl From<Chunk> for Piece {
    fn from(Chunk { index, text, start, end, tokens, .. }: Chunk) -> Self {
        Self { index, text, start, end, tokens }
    }
}

/// A document with its text.
#[derive(Serialize, ToSchema)]
#[schema(as = DocumentWithChunks)]
pub(crate) struct Detail {
    #[serde(flatten)]
    document: View,
    /// Its text in pieces, in order. A piece repeats the end of the one before.
    pieces: Vec<Piece>,
}

/// How far the documents of a source are.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DocumentSync)]
pub(crate) struct SyncView {
    #[schema(example = "github:1296269")]
    source: String,
    /// `pending`, `running`, `waiting`, `synced`, `partial`, `no_config`, `off` or `failed`.
    state: &'static str,
    /// Why it waits or failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What is wrong, for whoever can change it.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Until when it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime)]
    waits_until: Option<Timestamp>,
    /// The commit that the documents are of.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    /// What the repository's own file says.
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<ConfigView>,
    /// What the present pass did so far, or the last one.
    counts: CountsView,
    /// Files that could not be read in it; 50 of them at most.
    failures: Vec<FailureView>,
    /// When the last pass came to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime)]
    synced_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// What a repository's own file says.
#[derive(Serialize, ToSchema)]
#[schema(as = DocumentConfig)]
pub(crate) struct ConfigView {
    path: String,
    store: String,
    include: Vec<String>,
}

/// What a pass did.
#[derive(Serialize, ToSchema)]
#[schema(as = DocumentCounts)]
pub(crate) struct CountsView {
    written: u64,
    unchanged: u64,
    removed: u64,
    /// Files that have no text to keep, and those whose path is too long.
    skipped: u64,
    failed: u64,
}

/// A file that could not be read.
#[derive(Serialize, ToSchema)]
#[schema(as = DocumentFailure)]
pub(crate) struct FailureView {
    path: String,
    code: String,
}

impl From<documents::Sync> for SyncView {
    fn from(sync: documents::Sync) -> Self {
        let (reason, detail, waits_until) = match &sync.state {
            SyncState::Waiting { until, reason } => (Some(reason.name().to_owned()), None, Some(*until)),
            SyncState::Failed { code, detail } => (Some(code.to_string()), detail.clone(), None),
            SyncState::Pending
            | SyncState::Running
            | SyncState::Synced
            | SyncState::Partial
            | SyncState::NoConfig
            | SyncState::Off => (None, None, None),
        };
        let Counts { written, unchanged, removed, skipped, failed } = sync.counts;
        let failure = |FileFailure { path, code }: FileFailure| FailureView { path, code: code.to_string() };
        Self {
            source: source_id(sync.key.provider, &sync.key.resource),
            state: sync.state.name(),
            reason,
            detail,
            waits_until,
            commit: sync.commit,
            config: sync.config.map(|file| ConfigView {
                path: file.path,
                store: file.config.store,
                include: file.config.include,
            }),
            counts: CountsView { written, unchanged, removed, skipped, failed },
            failures: sync.failures.into_iter().map(failure).collect(),
            synced_at: sync.synced_at,
            updated_at: sync.updated_at,
        }
    }
}

#[utoipa::path(
    get, path = "/v1/workspaces/{workspace}/documents", operation_id = "listDocuments", tag = "documents",
    params(
        InWorkspace, Paged,
        ("source" = Option<String>, Query, description = "Only those of this source.", example = "github:1296269"),
    ),
    responses((status = 200, description = "A page of documents.", body = PageOf<View>), Refusals, Gateway)
)]
/// The documents of a workspace, by source and path.
pub(crate) async fn list(context: &Context<'_>) -> Result<Answer, Problem> {
    let query = context.query(&["source", "limit", "cursor"])?;
    let (list, paging) = context.paging(&query)?;
    let of =
        query.text("source").map(|id| parse_source(id).ok_or(wrong("source", "the id of a source"))).transpose()?;
    let (from, mut after) = match &paging.after {
        None => (None, None),
        Some(place) => {
            let (key, path) = place_of(place).ok_or(Problem::new(Code::InvalidCursor))?;
            (Some(key), Some(path))
        }
    };
    let mut found = Vec::new();
    let mut next = None;
    for sync in context.access.document_syncs().await? {
        let own = (sync.key.provider, sync.key.resource.clone());
        if of.as_ref().is_some_and(|of| *of != own) || from.as_ref().is_some_and(|from| own < *from) {
            continue;
        }
        let start = after.take().filter(|_| from.as_ref() == Some(&own));
        let room = paging.limit - found.len();
        // One more tells whether there is a next page.
        let mut documents = context.access.documents(&sync.key, start.as_deref(), room + 1).await?;
        let more = documents.len() > room;
        documents.truncate(room);
        found.extend(documents.into_iter().map(|document| (sync.key.clone(), document)));
        if more {
            next = found.last().map(|(key, document)| place(key, &document.path));
            break;
        }
    }
    page(&list, Page { items: found, next }, |(key, document)| view(&key, document))
}

#[utoipa::path(
    get, path = "/v1/workspaces/{workspace}/documents/{document}", operation_id = "getDocument", tag = "documents",
    params(InWorkspace, ("document" = String, Path, description = "The `id` of the document.")),
    responses((status = 200, description = "The document.", body = Detail), Refusals, Gateway)
)]
/// One document with its text.
pub(crate) async fn get(context: &Context<'_>) -> Result<Answer, Problem> {
    context.query(&[])?;
    let not_found = || Problem::new(Code::NotFound);
    let id = URL_SAFE_NO_PAD.decode(context.variable("document")?).map_err(|_| not_found())?;
    let id = String::from_utf8(id).map_err(|_| not_found())?;
    let ((provider, resource), path) = place_of(&id).ok_or_else(not_found)?;
    let key = context.access.documents_of(provider, resource);
    let (document, chunks) = context.access.document(&key, &path).await?;
    json(200, &Detail { document: view(&key, document), pieces: chunks.into_iter().map(Piece::from).collect() })
}

/// A piece that a search found.
#[derive(Serialize, ToSchema)]
#[schema(as = DocumentHit)]
pub(crate) struct Hit {
    /// The document, by its `id`.
    document: String,
    #[schema(example = "github:1296269")]
    source: String,
    path: String,
    #[serde(flatten)]
    piece: Piece,
    /// Whether every word stands in the piece or in the path.
    named: bool,
    /// How alike it is to what was searched for, in percent.
    similarity: u8,
}

fn hit(found: FoundChunk) -> Hit {
    Hit {
        document: public_id(&found.of, &found.chunk.path),
        source: source_id(found.of.provider, &found.of.resource),
        path: found.chunk.path.clone(),
        piece: found.chunk.into(),
        named: found.named,
        similarity: percent(found.similarity),
    }
}

/// What a search found.
#[derive(Serialize, ToSchema)]
#[schema(as = DocumentHits)]
pub(crate) struct Hits {
    /// The pieces, the best first.
    items: Vec<Hit>,
    /// Whether there is more than a search looks at, which is 20,000 pieces.
    more: bool,
}

#[utoipa::path(
    get, path = "/v1/workspaces/{workspace}/documents/search", operation_id = "searchDocuments", tag = "documents",
    params(
        InWorkspace,
        ("text" = String, Query, description = "What to look for.", min_length = 1, max_length = 500),
        ("limit" = Option<u32>, Query, description = "Most hits; 20 without it.", minimum = 1, maximum = 100),
    ),
    responses((status = 200, description = "The hits, the best first.", body = Hits), Refusals, Gateway)
)]
/// Finds pieces of documents by their words, and then those whose text is alike.
pub(crate) async fn search(context: &Context<'_>) -> Result<Answer, Problem> {
    let query = context.query(&["text", "limit"])?;
    let (_, paging) = context.paging(&query)?;
    let text = query.bounded("text", 500)?.ok_or(wrong("text", "1 to 500 characters"))?;
    let found = context.access.search_documents(&text, paging.limit).await?;
    json(200, &Hits { items: found.found.into_iter().map(hit).collect(), more: found.more })
}

#[utoipa::path(
    get, path = "/v1/workspaces/{workspace}/sources/{source}/documents", operation_id = "getDocumentSync",
    tag = "documents", params(InWorkspace, ("source" = String, Path, example = "github:1296269")),
    responses((status = 200, description = "How far they are.", body = SyncView), Refusals, Gateway)
)]
/// How far the documents of a source are. One that was never looked at has none.
pub(crate) async fn sync(context: &Context<'_>) -> Result<Answer, Problem> {
    context.query(&[])?;
    let link = of_path(context).await?;
    let sync = context.access.document_sync(&DocumentsKey::of(&link)).await?;
    json(200, &SyncView::from(sync.ok_or(Problem::new(Code::NotFound))?))
}

#[utoipa::path(
    post, path = "/v1/workspaces/{workspace}/sources/{source}/documents/sync", operation_id = "startDocumentSync",
    tag = "documents", params(InWorkspace, ("source" = String, Path, example = "github:1296269")),
    responses((status = 202, description = "It is asked for.", body = SyncView), Refusals, Gateway, Conflicts)
)]
/// Has all files of a source compared with its documents. Asking again while it is under way changes nothing.
pub(crate) async fn start(context: &Context<'_>) -> Result<Answer, Problem> {
    context.query(&[])?;
    let link = of_path(context).await?;
    if !connector_flows::documents::wants_documents(&link) {
        return Err(Problem::new(Code::NotLinked));
    }
    let target = source_id(link.provider, &link.resource.id);
    context.access.note(ChangeAction::DocumentsSynced, target).await?;
    let sync = context.access.ask_for_documents(&link, "api").await?;
    json(202, &SyncView::from(sync.ok_or(Problem::new(Code::NotFound))?))
}

type Of = (ProviderKind, connector_domain::ResourceId);

/// A document in its workspace. The id of a source has no blank in it.
fn place(key: &DocumentsKey, path: &str) -> String {
    format!("{} {path}", source_id(key.provider, &key.resource))
}

fn place_of(place: &str) -> Option<(Of, String)> {
    let (source, path) = place.split_once(' ')?;
    Some((parse_source(source)?, path.to_owned()))
}

fn public_id(key: &DocumentsKey, path: &str) -> String {
    URL_SAFE_NO_PAD.encode(place(key, path))
}
