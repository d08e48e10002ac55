//! One page of a list, asked for within the connection's budget: by a unit, and by an estimate.

use std::sync::Arc;

use connector_domain::backfill::{
    BudgetKey, Cursor, Disposition, EntityType, FailCode, ProviderError, Take, Unit, UnitKey, WaitReason, Window,
};
use connector_domain::connection::{Connection, ConnectionStatus, Integration, ResourceRef};
use connector_domain::http::{HttpError, HttpResponse};
use connector_domain::ports::{BackfillStore, Clock, ConnectionStore, PortError, ProviderHttp, TokenError, Tokens};
use connector_domain::{ConnectionId, RunId, Secret, Timestamp};
use connector_providers::{PageMeta, Provider, Scope, provider};
use tracing::warn;

use crate::budget::{self, Allowed};

/// Items per page asked for.
pub const PAGE_SIZE: u32 = 100;
/// Share of a provider's call budget left to live work, in percent.
pub const RESERVE_PERCENT: u64 = 20;

/// What asking for a page needs of the outside.
#[derive(Clone)]
pub struct FetchPorts {
    /// Budgets.
    pub backfills: Arc<dyn BackfillStore>,
    /// Whether the connection and the link still stand.
    pub connections: Arc<dyn ConnectionStore>,
    /// What opens the provider.
    pub tokens: Arc<dyn Tokens>,
    /// The provider.
    pub http: Arc<dyn ProviderHttp>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Which page.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// Of which list.
    pub key: UnitKey,
    /// Through which connection.
    pub connection: &'a ConnectionId,
    /// The resource with its name.
    pub resource: &'a ResourceRef,
    /// Which time.
    pub window: Window,
    /// Where the page starts.
    pub cursor: Option<&'a Cursor>,
    /// For which run, whose calls may be bounded.
    pub run: Option<&'a RunId>,
    /// How many items it should hold.
    pub page_size: u32,
}

/// What came back.
#[derive(Debug)]
pub enum Fetched {
    /// A page.
    Page {
        /// As it came.
        response: HttpResponse,
        /// What it says about its list.
        meta: PageMeta,
    },
    /// Something else.
    Refused(Disposition),
}

impl<'a> Ask<'a> {
    /// The next page of a unit.
    #[must_use]
    pub fn of(unit: &'a Unit, page_size: u32) -> Self {
        Self {
            key: unit.key.clone(),
            connection: &unit.connection,
            resource: &unit.resource,
            window: unit.window,
            cursor: unit.cursor.as_ref(),
            run: Some(&unit.run),
            page_size,
        }
    }

    /// The first page of a list of a link.
    #[must_use]
    pub fn first(link: &'a Integration, entity: EntityType, window: Window, page_size: u32) -> Self {
        Self {
            key: UnitKey::of(link, entity),
            connection: &link.connection,
            resource: &link.resource,
            window,
            cursor: None,
            run: None,
            page_size,
        }
    }

    /// The budget that its call is counted in.
    fn budget(&self, provider: &dyn Provider) -> BudgetKey {
        BudgetKey::Connection { connection: self.connection.clone(), pool: provider.pool(self.key.entity) }
    }
}

/// Takes the call for a page from the budget of its run, and from that of its connection, of which a share is left to
/// live work. A run that may make no more calls takes none from its connection.
///
/// # Errors
/// When the store fails.
pub async fn allowed(ports: &FetchPorts, ask: &Ask<'_>, reserve_percent: u64) -> Result<Allowed, PortError> {
    let Some(provider) = provider(ask.key.provider) else { return Ok(Allowed::Yes) };
    let now = ports.clock.now();
    let of_run = ask.run.map(|run| BudgetKey::Run { run: run.clone() });
    let bounded = match of_run {
        Some(key) => ports.backfills.budget(&key).await?,
        None => None,
    };
    if bounded.as_ref().is_some_and(|budget| budget.take(0, now) == Take::Spent) {
        return Ok(Allowed::Never);
    }
    match budget::take(&*ports.backfills, &ask.budget(provider), reserve_percent, now).await? {
        Allowed::Yes => {}
        not => return Ok(not),
    }
    match bounded {
        Some(budget) => budget::take(&*ports.backfills, &budget.key, 0, now).await,
        None => Ok(Allowed::Yes),
    }
}

/// Asks the provider, with one more try when the token is refused, and keeps the budget as the answer says.
///
/// # Errors
/// When a port fails.
pub async fn fetch(ports: &FetchPorts, ask: &Ask<'_>) -> Result<Fetched, PortError> {
    let failed = |code| Ok(Fetched::Refused(Disposition::Fail(code)));
    let Some(provider) = provider(ask.key.provider) else { return failed(FailCode::UNSUPPORTED) };
    let key = &ask.key;
    let Some(connection) = ports.connections.connection(ask.connection).await? else {
        return failed(FailCode::CONNECTION_REMOVED);
    };
    let link = ports.connections.integration(key.provider, &key.resource, &key.workspace).await?;
    if !connection.status.receives() || !link.is_some_and(|link| link.active) {
        return failed(FailCode::CONNECTION_REMOVED);
    }
    // The unit waits, and goes on when the connection works (`crate::restart_stopped`).
    match connection.status {
        ConnectionStatus::NeedsReconnect => return failed(FailCode::NEEDS_RECONNECT),
        ConnectionStatus::Suspended => return failed(FailCode::SUSPENDED),
        ConnectionStatus::Active | ConnectionStatus::Revoked => {}
    }
    let (mut asked, bearer) = send(ports, provider, ask, &connection, None).await?;
    if is_token_refused(&asked) {
        (asked, _) = send(ports, provider, ask, &connection, bearer.as_ref()).await?;
        if is_token_refused(&asked) {
            ports.tokens.stays_refused(&connection).await?;
        }
    }
    let fetched = asked.unwrap_or_else(|error| refused(ask, &error));
    keep_budget(ports, &ask.budget(provider), &fetched).await?;
    Ok(fetched)
}

async fn keep_budget(ports: &FetchPorts, key: &BudgetKey, fetched: &Fetched) -> Result<(), PortError> {
    let now = ports.clock.now();
    match fetched {
        Fetched::Page { meta, .. } => budget::learn(&*ports.backfills, key, &meta.rate, now).await,
        Fetched::Refused(Disposition::Retry {
            after: Some(after),
            reason: reason @ (WaitReason::RateLimit | WaitReason::SecondaryLimit),
        }) => {
            let until = now.checked_add(*after).unwrap_or(Timestamp::MAX);
            budget::close(&*ports.backfills, key, until, *reason, now).await
        }
        Fetched::Refused(_) => Ok(()),
    }
}

async fn send(
    ports: &FetchPorts,
    provider: &dyn Provider,
    ask: &Ask<'_>,
    connection: &Connection,
    refused: Option<&Secret>,
) -> Result<(Result<Fetched, ProviderError>, Option<Secret>), PortError> {
    let scope = Scope {
        account: &connection.account,
        resource: ask.resource,
        entity: ask.key.entity,
        window: ask.window,
        page_size: ask.page_size,
    };
    let Some(request) = provider.page_request(&scope, ask.cursor) else {
        return Ok((Ok(Fetched::Refused(Disposition::Fail(FailCode::UNSUPPORTED))), None));
    };
    let bearer = match ports.tokens.bearer(connection, Some(&ask.key.resource), refused).await {
        Ok(bearer) => bearer,
        Err(TokenError::NeedsReconnect) => {
            return Ok((Ok(Fetched::Refused(Disposition::Fail(FailCode::NEEDS_RECONNECT))), None));
        }
        Err(TokenError::Port(error)) => return Err(error),
    };
    // Not asked in vain: the answer would pass for a refused token, and end the other lists.
    if bearer.is_none() && provider.needs_token(scope.entity) {
        return Ok((Ok(Fetched::Refused(Disposition::Fail(FailCode::NEEDS_TOKEN))), None));
    }
    let response = match ports.http.send(&request, bearer.as_ref()).await {
        Ok(response) => response,
        Err(error) => {
            warn!(unit = %ask.key, "no page of {}: {error}", ask.key);
            return Ok((Ok(Fetched::Refused(unreachable(&error))), bearer));
        }
    };
    let page = provider.read_page(&scope, ask.cursor, &response, ports.clock.now());
    Ok((page.map(|meta| Fetched::Page { response, meta }), bearer))
}

fn is_token_refused(asked: &Result<Fetched, ProviderError>) -> bool {
    matches!(asked, Err(error) if error.disposition == Disposition::RefreshToken)
}

fn refused(ask: &Ask<'_>, error: &ProviderError) -> Fetched {
    let request_id = error.request_id.as_deref().unwrap_or_default();
    warn!(unit = %ask.key, request.id = request_id, "no page of {}: {error}", ask.key);
    Fetched::Refused(error.disposition.clone())
}

fn unreachable(error: &HttpError) -> Disposition {
    match error {
        HttpError::Timeout | HttpError::Unreachable(_) => Disposition::unavailable(None),
        HttpError::TooLarge { .. } => Disposition::Fail(FailCode::TOO_LARGE),
        HttpError::Redirected | HttpError::Invalid => Disposition::Fail(FailCode::REJECTED),
    }
}
