//! What the provider says of a repository: its head, its tree, its files. Every call is within the connection's budget.

use std::time::Duration;

use connector_domain::backfill::{Disposition, FailCode, PauseReason, Pool, ProviderError};
use connector_domain::connection::Integration;
use connector_domain::documents::{DocumentsKey, File, Head, Hold, Include, Reach};
use connector_domain::http::{HttpRequest, HttpResponse};
use connector_domain::ports::PortError;
use connector_domain::{Timestamp, time};
use connector_flows::budget::{self, Allowed};
use connector_flows::call::{CallOf, call};
use connector_flows::fetch::FetchPorts;
use connector_providers::{DocumentSource, Entry, Provider, Tree};

/// Why there is no answer.
pub(crate) enum Refusal {
    /// A port failed.
    Port(PortError),
    /// It must wait.
    Hold(Hold, Option<Duration>),
    /// There is no connection or no link any more.
    Ended,
    /// There is nothing: the repository is empty.
    Empty,
    /// There is no such thing, or not for us.
    Fail(FailCode),
}

impl From<PortError> for Refusal {
    fn from(error: PortError) -> Self {
        Self::Port(error)
    }
}

impl From<Disposition> for Refusal {
    fn from(disposition: Disposition) -> Self {
        match disposition {
            Disposition::Retry { after, reason } => Self::Hold(reason.into(), after),
            Disposition::RefreshToken => Self::Hold(Hold::NeedsReconnect, None),
            Disposition::Empty => Self::Empty,
            Disposition::Restart => Self::Fail(FailCode::REJECTED),
            Disposition::Fail(code) => match PauseReason::of(&code) {
                Some(PauseReason::Suspended) => Self::Hold(Hold::Suspended, None),
                Some(_) => Self::Hold(Hold::NeedsReconnect, None),
                None if code == FailCode::CONNECTION_REMOVED => Self::Ended,
                None => Self::Fail(code),
            },
        }
    }
}

/// The files of a repository.
pub(crate) struct Source<'a> {
    pub(crate) ports: &'a FetchPorts,
    pub(crate) key: &'a DocumentsKey,
    pub(crate) link: &'a Integration,
    pub(crate) provider: &'static dyn Provider,
    pub(crate) files: &'static dyn DocumentSource,
    /// Share of the budget left to other work, in percent.
    pub(crate) reserve_percent: u64,
}

type Answer<T> = Result<T, Refusal>;

impl Source<'_> {
    pub(crate) async fn head(&self) -> Answer<Head> {
        let request = self.files.head_request(&self.link.resource);
        self.ask(request, |response, now| self.files.read_head(&response, now)).await
    }

    /// All files of a tree, or those of one folder; what is too large to read counts as truncated.
    pub(crate) async fn tree(&self, tree: &str, whole: bool) -> Answer<Tree> {
        let request = self.files.tree_request(&self.link.resource, tree, whole);
        match self.ask(request, |response, now| self.files.read_tree(&response, now)).await {
            Err(Refusal::Fail(code)) if whole && code == FailCode::TOO_LARGE => {
                Ok(Tree { entries: Vec::new(), truncated: true })
            }
            answer => answer,
        }
    }

    pub(crate) async fn file(&self, blob: &str) -> Answer<Vec<u8>> {
        let request = self.files.file_request(&self.link.resource, blob);
        self.ask(request, |response, now| self.files.read_file(blob, response, now)).await
    }

    /// The wanted files after `cursor`, folder by folder, in the order of their paths, as far as `max_calls` reach.
    pub(crate) async fn walk(
        &self,
        root: Tree,
        include: &Include,
        cursor: Option<&str>,
        max_calls: usize,
    ) -> Answer<(Vec<File>, Reach)> {
        let mut found = Vec::new();
        let mut open = vec![ordered(String::new(), root)?];
        let mut calls = 0;
        while let Some(level) = open.last_mut() {
            let Some(next) = level.pop() else {
                open.pop();
                continue;
            };
            match next {
                Entry::File { path, blob, bytes } => {
                    if cursor.is_none_or(|cursor| path.as_str() > cursor) && include.matches(&path) {
                        found.push(File { path, blob, bytes });
                    }
                }
                Entry::Folder { path, tree } => {
                    let start = format!("{path}/");
                    let done = cursor.is_some_and(|cursor| !cursor.starts_with(&start) && start.as_str() < cursor);
                    if done || !include.reaches(&path) {
                        continue;
                    }
                    if calls == max_calls {
                        // No file is called so, and all before it are found.
                        return Ok((found, Reach::To(start)));
                    }
                    calls += 1;
                    let folder = self.tree(&tree, false).await?;
                    open.push(ordered(start, folder)?);
                }
            }
        }
        Ok((found, Reach::End))
    }

    async fn ask<T: Send>(
        &self,
        request: Option<HttpRequest>,
        read: impl Fn(HttpResponse, Timestamp) -> Result<T, ProviderError> + Send + Sync,
    ) -> Answer<T> {
        let of = CallOf {
            workspace: &self.key.workspace,
            provider: self.provider,
            connection: &self.link.connection,
            resource: &self.key.resource,
            pool: Pool::Calls,
            needs_token: false,
            what: self.key,
        };
        let now = self.ports.clock.now();
        match budget::take(&*self.ports.backfills, &of.budget(), self.reserve_percent, now).await? {
            Allowed::Yes | Allowed::Never => {}
            Allowed::Later { until, reason } => {
                return Err(Refusal::Hold(reason.into(), Some(time::until(now, until))));
            }
        }
        let answered = call(
            self.ports,
            &of,
            |_| request.clone(),
            |_, response| {
                let rate = self.files.rate(&response);
                read(response, self.ports.clock.now()).map(|answer| (answer, rate))
            },
        );
        Ok(answered.await??)
    }
}

/// The entries of a folder with whole paths, the first one last. A folder stands where its files do.
fn ordered(start: String, tree: Tree) -> Answer<Vec<Entry>> {
    if tree.truncated {
        return Err(Refusal::Fail(FailCode::FOLDER_TOO_LARGE));
    }
    let below = |path: String| format!("{start}{path}");
    let mut entries: Vec<_> = tree
        .entries
        .into_iter()
        .map(|entry| match entry {
            Entry::File { path, blob, bytes } => {
                let path = below(path);
                (path.clone(), Entry::File { path, blob, bytes })
            }
            Entry::Folder { path, tree } => {
                let path = below(path);
                (format!("{path}/"), Entry::Folder { path, tree })
            }
        })
        .collect();
    entries.sort_unstable_by(|(a, _), (b, _)| b.cmp(a));
    Ok(entries.into_iter().map(|(_, entry)| entry).collect())
}
