//! `status`: connections, links, runs, and what is not done yet.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use connector_adapters::system::SystemClock;
use connector_domain::backfill::{Run, UnitState};
use connector_domain::connection::{Connection, ConnectionStatus, Integration};
use connector_domain::ports::Clock;
use connector_domain::{ConnectionId, Timestamp};

use super::Failure;
use super::observations::{everything, list};
use super::place::{Place, Tenant};
use crate::render::Output;
use crate::render::runs::{counters, state};
use crate::render::style::Paint;
use crate::render::table::{Cell, Column, Table};
use crate::render::text::{clean, count, minute, number};
use crate::stack::{Database, Stores, Template};

/// Most rows that are counted.
const MOST: usize = 10_000;

/// Show connections, links, runs with their progress, and what waits.
#[derive(Args)]
#[command(after_help = "Example:
  cargo local status --runs 3")]
pub(super) struct Status {
    /// Most runs to show, the latest first.
    #[arg(long, value_name = "COUNT", default_value_t = 5)]
    runs: usize,
    #[command(flatten)]
    tenant: Tenant,
    #[command(flatten)]
    place: Place,
}

impl Status {
    pub(super) async fn run(self, output: &mut Output) -> Result<ExitCode, Failure> {
        let Some(rows) = self.place.rows(&Template::embedded()?).await? else {
            output.line(format!("Nothing is stored in {} yet.", self.place.directory.display()))?;
            output.line("Begin with:  cargo local demo, or cargo local backfill --help")?;
            return Ok(ExitCode::SUCCESS);
        };
        let links = rows.stores().connections.integrations_in(&self.tenant.workspace).await?;
        let style = output.look.style;
        output.line(style.strong(format_args!("Workspace {}", self.tenant.workspace)))?;
        self.links(rows.stores(), &links, output).await?;
        let runs = rows.stores().backfills.runs_of(&self.tenant.workspace, self.runs).await?;
        if !runs.is_empty() {
            output.line(format!("\n{}", style.strong("Runs")))?;
        }
        for run in &runs {
            show_run(&rows, run, output).await?;
        }
        self.rest(rows.stores(), output).await?;
        Ok(ExitCode::SUCCESS)
    }

    async fn links(&self, stores: &Stores, links: &[Integration], output: &mut Output) -> Result<(), Failure> {
        if links.is_empty() {
            output.line("  No resource is linked.")?;
            return Ok(());
        }
        let mut connections: BTreeMap<&ConnectionId, Option<Connection>> = BTreeMap::new();
        let columns = ["resource", "provider", "linked", "connection", "account"].map(Column::text);
        let mut table = Table::new(columns);
        for link in links {
            if !connections.contains_key(&link.connection) {
                connections.insert(&link.connection, stores.connections.connection(&link.connection).await?);
            }
            let connection = connections.get(&link.connection).and_then(Option::as_ref);
            let linked = match (&link.inactive_reason, link.active) {
                (_, true) => Cell::new("yes", Paint::Good),
                (reason, false) => Cell::new(format!("no: {}", reason.as_deref().unwrap_or("unlinked")), Paint::Odd),
            };
            let status = connection.map(|connection| connection.status);
            let paint = if status == Some(ConnectionStatus::Active) { Paint::Good } else { Paint::Odd };
            table.row([
                Cell::new(clean(&link.resource.name), Paint::Name),
                link.provider.as_str().into(),
                linked,
                Cell::new(status.map_or("gone", ConnectionStatus::name), paint),
                clean(connection.map_or("-", |connection| &connection.account_name)).into(),
            ]);
        }
        output.lines(table.lines(2, output.look))?;
        Ok(())
    }

    /// What is stored, and what is not done yet.
    async fn rest(&self, stores: &Stores, output: &mut Output) -> Result<(), Failure> {
        let (rows, more) = list(&*stores.observations, &self.tenant.workspace, everything(MOST)).await?;
        let waiting = stores.deliveries.due(Timestamp::MAX, MOST).await?.len() as u64;
        let units = stores.backfills.due_units(Timestamp::MAX, MOST).await?.len() as u64;
        let bare = stores.enrichment.due(Timestamp::MAX, MOST).await?.len() as u64;
        let newest = rows
            .first()
            .map_or_else(String::new, |newest| format!(", the newest of {}", minute(newest.event.occurred_at)));
        let at_least = if more { "+" } else { "" };
        let usage = stores.models.usage(&self.tenant.workspace, SystemClock.now()).await?;
        let mut table = Table::new([Column::text(""), Column::number(""), Column::text("").yields()]);
        let mut line = |name: &str, n: String, text: String| table.row([name.into(), n.into(), text.into()]);
        line("observations", number(rows.len() as u64) + at_least, format!("stored{newest}"));
        line("", number(bare), "of them not enriched yet, in all workspaces".to_owned());
        if usage.calls > 0 {
            let tokens = number(usage.tokens);
            line("model calls", number(usage.calls), format!("today (UTC), {tokens} tokens"));
        }
        line("deliveries", number(waiting), "stored and not captured yet, in all workspaces".to_owned());
        line("units", number(units), "of runs that have not ended, in all workspaces".to_owned());
        output.line(format!("\n{}", output.look.style.strong("Rows")))?;
        output.lines(table.lines(2, output.look))?;
        if waiting + units + bare > 0 {
            output.line(format!("\nWhat is not done goes on with:  cargo local up{}", self.place.as_argument()))?;
        }
        Ok(())
    }
}

/// Shows a run with its lists.
pub(super) async fn show_run(rows: &Database, run: &Run, output: &mut Output) -> Result<(), Failure> {
    let (progress, units) = rows.progress(&run.id).await?;
    let style = output.look.style;
    let name = style.paint(Paint::Name, clean(&run.resource.name));
    let (since, until) = (minute(run.window.since), minute(run.window.until));
    output.line(format!("  {name}  {} to {}  {}", since, until, style.faint(format_args!("run {}", run.id))))?;
    let now = SystemClock.now();
    let mut table = Table::new([Column::text(""), Column::text(""), Column::text("").yields()]);
    for entity in &run.entities {
        let cells = match units.iter().find(|unit| unit.key.entity == *entity) {
            Some(unit) => {
                let (text, paint) = state(&unit.state, now);
                let done = !matches!(unit.state, UnitState::Pending);
                (Cell::new(text, paint), if done { counters(&unit.counters) } else { String::new() })
            }
            None => (Cell::new("not begun", Paint::Faint), String::new()),
        };
        table.row([entity.as_str().into(), cells.0, cells.1.into()]);
    }
    output.lines(table.lines(4, output.look))?;
    let seen = &progress.report;
    let captured = count(seen.captured, "new row", "new rows");
    let known = count(seen.duplicate, "row", "rows");
    output.line(format!(
        "    {captured}, {known} known before, {} filtered, {} quarantined",
        seen.filtered_total(),
        seen.quarantined
    ))?;
    Ok(())
}
