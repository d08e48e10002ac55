//! Runs and units in memory.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Mutex;

use async_trait::async_trait;
use connector_domain::backfill::{Budget, BudgetKey, Run, Unit, UnitKey, Version};
use connector_domain::capture::CaptureReport;
use connector_domain::ports::{BackfillStore, Page, Paging, PortError, Put, RunLists};
use connector_domain::{ProviderKind, ResourceId, RunId, Timestamp, WorkspaceId};

use super::{lists, lock};

/// Runs and units in memory.
#[derive(Debug, Default)]
pub struct MemoryBackfills(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    runs: BTreeMap<RunId, Run>,
    due_runs: BTreeMap<RunId, Timestamp>,
    units: BTreeMap<UnitKey, Unit>,
    reports: BTreeMap<(RunId, UnitKey, u32), CaptureReport>,
    ended: BTreeMap<(RunId, UnitKey), Unit>,
    budgets: BTreeMap<BudgetKey, Budget>,
}

impl MemoryBackfills {
    /// All units, in order of key.
    #[must_use]
    pub fn units(&self) -> Vec<Unit> {
        lock(&self.0).units.values().cloned().collect()
    }
}

#[async_trait]
impl BackfillStore for MemoryBackfills {
    async fn put_run(&self, run: &Run) -> Result<Put, PortError> {
        let mut state = lock(&self.0);
        if let Entry::Vacant(vacant) = state.runs.entry(run.id.clone()) {
            vacant.insert(run.clone());
            if run.prove {
                state.due_runs.insert(run.id.clone(), run.started_at);
            }
            return Ok(Put::Stored);
        }
        Ok(Put::Conflict)
    }

    async fn due_runs(&self, now: Timestamp, limit: usize) -> Result<Vec<RunId>, PortError> {
        let state = lock(&self.0);
        let due = state.due_runs.iter().filter(|(_, due_at)| **due_at <= now);
        let mut due: Vec<_> = due.map(|(run, due_at)| (*due_at, run.clone())).collect();
        due.sort_unstable();
        Ok(due.into_iter().take(limit).map(|(_, run)| run).collect())
    }

    async fn look_again(&self, run: &RunId, due_at: Option<Timestamp>) -> Result<(), PortError> {
        let mut state = lock(&self.0);
        match due_at {
            Some(due_at) if state.runs.contains_key(run) => drop(state.due_runs.insert(run.clone(), due_at)),
            Some(_) => {}
            None => drop(state.due_runs.remove(run)),
        }
        Ok(())
    }

    async fn run(&self, id: &RunId) -> Result<Option<Run>, PortError> {
        Ok(lock(&self.0).runs.get(id).cloned())
    }

    async fn cancel_run(&self, run: &Run, at: Timestamp) -> Result<(), PortError> {
        let cancelled = Run { cancelled_at: Some(at), ..run.clone() };
        lock(&self.0).runs.insert(run.id.clone(), cancelled);
        Ok(())
    }

    async fn runs_of(&self, workspace: &WorkspaceId, limit: usize) -> Result<Vec<Run>, PortError> {
        let mut runs: Vec<_> = lock(&self.0).runs.values().filter(|run| run.workspace == *workspace).cloned().collect();
        runs.sort_unstable_by(|a, b| (b.started_at, &b.id).cmp(&(a.started_at, &a.id)));
        runs.truncate(limit);
        Ok(runs)
    }

    async fn unit(&self, key: &UnitKey) -> Result<Option<Unit>, PortError> {
        Ok(lock(&self.0).units.get(key).cloned())
    }

    async fn put_unit(&self, unit: &Unit, expected: Option<Version>) -> Result<Put, PortError> {
        let mut state = lock(&self.0);
        if state.units.get(&unit.key).map(|known| known.version) != expected {
            return Ok(Put::Conflict);
        }
        state.units.insert(unit.key.clone(), unit.clone());
        Ok(Put::Stored)
    }

    async fn open_unit(&self, unit: &Unit, expected: Option<Version>) -> Result<Put, PortError> {
        if lock(&self.0).runs.get(&unit.run).is_none_or(|run| run.cancelled_at.is_some()) {
            return Ok(Put::Conflict);
        }
        self.put_unit(unit, expected).await
    }

    async fn put_ended(&self, unit: &Unit) -> Result<(), PortError> {
        lock(&self.0).ended.insert((unit.run.clone(), unit.key.clone()), unit.clone());
        Ok(())
    }

    async fn ended_units(&self, run: &RunId) -> Result<Vec<Unit>, PortError> {
        let state = lock(&self.0);
        Ok(state.ended.iter().filter(|((of, _), _)| of == run).map(|(_, unit)| unit.clone()).collect())
    }

    async fn budget(&self, key: &BudgetKey) -> Result<Option<Budget>, PortError> {
        Ok(lock(&self.0).budgets.get(key).cloned())
    }

    async fn put_budget(&self, budget: &Budget, expected: Option<Version>) -> Result<Put, PortError> {
        let mut state = lock(&self.0);
        if state.budgets.get(&budget.key).map(|known| known.version) != expected {
            return Ok(Put::Conflict);
        }
        state.budgets.insert(budget.key.clone(), budget.clone());
        Ok(Put::Stored)
    }

    async fn due_units(&self, now: Timestamp, limit: usize) -> Result<Vec<UnitKey>, PortError> {
        let state = lock(&self.0);
        let mut due: Vec<_> = state
            .units
            .values()
            .filter(|unit| !unit.state.is_at_rest() && unit.due_at <= now)
            .map(|unit| (unit.due_at, unit.key.clone()))
            .collect();
        due.sort_unstable();
        Ok(due.into_iter().take(limit).map(|(_, key)| key).collect())
    }

    async fn put_page_report(
        &self,
        run: &RunId,
        unit: &UnitKey,
        page: u32,
        report: &CaptureReport,
    ) -> Result<(), PortError> {
        lock(&self.0).reports.entry((run.clone(), unit.clone(), page)).or_insert_with(|| report.clone());
        Ok(())
    }

    async fn page_reports(&self, run: &RunId) -> Result<Vec<CaptureReport>, PortError> {
        let state = lock(&self.0);
        Ok(state.reports.iter().filter(|((of, ..), _)| of == run).map(|(_, report)| report.clone()).collect())
    }
}

#[async_trait]
impl RunLists for MemoryBackfills {
    async fn runs_in(
        &self,
        workspace: &WorkspaceId,
        of: Option<(ProviderKind, &ResourceId)>,
        paging: &Paging,
    ) -> Result<Page<Run>, PortError> {
        let state = lock(&self.0);
        let ours = state.runs.values().filter(|run| run.workspace == *workspace);
        let rows = ours.map(|run| (format!("{:.9}#{}", run.started_at, run.id), run.clone())).collect();
        lists::page("list runs", rows, true, paging, |run: &Run| {
            of.is_none_or(|of| (run.provider, &run.resource.id) == of)
        })
    }

    async fn units(&self, keys: &[UnitKey]) -> Result<Vec<Unit>, PortError> {
        let state = lock(&self.0);
        Ok(keys.iter().filter_map(|key| state.units.get(key).cloned()).collect())
    }
}
