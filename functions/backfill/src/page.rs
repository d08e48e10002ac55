//! One page of one unit, per message.

use std::sync::Arc;
use std::time::Duration;

use connector_domain::backfill::{
    Claim, Cursor, Disposition, FailCode, Limits, NextPage, ProviderError, Unit, UnitState,
};
use connector_domain::connection::{Connection, ConnectionStatus};
use connector_domain::delivery::{DeliveryRecord, DeliveryState, Origin};
use connector_domain::http::{HttpError, HttpResponse, RateLimit};
use connector_domain::ports::{
    BackfillStore, Clock, ConnectionStore, DeliveryStore, PortError, ProviderHttp, Put, Queue, Random, TokenError,
    Tokens,
};
use connector_domain::task::{CaptureTask, PageTask};
use connector_domain::{Delivery, Secret, Timestamp};
use connector_providers::{PageMeta, Provider, Scope, provider};
use tracing::{info, warn};

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
        Self { page_size: 100, reserve_percent: 20, limits: Limits::default() }
    }
}

/// What a message led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageOutcome {
    /// A page was stored; the unit now stands like this.
    Fetched(UnitState),
    /// The provider answered with something else; the unit now stands like this.
    Refused(UnitState),
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

/// An answer of the provider, with the connection it was asked through.
enum Fetched {
    Page { response: HttpResponse, meta: PageMeta },
    Refused(Disposition),
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
                self.ports.pages.send(std::slice::from_ref(task), wait(now, until)).await?;
                return Ok(PageOutcome::Deferred { until });
            }
        };
        if self.ports.backfills.put_unit(&claimed, Some(unit.version)).await? == Put::Conflict {
            return Ok(PageOutcome::Dropped);
        }
        let Some(provider) = provider(claimed.key.provider) else {
            return self.refuse(&claimed, &Disposition::Fail(FailCode::UNSUPPORTED)).await;
        };
        match self.fetch(provider, &claimed).await? {
            Fetched::Page { response, meta } => self.store(&claimed, response, meta).await,
            Fetched::Refused(disposition) => self.refuse(&claimed, &disposition).await,
        }
    }

    /// Asks the provider, with one more try when the token is refused.
    async fn fetch(&self, provider: &dyn Provider, unit: &Unit) -> Result<Fetched, PortError> {
        let failed = |code| Ok(Fetched::Refused(Disposition::Fail(code)));
        let key = &unit.key;
        let Some(connection) = self.ports.connections.connection(&unit.connection).await? else {
            return failed(FailCode::CONNECTION_REMOVED);
        };
        let link = self.ports.connections.integration(key.provider, &key.resource, &key.workspace).await?;
        if !connection.status.receives() || !link.is_some_and(|link| link.active) {
            return failed(FailCode::CONNECTION_REMOVED);
        }
        // The list stops here and is started again when the connection works (`connector_flows::restart_stopped`).
        match connection.status {
            ConnectionStatus::NeedsReconnect => return failed(FailCode::NEEDS_RECONNECT),
            ConnectionStatus::Suspended => return failed(FailCode::SUSPENDED),
            ConnectionStatus::Active | ConnectionStatus::Revoked => {}
        }
        let (mut asked, bearer) = self.ask(provider, unit, &connection, None).await?;
        if is_token_refused(&asked) {
            (asked, _) = self.ask(provider, unit, &connection, bearer.as_ref()).await?;
            if is_token_refused(&asked) {
                self.needs_reconnect(connection).await?;
            }
        }
        Ok(asked.unwrap_or_else(|error| refused(unit, &error)))
    }

    async fn ask(
        &self,
        provider: &dyn Provider,
        unit: &Unit,
        connection: &Connection,
        refused: Option<&Secret>,
    ) -> Result<(Result<Fetched, ProviderError>, Option<Secret>), PortError> {
        let scope = Scope {
            account: &connection.account,
            resource: &unit.resource,
            entity: unit.key.entity,
            window: unit.window,
            page_size: self.settings.page_size,
        };
        let cursor: Option<&Cursor> = unit.cursor.as_ref();
        let Some(request) = provider.page_request(&scope, cursor) else {
            return Ok((Ok(Fetched::Refused(Disposition::Fail(FailCode::UNSUPPORTED))), None));
        };
        let bearer = match self.ports.tokens.bearer(connection, Some(&unit.key.resource), refused).await {
            Ok(bearer) => bearer,
            Err(TokenError::NeedsReconnect) => {
                self.needs_reconnect(connection.clone()).await?;
                return Ok((Ok(Fetched::Refused(Disposition::Fail(FailCode::NEEDS_RECONNECT))), None));
            }
            Err(TokenError::Port(error)) => return Err(error),
        };
        // Not asked in vain: the answer would pass for a refused token, and end the other lists.
        if bearer.is_none() && provider.needs_token(scope.entity) {
            return Ok((Ok(Fetched::Refused(Disposition::Fail(FailCode::NEEDS_TOKEN))), None));
        }
        let response = match self.ports.http.send(&request, bearer.as_ref()).await {
            Ok(response) => response,
            Err(error) => {
                warn!(unit = %unit.key, page.no = unit.page, "no page: {error}");
                return Ok((Ok(Fetched::Refused(unreachable(&error))), bearer));
            }
        };
        let now = self.ports.clock.now();
        let page = provider.read_page(&scope, cursor, &response, now);
        Ok((page.map(|meta| Fetched::Page { response, meta }), bearer))
    }

    async fn needs_reconnect(&self, mut connection: Connection) -> Result<(), PortError> {
        connection.status = ConnectionStatus::NeedsReconnect;
        connection.updated_at = self.ports.clock.now();
        // Whoever has ended it or connected it anew since is right.
        self.ports.connections.put_connection(&connection).await.map(drop)
    }

    async fn refuse(&self, unit: &Unit, disposition: &Disposition) -> Result<PageOutcome, PortError> {
        let now = self.ports.clock.now();
        let next = unit.refuse(disposition, self.ports.random.fraction(), &self.settings.limits, now);
        if self.ports.backfills.put_unit(&next, Some(unit.version)).await? == Put::Conflict {
            return Ok(PageOutcome::Overtaken);
        }
        self.enqueue(&next, now).await?;
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
        };
        let delivery = Delivery::page(unit.key.provider, origin, response.body, now);
        let record = record(unit, &delivery, &self.settings.limits);
        self.ports.deliveries.put_if_absent(&record, &delivery.raw).await?;

        let page = NextPage { cursor: meta.next, items: meta.items, pause_until };
        let next = unit.advance(page, &self.settings.limits, now);
        if self.ports.backfills.put_unit(&next, Some(unit.version)).await? == Put::Conflict {
            return Ok(PageOutcome::Overtaken);
        }
        self.ports.captures.send(&record.pending_tasks(), Duration::ZERO).await?;
        self.enqueue(&next, now).await?;
        info!(
            unit = %unit.key, run.id = %unit.run, page.no = unit.page, items = meta.items, state = next.state.name(),
            "fetched page {} of {}", unit.page, unit.key
        );
        Ok(PageOutcome::Fetched(next.state))
    }

    async fn enqueue(&self, unit: &Unit, now: Timestamp) -> Result<(), PortError> {
        let delay = match unit.state {
            UnitState::Waiting { until, .. } => wait(now, until),
            UnitState::Pending | UnitState::Running => Duration::ZERO,
            UnitState::Completed | UnitState::Partial { .. } | UnitState::Cancelled | UnitState::Failed { .. } => {
                return Ok(());
            }
        };
        self.ports.pages.send(&[unit.task()], delay).await
    }
}

fn is_token_refused(asked: &Result<Fetched, ProviderError>) -> bool {
    matches!(asked, Err(error) if error.disposition == Disposition::RefreshToken)
}

fn refused(unit: &Unit, error: &ProviderError) -> Fetched {
    let request_id = error.request_id.as_deref().unwrap_or_default();
    warn!(unit = %unit.key, page.no = unit.page, request.id = request_id, "no page: {error}");
    Fetched::Refused(error.disposition.clone())
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

fn wait(now: Timestamp, until: Timestamp) -> Duration {
    Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO)
}

fn unreachable(error: &HttpError) -> Disposition {
    match error {
        HttpError::Timeout | HttpError::Unreachable(_) => Disposition::unavailable(None),
        HttpError::TooLarge { .. } => Disposition::Fail(FailCode::TOO_LARGE),
        HttpError::Redirected | HttpError::Invalid => Disposition::Fail(FailCode::REJECTED),
    }
}

#[cfg(test)]
mod tests;
