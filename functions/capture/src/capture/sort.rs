//! The items of a delivery, sorted into what is to be stored, what is gone, and what is only counted. Pure.

use std::collections::BTreeSet;

use connector_domain::capture::CaptureReport;
use connector_domain::observation::Observation;
use connector_domain::transformed::{Deletion, Item};
use connector_domain::{SourceEvent, Timestamp};

use crate::assess::{Assessed, Context, assess};

/// A fact of the time since the link, which webhooks tell, and nobody knows any more by which identity.
const TOLD_LIVE: &str = "told_live";

/// What is gone, apart from everything else.
pub(super) fn deletions(items: Vec<Item>) -> (Vec<Deletion>, Vec<Item>) {
    let (mut gone, mut rest) = (Vec::new(), Vec::new());
    for item in items {
        match item {
            Item::Deleted(deletion) => gone.push(deletion),
            other => rest.push(other),
        }
    }
    (gone, rest)
}

/// What is to be stored; all else is counted. A fact that one delivery names twice is stored once.
pub(super) fn sort_out(
    context: &Context<'_>,
    linked_at: Timestamp,
    items: Vec<Item>,
    report: &mut CaptureReport,
) -> Vec<Observation> {
    let mut kept = Vec::new();
    let mut seen = BTreeSet::new();
    for item in items {
        let event = match item {
            Item::Deleted(_) => continue,
            Item::Ignored(reason) => {
                report.add_filtered(reason.as_str());
                continue;
            }
            Item::Quarantined(at) => {
                report.add_quarantined(&at.path, &at.reason);
                continue;
            }
            Item::History { event, live } if event.occurred_at >= linked_at => match live {
                Some(source_id) => SourceEvent { source_id, ..*event },
                None => {
                    report.add_filtered(TOLD_LIVE);
                    continue;
                }
            },
            Item::Event(event) | Item::History { event, .. } => *event,
        };
        match assess(context, event) {
            Assessed::Filtered(reason) => report.add_filtered(reason.as_str()),
            Assessed::Kept(observation) if seen.insert(observation.event.source_id.clone()) => kept.push(*observation),
            Assessed::Kept(_) => report.duplicate += 1,
        }
    }
    kept
}
