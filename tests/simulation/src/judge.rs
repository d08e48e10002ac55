//! What must hold when a history has come to rest.

use std::collections::BTreeSet;
use std::time::Duration;

use connector_domain::backfill::{FailCode, HoldState, Unit, UnitState};
use connector_domain::connection::ConnectionStatus;
use connector_domain::delivery::DeliveryState;
use connector_domain::http::WebhookRequest;
use connector_domain::observation::Observation;
use connector_domain::ports::{
    AuditLog, BackfillStore, ConnectionStore, DeliveryStore, HoldStore, ObservationStore, TokenRows, TokenVault,
};
use connector_domain::{SourceId, Timestamp, WorkspaceId};
use futures::FutureExt;
use serde::Serialize;

use crate::finding::Rule;
use crate::history::History;
use crate::reference::{self, STRANGERS};
use crate::scenario::{Content, LISTS, Scenario};
use crate::tenant::Tenant;
use crate::tokens::Grants;
use crate::{Plan, beside, documents};

/// What heals by itself heals within this: the longest pause of the sweep, a budget of the provider that was used up, and
/// the queue's own patience, one after the other.
const LONGEST_HEALING: Duration = Duration::from_secs(16 * 3_600);

pub(crate) fn judge(history: &History, healed_in: Duration) {
    let monitor = &history.outside.monitor;
    if healed_in > LONGEST_HEALING {
        monitor.find(Rule::SlowToHeal, format!("it took {healed_in:?}"));
    }
    let dead = history.outside.queue.dead(history.scenario.is_unserved());
    if dead > 0 {
        monitor.find(Rule::DeadLetter, format!("{dead} messages"));
    }
    units(history);
    holds(history);
    deliveries(history);
    facts(history);
    calls(history);
    connections(history);
    tokens(history);
    secrets(history);
    beside::judge(history);
    documents::judge(history);
}

fn units(history: &History) {
    let monitor = &history.outside.monitor;
    for unit in history.outside.stores.backfills.units() {
        let tenant = history.tenants.iter().find(|tenant| *tenant.workspace() == unit.key.workspace);
        let was_disconnected = tenant.is_none_or(|tenant| tenant.was_disconnected);
        let explained = match &unit.state {
            UnitState::Completed => true,
            UnitState::Cancelled => was_disconnected || monitor.was_cancelled(&unit.run),
            UnitState::Failed { code } if *code == FailCode::CONNECTION_REMOVED => was_disconnected,
            UnitState::Failed { code } if *code == FailCode::UNAVAILABLE => history.scenario.broken_list,
            _ => false,
        };
        if !explained {
            monitor.find(Rule::NotEnded, format!("{} ended {:?}", unit.key, unit.state));
        }
    }
}

/// Nothing is held back any more. What a capture kept too late and was stopped before it could forget is read by nobody: it
/// must be an observation all the same.
fn holds(history: &History) {
    let stores = &history.outside.stores;
    for hold in stores.holds.all() {
        let held = stores.holds.held(&hold.run, None, usize::MAX).now_or_never().and_then(Result::ok);
        let is_stored = |fact: &Observation| {
            let row = ObservationStore::get(&*stores.observations, &fact.workspace, &fact.event.source_id);
            row.now_or_never().and_then(Result::ok).flatten().is_some()
        };
        let left = held.is_none_or(|held| !held.iter().all(is_stored));
        if hold.state != HoldState::Replayed || left {
            let detail = format!("what run {} held back is {:?}, and something left: {left}", hold.run, hold.state);
            history.outside.monitor.find(Rule::NotEnded, detail);
        }
    }
}

fn deliveries(history: &History) {
    let monitor = &history.outside.monitor;
    let effects = monitor.effects();
    let mut captured: Vec<(&WorkspaceId, u64)> = history.tenants.iter().map(|tenant| (tenant.workspace(), 0)).collect();
    for record in history.outside.stores.deliveries.all() {
        if !record.state.is_terminal() || matches!(record.state, DeliveryState::Dead(_)) {
            monitor.find(Rule::NotEnded, format!("{} is {}", record.id, record.state.name()));
        }
        for workspace in record.workspaces() {
            let theirs = history.tenants.iter().any(|tenant| {
                tenant.workspace() == workspace
                    && record.resource.as_ref().is_none_or(|resource| *resource == tenant.link.resource.id)
            });
            if !theirs {
                monitor.find(Rule::CrossTenant, format!("{workspace} was given {}", record.id));
            }
        }
        for (workspace, report) in &record.outcomes {
            if let Some((_, count)) = captured.iter_mut().find(|(of, _)| *of == workspace) {
                *count += report.captured;
            }
        }
    }
    for hold in history.outside.stores.holds.all() {
        if let Some((_, count)) = captured.iter_mut().find(|(of, _)| **of == hold.workspace) {
            *count += hold.report.captured;
        }
    }
    for (tenant, (workspace, counted)) in history.tenants.iter().zip(captured) {
        let stored = effects.get(workspace).map_or(0, BTreeSet::len) as u64;
        // What is captured anew after the end of a link says so in its report.
        let counted = counted + uncounted(history, workspace);
        if counted != stored && !tenant.was_disconnected {
            monitor.find(Rule::WrongCount, format!("{workspace} has {stored} rows and reports of {counted}"));
        }
    }
}

/// Of two captures of one page at once, as its run was released, one was stopped after it stored what the other says is held.
fn uncounted(history: &History, workspace: &WorkspaceId) -> u64 {
    let stores = &history.outside.stores;
    let says_held = |row: &Observation| {
        let record = stores.deliveries.record(&row.delivery).now_or_never().and_then(Result::ok).flatten();
        record.is_some_and(|record| record.outcomes.get(workspace).is_some_and(|report| report.held > 0))
    };
    let rows = stores.observations.all().into_iter().filter(|row| row.workspace == *workspace && !row.held);
    rows.filter(says_held).count() as u64
}

/// Observations are what the world told and showed, and nothing else.
fn facts(history: &History) {
    let monitor = &history.outside.monitor;
    let effects = monitor.effects();
    let none = BTreeSet::new();
    let now = history.now();
    let told: Vec<_> = history.hooks.iter().map(|hook| reference::identities(&hook.request, now)).collect();
    for (n, tenant) in history.tenants.iter().enumerate() {
        let stored = effects.get(tenant.workspace()).unwrap_or(&none);
        let content = if tenant.place == 0 { history.scenario.content } else { STRANGERS };
        let Some(known) = reference::known(content, tenant.place) else { continue };
        for (hook, ids) in told.iter().enumerate().filter(|(hook, _)| history.owed.contains(&(n, *hook))) {
            let missing: Vec<_> = ids.difference(stored).collect();
            let Some(request) = history.hooks.get(hook).map(|hook| &hook.request).filter(|_| !missing.is_empty())
            else {
                continue;
            };
            // Not every fact is kept: those are that an undisturbed capture keeps.
            let kept = undisturbed(request, tenant, now);
            for id in missing.into_iter().filter(|id| kept.contains(*id)) {
                monitor.find(Rule::Lost, format!("{id} of {}, which a webhook told", tenant.workspace()));
            }
        }
        let changed = history
            .places
            .get(tenant.place)
            .is_some_and(|place| !place.deleted.is_empty() || !place.reopened.is_empty());
        for unit in history.outside.stores.backfills.units() {
            if unit.key.workspace != *tenant.workspace() || !covers_what_was_there(&unit, tenant) {
                continue;
            }
            for id in known.listed.get(&unit.key.entity).unwrap_or(&none).difference(stored) {
                if changed && may_be_gone(id, history, tenant.place) {
                    continue;
                }
                monitor.find(Rule::Lost, format!("{id} of {}, which a covered list had", tenant.workspace()));
            }
        }
        let listed: BTreeSet<&SourceId> = LISTS.iter().filter_map(|list| known.listed.get(list)).flatten().collect();
        let here = |hook: usize| history.hooks.get(hook).is_some_and(|hook| hook.place == tenant.place);
        let explained = |id: &SourceId| {
            listed.contains(id) || told.iter().enumerate().any(|(hook, ids)| here(hook) && ids.contains(id))
        };
        for id in stored.iter().filter(|id| !explained(id)) {
            monitor.find(Rule::Invented, format!("{id} of {}", tenant.workspace()));
        }
    }
}

/// Whether it is about something that was deleted, or could be, or that lists of items have forgotten.
fn may_be_gone(id: &SourceId, history: &History, place: usize) -> bool {
    let Some(place) = history.places.get(place) else { return false };
    let forgotten = |number: &u32| place.reopened.contains(number) && id.as_str().contains(":closed");
    reference::number(id).is_none_or(|number| place.deleted.contains(&number) || forgotten(&number))
}

/// Whether the unit says that it has read what was there when the link was made.
fn covers_what_was_there(unit: &Unit, tenant: &Tenant) -> bool {
    let start = tenant.link.linked_at;
    unit.coverage.windows().iter().any(|window| window.since == Timestamp::UNIX_EPOCH && window.until >= start)
}

/// What a capture keeps of a webhook where nothing breaks.
fn undisturbed(request: &WebhookRequest, tenant: &Tenant, now: Timestamp) -> BTreeSet<SourceId> {
    let content = Content { pull_requests: 0, issues: 0, releases: 0 };
    let scenario = Scenario { content, backfill: false, ..Scenario::default() };
    let Ok(history) = History::new(0, scenario, Plan::scripted([])) else { return BTreeSet::new() };
    history.capturing(request.clone(), tenant, now)
}

fn calls(history: &History) {
    let tally = history.outside.monitor.tally();
    let accidents = history.outside.plan.injections() as u64 + tally.frozen;
    // Some of the provider's faults look like pages until they are read.
    let allowed = tally.pages + tally.overtaken + accidents + history.scenario.provider_faults as u64;
    if tally.page_calls > allowed {
        let detail = format!(
            "{} pages fetched for {} counted, {} overtaken and {accidents} accidents",
            tally.page_calls, tally.pages, tally.overtaken
        );
        history.outside.monitor.find(Rule::TooManyCalls, detail);
    }
}

fn connections(history: &History) {
    for tenant in &history.tenants {
        let store = &history.outside.stores.connections;
        let row = store.connection(&tenant.connection.id).now_or_never().and_then(Result::ok).flatten();
        let status = row.map(|connection| connection.status);
        let linked = tenant.linked_since.is_some();
        if linked && status != Some(ConnectionStatus::Active) {
            let detail = format!("the connection of {} is {status:?}", tenant.workspace());
            history.outside.monitor.find(Rule::NotEnded, detail);
        }
    }
}

/// One lineage of tokens: they work, or a person is told.
fn tokens(history: &History) {
    let Some((grants, _)) = history.scenario.tokens else { return };
    let monitor = &history.outside.monitor;
    let Some(connection) = history.rotating() else { return };
    let vault = &history.outside.stores.vault;
    let held = vault.load(&connection).now_or_never().and_then(Result::ok).flatten();
    let works = held.is_some_and(|(_, tokens)| history.outside.providers.linear.takes(&tokens.access));
    let accidents = history.outside.plan.injections() as u64 + monitor.tally().frozen;
    match (connection.status, works) {
        (ConnectionStatus::Active, true) => {}
        // A renewal that was given up for lost may come back at the moment when the loss is written down: then they are
        // asked once more.
        (ConnectionStatus::NeedsReconnect, true) if accidents > 0 => {}
        (ConnectionStatus::NeedsReconnect, false) if grants == Grants::Strict => {
            let entries = history.outside.stores.audit.entries(&connection.id, 100).now_or_never();
            let named = entries.and_then(Result::ok).is_some_and(|entries| {
                entries.iter().any(|entry| entry.action == connector_domain::audit::AuditAction::NeedsReconnect)
            });
            if !named {
                monitor.find(Rule::TokensDead, "tokens are dead and the log does not say so");
            }
        }
        (status, works) => {
            let detail =
                format!("the connection is {} and its tokens {}", status.name(), if works { "work" } else { "do not" });
            monitor.find(Rule::TokensDead, detail);
        }
    }
}

/// No row holds a secret, but for the sealed tokens.
fn secrets(history: &History) {
    let (monitor, stores) = (&history.outside.monitor, &history.outside.stores);
    let search = |place: &str, row: &dyn Fn() -> Option<String>| {
        if let Some(text) = row() {
            monitor.search(place, &text);
        }
    };
    fn text<T: Serialize>(row: &T) -> Option<String> {
        serde_json::to_string(row).ok()
    }
    for record in stores.deliveries.all() {
        search("a delivery", &|| text(&record));
    }
    for unit in stores.backfills.units() {
        search("a unit", &|| text(&unit));
        let run = stores.backfills.run(&unit.run).now_or_never().and_then(Result::ok).flatten();
        search("a run", &|| text(&run));
    }
    for tenant in &history.tenants {
        let entries = stores.audit.entries(&tenant.connection.id, 100).now_or_never().and_then(Result::ok);
        search("the log", &|| text(&entries));
    }
    if let Some(connection) = history.rotating() {
        search("a connection", &|| text(&connection));
        let row = stores.vault.row(&connection).now_or_never().and_then(Result::ok).flatten();
        search("the row of tokens", &|| text(&row));
    }
}
