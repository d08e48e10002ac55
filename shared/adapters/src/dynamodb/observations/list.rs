//! Lists observations newest first: months from late to early, each a range of the time index.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use connector_domain::WorkspaceId;
use connector_domain::observation::Observation;
use connector_domain::ports::{ObservationFilter, ObservationPage, PortError};

use super::from_row;
use crate::aws::port_error;
use crate::dynamodb::item::{Item, key_of, text};
use crate::dynamodb::keys::{self, Row};
use crate::dynamodb::table::{Table, page_size};

const OPERATION: &str = "list observations";
/// The time index.
pub(crate) const INDEX: &str = "timeline";

/// How far one list looks for rows that its filter lets through: a rare type must not be searched for without end.
/// The page is then short, and says where to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search {
    /// Queries, after which a list stops within a month. It always looks at all months.
    pub queries: u32,
    /// Rows read by each.
    pub rows: usize,
}

impl Default for Search {
    fn default() -> Self {
        Self { queries: 40, rows: 300 }
    }
}

pub(super) async fn list(
    table: &Table,
    search: Search,
    workspace: &WorkspaceId,
    filter: &ObservationFilter,
) -> Result<ObservationPage, PortError> {
    let mut until = format!("{}{AFTER_SEPARATOR}", keys::instant(filter.until));
    let mut last_month = keys::month(filter.until);
    if let Some(cursor) = &filter.cursor {
        let at = keys::occurred_at(cursor).ok_or_else(|| PortError::bad_cursor(OPERATION))?;
        until = until.min(cursor.clone());
        last_month = last_month.min(keys::month(at));
    }
    let range =
        Range { workspace, filter, rows: search.rows, since: format!("{}#", keys::instant(filter.since)), until };
    // One more than asked for tells whether there is another page.
    let wanted = filter.limit.saturating_add(1);
    let mut found: Vec<(String, Observation)> = Vec::new();
    let mut queries = 0;
    for month in months(table, workspace, &keys::month(filter.since), &last_month).await? {
        let mut from = None;
        loop {
            let (rows, next) = range.query(table, &month, wanted - found.len(), from).await?;
            found.extend(rows);
            queries += 1;
            if found.len() >= wanted {
                found.truncate(filter.limit);
                let next = found.last().map(|(place, _)| place.clone());
                return Ok(page(found, next));
            }
            let Some(next) = next else { break };
            if queries >= search.queries {
                let examined = next.get("occurredKey").and_then(|place| place.as_s().ok()).cloned();
                return Ok(page(found, examined));
            }
            from = Some(next);
        }
    }
    Ok(page(found, None))
}

/// Sorts behind the `#` that follows the moment in a place, whatever comes after it.
const AFTER_SEPARATOR: char = '$';

/// What is asked for within any month.
struct Range<'a> {
    workspace: &'a WorkspaceId,
    filter: &'a ObservationFilter,
    rows: usize,
    since: String,
    until: String,
}

type Rows = Vec<(String, Observation)>;

impl Range<'_> {
    async fn query(
        &self,
        table: &Table,
        month: &str,
        wanted: usize,
        from: Option<HashMap<String, AttributeValue>>,
    ) -> Result<(Rows, Option<Item>), PortError> {
        if self.since > self.until {
            return Ok((Rows::new(), None));
        }
        let mut query = table
            .client
            .query()
            .table_name(&table.name)
            .index_name(INDEX)
            .scan_index_forward(false)
            .key_condition_expression("#bucket = :bucket AND occurredKey BETWEEN :since AND :until")
            .expression_attribute_names("#bucket", "bucket")
            .expression_attribute_values(":bucket", text(keys::bucket(self.workspace, month)))
            .expression_attribute_values(":since", text(&self.since))
            .expression_attribute_values(":until", text(&self.until))
            .set_exclusive_start_key(from);
        let mut conditions = Vec::new();
        if let Some(provider) = self.filter.provider {
            conditions.push("#event.#source = :source");
            query = query
                .expression_attribute_names("#source", "source")
                .expression_attribute_values(":source", text(provider.as_str()));
        }
        if let Some(source_type) = &self.filter.source_type {
            conditions.push("#event.#type = :type");
            query = query
                .expression_attribute_names("#type", "sourceType")
                .expression_attribute_values(":type", text(source_type));
        }
        if let Some(actor) = &self.filter.actor {
            conditions.push("#event.#actor.#id = :actor");
            query = query
                .expression_attribute_names("#actor", "actor")
                .expression_attribute_names("#id", "id")
                .expression_attribute_values(":actor", text(actor));
        }
        // The row of the cursor itself is read again and skipped.
        let mut limit = wanted.saturating_add(1);
        if !conditions.is_empty() {
            query = query.expression_attribute_names("#event", "event").filter_expression(conditions.join(" AND "));
            limit = self.rows;
        }
        // An expression cannot look for one field of any element of a list.
        let named = self.filter.entity.as_deref();
        if named.is_some() {
            limit = self.rows;
        }
        let answer = query.limit(page_size(limit)).send().await.map_err(|error| port_error(OPERATION, &error))?;
        let mut rows = Rows::new();
        for item in answer.items.unwrap_or_default() {
            let place = item.get("occurredKey").and_then(|place| place.as_s().ok()).cloned().unwrap_or_default();
            if self.filter.cursor.as_ref() == Some(&place) {
                continue;
            }
            let observation: Observation = from_row(OPERATION, item)?;
            if named.is_none_or(|key| observation.names(key)) {
                rows.push((place, observation));
            }
        }
        Ok((rows, answer.last_evaluated_key))
    }
}

/// The months that have observations, from late to early.
async fn months(table: &Table, workspace: &WorkspaceId, first: &str, last: &str) -> Result<Vec<String>, PortError> {
    let query = table.partition(keys::workspace(workspace), keys::MONTHS).scan_index_forward(false);
    let noted = table.collect(OPERATION, query, usize::MAX).await?;
    let month = |item: &Item| match Row::of(&key_of(item)?)? {
        Row::Month { month, .. } => Some(month),
        _ => None,
    };
    Ok(noted.iter().filter_map(month).filter(|month| first <= month.as_str() && month.as_str() <= last).collect())
}

fn page(found: Rows, next: Option<String>) -> ObservationPage {
    ObservationPage { observations: found.into_iter().map(|(_, observation)| observation).collect(), next }
}
