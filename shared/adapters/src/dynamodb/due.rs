//! The sparse index of what is not finished: recovery reads it, and a row leaves it with its last state.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use connector_domain::Timestamp;
use connector_domain::ports::PortError;
use futures::future::try_join_all;

use super::item::{Item, corrupt, get_number, key_of, milliseconds, text};
use super::keys::{self, Key, Row};
use super::table::Table;

/// The index.
pub(crate) const INDEX: &str = "due";

/// Puts an item into the index.
pub(crate) fn insert(item: &mut Item, row: &Row, due_at: Timestamp) {
    item.insert("dueShard".to_owned(), text(keys::shard(&row.key())));
    item.insert("dueAt".to_owned(), milliseconds(due_at));
}

/// The values by which an update puts a row into the index: `dueShard = :shard, dueAt = :dueAt`.
pub(crate) fn values(update: UpdateItemFluentBuilder, row: &Row, due_at: Timestamp) -> UpdateItemFluentBuilder {
    update
        .expression_attribute_values(":shard", text(keys::shard(&row.key())))
        .expression_attribute_values(":dueAt", milliseconds(due_at))
}

/// Rows of one kind whose time has come, the oldest first. `kind` takes what it wants of a row; those of other kinds are
/// passed over, so that many of them hide none of these.
pub(crate) async fn rows<T>(
    operation: &'static str,
    table: &Table,
    now: Timestamp,
    limit: usize,
    kind: impl Fn(Row) -> Option<T>,
) -> Result<Vec<T>, PortError> {
    let wanted = |key: &Key| match Row::of(key) {
        Some(row) => kind(row).map(Ok),
        None => Some(Err(corrupt(operation))),
    };
    oldest(operation, table, now, limit, wanted).await?.into_iter().collect()
}

/// Keys of the rows whose time has come, the oldest first.
pub(crate) async fn keys(
    operation: &'static str,
    table: &Table,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<Key>, PortError> {
    oldest(operation, table, now, limit, |key| Some(key.clone())).await
}

async fn oldest<T>(
    operation: &'static str,
    table: &Table,
    now: Timestamp,
    limit: usize,
    wanted: impl Fn(&Key) -> Option<T>,
) -> Result<Vec<T>, PortError> {
    let keep = |item: Item| {
        let (due_at, key) = (get_number::<i64>(&item, "dueAt")?, key_of(&item)?);
        wanted(&key).map(|row| (due_at, key, row))
    };
    let shards = (0..keys::SHARDS).map(|shard| {
        let query = table
            .client
            .query()
            .table_name(&table.name)
            .index_name(INDEX)
            .key_condition_expression("dueShard = :shard AND dueAt <= :now")
            .expression_attribute_values(":shard", text(shard.to_string()))
            .expression_attribute_values(":now", milliseconds(now));
        table.collect_kept(operation, query, None, limit, &keep)
    });
    let mut due: Vec<_> = try_join_all(shards).await?.into_iter().flatten().collect();
    due.sort_unstable_by(|(one, a, _), (other, b, _)| (one, a).cmp(&(other, b)));
    due.truncate(limit);
    Ok(due.into_iter().map(|(.., row)| row).collect())
}
