//! One step of a repository's documents, per message.

use std::sync::Arc;
use std::time::Duration;

use connector_domain::backfill::FailCode;
use connector_domain::documents::{
    CONFIG_NAMES, Claim, ConfigFile, Counts, Document, File, FileFailure, Head, Hold, Include, MAX_CONFIG_BYTES, Pass,
    Plan, Reach, Skip, Step, Sync, SyncState, Work, plan,
};
use connector_domain::ports::{PortError, Put};
use connector_domain::task::DocumentsTask;
use connector_domain::{Timestamp, time};
use connector_flows::documents::wants_documents;
use connector_flows::fetch::FetchPorts;
use connector_providers::{Entry, Tree, provider};
use futures::StreamExt;
use tracing::info;

use crate::config;
use crate::content::{Maker, Stamp};
use crate::settings::{DocumentsSettings, WorkerPorts};
use crate::source::{Refusal, Source};
use crate::tokens::Cl100k;

/// What a message led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentsOutcome {
    /// A step was done; the sync now stands like this.
    Done(SyncState),
    /// The sync waits; the message will come again.
    Deferred {
        /// When it goes on.
        until: Timestamp,
    },
    /// The step is done, or another worker has it: the message is dropped.
    Dropped,
    /// Another worker has taken the step over after a lapsed lease. What was stored is kept.
    Overtaken,
}

/// A port failed; the message must come again.
#[derive(Debug, thiserror::Error)]
#[error("the documents of {documents} did not go on")]
pub struct DocumentsError {
    documents: String,
    #[source]
    source: PortError,
}

/// Keeps documents.
#[derive(Clone)]
pub struct DocumentsWorker {
    ports: WorkerPorts,
    settings: DocumentsSettings,
    maker: Maker,
}

/// Stored documents that are looked at in a step.
const WINDOW: usize = 1_000;
/// Documents removed by a step that removes all.
const CLEARED: usize = 200;
/// Files asked for at once.
const CONCURRENCY: usize = 4;

/// What a step did, or that it is not its own any more.
enum Stepped {
    Step(Box<Step>),
    Overtaken,
}

impl From<Step> for Stepped {
    fn from(step: Step) -> Self {
        Self::Step(Box::new(step))
    }
}

/// What became of one file.
enum Kept {
    Written { skipped: bool },
    Removed,
    Failed(FileFailure),
    Overtaken,
}

impl DocumentsWorker {
    /// A worker.
    #[must_use]
    pub fn new(ports: WorkerPorts, settings: DocumentsSettings) -> Self {
        let maker = Maker::new(Arc::clone(&ports.embedder), Arc::new(Cl100k), settings.chunks);
        Self { ports, settings, maker }
    }

    /// Does what a message asks. Safe to repeat: a message for a step that is done is dropped.
    ///
    /// # Errors
    /// When a port fails; nothing is lost then, and the message should come again.
    pub async fn handle(&self, task: DocumentsTask) -> Result<DocumentsOutcome, DocumentsError> {
        self.answer(&task).await.map_err(|source| DocumentsError { documents: task.documents.to_string(), source })
    }

    async fn answer(&self, task: &DocumentsTask) -> Result<DocumentsOutcome, PortError> {
        let now = self.ports.clock.now();
        let Some(known) = self.ports.syncs.sync(&task.documents).await? else {
            return Ok(DocumentsOutcome::Dropped);
        };
        let claimed = match known.claim(task, &self.settings.limits, now) {
            Claim::Granted(claimed) => *claimed,
            Claim::Stale | Claim::Busy => return Ok(DocumentsOutcome::Dropped),
            Claim::Wait { until } => {
                self.ports.tasks.send(std::slice::from_ref(task), time::until(now, until)).await?;
                return Ok(DocumentsOutcome::Deferred { until });
            }
        };
        if self.ports.syncs.put_sync(&claimed, Some(known.version)).await? == Put::Conflict {
            return Ok(DocumentsOutcome::Dropped);
        }
        match self.step(&claimed).await? {
            Stepped::Overtaken => Ok(DocumentsOutcome::Overtaken),
            Stepped::Step(step) => self.settle(&claimed, *step).await,
        }
    }

    /// Writes what a step came to on top of what the row is now: somebody may have asked for a look meanwhile.
    async fn settle(&self, claimed: &Sync, step: Step) -> Result<DocumentsOutcome, PortError> {
        let jitter = self.ports.random.fraction();
        loop {
            let now = self.ports.clock.now();
            let Some(row) = self.ports.syncs.sync(&claimed.key).await?.filter(|row| row.is_still(claimed)) else {
                return Ok(DocumentsOutcome::Overtaken);
            };
            let next = row.after(claimed, step.clone(), jitter, &self.settings.limits, now);
            if self.ports.syncs.put_sync(&next, Some(row.version)).await? == Put::Conflict {
                continue;
            }
            self.enqueue(&next, now).await?;
            let Counts { written, removed, failed, .. } = step.counts();
            info!(
                workspace.id = %next.key.workspace, documents = %next.key, step = claimed.step, state = next.state.name(),
                correlation = next.correlation, provider = %next.key.provider, metric.documents_written = written,
                metric.documents_removed = removed, metric.documents_failed = failed,
                "documents of {} are {}", next.key, next.state.name()
            );
            return Ok(DocumentsOutcome::Done(next.state));
        }
    }

    async fn enqueue(&self, sync: &Sync, now: Timestamp) -> Result<(), PortError> {
        let delay = match sync.state {
            SyncState::Waiting { until, .. } => time::until(now, until),
            SyncState::Pending => Duration::ZERO,
            SyncState::Running
            | SyncState::Synced
            | SyncState::Partial
            | SyncState::NoConfig
            | SyncState::Off
            | SyncState::Failed { .. } => return Ok(()),
        };
        self.ports.tasks.send(&[sync.task()], delay).await
    }

    async fn step(&self, claimed: &Sync) -> Result<Stepped, PortError> {
        let key = &claimed.key;
        let link = self.ports.connections.integration(key.provider, &key.resource, &key.workspace).await?;
        let Some(link) = link.filter(wants_documents) else { return self.clear(claimed, SyncState::Off, None).await };
        let provider = provider(key.provider);
        let Some((provider, files)) = provider.and_then(|provider| Some((provider, provider.documents()?))) else {
            return Ok(Step::Fail { code: FailCode::UNSUPPORTED, detail: None }.into());
        };
        let WorkerPorts { backfills, connections, tokens, http, clock, .. } = self.ports.clone();
        let fetch = FetchPorts { backfills, connections, tokens, http, clock };
        let reserve_percent = self.settings.reserve_percent;
        let source = Source { ports: &fetch, key, link: &link, provider, files, reserve_percent };
        match self.pass(claimed, &source).await {
            Ok(stepped) => Ok(stepped),
            Err(Refusal::Ended) => self.clear(claimed, SyncState::Off, None).await,
            Err(Refusal::Empty) => self.clear(claimed, SyncState::NoConfig, None).await,
            Err(Refusal::Port(error)) => Err(error),
            Err(Refusal::Hold(reason, after)) => Ok(Step::Hold { reason, after }.into()),
            Err(Refusal::Fail(code)) => Ok(Step::Fail { code, detail: None }.into()),
        }
    }

    /// A part of a pass.
    async fn pass(&self, claimed: &Sync, source: &Source<'_>) -> Result<Stepped, Refusal> {
        let (mut pass, first) = match claimed.goes_on() {
            Some(pass) => (pass.clone(), false),
            None => {
                let head = source.head().await?;
                if self.is_behind(claimed, &head) {
                    return Ok(Step::Hold { reason: Hold::Behind, after: None }.into());
                }
                (Pass { head, cursor: None, by_folder: false }, true)
            }
        };
        let mut tree = Tree { entries: Vec::new(), truncated: true };
        if !pass.by_folder {
            tree = source.tree(&pass.head.tree, true).await?;
        }
        if tree.truncated {
            pass.by_folder = true;
            tree = source.tree(&pass.head.tree, false).await?;
        }
        let config = match self.config(claimed, source, &tree).await? {
            Ok(Some(config)) => config,
            Ok(None) => return Ok(self.clear(claimed, SyncState::NoConfig, Some(&pass.head)).await?),
            Err(detail) => return Ok(Step::Fail { code: FailCode::CONFIG_INVALID, detail: Some(detail) }.into()),
        };
        let Ok(include) = Include::new(&config.config.include) else {
            return Ok(Step::Fail { code: FailCode::CONFIG_INVALID, detail: None }.into());
        };
        let cursor = pass.cursor.clone();
        let (files, reach) = if pass.by_folder {
            source.walk(tree, &include, cursor.as_deref(), self.settings.max_folders).await?
        } else {
            (wanted(tree, &include, cursor.as_deref()), Reach::End)
        };
        let plan = self.plan(claimed, &files, reach, cursor.as_deref()).await?;
        pass.cursor = match &plan.reach {
            Reach::End => None,
            Reach::To(path) if cursor.as_ref().is_none_or(|cursor| path > cursor) => Some(path.clone()),
            // Nothing would ever come of it: the guard of a function that sends messages to itself.
            Reach::To(_) => return Ok(Step::Fail { code: FailCode::CURSOR_LOOP, detail: None }.into()),
        };
        let Some((mut counts, failures)) = self.work(claimed, source, &pass.head, &plan).await? else {
            return Ok(Stepped::Overtaken);
        };
        counts.unchanged += plan.unchanged;
        counts.skipped += plan.unstorable;
        Ok(Step::Done { pass, config, first, counts, failures }.into())
    }

    /// Whether the head does not show yet what a webhook told of it: the provider's parts do not learn at once.
    fn is_behind(&self, claimed: &Sync, head: &Head) -> bool {
        let told = claimed.told.as_ref().is_some_and(|told| *told != head.commit);
        told && claimed.commit.as_ref() == Some(&head.commit) && claimed.behind < self.settings.limits.max_behind
    }

    /// The configuration of a commit; `Err` says what is wrong with it.
    async fn config(
        &self,
        claimed: &Sync,
        source: &Source<'_>,
        root: &Tree,
    ) -> Result<Result<Option<ConfigFile>, String>, Refusal> {
        let named = |name: &str| {
            root.entries.iter().find_map(|entry| match entry {
                Entry::File { path, blob, bytes } if path == name => Some((path, blob, *bytes)),
                Entry::File { .. } | Entry::Folder { .. } => None,
            })
        };
        let Some((path, blob, bytes)) = CONFIG_NAMES.into_iter().find_map(named) else { return Ok(Ok(None)) };
        if let Some(known) = claimed.config.as_ref().filter(|known| known.path == *path && known.blob == *blob) {
            return Ok(Ok(Some(known.clone())));
        }
        if bytes > MAX_CONFIG_BYTES {
            return Ok(Err(format!("{path}: it is larger than {MAX_CONFIG_BYTES} bytes")));
        }
        let raw = source.file(blob).await?;
        let config = config::read(&raw).map_err(|problem| format!("{path}: {problem}"));
        Ok(config.map(|config| Some(ConfigFile { path: path.clone(), blob: blob.clone(), config })))
    }

    async fn plan(
        &self,
        claimed: &Sync,
        files: &[File],
        reach: Reach,
        cursor: Option<&str>,
    ) -> Result<Plan, PortError> {
        let documents = self.ports.documents.documents(&claimed.key, cursor, WINDOW).await?;
        let known = match documents.last() {
            Some(last) if documents.len() == WINDOW => Reach::To(last.path.clone()),
            _ => Reach::End,
        };
        let DocumentsSettings { batch, batch_bytes, .. } = self.settings;
        Ok(plan(files, &documents, &reach.min(known), &self.maker.hash, batch, batch_bytes))
    }

    /// Does what is planned; `None` when a later claim has done some of it. When the provider must be waited for, what is
    /// done stays, and the next try finds it unchanged.
    async fn work(
        &self,
        claimed: &Sync,
        source: &Source<'_>,
        head: &Head,
        plan: &Plan,
    ) -> Result<Option<(Counts, Vec<FileFailure>)>, Refusal> {
        let stamp = Stamp { commit: &head.commit, fence: claimed.claims, now: self.ports.clock.now() };
        let all: Vec<_> = plan.work.iter().map(|work| self.keep(claimed, source, work, &stamp)).collect();
        let mut all = futures::stream::iter(all).buffered(CONCURRENCY);
        let (mut counts, mut failures) = (Counts::default(), Vec::new());
        while let Some(kept) = all.next().await {
            match kept? {
                Kept::Written { skipped } => {
                    counts.written += 1;
                    counts.skipped += u64::from(skipped);
                }
                Kept::Removed => counts.removed += 1,
                Kept::Failed(failure) => {
                    counts.failed += 1;
                    failures.push(failure);
                }
                Kept::Overtaken => return Ok(None),
            }
        }
        Ok(Some((counts, failures)))
    }

    async fn keep(&self, claimed: &Sync, source: &Source<'_>, work: &Work, stamp: &Stamp<'_>) -> Result<Kept, Refusal> {
        let documents = &self.ports.documents;
        let file = match work {
            Work::Write(file) => file,
            Work::Remove(path) => {
                let put = documents.remove_document(&claimed.key, path, stamp.fence).await?;
                return Ok(if put == Put::Stored { Kept::Removed } else { Kept::Overtaken });
            }
        };
        let (document, chunks) = if file.bytes > self.settings.max_bytes {
            (self.maker.skipped(file, Skip::TooLarge, stamp), Vec::new())
        } else {
            match source.file(&file.blob).await {
                Ok(raw) => self.maker.make(file, raw, stamp).await?,
                Err(Refusal::Fail(code)) => return Ok(Kept::Failed(FileFailure { path: file.path.clone(), code })),
                Err(refusal) => return Err(refusal),
            }
        };
        let put = documents.put_document(&claimed.key, &document, &chunks).await?;
        let skipped = document.skipped.is_some();
        Ok(if put == Put::Stored { Kept::Written { skipped } } else { Kept::Overtaken })
    }

    /// Removes what is kept, a part at a time.
    async fn clear(&self, claimed: &Sync, to: SyncState, head: Option<&Head>) -> Result<Stepped, PortError> {
        let documents = self.ports.documents.documents(&claimed.key, None, CLEARED).await?;
        let more = documents.len() == CLEARED;
        let mut removed = 0;
        for Document { path, .. } in documents {
            if self.ports.documents.remove_document(&claimed.key, &path, claimed.claims).await? == Put::Conflict {
                return Ok(Stepped::Overtaken);
            }
            removed += 1;
        }
        Ok(Step::Cleared { to, commit: head.map(|head| head.commit.clone()), removed, more }.into())
    }
}

/// The files of a whole tree that are wanted after `cursor`, in the order of their paths.
fn wanted(tree: Tree, include: &Include, cursor: Option<&str>) -> Vec<File> {
    let mut files: Vec<_> = tree
        .entries
        .into_iter()
        .filter_map(|entry| match entry {
            Entry::File { path, blob, bytes } => Some(File { path, blob, bytes }),
            Entry::Folder { .. } => None,
        })
        .filter(|file| cursor.is_none_or(|cursor| file.path.as_str() > cursor) && include.matches(&file.path))
        .collect();
    files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    files
}
