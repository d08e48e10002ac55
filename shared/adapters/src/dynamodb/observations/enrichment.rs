//! What is kept beside observations, in their table: how far each one's enrichment is, links, accounts and features.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use connector_domain::enrich::{Account, Activity, Advance, Enrichment, Feature, Identity, Link, LinkKey, week};
use connector_domain::observation::Observation;
use connector_domain::ports::{EnrichmentStore, PortError};
use connector_domain::{SourceId, Timestamp, WorkspaceId};

use super::{DynamoObservations, deletions, from_row};
use crate::aws::port_error;
use crate::dynamodb::due;
use crate::dynamodb::item::{Item, corrupt, from_item, key_of, keyed, milliseconds, number, text, to_item};
use crate::dynamodb::keys::{self, Key, Row};
use crate::dynamodb::table::{Condition, Written, page_size};
use connector_domain::backfill::Place;

mod acts;
mod progress;
mod vectors;

/// Facts whose actor is counted in one transaction, which may have 100 parts.
const MAX_ACTS: usize = 50;

#[async_trait]
impl EnrichmentStore for DynamoObservations {
    /// In one read, with whether the things are gone.
    async fn load_all(
        &self,
        workspace: &WorkspaceId,
        source_ids: &[SourceId],
    ) -> Result<Vec<(Observation, Enrichment)>, PortError> {
        const OPERATION: &str = "read observations";
        let of = |source_id: &SourceId| {
            let (workspace, subject) = (workspace.clone(), source_id.subject().to_owned());
            let deletion = Row::Deletion { workspace: workspace.clone(), subject };
            [Row::Observation { workspace, source_id: source_id.clone() }, deletion]
        };
        // A row may be named once only, and facts of one thing share the row of its deletion.
        let rows: BTreeMap<_, _> = source_ids.iter().flat_map(of).map(|row| (row.key(), row)).collect();
        let rows: Vec<_> = rows.into_values().collect();
        let (mut found, mut deleted) = (BTreeMap::new(), BTreeMap::new());
        for item in self.table.get_many(OPERATION, &rows, None).await? {
            match key_of(&item).and_then(|key| Row::of(&key)) {
                Some(Row::Observation { source_id, .. }) => {
                    found.insert(source_id, item);
                }
                Some(Row::Deletion { subject, .. }) => {
                    deleted.insert(subject, deletions::at(OPERATION, &item)?);
                }
                _ => return Err(corrupt(OPERATION)),
            }
        }
        let read = |item| {
            let progress = progress::read(&item);
            let observation = from_row(OPERATION, item)?;
            let deleted_at = deleted.get(observation.event.source_id.subject()).copied();
            Ok((observation.shown(deleted_at), progress))
        };
        source_ids.iter().filter_map(|id| found.remove(id)).map(read).collect()
    }

    async fn facts_of(&self, workspace: &WorkspaceId, subject: &str) -> Result<Vec<SourceId>, PortError> {
        const OPERATION: &str = "list the facts of a thing";
        let query = self.table.partition(keys::workspace(workspace), &keys::facts(subject));
        let query = query.projection_expression("PK, SK");
        let items = self.table.collect(OPERATION, query, usize::MAX).await?;
        let fact = |item: &Item| match Row::of(&key_of(item)?)? {
            Row::Observation { source_id, .. } => Some(source_id),
            _ => None,
        };
        let facts = items.iter().map(|item| fact(item).ok_or_else(|| corrupt(OPERATION)));
        let facts = facts.collect::<Result<Vec<_>, _>>()?;
        // The identity of another thing may begin so too.
        Ok(facts.into_iter().filter(|fact| fact.subject() == subject).collect())
    }

    async fn advance(&self, workspace: &WorkspaceId, source_id: &SourceId, advance: &Advance) -> Result<(), PortError> {
        const OPERATION: &str = "note what is enriched";
        if advance.is_empty() {
            return Ok(());
        }
        let row = Row::Observation { workspace: workspace.clone(), source_id: source_id.clone() };
        let update = progress::update(self.table.update(&row), advance);
        match self.table.change(OPERATION, update).await? {
            Written::Stored => Ok(()),
            Written::Refused(_) => Err(PortError::permanent(OPERATION, "there is no such observation")),
        }
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(WorkspaceId, SourceId)>, PortError> {
        let keys = due::keys("list observations that wait", &self.table, now, limit).await?;
        let observation = |key: &Key| match Row::of(key)? {
            Row::Observation { workspace, source_id } => Some((workspace, source_id)),
            _ => None,
        };
        Ok(keys.iter().filter_map(observation).collect())
    }

    async fn redrive(
        &self,
        workspace: &WorkspaceId,
        source_id: &SourceId,
        attempts: u32,
        due_at: Option<Timestamp>,
    ) -> Result<bool, PortError> {
        const OPERATION: &str = "send an observation again";
        let row = Row::Observation { workspace: workspace.clone(), source_id: source_id.clone() };
        let (change, due_at) = match due_at {
            Some(due_at) => ("SET enrichAttempts = :next, dueAt = :due", Some(milliseconds(due_at))),
            None => ("SET enrichAttempts = :next REMOVE dueShard, dueAt", None),
        };
        let update = self
            .table
            .update(&row)
            .update_expression(change)
            .condition_expression(
                "attribute_exists(dueAt) AND (enrichAttempts = :known OR \
                (attribute_not_exists(enrichAttempts) AND :known = :none))",
            )
            .expression_attribute_values(":known", number(attempts))
            .expression_attribute_values(":next", number(attempts.saturating_add(1)))
            .expression_attribute_values(":none", number(0));
        let update = match due_at {
            Some(due_at) => update.expression_attribute_values(":due", due_at),
            None => update,
        };
        Ok(matches!(self.table.change(OPERATION, update).await?, Written::Stored))
    }

    async fn put_links(&self, workspace: &WorkspaceId, links: &[Link]) -> Result<(), PortError> {
        const OPERATION: &str = "index links";
        let item = |link: &Link| {
            let place = Place { at: link.occurred_at, source_id: link.source_id.clone() };
            let row = Row::Link { workspace: workspace.clone(), key: link.key.clone(), place };
            Ok((row.key(), to_item(OPERATION, link)?))
        };
        let items = links.iter().map(item).collect::<Result<BTreeMap<_, _>, PortError>>()?;
        self.table.put_all(OPERATION, items).await
    }

    async fn links(
        &self,
        workspace: &WorkspaceId,
        key: &LinkKey,
        at: Timestamp,
        limit: usize,
    ) -> Result<Vec<Link>, PortError> {
        const OPERATION: &str = "list links";
        let side = async |condition: &str, forward: bool| {
            let query = self
                .table
                .partition(keys::links(workspace, key), "")
                .key_condition_expression(format!("PK = :pk AND SK {condition} :at"))
                .expression_attribute_values(":at", text(format!("{}{}", keys::PLACES, keys::instant(at))))
                .scan_index_forward(forward)
                .limit(page_size(limit));
            let answer = query.send().await.map_err(|error| port_error(OPERATION, &error))?;
            let items = answer.items.unwrap_or_default().into_iter();
            items.map(|item| from_item::<Link>(OPERATION, item)).collect::<Result<Vec<_>, _>>()
        };
        let (mut before, after) = futures::try_join!(side("<", false), side(">=", true))?;
        before.reverse();
        before.extend(after);
        let gone = deletions::of(&self.table, workspace, before.iter().map(|link| &link.source_id)).await?;
        before.retain(|link| !gone.contains_key(link.subject()));
        Ok(before)
    }

    async fn note_activity(
        &self,
        workspace: &WorkspaceId,
        account: &Account,
        acts: &[Activity],
    ) -> Result<(), PortError> {
        for acts in acts.chunks(MAX_ACTS) {
            acts::note(&self.table, workspace, account, acts).await?;
        }
        Ok(())
    }

    async fn identities(&self, workspace: &WorkspaceId) -> Result<Vec<Identity>, PortError> {
        const OPERATION: &str = "list actors";
        let query = self.table.partition(keys::workspace(workspace), keys::ACCOUNTS);
        let items = self.table.collect(OPERATION, query, usize::MAX).await?;
        items.into_iter().map(|item| from_item(OPERATION, item)).collect()
    }

    async fn put_feature(&self, workspace: &WorkspaceId, feature: &Feature) -> Result<(), PortError> {
        const OPERATION: &str = "index what a fact is like";
        let row = feature_row(workspace, &feature.source_id, feature.occurred_at);
        let item = keyed(vectors::to_item(OPERATION, feature)?, row.key());
        if feature.is_embedded() {
            return self.table.put(OPERATION, item).await;
        }
        let condition = Condition { expression: "attribute_not_exists(embedded)", names: &[], values: Item::new() };
        // A row that is kept has all of it and more.
        self.table.put_if(OPERATION, item, condition).await.map(drop)
    }

    async fn feature(
        &self,
        workspace: &WorkspaceId,
        source_id: &SourceId,
        at: Timestamp,
    ) -> Result<Option<Feature>, PortError> {
        const OPERATION: &str = "read what a fact is like";
        let item = self.table.get(OPERATION, &feature_row(workspace, source_id, at)).await?;
        item.map(|item| vectors::from_item(OPERATION, item)).transpose()
    }

    async fn delete_features(&self, workspace: &WorkspaceId, facts: &[(SourceId, Timestamp)]) -> Result<(), PortError> {
        const OPERATION: &str = "forget what a fact is like";
        let rows: Vec<_> = facts.iter().map(|(source_id, at)| feature_row(workspace, source_id, *at)).collect();
        self.table.remove_all(OPERATION, &rows).await
    }

    async fn features(&self, workspace: &WorkspaceId, week: &str) -> Result<Vec<Feature>, PortError> {
        const OPERATION: &str = "list what facts are like";
        // Facts that came a moment ago may be missing; what is read is a view, and half the price.
        let query = self.table.partition(keys::features(workspace, week), keys::PLACES).consistent_read(false);
        let items = self.table.collect(OPERATION, query, usize::MAX).await?;
        let items = items.into_iter().map(|item| vectors::from_item(OPERATION, item));
        let mut features = items.collect::<Result<Vec<_>, _>>()?;
        let gone = deletions::of(&self.table, workspace, features.iter().map(|feature| &feature.source_id)).await?;
        features.retain(|feature| !gone.contains_key(feature.source_id.subject()));
        Ok(features)
    }
}

fn feature_row(workspace: &WorkspaceId, source_id: &SourceId, at: Timestamp) -> Row {
    let place = Place { at, source_id: source_id.clone() };
    Row::Feature { workspace: workspace.clone(), week: week(at), place }
}

/// The fields that a duplicate said otherwise.
pub(super) fn conflicts(item: &Item) -> BTreeSet<String> {
    let names = item.get("identityConflicts").and_then(|names| names.as_ss().ok());
    names.into_iter().flatten().cloned().collect()
}
