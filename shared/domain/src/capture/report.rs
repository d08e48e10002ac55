//! What became of the facts of one delivery.

use std::collections::BTreeMap;

use crate::SourceId;
use serde::{Deserialize, Serialize};

/// What storing an observation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaptureOutcome {
    /// It is a new row.
    Captured,
    /// The row was there already: a success.
    Duplicate {
        /// Fields in which the fact seen now differs from the row, which is kept as it is.
        conflicts: Vec<&'static str>,
    },
}

/// Why a fact was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FilterReason {
    /// The workspace does not subscribe to its type.
    NotSubscribed,
    /// It scores below the workspace's threshold.
    BelowThreshold,
}

impl FilterReason {
    /// The code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotSubscribed => "not_subscribed",
            Self::BelowThreshold => "below_threshold",
        }
    }
}

/// Counts of what became of one delivery, or of many added up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureReport {
    /// New rows.
    #[serde(default)]
    pub captured: u64,
    /// Rows that were there already.
    #[serde(default)]
    pub duplicate: u64,
    /// Duplicates that said something else than the row.
    #[serde(default)]
    pub conflicts: u64,
    /// Things that are gone at their provider.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub deleted: u64,
    /// Kept back, to be captured in the order of time when all of the run is fetched. They are counted again then.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub held: u64,
    /// Items that could not be read.
    #[serde(default)]
    pub quarantined: u64,
    /// Not stored on purpose, by reason.
    #[serde(default)]
    pub filtered: BTreeMap<String, u64>,
    /// The change to a connection that it was, when it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<String>,
    /// The first facts that a proof found missing; they are stored now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<SourceId>,
    /// The first items that could not be read: where, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quarantine: Vec<(String, String)>,
}

/// Why all of a delivery is dropped: the workspace had no link to its resource any more.
const UNLINKED: &str = "unlinked";

/// Most items of a kind that a report names one by one.
const MAX_NAMED: usize = 20;

impl CaptureReport {
    /// Counts one stored fact.
    pub fn add_outcome(&mut self, outcome: &CaptureOutcome) {
        match outcome {
            CaptureOutcome::Captured => self.captured += 1,
            CaptureOutcome::Duplicate { conflicts } => {
                self.duplicate += 1;
                self.conflicts += u64::from(!conflicts.is_empty());
            }
        }
    }

    /// Names a fact that a proof found missing.
    pub fn add_missing(&mut self, fact: &SourceId) {
        if self.missing.len() < MAX_NAMED {
            self.missing.push(fact.clone());
        }
    }

    /// Counts one fact that is not stored on purpose.
    pub fn add_filtered(&mut self, reason: &str) {
        *self.filtered.entry(reason.to_owned()).or_default() += 1;
    }

    /// Says that it was dropped, because the workspace had no link to its resource any more.
    pub fn add_unlinked(&mut self) {
        self.add_filtered(UNLINKED);
    }

    /// Whether all of it was dropped for want of a link.
    #[must_use]
    pub fn is_unlinked(&self) -> bool {
        self.filtered.contains_key(UNLINKED)
    }

    /// Counts one unreadable item.
    pub fn add_quarantined(&mut self, path: &str, reason: &str) {
        self.quarantined += 1;
        if self.quarantine.len() < MAX_NAMED {
            self.quarantine.push((path.to_owned(), reason.to_owned()));
        }
    }

    /// How many were not stored on purpose.
    #[must_use]
    pub fn filtered_total(&self) -> u64 {
        self.filtered.values().sum()
    }

    /// Adds another report to this one.
    pub fn merge(&mut self, other: &Self) {
        self.captured += other.captured;
        self.duplicate += other.duplicate;
        self.conflicts += other.conflicts;
        self.deleted += other.deleted;
        self.held += other.held;
        self.quarantined += other.quarantined;
        for (reason, count) in &other.filtered {
            *self.filtered.entry(reason.clone()).or_default() += count;
        }
        other.missing.iter().for_each(|fact| self.add_missing(fact));
        let room = MAX_NAMED.saturating_sub(self.quarantine.len());
        self.quarantine.extend(other.quarantine.iter().take(room).cloned());
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_add_up() {
        let mut one = CaptureReport::default();
        one.add_outcome(&CaptureOutcome::Captured);
        one.add_outcome(&CaptureOutcome::Duplicate { conflicts: vec!["title"] });
        one.add_filtered(FilterReason::BelowThreshold.as_str());
        one.add_quarantined("[1]", "missing field `id`");
        let mut sum = one.clone();
        sum.merge(&one);
        assert_eq!((sum.captured, sum.duplicate, sum.conflicts, sum.quarantined), (2, 2, 2, 2));
        assert_eq!(sum.filtered_total(), 2);
        assert_eq!(sum.quarantine.len(), 2);
    }
}
