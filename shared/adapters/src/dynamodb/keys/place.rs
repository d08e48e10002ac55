//! Keys of what is kept beside observations: ordered by the time of facts, under what they share.

use connector_domain::backfill::Place;
use connector_domain::enrich::{Account, LinkKey};
use connector_domain::{SourceId, WorkspaceId};

use super::occurred;
use super::part::escape;

/// A fact by when it happened.
pub(super) fn place_key(place: &Place) -> String {
    format!("{PLACES}{}", occurred(place.at, &place.source_id))
}

pub(super) fn place(text: &str) -> Option<Place> {
    let (at, source_id) = text.split_once('#')?;
    Some(Place { at: at.parse().ok()?, source_id: SourceId::parse(source_id).ok()? })
}

/// Sort keys of what is ordered by the time of facts start so.
pub(crate) const PLACES: &str = "AT#";
/// Sort keys of a workspace's accounts start so.
pub(crate) const ACCOUNTS: &str = "ACTOR#";

/// Sort keys of what language models said of a fact start so.
pub(crate) const SAID: &str = "SAID#";
/// Sort keys of what they said of clusters start so.
pub(crate) const CLUSTERS: &str = "CLUSTER#";

/// Sort keys of the facts of a thing start so.
pub(crate) fn facts(subject: &str) -> String {
    format!("OBS#{subject}:")
}

/// Partition of what has to do with a thing.
pub(crate) fn links(workspace: &WorkspaceId, key: &LinkKey) -> String {
    format!("LINK#{}#{key}", escape(workspace.as_str()))
}

/// Partition of a week's features.
pub(crate) fn features(workspace: &WorkspaceId, week: &str) -> String {
    format!("WEEK#{}#{week}", escape(workspace.as_str()))
}

/// Partition of what language models said of a fact.
pub(crate) fn readings(workspace: &WorkspaceId, source_id: &SourceId) -> String {
    format!("READ#{}#{source_id}", escape(workspace.as_str()))
}

/// Partition of what language models said of a week's clusters.
pub(crate) fn summaries(workspace: &WorkspaceId, week: &str) -> String {
    format!("TOLD#{}#{week}", escape(workspace.as_str()))
}

pub(super) fn account(text: &str) -> Option<Account> {
    let (provider, id) = text.split_once('#')?;
    Some(Account { provider: provider.parse().ok()?, id: id.to_owned() })
}
