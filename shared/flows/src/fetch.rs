//! One page of a list, asked for within the connection's budget: by a unit, and by an estimate.

use std::sync::Arc;

use connector_domain::backfill::{BudgetKey, Cursor, Disposition, EntityType, FailCode, Unit, UnitKey, Window};
use connector_domain::connection::{Connection, Integration, ResourceRef};
use connector_domain::http::HttpResponse;
use connector_domain::ports::{BackfillStore, Clock, ConnectionStore, PortError, ProviderHttp, Tokens};
use connector_domain::{ConnectionId, RunId};
use connector_providers::{PageMeta, Provider, Scope, provider};

use crate::budget::{self, Allowed};
use crate::call::{CallOf, call};

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
/// live work.
///
/// # Errors
/// When the store fails.
pub async fn allowed(ports: &FetchPorts, ask: &Ask<'_>, reserve_percent: u64) -> Result<Allowed, PortError> {
    let Some(provider) = provider(ask.key.provider) else { return Ok(Allowed::Yes) };
    let now = ports.clock.now();
    match budget::take(&*ports.backfills, &ask.budget(provider), reserve_percent, now).await? {
        Allowed::Yes => {}
        not => return Ok(not),
    }
    match ask.run {
        Some(run) => budget::take(&*ports.backfills, &BudgetKey::Run { run: run.clone() }, 0, now).await,
        None => Ok(Allowed::Yes),
    }
}

/// Asks the provider, with one more try when the token is refused, and keeps the budget as the answer says.
///
/// # Errors
/// When a port fails.
pub async fn fetch(ports: &FetchPorts, ask: &Ask<'_>) -> Result<Fetched, PortError> {
    let Some(provider) = provider(ask.key.provider) else {
        return Ok(Fetched::Refused(Disposition::Fail(FailCode::UNSUPPORTED)));
    };
    fn scope<'a>(ask: &'a Ask<'_>, connection: &'a Connection) -> Scope<'a> {
        Scope {
            account: &connection.account,
            resource: ask.resource,
            entity: ask.key.entity,
            window: ask.window,
            page_size: ask.page_size,
        }
    }
    let of = CallOf {
        workspace: &ask.key.workspace,
        provider,
        connection: ask.connection,
        resource: &ask.key.resource,
        pool: provider.pool(ask.key.entity),
        needs_token: provider.needs_token(ask.key.entity),
        what: &ask.key,
    };
    let request = |connection: &Connection| provider.page_request(&scope(ask, connection), ask.cursor);
    let read = |connection: &Connection, response: HttpResponse| {
        let meta = provider.read_page(&scope(ask, connection), ask.cursor, &response, ports.clock.now())?;
        let rate = meta.rate;
        Ok((Fetched::Page { response, meta }, rate))
    };
    Ok(call(ports, &of, request, read).await?.unwrap_or_else(Fetched::Refused))
}
