//! A fact that was captured: scored, classified, stored under (workspace, sourceId).

use serde::{Deserialize, Serialize};

use crate::capture::{CaptureOutcome, Classification, Entity, Significance};
use crate::{DeliveryId, RunId, SourceEvent, WorkspaceId};

/// Which path brought a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IngestionSource {
    /// A provider pushed it.
    Webhook,
    /// We fetched it.
    Backfill,
    /// A person asked for it.
    Manual,
    /// A program asked for it.
    Api,
}

impl IngestionSource {
    /// The name in rows and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Backfill => "backfill",
            Self::Manual => "manual",
            Self::Api => "api",
        }
    }
}

/// A captured fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Observation {
    /// Whose memory it is in.
    pub workspace: WorkspaceId,
    /// The fact.
    pub event: SourceEvent,
    /// How much it matters, and why.
    pub significance: Significance,
    /// What kind of work it is about.
    pub classification: Classification,
    /// Words to find it by.
    pub topics: Vec<String>,
    /// Things it names.
    pub entities: Vec<Entity>,
    /// Which path brought it first.
    pub ingestion_source: IngestionSource,
    /// The run that brought it, when it was backfilled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The page of that run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// The delivery that brought it.
    pub delivery: DeliveryId,
    /// Whether its run held it back, so that it was captured with all that the run held, and not by its delivery.
    #[serde(default, skip_serializing_if = "is_false")]
    pub held: bool,
    /// When it was captured.
    pub captured_at: crate::Timestamp,
    /// Follows it from the edge to the row.
    pub correlation: String,
    /// When what it is about was deleted at its provider. Then it says nothing more than that it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<crate::Timestamp>,
}

/// Providers time one change differently in a webhook and in a list: Linear and Vercel by some milliseconds, GitHub at
/// times by a second.
const SAME_MOMENT: jiff::SignedDuration = jiff::SignedDuration::from_secs(2);

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

fn apart(one: crate::Timestamp, other: crate::Timestamp) -> bool {
    one.duration_since(other).abs() > SAME_MOMENT
}

impl Observation {
    /// What is shown of it: all, unless what it is about was deleted.
    #[must_use]
    pub fn shown(self, deleted_at: Option<crate::Timestamp>) -> Self {
        match deleted_at {
            Some(at) => self.withheld(at),
            None => self,
        }
    }

    /// What is shown of it once what it is about was deleted: that it happened, to whom and when.
    #[must_use]
    pub fn withheld(mut self, deleted_at: crate::Timestamp) -> Self {
        self.event.title = format!("[{}] (deleted)", self.event.source_type.label());
        self.event.body.clear();
        self.event.references.clear();
        self.event.metadata.clear();
        self.topics.clear();
        self.entities.clear();
        self.deleted_at = Some(deleted_at);
        self
    }

    /// Whether it names a thing, by the thing's key.
    #[must_use]
    pub fn names(&self, key: &str) -> bool {
        self.entities.iter().any(|entity| entity.key == key)
    }

    /// What storing `seen` did, where this row of the same fact was there first. Who wrote the row finds itself, a delivery
    /// or what a run held back, whichever of its pages told it: after a lost answer or a repeated message the report says
    /// what it did.
    #[must_use]
    pub fn met(&self, seen: &Self) -> CaptureOutcome {
        let own = match (self.held, seen.held) {
            (true, true) => self.run == seen.run,
            (false, false) => self.delivery == seen.delivery,
            _ => false,
        };
        if own { CaptureOutcome::Captured } else { CaptureOutcome::Duplicate { conflicts: self.conflicts(seen) } }
    }

    /// Names the fields in which `seen`, the same fact seen again, says something else. What only one of them knows is no
    /// conflict, nor what stands in for it, nor a moment's difference, and a person is the same under another name.
    #[must_use]
    pub fn conflicts(&self, seen: &Self) -> Vec<&'static str> {
        let (kept, seen) = (&self.event, &seen.event);
        let actors = kept.actor.as_ref().zip(seen.actor.as_ref());
        let known = |field| !kept.stands_in(field) && !seen.stands_in(field);
        [
            ("title", known("title") && kept.title != seen.title),
            ("body", known("body") && kept.body != seen.body),
            ("occurredAt", known("occurredAt") && apart(kept.occurred_at, seen.occurred_at)),
            ("actor", actors.is_some_and(|(kept, seen)| kept.id != seen.id)),
        ]
        .into_iter()
        .filter_map(|(field, differs)| differs.then_some(field))
        .collect()
    }
}
