//! One page of one unit, per message.

use std::sync::Arc;
use std::time::Duration;

use connector_domain::backfill::{Claim, Disposition, Limits, NextPage, Unit, UnitState};
use connector_domain::delivery::{DeliveryRecord, DeliveryState, Origin};
use connector_domain::http::{HttpResponse, RateLimit};
use connector_domain::ports::{
    BackfillStore, Clock, ConnectionStore, DeliveryStore, PortError, ProviderHttp, Put, Queue, Random, Tokens,
};
use connector_domain::task::{CaptureTask, PageTask, ReplayTask};
use connector_domain::{Delivery, Timestamp, time};
use connector_flows::budget::Allowed;
use connector_flows::fetch::{self, Ask, FetchPorts, Fetched, PAGE_SIZE, RESERVE_PERCENT, allowed};
use connector_providers::PageMeta;
use tracing::info;

/// What the page function needs of the outside.
#[derive(Clone)]
pub struct PagePorts {
    /// Units.
    pub backfills: Arc<dyn BackfillStore>,
    /// Whether the connection and the link still stand.
    pub connections: Arc<dyn ConnectionStore>,
    /// Where pages go.
    pub deliveries: Arc<dyn DeliveryStore>,
    /// Who captures them.
    pub captures: Arc<dyn Queue<CaptureTask>>,
    /// Who captures what a run has held back.
    pub replays: Arc<dyn Queue<ReplayTask>>,
    /// Where the next page is asked for.
    pub pages: Arc<dyn Queue<PageTask>>,
    /// What opens the provider.
    pub tokens: Arc<dyn Tokens>,
    /// The provider.
    pub http: Arc<dyn ProviderHttp>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Spreads retries.
    pub random: Arc<dyn Random>,
}

/// How pages are fetched.
#[derive(Debug, Clone, Copy)]
pub struct PageSettings {
    /// Items per page asked for.
    pub page_size: u32,
    /// Share of a provider's call budget left to live work, in percent.
    pub reserve_percent: u64,
    /// Bounds of a unit.
    pub limits: Limits,
}

impl Default for PageSettings {
    fn default() -> Self {
        Self { page_size: PAGE_SIZE, reserve_percent: RESERVE_PERCENT, limits: Limits::default() }
    }
}

/// What a message led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageOutcome {
    /// A page was stored; the unit now stands like this.
    Fetched(UnitState),
    /// The provider answered with something else; the unit now stands like this.
    Refused(UnitState),
    /// The budget allows no call: none was made, and the unit now stands like this.
    Held(UnitState),
    /// The unit waits; the message will come again.
    Deferred {
        /// When the unit goes on.
        until: Timestamp,
    },
    /// The page is done, its run is over, or another worker has it: the message is dropped.
    Dropped,
    /// The row changed while the page was fetched, by a cancel or after a lapsed lease. What was fetched is kept.
    Overtaken,
}

/// A port failed; the message must come again.
#[derive(Debug, thiserror::Error)]
#[error("the page step of {unit} did not finish")]
pub struct PageError {
    unit: String,
    #[source]
    source: PortError,
}

/// Fetches pages.
#[derive(Clone)]
pub struct PageWorker {
    ports: PagePorts,
    settings: PageSettings,
}

impl PageWorker {
    /// A worker.
    #[must_use]
    pub const fn new(ports: PagePorts, settings: PageSettings) -> Self {
        Self { ports, settings }
    }

    /// Does what a message asks. Safe to repeat: a message for a page that is done is dropped.
    ///
    /// # Errors
    /// When a port fails; nothing is lost then, and the message should come again.
    pub async fn handle(&self, task: PageTask) -> Result<PageOutcome, PageError> {
        self.step(&task).await.map_err(|source| PageError { unit: task.unit.to_string(), source })
    }

    async fn step(&self, task: &PageTask) -> Result<PageOutcome, PortError> {
        let now = self.ports.clock.now();
        let Some(unit) = self.ports.backfills.unit(&task.unit).await? else {
            return Ok(PageOutcome::Dropped);
        };
        let claimed = match unit.claim(task, &self.settings.limits, now) {
            Claim::Granted(claimed) => *claimed,
            Claim::Stale | Claim::Busy => return Ok(PageOutcome::Dropped),
            Claim::Wait { until } => {
                self.ports.pages.send(std::slice::from_ref(task), time::until(now, until)).await?;
                return Ok(PageOutcome::Deferred { until });
            }
        };
        let (fetch, ask) = (self.fetch_ports(), Ask::of(&claimed, self.settings.page_size));
        match allowed(&fetch, &ask, self.settings.reserve_percent).await? {
            Allowed::Yes => {}
            Allowed::Later { until, reason } => {
                let waiting = unit.defer(until, reason, &self.settings.limits, now);
                return self.stand_still(&unit, waiting, now).await;
            }
            Allowed::Never => return self.stand_still(&unit, unit.spend(now), now).await,
        }
        if self.ports.backfills.put_unit(&claimed, Some(unit.version)).await? == Put::Conflict {
            return Ok(PageOutcome::Dropped);
        }
        match fetch::fetch(&fetch, &ask).await? {
            Fetched::Page { response, meta } => self.store(&claimed, response, meta).await,
            Fetched::Refused(disposition) => self.refuse(&claimed, &disposition).await,
        }
    }

    fn fetch_ports(&self) -> FetchPorts {
        let PagePorts { backfills, connections, tokens, http, clock, .. } = self.ports.clone();
        FetchPorts { backfills, connections, tokens, http, clock }
    }

    /// Before a call that the budget does not allow.
    async fn stand_still(&self, unit: &Unit, next: Unit, now: Timestamp) -> Result<PageOutcome, PortError> {
        if self.ports.backfills.put_unit(&next, Some(unit.version)).await? == Put::Conflict {
            return Ok(PageOutcome::Dropped);
        }
        self.enqueue(&next, now).await?;
        info!(
            unit = %unit.key, run.id = %unit.run, page.no = unit.page, state = next.state.name(),
            correlation = unit.correlation, provider = %unit.key.provider, metric.waits = 1,
            metric.wait_seconds = ahead(&next, now), "no call for {} now", unit.key
        );
        Ok(PageOutcome::Held(next.state))
    }

    async fn refuse(&self, unit: &Unit, disposition: &Disposition) -> Result<PageOutcome, PortError> {
        let now = self.ports.clock.now();
        let next = unit.refuse(disposition, self.ports.random.fraction(), &self.settings.limits, now);
        if self.ports.backfills.put_unit(&next, Some(unit.version)).await? == Put::Conflict {
            return Ok(PageOutcome::Overtaken);
        }
        self.enqueue(&next, now).await?;
        info!(
            unit = %unit.key, run.id = %unit.run, page.no = unit.page, state = next.state.name(),
            correlation = unit.correlation, provider = %unit.key.provider, metric.refusals = 1,
            metric.wait_seconds = ahead(&next, now), "no page {} of {}", unit.page, unit.key
        );
        Ok(PageOutcome::Refused(next.state))
    }

    /// The page is durable before the cursor moves, and the cursor before anyone hears of it.
    async fn store(&self, unit: &Unit, response: HttpResponse, meta: PageMeta) -> Result<PageOutcome, PortError> {
        let now = self.ports.clock.now();
        let pause_until = pause(&meta.rate, self.settings.reserve_percent);
        let origin = Origin::Page {
            run: unit.run.clone(),
            resource: unit.resource.clone(),
            entity: unit.key.entity,
            page: unit.page,
            window: unit.window,
            hold: unit.hold,
        };
        let delivery = Delivery::page(unit.key.provider, origin, response.body, now);
        let record = record(unit, &delivery, &self.settings.limits);
        self.ports.deliveries.put_if_absent(&record, &delivery.raw).await?;

        let page = NextPage { cursor: meta.next, items: meta.items, read: meta.read, pause_until };
        let next = unit.advance(page, &self.settings.limits, now);
        if self.ports.backfills.put_unit(&next, Some(unit.version)).await? == Put::Conflict {
            return Ok(PageOutcome::Overtaken);
        }
        self.ports.captures.send(&record.pending_tasks(), Duration::ZERO).await?;
        self.enqueue(&next, now).await?;
        info!(
            unit = %unit.key, run.id = %unit.run, page.no = unit.page, state = next.state.name(),
            correlation = unit.correlation, provider = %unit.key.provider, metric.pages = 1, metric.items = meta.items,
            metric.budget_left = meta.rate.remaining, metric.wait_seconds = ahead(&next, now),
            "fetched page {} of {}", unit.page, unit.key
        );
        Ok(PageOutcome::Fetched(next.state))
    }

    async fn enqueue(&self, unit: &Unit, now: Timestamp) -> Result<(), PortError> {
        let delay = match unit.state {
            UnitState::Waiting { until, .. } => time::until(now, until),
            UnitState::Pending | UnitState::Running => Duration::ZERO,
            UnitState::Paused { .. } => return Ok(()),
            UnitState::Completed | UnitState::Partial { .. } | UnitState::Cancelled | UnitState::Failed { .. } => {
                return self.ended(unit).await;
            }
        };
        self.ports.pages.send(&[unit.task()], delay).await
    }

    /// What its run has held back may be captured now. Were the message lost, recovery would send it.
    async fn ended(&self, unit: &Unit) -> Result<(), PortError> {
        if !unit.hold {
            return Ok(());
        }
        let task = ReplayTask::of(&unit.run, &unit.key.workspace, &unit.correlation);
        self.ports.replays.send(&[task], Duration::ZERO).await
    }
}

fn record(unit: &Unit, delivery: &Delivery<connector_domain::Verified>, limits: &Limits) -> DeliveryRecord {
    let now = delivery.received_at;
    DeliveryRecord {
        id: delivery.id(),
        provider: delivery.provider,
        origin: delivery.origin.clone(),
        account: None,
        resource: Some(unit.key.resource.clone()),
        received_at: now,
        bytes: delivery.raw.len() as u64,
        state: DeliveryState::Received,
        pending: vec![unit.key.workspace.clone()],
        outcomes: std::collections::BTreeMap::new(),
        attempts: 0,
        due_at: now.checked_add(limits.stall).unwrap_or(now),
        correlation: unit.correlation.clone(),
    }
}

/// Backfill stops short of the end of the budget, so that live work always finds some.
fn pause(rate: &RateLimit, reserve_percent: u64) -> Option<Timestamp> {
    let (remaining, limit) = (rate.remaining?, rate.limit?);
    if remaining * 100 <= limit * reserve_percent { rate.resets_at } else { None }
}

/// How long a unit is to wait from now, where it is.
fn ahead(unit: &Unit, now: Timestamp) -> Option<u64> {
    match unit.state {
        UnitState::Waiting { until, .. } => Some(time::until(now, until).as_secs()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
