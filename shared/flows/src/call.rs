//! One call to a provider about a linked resource: with a token, one more try when that is refused, and the budget kept.

use std::fmt::Display;

use connector_domain::backfill::{BudgetKey, Disposition, FailCode, Pool, ProviderError, WaitReason};
use connector_domain::connection::{Connection, ConnectionStatus};
use connector_domain::http::{HttpError, HttpRequest, HttpResponse, RateLimit};
use connector_domain::ports::{PortError, TokenError};
use connector_domain::{ConnectionId, ResourceId, Secret, WorkspaceId, time};
use connector_providers::Provider;
use tracing::warn;

use crate::budget;
use crate::fetch::FetchPorts;

/// What a call is about.
pub struct CallOf<'a> {
    /// For whom.
    pub workspace: &'a WorkspaceId,
    /// Whom it asks.
    pub provider: &'a dyn Provider,
    /// Through which connection.
    pub connection: &'a ConnectionId,
    /// About which resource.
    pub resource: &'a ResourceId,
    /// In which budget it is counted.
    pub pool: Pool,
    /// Whether nobody is answered without a token.
    pub needs_token: bool,
    /// What it is called in logs.
    pub what: &'a (dyn Display + Sync),
}

impl CallOf<'_> {
    /// The budget that it is counted in.
    #[must_use]
    pub fn budget(&self) -> BudgetKey {
        BudgetKey::Connection { connection: self.connection.clone(), pool: self.pool }
    }
}

/// Makes a call. What `read` answers comes with what it says of the budget.
///
/// # Errors
/// When a port fails.
pub async fn call<T: Send>(
    ports: &FetchPorts,
    of: &CallOf<'_>,
    request: impl Fn(&Connection) -> Option<HttpRequest> + Send + Sync,
    read: impl Fn(&Connection, HttpResponse) -> Result<(T, RateLimit), ProviderError> + Send + Sync,
) -> Result<Result<T, Disposition>, PortError> {
    let failed = |code| Ok(Err(Disposition::Fail(code)));
    let Some(connection) = ports.connections.connection(of.connection).await? else {
        return failed(FailCode::CONNECTION_REMOVED);
    };
    let link = ports.connections.integration(of.provider.kind(), of.resource, of.workspace).await?;
    if !connection.status.receives() || !link.is_some_and(|link| link.active) {
        return failed(FailCode::CONNECTION_REMOVED);
    }
    // The work waits, and goes on when the connection works.
    match connection.status {
        ConnectionStatus::NeedsReconnect => return failed(FailCode::NEEDS_RECONNECT),
        ConnectionStatus::Suspended => return failed(FailCode::SUSPENDED),
        ConnectionStatus::Active | ConnectionStatus::Revoked => {}
    }
    let Some(request) = request(&connection) else { return failed(FailCode::UNSUPPORTED) };
    let (mut asked, bearer) = send(ports, of, &request, &read, &connection, None).await?;
    if is_token_refused(&asked) {
        (asked, _) = send(ports, of, &request, &read, &connection, bearer.as_ref()).await?;
        if is_token_refused(&asked) {
            ports.tokens.stays_refused(&connection).await?;
        }
    }
    let answered = match asked {
        Ok(answered) => answered,
        Err(error) => {
            let request_id = error.request_id.as_deref().unwrap_or_default();
            warn!(unit = %of.what, request.id = request_id, "no answer about {}: {error}", of.what);
            Err(error.disposition)
        }
    };
    keep_budget(ports, of, &answered).await?;
    Ok(answered.map(|(answer, _)| answer))
}

/// What was answered, or why there was none worth reading.
type Answered<T> = Result<(T, RateLimit), Disposition>;

async fn keep_budget<T>(ports: &FetchPorts, of: &CallOf<'_>, answered: &Answered<T>) -> Result<(), PortError> {
    let now = ports.clock.now();
    match answered {
        Ok((_, rate)) => budget::learn(&*ports.backfills, &of.budget(), rate, now).await,
        Err(Disposition::Retry {
            after: Some(after),
            reason: reason @ (WaitReason::RateLimit | WaitReason::SecondaryLimit),
        }) => {
            let until = time::later(now, *after);
            budget::close(&*ports.backfills, &of.budget(), until, *reason, now).await
        }
        Err(_) => Ok(()),
    }
}

async fn send<T>(
    ports: &FetchPorts,
    of: &CallOf<'_>,
    request: &HttpRequest,
    read: &(impl Fn(&Connection, HttpResponse) -> Result<(T, RateLimit), ProviderError> + Sync),
    connection: &Connection,
    refused: Option<&Secret>,
) -> Result<(Result<Answered<T>, ProviderError>, Option<Secret>), PortError> {
    let bearer = match ports.tokens.bearer(connection, Some(of.resource), refused).await {
        Ok(bearer) => bearer,
        Err(TokenError::NeedsReconnect) => {
            return Ok((Ok(Err(Disposition::Fail(FailCode::NEEDS_RECONNECT))), None));
        }
        Err(TokenError::Port(error)) => return Err(error),
    };
    // Not asked in vain: the answer would pass for a refused token, and end the other work.
    if bearer.is_none() && of.needs_token {
        return Ok((Ok(Err(Disposition::Fail(FailCode::NEEDS_TOKEN))), None));
    }
    let response = match ports.http.send(request, bearer.as_ref()).await {
        Ok(response) => response,
        Err(error) => {
            warn!(unit = %of.what, "no answer about {}: {error}", of.what);
            return Ok((Ok(Err(unreachable(&error))), bearer));
        }
    };
    Ok((read(connection, response).map(Ok), bearer))
}

fn is_token_refused<T>(asked: &Result<Answered<T>, ProviderError>) -> bool {
    matches!(asked, Err(error) if error.disposition == Disposition::RefreshToken)
}

fn unreachable(error: &HttpError) -> Disposition {
    match error {
        HttpError::Timeout | HttpError::Unreachable(_) => Disposition::unavailable(None),
        HttpError::TooLarge { .. } => Disposition::Fail(FailCode::TOO_LARGE),
        HttpError::Redirected | HttpError::Invalid => Disposition::Fail(FailCode::REJECTED),
    }
}
