//! `replay`: captures again what is stored, by the settings of now.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use connector_adapters::system::SystemClock;
use connector_domain::capture::CaptureReport;
use connector_domain::ports::{Clock, DeliveryFilter, Paging};
use connector_domain::{DeliveryId, Timestamp};
use connector_providers::Provider;

use super::place::{Place, Tenant};
use super::services::ServiceOptions;
use super::values::{moment, provider};
use super::{Failure, log};
use crate::render::Output;
use crate::render::table::{Column, Table};
use crate::render::text::{count, number};
use crate::stack::{Options, Stack, Stores, Template};

/// Deliveries asked for at once.
const PAGE: usize = 100;
/// How long a stop may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Capture again what is stored, by the settings and the version of now.
///
/// What was filtered and is wanted now becomes an observation; what is one stays as it is, and is enriched if it was not.
#[derive(Args)]
#[command(after_help = "Example, without `cargo local up` at work on the same rows:
  cargo local replay --since 30d")]
pub(super) struct Replay {
    /// Only deliveries of this provider.
    #[arg(long, value_name = "NAME", value_parser = provider())]
    source: Option<&'static dyn Provider>,
    /// Only deliveries that came since: 7d, 12h, 2026-02-06 or 2026-02-06T12:00:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    #[command(flatten)]
    tenant: Tenant,
    #[command(flatten)]
    services: ServiceOptions,
    #[command(flatten)]
    place: Place,
}

impl Replay {
    pub(super) async fn run(self, output: &mut Output) -> Result<ExitCode, Failure> {
        log::start(log::NOTHING, output.aside);
        let template = Template::embedded()?;
        let Some(rows) = self.place.rows(&template).await? else {
            output.line(format!("Nothing is stored in {} yet.", self.place.directory.display()))?;
            return Ok(ExitCode::SUCCESS);
        };
        let secrets = self.place.secrets()?;
        let services = self.services.services(&secrets)?;
        let now = SystemClock.now();
        let ids = self.reopen(rows.stores(), now).await?;
        let before = self.report(rows.stores(), &ids).await?;
        drop(rows);
        // A stack that starts goes on with what is not captured.
        let stack = Stack::start(&template, Options { services, ..Options::new(self.place.data(), secrets) }).await?;
        stack.settled().await;
        let after = self.report(stack.stores(), &ids).await?;
        let failed = stack.dead_letters().len();
        stack.drain_and_stop(PATIENCE).await;

        let deliveries = count(ids.len() as u64, "delivery", "deliveries");
        output.line(format!("{deliveries} of workspace {} captured again", self.tenant.workspace))?;
        let [before_column, after_column] = [Column::number("before"), Column::number("now")];
        let mut table = Table::new([Column::text(""), before_column, after_column]);
        for (name, of) in [
            ("captured", &(|report: &CaptureReport| report.captured) as &dyn Fn(&CaptureReport) -> u64),
            ("duplicate", &|report| report.duplicate),
            ("quarantined", &|report| report.quarantined),
            ("filtered", &CaptureReport::filtered_total),
        ] {
            table.row([name.into(), number(of(&before)).into(), number(of(&after)).into()]);
        }
        output.lines(table.lines(2, output.look))?;
        if failed > 0 {
            return Err(Failure::new(format!("{} failed", count(failed as u64, "message", "messages")))
                .hint("run it with RUST_LOG=warn to see why"));
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Marks what was captured as to be captured.
    async fn reopen(&self, stores: &Stores, now: Timestamp) -> Result<Vec<DeliveryId>, Failure> {
        let filter = DeliveryFilter {
            provider: self.source.map(|provider| provider.kind()),
            state: None,
            since: self.since.as_deref().map_or(Ok(Timestamp::UNIX_EPOCH), |text| moment(text, now))?,
            until: now,
        };
        let (mut ids, mut after) = (Vec::new(), None);
        loop {
            let paging = Paging { after, limit: PAGE };
            let page = stores.delivery_log.deliveries_in(&self.tenant.workspace, &filter, &paging).await?;
            for record in page.items {
                if stores.deliveries.replay(&record.id, &self.tenant.workspace, now).await? {
                    ids.push(record.id);
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(ids);
            }
        }
    }

    /// What became of the deliveries, as their rows say.
    async fn report(&self, stores: &Stores, ids: &[DeliveryId]) -> Result<CaptureReport, Failure> {
        let mut sum = CaptureReport::default();
        for id in ids {
            let record = stores.deliveries.record(id).await?;
            if let Some(report) = record.as_ref().and_then(|record| record.outcomes.get(&self.tenant.workspace)) {
                sum.merge(report);
            }
        }
        Ok(sum)
    }
}
