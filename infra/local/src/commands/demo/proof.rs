//! The proof that one fact is one row, whichever path saw it, and however often.
//!
//! It is computed from what is stored, after the fact. What each path saw is read out of its raw deliveries once more.
//! Whether two rows are one fact is not asked of their identity, which is what is to be proven: two rows are the same
//! fact when the same thing happened to the same page of GitHub in the same second.

use std::collections::{BTreeMap, BTreeSet};

use connector_domain::capture::score;
use connector_domain::observation::{IngestionSource, Observation};
use connector_domain::transformed::{Item, Transformed};
use connector_domain::{Delivery, DeliveryId, SourceEvent, SourceId, WorkspaceId};

use super::Failure;
use crate::render::text::{clean, count, list};
use crate::stack::Stores;

/// What is proven, or what stands against it.
#[derive(Debug, Default)]
pub(super) struct Proof {
    rows: usize,
    facts: usize,
    /// Facts that both paths saw.
    both: usize,
    only_webhook: usize,
    only_backfill: usize,
    /// Facts with more than one row.
    doubled: Vec<String>,
    /// Facts that a path saw, that weigh enough, and that have no row.
    lost: Vec<String>,
}

impl Proof {
    pub(super) async fn of(
        stores: &Stores,
        observations: &[Observation],
        webhooks: &BTreeSet<DeliveryId>,
        workspace: &WorkspaceId,
    ) -> Result<Self, Failure> {
        let backfilled = observations.iter().filter(|row| row.ingestion_source == IngestionSource::Backfill);
        let pages: BTreeSet<_> = backfilled.map(|row| row.delivery.clone()).collect();
        let threshold = stores.connections.settings(workspace).await?.significance_threshold;
        let weighty = |event: &SourceEvent| score(event).score >= threshold;
        let seen = [seen_by(stores, webhooks).await?, seen_by(stores, &pages).await?];
        Ok(Self::compare(observations, &seen.map(|events| events.into_iter().filter(weighty).collect())))
    }

    /// Compares the rows with what webhooks and pages told.
    fn compare(observations: &[Observation], [webhooks, pages]: &[Vec<SourceEvent>; 2]) -> Self {
        let mut facts: BTreeMap<String, usize> = BTreeMap::new();
        for row in observations {
            *facts.entry(fact(&row.event)).or_default() += 1;
        }
        let ids =
            |events: &[SourceEvent]| events.iter().map(|event| event.source_id.clone()).collect::<BTreeSet<SourceId>>();
        let rows = observations.iter().map(|row| row.event.source_id.clone()).collect::<BTreeSet<_>>();
        let (webhook, backfill) = (ids(webhooks), ids(pages));
        let doubled = facts.iter().filter(|(_, rows)| **rows > 1).map(|(fact, _)| fact.clone());
        let lost = webhook.union(&backfill).filter(|id| !rows.contains(*id)).map(ToString::to_string);
        Self {
            rows: observations.len(),
            facts: facts.len(),
            both: webhook.intersection(&backfill).filter(|id| rows.contains(*id)).count(),
            only_webhook: webhook.difference(&backfill).count(),
            only_backfill: backfill.difference(&webhook).count(),
            doubled: doubled.collect(),
            lost: lost.collect(),
        }
    }

    /// Whether it holds. Without a fact that both paths saw, nothing would be proven.
    pub(super) fn holds(&self) -> bool {
        self.both > 0 && self.doubled.is_empty() && self.lost.is_empty() && self.rows == self.facts
    }

    /// In one line.
    pub(super) fn claim(&self) -> String {
        if self.holds() {
            let both = count(self.both as u64, "fact was", "facts were");
            format!(
                "{both} seen by webhook and by backfill, and each is one row: {} rows, {} facts.",
                self.rows, self.facts
            )
        } else {
            format!(
                "{} seen by both paths; {} in more than one row, {} without a row; {} rows, {} facts.",
                count(self.both as u64, "fact was", "facts were"),
                count(self.doubled.len() as u64, "fact is", "facts are"),
                count(self.lost.len() as u64, "fact is", "facts are"),
                self.rows,
                self.facts
            )
        }
    }

    /// What else is to be said.
    pub(super) fn details(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "Only webhooks told {}, only backfill {}: what is lost on one path comes by the other.",
            self.only_webhook, self.only_backfill
        )];
        let names = |facts: &[String]| list(&facts.iter().take(5).map(|fact| clean(fact)).collect::<Vec<_>>());
        if !self.doubled.is_empty() {
            lines.push(format!("More than one row: {}", names(&self.doubled)));
        }
        if !self.lost.is_empty() {
            lines.push(format!("No row: {}", names(&self.lost)));
        }
        lines
    }
}

/// What makes a fact for whoever knows nothing of identities: what happened, to what, when.
fn fact(event: &SourceEvent) -> String {
    let thing = event.references.first().map_or("", |reference| reference.url.as_deref().unwrap_or(&reference.id));
    format!("{} {thing} {}", event.source_type, event.occurred_at.as_second())
}

/// The facts in stored deliveries.
async fn seen_by(stores: &Stores, deliveries: &BTreeSet<DeliveryId>) -> Result<Vec<SourceEvent>, Failure> {
    let mut seen = Vec::new();
    for id in deliveries {
        let Some((record, raw)) = stores.deliveries.load(id).await? else {
            return Err(Failure::new(format!("delivery {id} is gone")));
        };
        let Some(provider) = connector_providers::provider(record.provider) else { continue };
        if let Transformed::Items(items) = provider.transform(&Delivery::restored(&record, raw)) {
            seen.extend(items.into_iter().filter_map(|item| match item {
                Item::Event(event) | Item::History { event, .. } => Some(*event),
                Item::Deleted(_) | Item::Ignored(_) | Item::Quarantined(_) => None,
            }));
        }
    }
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use connector_testkit::builders::{at, event, observe, workspace};

    use super::*;

    fn rows(events: &[SourceEvent]) -> Vec<Observation> {
        events.iter().map(|event| observe(&workspace("demo"), event.clone())).collect()
    }

    #[test]
    fn it_holds_when_both_paths_meet_in_one_row() {
        let (a, b) = (event("1", at(0)), event("2", at(1)));
        let proof = Proof::compare(&rows(&[a.clone(), b.clone()]), &[vec![a.clone(), a.clone()], vec![a, b]]);
        assert!(proof.holds(), "{proof:?}");
        assert_eq!((proof.both, proof.only_webhook, proof.only_backfill), (1, 0, 1));
    }

    #[test]
    fn it_fails_when_one_fact_has_two_identities() {
        let (a, b) = (event("1", at(0)), event("2", at(0)));
        let proof = Proof::compare(&rows(&[a.clone(), b.clone()]), &[vec![a.clone()], vec![a, b]]);
        assert!(!proof.holds());
        assert_eq!(proof.doubled.len(), 1, "{proof:?}");
    }

    #[test]
    fn it_fails_when_a_fact_has_no_row() {
        let (a, b) = (event("1", at(0)), event("2", at(1)));
        let proof = Proof::compare(&rows(std::slice::from_ref(&a)), &[vec![a.clone()], vec![a, b]]);
        assert!(!proof.holds());
        assert_eq!(proof.lost.len(), 1);
    }

    #[test]
    fn nothing_is_proven_by_paths_that_never_met() {
        let (a, b) = (event("1", at(0)), event("2", at(1)));
        assert!(!Proof::compare(&rows(&[a.clone(), b.clone()]), &[vec![a], vec![b]]).holds());
        assert!(!Proof::compare(&[], &[vec![], vec![]]).holds());
    }
}
