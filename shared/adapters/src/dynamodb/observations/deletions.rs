//! What was deleted at its provider, and what is shown of it afterwards.

use std::collections::BTreeMap;

use connector_domain::observation::Observation;
use connector_domain::ports::PortError;
use connector_domain::transformed::Deletion;
use connector_domain::{SourceId, Timestamp, WorkspaceId};
use futures::{StreamExt, TryStreamExt};

use crate::dynamodb::item::{Item, corrupt, get_number, key_of, number, text};
use crate::dynamodb::keys::Row;
use crate::dynamodb::table::{CONCURRENCY, Table};

pub(super) async fn put(table: &Table, workspace: &WorkspaceId, deletions: &[Deletion]) -> Result<(), PortError> {
    const OPERATION: &str = "note a deletion";
    let puts: Vec<_> = deletions
        .iter()
        .map(async |Deletion { subject, at }| {
            let row = Row::Deletion { workspace: workspace.clone(), subject: subject.clone() };
            let update = table
                .update(&row)
                .update_expression("SET deletedAt = :at, subject = :subject")
                .condition_expression("attribute_not_exists(deletedAt) OR deletedAt < :at")
                .expression_attribute_values(":at", number(at.as_millisecond()))
                .expression_attribute_values(":subject", text(subject));
            // Refused, a later one is there.
            table.change(OPERATION, update).await.map(drop)
        })
        .collect();
    futures::stream::iter(puts).buffer_unordered(CONCURRENCY).try_collect().await
}

/// Of which facts the thing was deleted, and when.
pub(super) async fn of<'a>(
    table: &Table,
    workspace: &WorkspaceId,
    facts: impl Iterator<Item = &'a SourceId>,
) -> Result<BTreeMap<String, Timestamp>, PortError> {
    const OPERATION: &str = "look for deletions";
    let subject = |fact: &SourceId| fact.subject().to_owned();
    let mut subjects: Vec<String> = facts.map(subject).collect();
    subjects.sort_unstable();
    subjects.dedup();
    let rows: Vec<_> =
        subjects.into_iter().map(|subject| Row::Deletion { workspace: workspace.clone(), subject }).collect();
    if rows.is_empty() {
        return Ok(BTreeMap::new());
    }
    let items = table.get_many(OPERATION, &rows, None).await?;
    let read = |item| match key_of(item).and_then(|key| Row::of(&key)) {
        Some(Row::Deletion { subject, .. }) => Ok((subject, at(OPERATION, item)?)),
        _ => Err(corrupt(OPERATION)),
    };
    items.iter().map(read).collect()
}

/// When it was, by its row.
pub(super) fn at(operation: &'static str, item: &Item) -> Result<Timestamp, PortError> {
    let at = get_number(item, "deletedAt").and_then(|at| Timestamp::from_millisecond(at).ok());
    at.ok_or_else(|| corrupt(operation))
}

/// Observations as they are shown.
pub(super) async fn shown(
    table: &Table,
    workspace: &WorkspaceId,
    observations: Vec<Observation>,
) -> Result<Vec<Observation>, PortError> {
    let deleted = of(table, workspace, observations.iter().map(|observation| &observation.event.source_id)).await?;
    let shown = |observation: Observation| {
        let deleted_at = deleted.get(observation.event.source_id.subject()).copied();
        observation.shown(deleted_at)
    };
    Ok(observations.into_iter().map(shown).collect())
}
