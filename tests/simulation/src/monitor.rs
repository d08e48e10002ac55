//! Watches every step of a history: what was stored, who called whom with which token, and what a step may not do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use connector_domain::backfill::UnitKey;
use connector_domain::{RunId, SourceId, WorkspaceId};

use crate::fault::Flow;
use crate::finding::{Finding, Rule};

/// What a task does, and for whom.
#[derive(Debug, Clone)]
pub(crate) struct Doing {
    pub(crate) flow: Flow,
    /// For whom, when it is for one workspace.
    pub(crate) workspace: Option<WorkspaceId>,
    /// Which page of which run, when it fetches one.
    pub(crate) page: Option<(UnitKey, RunId, u32)>,
    /// In which turn of the history it began.
    pub(crate) began: u64,
}

impl Doing {
    pub(crate) const fn of(flow: Flow, began: u64) -> Self {
        Self { flow, workspace: None, page: None, began }
    }

    pub(crate) fn for_workspace(self, workspace: &WorkspaceId) -> Self {
        Self { workspace: Some(workspace.clone()), ..self }
    }
}

/// What a history did so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Pages that the provider gave.
    pub page_calls: u64,
    /// Pages that were counted as done.
    pub pages: u64,
    /// Answers that were no page: limits, faults, refused tokens.
    pub refusals: u64,
    /// Pages that a cancel or the end of a connection overtook while they were fetched.
    pub overtaken: u64,
    /// Lists that were started again.
    pub restarts: u64,
    /// Observations written.
    pub stored: u64,
    /// Messages sent.
    pub messages: u64,
    /// Messages that were delivered though they were handled, or about to be.
    pub duplicates: u64,
    /// Messages set aside in a dead-letter queue.
    pub set_aside: u64,
    /// Processes that were frozen in the middle of their work.
    pub frozen: u64,
    /// Reads of an index that had not caught up.
    pub stale_reads: u64,
    /// Questions to the language model.
    pub model_calls: u64,
    /// Of these, those without an answer that can be used.
    pub model_failures: u64,
    /// Summaries of clusters that it wrote.
    pub summaries: u64,
    /// Questions to the provider about files.
    pub document_calls: u64,
}

impl Tally {
    /// Adds up.
    pub(crate) fn add(&mut self, other: &Self) {
        self.page_calls += other.page_calls;
        self.pages += other.pages;
        self.refusals += other.refusals;
        self.overtaken += other.overtaken;
        self.restarts += other.restarts;
        self.stored += other.stored;
        self.messages += other.messages;
        self.duplicates += other.duplicates;
        self.set_aside += other.set_aside;
        self.frozen += other.frozen;
        self.stale_reads += other.stale_reads;
        self.model_calls += other.model_calls;
        self.model_failures += other.model_failures;
        self.summaries += other.summaries;
        self.document_calls += other.document_calls;
    }
}

#[derive(Debug, Default)]
struct State {
    doing: Option<Doing>,
    findings: BTreeSet<Finding>,
    tally: Tally,
    effects: BTreeMap<(WorkspaceId, SourceId), u32>,
    /// Who was given which token.
    tokens: BTreeMap<String, WorkspaceId>,
    /// Runs that were cancelled, and in which turn that was answered.
    cancelled: BTreeMap<RunId, u64>,
    /// Workspaces whose connection ended, and in which turn that was answered.
    ended: BTreeMap<WorkspaceId, u64>,
    secrets: Vec<String>,
}

/// The witness of a history.
#[derive(Debug, Default)]
pub(crate) struct Monitor(Mutex<State>);

impl Monitor {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn enter(&self, doing: &Doing) {
        self.state().doing = Some(doing.clone());
    }

    /// Which page the present task fetches.
    pub(crate) fn page(&self) -> Option<(UnitKey, RunId, u32)> {
        self.state().doing.as_ref().and_then(|doing| doing.page.clone())
    }

    /// In which turn the present task began.
    pub(crate) fn began(&self) -> u64 {
        self.state().doing.as_ref().map_or(0, |doing| doing.began)
    }

    /// Any token that was given.
    pub(crate) fn any_token(&self) -> Option<String> {
        self.state().tokens.keys().next().cloned()
    }

    pub(crate) fn find(&self, rule: Rule, detail: impl Into<String>) {
        self.state().findings.insert(Finding { rule, detail: detail.into() });
    }

    pub(crate) fn findings(&self) -> Vec<Finding> {
        self.state().findings.iter().cloned().collect()
    }

    pub(crate) fn has_findings(&self) -> bool {
        !self.state().findings.is_empty()
    }

    pub(crate) fn tally(&self) -> Tally {
        self.state().tally
    }

    pub(crate) fn count(&self, change: impl FnOnce(&mut Tally)) {
        change(&mut self.state().tally);
    }

    /// An observation came into being. What follows from it, such as the stream of the table, happens each time.
    pub(crate) fn stored(&self, workspace: &WorkspaceId, source_id: &SourceId) {
        let state = &mut *self.state();
        state.tally.stored += 1;
        let times = state.effects.entry((workspace.clone(), source_id.clone())).or_default();
        *times += 1;
        if *times > 1 {
            let detail = format!("{source_id} of {workspace} was written {times} times");
            state.findings.insert(Finding { rule: Rule::Twice, detail });
        }
    }

    /// What was written, by workspace.
    pub(crate) fn effects(&self) -> BTreeMap<WorkspaceId, BTreeSet<SourceId>> {
        let mut by_workspace: BTreeMap<WorkspaceId, BTreeSet<SourceId>> = BTreeMap::new();
        for (workspace, source_id) in self.state().effects.keys() {
            by_workspace.entry(workspace.clone()).or_default().insert(source_id.clone());
        }
        by_workspace
    }

    /// A text that no row and no message may hold.
    pub(crate) fn secret(&self, text: &str) {
        let state = &mut *self.state();
        if !state.secrets.iter().any(|known| known == text) {
            state.secrets.push(text.to_owned());
        }
    }

    /// Looks for secrets in what is stored or sent.
    pub(crate) fn search(&self, place: &str, text: &str) {
        let state = &mut *self.state();
        if state.secrets.iter().any(|secret| text.contains(secret.as_str())) {
            state.findings.insert(Finding { rule: Rule::Leaked, detail: format!("a secret in {place}") });
        }
    }

    /// A provider gave a token in answer to a call of the present task.
    pub(crate) fn given(&self, token: &str) {
        self.secret(token);
        let state = &mut *self.state();
        if let Some(workspace) = state.doing.as_ref().and_then(|doing| doing.workspace.clone()) {
            state.tokens.insert(token.to_owned(), workspace);
        }
    }

    /// A call goes out with a token: it must be the workspace's own.
    pub(crate) fn calls(&self, token: Option<&str>) {
        let state = &mut *self.state();
        let Some(Doing { flow, workspace: Some(workspace), page, began }) = &state.doing else { return };
        let mut found = Vec::new();
        if let Some(owner) = token.and_then(|token| state.tokens.get(token)).filter(|owner| *owner != workspace) {
            found.push((Rule::CrossTenant, format!("a call for {workspace} carried a token of {owner} ({flow:?})")));
        }
        if let Some((unit, run, _)) = page {
            let after = |turn: Option<&u64>| turn.is_some_and(|turn| began > turn);
            if after(state.cancelled.get(run)) {
                found.push((Rule::CalledAfterEnd, format!("{unit} was fetched after its run was cancelled")));
            }
            if after(state.ended.get(workspace)) {
                found.push((Rule::CalledAfterEnd, format!("{unit} was fetched after its connection had ended")));
            }
        }
        state.findings.extend(found.into_iter().map(|(rule, detail)| Finding { rule, detail }));
    }

    pub(crate) fn cancelled(&self, run: &RunId, turn: u64) {
        self.state().cancelled.entry(run.clone()).or_insert(turn);
    }

    pub(crate) fn was_cancelled(&self, run: &RunId) -> bool {
        self.state().cancelled.contains_key(run)
    }

    pub(crate) fn ended(&self, workspace: &WorkspaceId, turn: u64) {
        self.state().ended.insert(workspace.clone(), turn);
    }

    /// It is connected again.
    pub(crate) fn began_again(&self, workspace: &WorkspaceId) {
        self.state().ended.remove(workspace);
    }
}
