//! The history of runs.

use std::process::ExitCode;

use clap::Args;

use super::super::place::{Place, Tenant};
use super::Failure;
use crate::render::Output;
use crate::render::runs::run_state;
use crate::render::style::Paint;
use crate::render::table::{Cell, Column, Table};
use crate::render::text::{clean, minute, number};
use crate::stack::Template;

/// Which runs.
#[derive(Args)]
pub(super) struct Runs {
    /// Most runs to list.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    limit: usize,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    tenant: Tenant,
}

impl Runs {
    pub(super) async fn run(self, output: &mut Output) -> Result<ExitCode, Failure> {
        let rows = self.place.rows(&Template::embedded()?).await?;
        let Some(rows) = rows else {
            output.line("There is no run yet.")?;
            return Ok(ExitCode::SUCCESS);
        };
        let runs = rows.stores().backfills.runs_of(&self.tenant.workspace, self.limit).await?;
        let mut table = Table::new([
            Column::text("run"),
            Column::text("started (UTC)"),
            Column::text("by"),
            Column::text("resource").yields(),
            Column::text("state"),
            Column::number("pages"),
            Column::number("items"),
            Column::number("new"),
            Column::number("known"),
            Column::number("waits"),
        ]);
        for run in &runs {
            let (progress, _) = rows.progress(&run.id).await?;
            let (state, paint) = run_state(progress.state);
            table.row([
                Cell::new(connector_domain::text::cut(run.id.as_str(), 8), Paint::Faint),
                minute(run.started_at).into(),
                run.trigger.name().into(),
                Cell::new(clean(&run.resource.name), Paint::Name),
                Cell::new(state, paint),
                number(progress.counters.pages).into(),
                number(progress.counters.items).into(),
                number(progress.report.captured).into(),
                number(progress.report.duplicate).into(),
                number(progress.counters.waits).into(),
            ]);
        }
        if runs.is_empty() {
            output.line(format!("There is no run in workspace {} yet.", self.tenant.workspace))?;
        }
        output.lines(table.lines(0, output.look))?;
        Ok(ExitCode::SUCCESS)
    }
}
