//! What fetching history would take, before it is started: the first page of each list is asked for exactly as a run
//! would, and nothing is stored but what it tells of the budget.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use connector_domain::backfill::{BudgetKey, Disposition, EntityType, FailCode, UnitKey, Window};
use connector_domain::delivery::Origin;
use connector_domain::ports::PortError;
use connector_domain::transformed::{Item, Transformed};
use connector_domain::{Delivery, RunId, Timestamp};
use connector_providers::{Extent, PageMeta, Provider, provider};

use crate::budget::Allowed;
use crate::fetch::{Ask, FetchPorts, Fetched, allowed, fetch};
use crate::start::{StartError, StartRequest, UnitStart, lists, windows};

/// What a run would take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    /// List by list.
    pub lists: Vec<(EntityType, ListEstimate)>,
    /// How long it would take with what is left of the budgets now, rate limits included.
    pub time: Duration,
}

/// What a list would take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListEstimate {
    /// Nothing: all of the window was fetched before.
    Covered,
    /// Another run is at it.
    Active(RunId),
    /// It cannot be asked for, for this reason.
    Refused(FailCode),
    /// The provider cannot be asked now.
    Unavailable,
    /// So much.
    Counted(Counted),
}

/// How many items and calls a list would take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Items.
    pub items: u64,
    /// Calls to the provider.
    pub calls: u64,
    /// Where the numbers come from.
    pub basis: Basis,
    /// Facts that the first page would become, by type.
    pub facts: BTreeMap<String, u64>,
    /// Facts of the first page that would be left out: not subscribed to, or outside the window.
    pub left_out: u64,
    /// Items of the first page that could not be read.
    pub unreadable: u64,
}

/// Where an estimate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The first page is all there is.
    Whole,
    /// The provider says how many pages there are.
    Pages,
    /// The first page, as dense as the rest.
    Density,
    /// Nothing: there is at least this much.
    AtLeast,
}

impl Basis {
    /// The name of the basis.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Pages => "pages",
            Self::Density => "density",
            Self::AtLeast => "at_least",
        }
    }
}

/// How a call takes in most cases, answer and storing included.
const PER_CALL: Duration = Duration::from_millis(700);

impl Estimate {
    /// All items.
    #[must_use]
    pub fn items(&self) -> u64 {
        self.counted().map(|list| list.items).sum()
    }

    /// All calls.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.counted().map(|list| list.calls).sum()
    }

    /// What AWS asks for it, in millionths of a US dollar: list prices of us-east-1, without free tiers and storage.
    /// <https://aws.amazon.com/lambda/pricing/> <https://aws.amazon.com/dynamodb/pricing/on-demand/>
    /// <https://aws.amazon.com/sqs/pricing/>
    #[must_use]
    pub fn micro_dollars(&self) -> u64 {
        // A page: two invocations of a second at 256 MB each, six requests of queues, and about 60 units written (its
        // bytes, its row, its unit) and 10 read. An item: one fact and a half, each four units with its index.
        const PAGE_NANO_DOLLARS: u64 = 2 * (3_333 + 200) + 6 * 400 + 60 * 625 + 10 * 125;
        const ITEM_NANO_DOLLARS: u64 = 6 * 625;
        (self.calls() * PAGE_NANO_DOLLARS + self.items() * ITEM_NANO_DOLLARS).div_ceil(1_000)
    }

    fn counted(&self) -> impl Iterator<Item = &Counted> {
        self.lists.iter().filter_map(|(_, list)| match list {
            ListEstimate::Counted(counted) => Some(counted),
            _ => None,
        })
    }
}

/// Estimates what a request would take if it were started now.
///
/// # Errors
/// When the request cannot be met, or a port fails.
pub async fn estimate(
    ports: &FetchPorts,
    request: &StartRequest,
    page_size: u32,
    reserve_percent: u64,
) -> Result<Estimate, StartError> {
    let known = provider(request.integration.provider).ok_or(StartError::UnknownProvider)?;
    let mut estimates = Vec::new();
    for entity in lists(request)? {
        let previous = ports.backfills.unit(&UnitKey::of(&request.integration, entity)).await?;
        let list = match windows(request, entity, previous.as_ref()) {
            Err(UnitStart::Active(run)) => ListEstimate::Active(run),
            Err(UnitStart::Covered | UnitStart::Opened | UnitStart::Cancelled) => ListEstimate::Covered,
            Ok(windows) => first_page(ports, known, request, entity, &windows, page_size, reserve_percent).await?,
        };
        estimates.push((entity, list));
    }
    let mut estimate = Estimate { lists: estimates, time: Duration::ZERO };
    estimate.time = time(ports, known, request, &estimate, reserve_percent).await?;
    Ok(estimate)
}

async fn first_page(
    ports: &FetchPorts,
    provider: &dyn Provider,
    request: &StartRequest,
    entity: EntityType,
    windows: &[Window],
    page_size: u32,
    reserve_percent: u64,
) -> Result<ListEstimate, PortError> {
    let Some(window) = windows.last().copied() else { return Ok(ListEstimate::Covered) };
    let ask = Ask::first(&request.integration, entity, window, page_size);
    if allowed(ports, &ask, reserve_percent).await? != Allowed::Yes {
        return Ok(ListEstimate::Unavailable);
    }
    let (raw, meta) = match fetch(ports, &ask).await? {
        Fetched::Page { response, meta } => (response.body, meta),
        Fetched::Refused(Disposition::Empty) => (b"[]".to_vec(), PageMeta::new(0, None)),
        Fetched::Refused(Disposition::Fail(code)) => return Ok(ListEstimate::Refused(code)),
        Fetched::Refused(Disposition::RefreshToken) => return Ok(ListEstimate::Refused(FailCode::NEEDS_RECONNECT)),
        Fetched::Refused(Disposition::Retry { .. } | Disposition::Restart) => return Ok(ListEstimate::Unavailable),
    };
    let (items, calls, basis) = count(&meta, page_size, windows);
    let mut counted = Counted { items, calls, basis, facts: BTreeMap::new(), left_out: 0, unreadable: 0 };
    let origin = Origin::Page {
        run: RunId::parse("estimate").map_err(|error| PortError::permanent("name an estimate", error))?,
        resource: request.integration.resource.clone(),
        entity,
        page: 0,
        window,
        hold: false,
    };
    let delivery = Delivery::page(request.integration.provider, origin, raw, ports.clock.now());
    if let Transformed::Items(items) = provider.transform(&delivery) {
        for item in items {
            match item {
                Item::Event(event) | Item::History { event, .. }
                    if request.integration.settings.wants(event.source_type) =>
                {
                    *counted.facts.entry(event.source_type.name().to_owned()).or_default() += 1;
                }
                Item::Event(_) | Item::History { .. } | Item::Deleted(_) | Item::Ignored(_) => counted.left_out += 1,
                Item::Quarantined(_) => counted.unreadable += 1,
            }
        }
    }
    Ok(ListEstimate::Counted(counted))
}

/// Items and calls of a list, from its first page.
fn count(meta: &PageMeta, page_size: u32, windows: &[Window]) -> (u64, u64, Basis) {
    let size = u64::from(page_size.max(1));
    let others = u64::try_from(windows.len()).unwrap_or(u64::MAX).saturating_sub(1);
    if meta.next.is_none() && others == 0 {
        return (meta.items, 1, Basis::Whole);
    }
    let dense = windows.last().and_then(|window| as_dense(meta, *window));
    let (items, basis) = match (meta.extent, dense) {
        (Some(Extent::Pages(pages)), _) => (pages * size, Basis::Pages),
        (Some(Extent::AtMost(pages)), Some(dense)) => (dense.min(pages * size), Basis::Density),
        (Some(Extent::AtMost(pages)), None) => (pages * size, Basis::Pages),
        (None, Some(dense)) => (dense, Basis::Density),
        (None, None) => (meta.items + 1, Basis::AtLeast),
    };
    let items = items.max(meta.items) * scale(windows);
    (items, items.div_ceil(meta.items.clamp(1, size)).max(1) + others, basis)
}

/// All items of a window, were the rest as dense as the page.
fn as_dense(meta: &PageMeta, window: Window) -> Option<u64> {
    let seconds = |from: Timestamp, to: Timestamp| u64::try_from(to.duration_since(from).as_secs()).unwrap_or(0);
    let Some((first, last)) = meta.span else { return meta.read.and_then(|read| read.whole(meta.items)) };
    // Towards the past, or from it.
    let (page, rest) = if last <= first {
        (seconds(last, first), seconds(window.since, last))
    } else {
        (seconds(first, last), seconds(last, window.until))
    };
    Some(meta.items + meta.items.saturating_mul(rest).checked_div(page)?)
}

/// How much longer all windows are than the one whose page was read.
fn scale(windows: &[Window]) -> u64 {
    let seconds = |window: &Window| u64::try_from(window.until.duration_since(window.since).as_secs()).unwrap_or(0);
    let all: u64 = windows.iter().map(seconds).sum();
    all.div_ceil(windows.last().map_or(1, seconds).max(1)).max(1)
}

/// Lists are read side by side; what is over a budget waits for the next ones.
async fn time(
    ports: &FetchPorts,
    provider: &dyn Provider,
    request: &StartRequest,
    estimate: &Estimate,
    reserve_percent: u64,
) -> Result<Duration, PortError> {
    let now = ports.clock.now();
    let counted = |(entity, list): &(EntityType, ListEstimate)| match list {
        ListEstimate::Counted(counted) => Some((*entity, counted.calls)),
        _ => None,
    };
    let calls: Vec<_> = estimate.lists.iter().filter_map(counted).collect();
    let longest = calls.iter().map(|(_, calls)| *calls).max().unwrap_or(0);
    let mut time = PER_CALL.saturating_mul(u32::try_from(longest).unwrap_or(u32::MAX));
    let pools: BTreeSet<_> = calls.iter().map(|(entity, _)| provider.pool(*entity)).collect();
    for pool in pools {
        let key = BudgetKey::Connection { connection: request.integration.connection.clone(), pool };
        let Some(budget) = ports.backfills.budget(&key).await? else { continue };
        let wanted: u64 =
            calls.iter().filter(|(entity, _)| provider.pool(*entity) == pool).map(|(_, calls)| *calls).sum();
        time = time.max(budget.time_for(wanted, reserve_percent, now));
    }
    Ok(time)
}

#[cfg(test)]
mod tests;
