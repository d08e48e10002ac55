//! Issues and pull requests, which share one row of numbers, and how they change.

use std::sync::Arc;

use jiff::Timestamp;

use super::json::{repository::View, user::User};
use crate::random::of_name;

/// An issue or a pull request: what never changes, and the steps of its life.
pub(crate) struct Item {
    pub(crate) number: u32,
    /// The id as an issue; a pull request has another one of its own.
    pub(crate) issue_id: u64,
    pub(crate) title: String,
    pub(crate) body: Option<String>,
    /// None where the account was deleted and nothing stands in for it.
    pub(crate) author: Option<User>,
    pub(crate) assignees: Vec<User>,
    pub(crate) association: &'static str,
    /// The labels it was opened with.
    pub(crate) labels: Vec<Label>,
    pub(crate) pull: Option<Pull>,
    /// In time order; the first one is `Opened`.
    pub(crate) steps: Vec<Step>,
    /// What all steps together made of it.
    pub(crate) now: Standing,
    /// Gone from every list, but its past webhooks were sent.
    pub(crate) deleted: bool,
    /// Grows whenever anything about it changes.
    pub(crate) revision: u64,
}

/// What only a pull request has.
pub(crate) struct Pull {
    pub(crate) id: u64,
    pub(crate) draft: bool,
    pub(crate) head_ref: String,
    pub(crate) head_sha: String,
    pub(crate) head: Head,
    pub(crate) base_ref: String,
    pub(crate) base_sha: String,
    pub(crate) merge_sha: String,
    pub(crate) commits: u32,
    pub(crate) additions: u32,
    pub(crate) deletions: u32,
    pub(crate) changed_files: u32,
}

/// Where a pull request comes from.
pub(crate) enum Head {
    /// A branch of the repository itself.
    Same,
    /// The author's fork.
    Fork(Arc<View>),
    /// A fork that was deleted since: GitHub then says `"repo": null`.
    Gone,
}

/// One step in the life of an item.
pub(crate) struct Step {
    pub(crate) at: Timestamp,
    pub(crate) by: Option<User>,
    pub(crate) change: Change,
}

/// What a step did.
#[derive(Clone)]
pub(crate) enum Change {
    Opened,
    Closed(CloseReason),
    Merged,
    Reopened,
    ReadyForReview,
    Labeled(Label),
    /// Something was said about it.
    Talked(Talk),
}

/// Which thing was said, by its index in the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Talk {
    Commented(usize),
    /// The comment got its text at this place.
    Edited(usize, usize),
    Uncommented(usize),
    Reviewed(usize),
    /// A review no longer counts.
    Dismissed(usize),
    /// A comment on a line.
    Remarked(usize),
}

/// Why an issue was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// Done.
    Completed,
    /// Will not be done.
    NotPlanned,
    /// Told elsewhere already.
    Duplicate,
}

impl CloseReason {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::NotPlanned => "not_planned",
            Self::Duplicate => "duplicate",
        }
    }
}

/// How an item stands after some of its steps.
#[derive(Clone)]
pub(crate) struct Standing {
    pub(crate) open: bool,
    pub(crate) draft: bool,
    pub(crate) updated_at: Timestamp,
    pub(crate) closed_at: Option<Timestamp>,
    pub(crate) merged_at: Option<Timestamp>,
    pub(crate) merged_by: Option<User>,
    pub(crate) reason: Option<&'static str>,
    pub(crate) labels: Vec<Label>,
    pub(crate) comments: u32,
    /// Comments on lines.
    pub(crate) remarks: u32,
}

impl Standing {
    fn opened(at: Timestamp, draft: bool, labels: &[Label]) -> Self {
        Self {
            open: true,
            draft,
            updated_at: at,
            closed_at: None,
            merged_at: None,
            merged_by: None,
            reason: None,
            labels: labels.to_vec(),
            comments: 0,
            remarks: 0,
        }
    }

    fn take(&mut self, step: &Step) {
        self.updated_at = self.updated_at.max(step.at);
        match &step.change {
            Change::Opened => {}
            Change::Closed(reason) => {
                self.open = false;
                self.closed_at = Some(step.at);
                self.reason = Some(reason.name());
            }
            Change::Merged => {
                self.open = false;
                self.closed_at = Some(step.at);
                self.merged_at = Some(step.at);
                self.merged_by.clone_from(&step.by);
            }
            Change::Reopened => {
                self.open = true;
                self.closed_at = None;
                self.reason = Some("reopened");
            }
            Change::ReadyForReview => self.draft = false,
            Change::Labeled(label) => {
                if !self.labels.iter().any(|held| held.name == label.name) {
                    self.labels.push(label.clone());
                }
            }
            Change::Talked(Talk::Commented(_)) => self.comments += 1,
            Change::Talked(Talk::Uncommented(_)) => self.comments -= 1,
            Change::Talked(Talk::Remarked(_)) => self.remarks += 1,
            Change::Talked(Talk::Edited(..) | Talk::Reviewed(_) | Talk::Dismissed(_)) => {}
        }
    }
}

impl Item {
    pub(crate) fn created_at(&self) -> Timestamp {
        self.steps.first().map_or(Timestamp::UNIX_EPOCH, |step| step.at)
    }

    /// How it stood right after step `last`.
    pub(crate) fn after(&self, last: usize) -> Standing {
        let mut standing = self.newborn();
        for step in self.steps.iter().take(last + 1) {
            standing.take(step);
        }
        standing
    }

    /// Adds a step and answers its index.
    pub(crate) fn step(&mut self, step: Step) -> usize {
        if self.steps.is_empty() {
            self.steps.push(step);
            self.now = self.newborn();
        } else {
            self.now.take(&step);
            self.steps.push(step);
        }
        self.steps.len() - 1
    }

    fn newborn(&self) -> Standing {
        Standing::opened(self.created_at(), self.pull.as_ref().is_some_and(|pull| pull.draft), &self.labels)
    }

    /// A standing to begin with, before the first step is known.
    pub(crate) fn unborn() -> Standing {
        Standing::opened(Timestamp::UNIX_EPOCH, false, &[])
    }
}

/// A label; its id and colour follow from its name.
#[derive(Clone)]
pub(crate) struct Label {
    pub(crate) name: Arc<str>,
    pub(crate) id: u64,
    pub(crate) color: &'static str,
}

impl Label {
    pub(crate) fn named(name: &str) -> Self {
        const COLORS: [&str; 6] = ["d73a4a", "0075ca", "a2eeef", "7057ff", "008672", "e4e669"];
        let number = of_name(name);
        Self {
            name: Arc::from(name),
            id: 1_000_000_000 + number % 8_000_000_000,
            color: COLORS[usize::try_from(number % 6).unwrap_or(0)],
        }
    }
}
