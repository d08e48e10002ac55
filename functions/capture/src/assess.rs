//! What a workspace makes of a fact: wanted or not, weighty enough or not, and how it is described. Pure.

use connector_domain::capture::{FilterReason, classify, extract_entities, score_with, topics};
use connector_domain::connection::{SyncSettings, WorkspaceSettings};
use connector_domain::observation::{IngestionSource, Observation};
use connector_domain::{DeliveryId, RunId, SourceEvent, Timestamp, WorkspaceId};

/// What all facts of one delivery share.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// For whom.
    pub workspace: &'a WorkspaceId,
    /// What the workspace wants of the resource.
    pub sync: &'a SyncSettings,
    /// What the workspace has decided for all.
    pub settings: &'a WorkspaceSettings,
    /// Which path brought it.
    pub source: IngestionSource,
    /// The run and page that brought it, when it was backfilled.
    pub page: Option<(&'a RunId, u32)>,
    /// The delivery.
    pub delivery: &'a DeliveryId,
    /// Follows it from the edge to the row.
    pub correlation: &'a str,
    /// When.
    pub now: Timestamp,
}

/// Whether a fact is stored.
#[derive(Debug, Clone, PartialEq)]
pub enum Assessed {
    /// It is.
    Kept(Box<Observation>),
    /// It is not.
    Filtered(FilterReason),
}

/// Decides on one fact.
#[must_use]
pub fn assess(context: &Context<'_>, event: SourceEvent) -> Assessed {
    if !context.sync.wants(event.source_type) {
        return Assessed::Filtered(FilterReason::NotSubscribed);
    }
    let event = event.bounded();
    let significance = score_with(&event, &context.settings.weights);
    if significance.score < context.settings.significance_threshold {
        return Assessed::Filtered(FilterReason::BelowThreshold);
    }
    let classification = classify(&event);
    let topics = topics(&event, &classification);
    let entities = extract_entities(&event);
    Assessed::Kept(Box::new(Observation {
        workspace: context.workspace.clone(),
        event,
        significance,
        classification,
        topics,
        entities,
        ingestion_source: context.source,
        run: context.page.map(|(run, _)| run.clone()),
        page: context.page.map(|(_, page)| page),
        delivery: context.delivery.clone(),
        held: false,
        captured_at: context.now,
        correlation: context.correlation.to_owned(),
        deleted_at: None,
    }))
}

#[cfg(test)]
mod tests {
    use connector_domain::{ProviderKind, SourceId, SourceType};

    use super::*;

    fn event(kind: SourceType, title: &str) -> SourceEvent {
        let id = SourceId::once(kind.provider(), "thing", 1, "x");
        SourceEvent::new(kind, id, title, "", Timestamp::UNIX_EPOCH)
    }

    fn outcome(kind: SourceType, title: &str, subscribed: &[&str], threshold: u8) -> Assessed {
        let mut sync = SyncSettings::everything(ProviderKind::Github);
        sync.events = subscribed.iter().map(|name| (*name).to_owned()).collect();
        let context = Context {
            workspace: &WorkspaceId::parse("acme").unwrap(),
            sync: &sync,
            settings: &WorkspaceSettings { significance_threshold: threshold, ..WorkspaceSettings::default() },
            source: IngestionSource::Webhook,
            page: None,
            delivery: &DeliveryId::parse("github#1").unwrap(),
            correlation: "c",
            now: Timestamp::UNIX_EPOCH,
        };
        assess(&context, event(kind, title))
    }

    #[test]
    fn every_type_passes_its_own_subscription_and_no_other() {
        for kind in SourceType::ALL.iter().copied() {
            assert!(matches!(outcome(kind, "x", &[kind.subscription()], 0), Assessed::Kept(_)), "{kind}");
            assert_eq!(outcome(kind, "x", &["other"], 0), Assessed::Filtered(FilterReason::NotSubscribed), "{kind}");
            assert_eq!(outcome(kind, "x", &[], 0), Assessed::Filtered(FilterReason::NotSubscribed), "{kind}");
        }
    }

    #[test]
    fn the_threshold_is_the_workspaces_own() {
        let typo = |threshold| outcome(SourceType::GithubPush, "fix typo in whitespace lint", &["push"], threshold);
        assert_eq!(typo(30), Assessed::Filtered(FilterReason::BelowThreshold));
        assert!(matches!(typo(0), Assessed::Kept(_)));
    }
}
