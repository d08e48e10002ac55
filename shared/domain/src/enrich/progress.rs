//! How far the enrichment of one fact is.

use std::collections::BTreeSet;

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
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Links, Self::Actor, Self::Features];

    /// The name in rows and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Links => "links",
            Self::Actor => "actor",
            Self::Features => "features",
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

    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.open().next().is_none()
    }

    /// What is left to do.
    pub fn open(&self) -> impl Iterator<Item = Step> {
        Step::ALL.into_iter().filter(|step| !self.done.contains(step))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_found_by_their_names_and_done_one_by_one() {
        let mut progress = Enrichment::default();
        for step in Step::ALL {
            assert_eq!(Step::find(step.as_str()), Some(step));
            assert!(progress.open().any(|open| open == step));
            progress.done.insert(step);
        }
        assert!(progress.is_complete());
        assert_eq!(Step::find("other"), None);
    }
}
