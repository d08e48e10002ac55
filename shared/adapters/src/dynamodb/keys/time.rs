//! Keys of the time index, and moments in keys.

use connector_domain::{SourceId, Timestamp, WorkspaceId};

use super::escape;

/// A moment whose text sorts as the moments do (since the year 0), to the nanosecond.
pub(crate) fn instant(at: Timestamp) -> String {
    format!("{at:.9}")
}

/// The month of a moment, as `2026-02`.
pub(crate) fn month(at: Timestamp) -> String {
    let instant = instant(at);
    let end = instant.char_indices().filter(|(_, c)| *c == '-').nth(if instant.starts_with('-') { 2 } else { 1 });
    instant[..end.map_or(0, |(at, _)| at)].to_owned()
}

/// Partition of the time index: one month of one workspace.
pub(crate) fn bucket(workspace: &WorkspaceId, month: &str) -> String {
    format!("WS#{}#{month}", escape(workspace.as_str()))
}

/// Place of a fact in the time index.
pub(crate) fn occurred(at: Timestamp, source_id: &SourceId) -> String {
    format!("{}#{source_id}", instant(at))
}

/// The moment of a place in the time index; `None` when it is not one.
pub(crate) fn occurred_at(place: &str) -> Option<Timestamp> {
    let (at, source_id) = place.split_once('#')?;
    let at: Timestamp = at.parse().ok()?;
    SourceId::parse(source_id).ok().filter(|source_id| occurred(at, source_id) == place)?;
    Some(at)
}
