//! How the history of links stands, from the rows of their units.

use std::collections::BTreeMap;

use connector_domain::backfill::{Share, Unit, UnitKey, UnitState};
use connector_domain::connection::Integration;
use connector_domain::{ProviderKind, ResourceId, Timestamp};
use connector_providers::provider;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Access;
use crate::problem::Problem;

/// How the history of a source stands.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sync {
    /// When a list of it was last brought up to date.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime)]
    last_synced_at: Option<Timestamp>,
    /// Pages fetched by the latest run of each list.
    pages: u64,
    /// Items on them.
    items: u64,
    /// Its lists, as far as they were ever asked for.
    lists: Vec<ListSync>,
}

/// How one list of a source stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "entity": "pull_request", "state": "completed", "run": "7f0c", "pages": 3, "items": 214,
    "updatedAt": "2026-02-06T12:00:00Z", "covered": [{ "since": "2026-01-07T12:00:00Z", "until": "2026-02-06T12:00:00Z" }],
}))]
pub(crate) struct ListSync {
    /// Which list.
    entity: &'static str,
    /// `pending`, `running`, `waiting`, `paused`, `completed`, `partial`, `cancelled` or `failed`.
    pub(crate) state: &'static str,
    /// Why it waits, is paused, stopped early or failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// Until when it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime)]
    waits_until: Option<Timestamp>,
    /// The latest run of it.
    run: String,
    /// Pages that this run has fetched.
    pages: u64,
    /// Items on them.
    items: u64,
    /// Times that this run had to wait for it.
    waits: u64,
    /// How much of its time is read, in thousandths, where that can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    read: Option<u16>,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// The stretches of time that are known to be complete, over all runs.
    covered: Vec<Span>,
}

/// A stretch of time, both ends included.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Span {
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
}

impl From<connector_domain::backfill::Window> for Span {
    fn from(window: connector_domain::backfill::Window) -> Self {
        Self { since: window.since, until: window.until }
    }
}

impl ListSync {
    pub(crate) fn of(unit: &Unit) -> Self {
        let (reason, waits_until) = match &unit.state {
            UnitState::Waiting { until, reason } => (Some(reason.name().to_owned()), Some(*until)),
            UnitState::Paused { why } => (Some(why.name().to_owned()), None),
            UnitState::Partial { reason } => (Some(reason.clone()), None),
            UnitState::Failed { code } => (Some(code.to_string()), None),
            UnitState::Pending | UnitState::Running | UnitState::Completed | UnitState::Cancelled => (None, None),
        };
        Self {
            entity: unit.key.entity.as_str(),
            state: unit.state.name(),
            reason,
            waits_until,
            run: unit.run.to_string(),
            pages: unit.counters.pages,
            items: unit.counters.items,
            waits: unit.counters.waits,
            read: unit.share().map(Share::thousandths),
            updated_at: unit.updated_at,
            covered: unit.coverage.windows().iter().copied().map(Span::from).collect(),
        }
    }
}

impl Sync {
    fn of(units: &[Unit]) -> Self {
        let completed = units.iter().filter(|unit| unit.state == UnitState::Completed);
        Self {
            last_synced_at: completed.map(|unit| unit.updated_at).max(),
            pages: units.iter().map(|unit| unit.counters.pages).sum(),
            items: units.iter().map(|unit| unit.counters.items).sum(),
            lists: units.iter().map(ListSync::of).collect(),
        }
    }
}

/// Units by the resource they are of, in the order of their lists.
pub(crate) type Units = BTreeMap<(ProviderKind, ResourceId), Vec<Unit>>;

/// The units of links, in one read.
pub(crate) async fn units_of(access: &Access<'_>, links: &[Integration]) -> Result<Units, Problem> {
    let keys: Vec<_> = links.iter().flat_map(keys_of).collect();
    let mut units = access.units(&keys).await?;
    units.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    let mut found = Units::new();
    for unit in units {
        found.entry((unit.key.provider, unit.key.resource.clone())).or_default().push(unit);
    }
    Ok(found)
}

/// How the history of a link stands.
pub(crate) fn of_link(units: &Units, link: &Integration) -> Sync {
    units.get(&(link.provider, link.resource.id.clone())).map(|units| Sync::of(units)).unwrap_or_default()
}

fn keys_of(link: &Integration) -> impl Iterator<Item = UnitKey> {
    let entities = provider(link.provider).map(|provider| provider.entity_types()).unwrap_or_default();
    entities.iter().map(|entity| UnitKey::of(link, *entity))
}
