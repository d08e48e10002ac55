//! `documents`: files of linked repositories that are kept as documents.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use connector_domain::ProviderKind;
use connector_domain::connection::Integration;
use connector_domain::documents::{Document, Sync, SyncState};
use connector_domain::ports::LocalEmbedder;
use connector_flows::documents::{search, wants_documents};

use super::backfill::access::Access;
use super::place::{Place, Tenant};
use super::{Failure, log};
use crate::render::Output;
use crate::render::style::Paint;
use crate::render::table::{Cell, Column, Table};
use crate::render::text::{clean, count, cut, minute, number};
use crate::stack::{Database, Stack, Stores, Template};

/// How long a stop may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Columns of a piece that are shown.
const WIDTH: usize = 200;

/// Show, sync and search the files of linked repositories that are kept as documents.
///
/// Which files these are, a file in the repository says: .connectors.yml or connectors.yml, with `version: 1`, a name as
/// `store`, and patterns of paths as `include`.
#[derive(Args)]
#[command(after_help = "Examples:
  cargo local link --provider github --resource acme/rocket
  cargo local documents sync --token-env GITHUB_TOKEN
  cargo local documents search how do refunds work")]
pub(super) struct Documents {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    tenant: Tenant,
    #[command(flatten)]
    place: Place,
}

#[derive(Subcommand)]
enum What {
    /// How far each repository is, and its documents.
    List {
        /// Only those of this repository, such as acme/rocket.
        #[arg(long, value_name = "NAME")]
        repository: Option<String>,
        /// Most documents to show of each.
        #[arg(long, value_name = "COUNT", default_value_t = 50)]
        limit: usize,
    },
    /// One document with its text.
    Show {
        /// Its path.
        path: String,
        /// Of this repository, where several have the path.
        #[arg(long, value_name = "NAME")]
        repository: Option<String>,
    },
    /// Have repositories looked at, without `cargo local up` at work on the same rows.
    Sync {
        /// Only this repository, such as acme/rocket.
        #[arg(long, value_name = "NAME")]
        repository: Option<String>,
        #[command(flatten)]
        access: Box<Access>,
    },
    /// Find pieces of documents by their words, and then those whose text is alike.
    Search {
        /// What to look for.
        #[arg(required = true, value_name = "TEXT")]
        text: Vec<String>,
        /// Most pieces to show.
        #[arg(long, value_name = "COUNT", default_value_t = 5)]
        limit: usize,
    },
}

impl Documents {
    pub(super) async fn run(self, output: &mut Output) -> Result<ExitCode, Failure> {
        log::start(log::NOTHING, output.aside);
        let Some(rows) = self.place.rows(&Template::embedded()?).await? else {
            output.line(format!("Nothing is stored in {} yet.", self.place.directory.display()))?;
            return Ok(ExitCode::SUCCESS);
        };
        match &self.what {
            What::List { repository, limit } => self.list(rows.stores(), repository.as_deref(), *limit, output).await,
            What::Show { path, repository } => self.show(rows.stores(), path, repository.as_deref(), output).await,
            What::Sync { repository, access } => self.sync(rows, repository.as_deref(), access, output).await,
            What::Search { text, limit } => self.search(rows.stores(), &text.join(" "), *limit, output).await,
        }
    }

    async fn syncs(&self, stores: &Stores, repository: Option<&str>) -> Result<Vec<Sync>, Failure> {
        let mut syncs = stores.document_syncs.syncs_in(&self.tenant.workspace).await?;
        syncs.retain(|sync| repository.is_none_or(|name| sync.resource.name.eq_ignore_ascii_case(name)));
        Ok(syncs)
    }

    async fn list(
        &self,
        stores: &Stores,
        repository: Option<&str>,
        limit: usize,
        output: &mut Output,
    ) -> Result<ExitCode, Failure> {
        let syncs = self.syncs(stores, repository).await?;
        if syncs.is_empty() {
            output.line(format!("No repository of workspace {} was looked at yet.", self.tenant.workspace))?;
        }
        for sync in syncs {
            standing(&sync, output)?;
            let documents = stores.documents.documents(&sync.key, None, limit.saturating_add(1)).await?;
            let mut table = Table::new([
                Column::text("path").yields(),
                Column::number("bytes"),
                Column::number("pieces"),
                Column::text("commit"),
                Column::text(""),
            ]);
            for document in documents.iter().take(limit) {
                table.row(row(document));
            }
            if !documents.is_empty() {
                output.lines(table.lines(2, output.look))?;
            }
            if documents.len() > limit {
                output.note(output.aside.faint(format!("The first {limit}; --limit shows more.")))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn show(
        &self,
        stores: &Stores,
        path: &str,
        repository: Option<&str>,
        output: &mut Output,
    ) -> Result<ExitCode, Failure> {
        let mut found = Vec::new();
        for sync in self.syncs(stores, repository).await? {
            if let Some(document) = stores.documents.document(&sync.key, path).await? {
                found.push((sync, document));
            }
        }
        let (sync, document) = match found.as_slice() {
            [one] => one,
            [] => {
                return Err(Failure::new(format!("there is no document {path:?}"))
                    .hint("cargo local documents list shows what there is"));
            }
            _ => {
                return Err(
                    Failure::new(format!("several repositories have {path:?}")).hint("name one by --repository")
                );
            }
        };
        let style = output.look.style;
        output.line(style.strong(format_args!("{}: {}", clean(&sync.resource.name), clean(&document.path))))?;
        if let Some(why) = document.skipped {
            output.line(format!("  It has no text to keep: {}.", why.name()))?;
        }
        for chunk in stores.documents.chunks(&sync.key, document).await? {
            output.line(style.faint(format_args!("-- piece {}, {} tokens", chunk.index, chunk.tokens)))?;
            output.lines(chunk.text.lines().map(|line| clean(line).into_owned()))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn sync(
        &self,
        rows: Database,
        repository: Option<&str>,
        access: &Access,
        output: &mut Output,
    ) -> Result<ExitCode, Failure> {
        let mut links = rows.stores().connections.integrations_in(&self.tenant.workspace).await?;
        links.retain(|link| link.provider == ProviderKind::Github && wants_documents(link));
        links.retain(|link| repository.is_none_or(|name| link.resource.name.eq_ignore_ascii_case(name)));
        drop(rows);
        if links.is_empty() {
            return Err(Failure::new("no such repository is linked").hint(format!(
                "cargo local link --provider github --resource {}{}{}",
                repository.unwrap_or("OWNER/REPO"),
                self.tenant.as_argument(),
                self.place.as_argument()
            )));
        }
        let options = access.options(ProviderKind::Github, access.token()?, &self.place)?;
        let stack = Stack::start(&Template::embedded()?, options).await?;
        for link in &links {
            stack.ask_for_documents(link).await?;
        }
        stack.settled().await;
        let syncs = self.of_links(stack.stores(), &links).await?;
        stack.drain_and_stop(PATIENCE).await;
        let mut well = true;
        for sync in &syncs {
            standing(sync, output)?;
            well &= matches!(sync.state, SyncState::Synced | SyncState::NoConfig | SyncState::Off);
        }
        Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn of_links(&self, stores: &Stores, links: &[Integration]) -> Result<Vec<Sync>, Failure> {
        let mut syncs = self.syncs(stores, None).await?;
        syncs.retain(|sync| links.iter().any(|link| link.resource.id == sync.key.resource));
        Ok(syncs)
    }

    async fn search(
        &self,
        stores: &Stores,
        text: &str,
        limit: usize,
        output: &mut Output,
    ) -> Result<ExitCode, Failure> {
        let (syncs, documents) = (&*stores.document_syncs, &*stores.documents);
        let found = search(syncs, documents, &LocalEmbedder, &self.tenant.workspace, text, limit).await?;
        if found.found.is_empty() {
            output.line("Nothing is found.")?;
        }
        for one in found.found {
            let alike = format!("{:.0} % alike{}", one.similarity * 100.0, if one.named { ", named" } else { "" });
            let style = output.look.style;
            output.line(format!(
                "{} {}",
                style.strong(format_args!("{}#{}", clean(&one.chunk.path), one.chunk.index)),
                style.faint(alike)
            ))?;
            let line = one.chunk.text.split_whitespace().collect::<Vec<_>>().join(" ");
            output.say(2, &cut(&clean(&line), WIDTH))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn row(document: &Document) -> [Cell; 5] {
    let skipped = document.skipped.map(|why| why.name()).unwrap_or_default();
    [
        clean(&document.path).into_owned().into(),
        number(document.bytes).into(),
        number(u64::from(document.chunks)).into(),
        Cell::new(document.commit.get(..7).unwrap_or_default(), Paint::Faint),
        Cell::new(skipped, Paint::Odd),
    ]
}

/// How far a repository is, in a line, and what is wrong with it, in others.
fn standing(sync: &Sync, output: &mut Output) -> Result<(), Failure> {
    let style = output.look.style;
    let (paint, more) = match &sync.state {
        SyncState::Synced => (Paint::Good, None),
        SyncState::Pending | SyncState::Running | SyncState::Off | SyncState::NoConfig => (Paint::Plain, None),
        SyncState::Waiting { until, reason } => {
            (Paint::Odd, Some(format!("{} until {}", reason.name(), minute(*until))))
        }
        SyncState::Partial => (Paint::Odd, Some(count(sync.counts.failed, "file failed", "files failed"))),
        SyncState::Failed { code, detail } => {
            (Paint::Bad, Some(detail.as_ref().map_or_else(|| code.to_string(), |detail| format!("{code}: {detail}"))))
        }
    };
    let more = more.map(|more| format!(" ({})", clean(&more))).unwrap_or_default();
    let counts = &sync.counts;
    output.line(format!(
        "{}  {}{more}  {} written, {} unchanged, {} removed",
        style.strong(clean(&sync.resource.name)),
        style.paint(paint, sync.state.name()),
        number(counts.written),
        number(counts.unchanged),
        number(counts.removed)
    ))?;
    for failure in &sync.failures {
        output.line(format!("  {}: {}", clean(&failure.path), failure.code))?;
    }
    Ok(())
}
