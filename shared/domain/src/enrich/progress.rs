//! How far the enrichment of one fact is.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// A part of enrichment. Each may be done twice, and none waits for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// What it shares with other facts is indexed.
    Links,
    /// What the actor did is counted.
    Actor,
    /// What it is like is indexed.
    Features,
    /// A service's vectors of it are kept.
    Embeddings,
    /// Its vectors are in an index outside.
    Index,
    /// A language model has sorted it.
    Classify,
    /// A language model has named what is in it.
    Extract,
    /// A look at what belongs together in its week is asked for.
    Summaries,
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Links,
        Self::Actor,
        Self::Features,
        Self::Embeddings,
        Self::Index,
        Self::Classify,
        Self::Extract,
        Self::Summaries,
    ];
    /// Those that need nothing from outside. The others are off until somebody turns them on.
    pub const BASE: [Self; 3] = [Self::Links, Self::Actor, Self::Features];

    /// The name in rows and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Links => "links",
            Self::Actor => "actor",
            Self::Features => "features",
            Self::Embeddings => "embeddings",
            Self::Index => "index",
            Self::Classify => "classify",
            Self::Extract => "extract",
            Self::Summaries => "summaries",
        }
    }

    /// Finds a step by its name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == name)
    }
}

/// How long a fact may wait for its enrichment before recovery sends its message again.
const DUE_AFTER: SignedDuration = SignedDuration::from_secs(300);

/// How far the enrichment of one fact is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Enrichment {
    /// What is done.
    pub done: BTreeSet<Step>,
    /// How often recovery has sent its message again.
    pub attempts: u32,
    /// When recovery looks at it; `None` when there is nothing left to do, or it was given up.
    pub due_at: Option<Timestamp>,
    /// Steps that were given up for what the rules say, with the code of the reason.
    pub fell_back: BTreeMap<Step, String>,
    /// How often steps failed that may work later.
    pub failed: BTreeMap<Step, u32>,
    /// Fields in which the fact said something else when it was seen again; the row is kept as it was.
    pub conflicts: BTreeSet<String>,
}

impl Enrichment {
    /// That of a fact that was captured just now.
    #[must_use]
    pub fn start(captured_at: Timestamp) -> Self {
        let due_at = captured_at.checked_add(DUE_AFTER).unwrap_or(captured_at);
        Self { due_at: Some(due_at), ..Self::default() }
    }

    /// Whether nothing is left to do that can be done without services.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.open().next().is_none()
    }

    /// What is left to do of what needs no service.
    pub fn open(&self) -> impl Iterator<Item = Step> {
        Step::BASE.into_iter().filter(|step| !self.done.contains(step))
    }

    /// Whether all of `steps` are done or given up.
    #[must_use]
    pub fn has(&self, steps: &BTreeSet<Step>) -> bool {
        steps.is_subset(&self.done)
    }
}

/// How steps went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Advance {
    /// What is done or given up.
    pub done: BTreeSet<Step>,
    /// Of these, what was given up for what the rules say, with the code of the reason.
    pub fell_back: BTreeMap<Step, String>,
    /// What failed and may work later.
    pub failed: BTreeSet<Step>,
    /// Whether nothing is left to do.
    pub complete: bool,
}

impl Advance {
    /// That all of `done` is.
    #[must_use]
    pub fn of(done: impl IntoIterator<Item = Step>) -> Self {
        Self { done: done.into_iter().collect(), ..Self::default() }
    }

    /// The same, with nothing left to do.
    #[must_use]
    pub const fn complete(mut self) -> Self {
        self.complete = true;
        self
    }

    /// Whether there is nothing to note.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.done.is_empty() && self.failed.is_empty() && !self.complete
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_found_by_their_names_and_done_one_by_one() {
        let mut progress = Enrichment::default();
        assert!(Step::ALL.into_iter().all(|step| Step::find(step.as_str()) == Some(step)));
        for step in Step::BASE {
            assert!(progress.open().any(|open| open == step));
            progress.done.insert(step);
        }
        assert!(progress.is_complete());
        assert_eq!(Step::find("other"), None);
    }
}
