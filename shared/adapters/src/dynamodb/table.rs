//! One table: the few things that are done with it.
//!
//! Reads of a row are strongly consistent. A conditional write carries an id of its own, which is stored with the row: when
//! an answer is lost and the SDK writes again, the condition fails on our own row, and the id tells that it is ours.
//! (An observation needs none: the id of its delivery tells.)

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::delete_item::builders::DeleteItemFluentBuilder;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{
    DeleteRequest, KeysAndAttributes, PutRequest, ReturnValue, ReturnValuesOnConditionCheckFailure, WriteRequest,
};
use connector_domain::backfill::Version;
use connector_domain::ports::{self, PortError, Random};
use futures::stream::{StreamExt, TryStreamExt, iter};

use super::item::{Item, MAX_ITEM_BYTES, is_of, keyed, number, size, text};
use super::keys::{Key, Row};
use crate::aws::port_error;
use crate::system::OsRandom;

/// A table with the client that reaches it.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) client: Client,
    pub(crate) name: String,
}

/// What a conditional write did.
#[derive(Debug)]
pub(crate) enum Written {
    /// It is stored.
    Stored,
    /// The condition did not hold, on this row or because there is none.
    Refused(Option<Item>),
}

/// A condition on the row that is there, with the values it names.
pub(crate) struct Condition<'a> {
    pub(crate) expression: &'a str,
    pub(crate) names: &'a [(&'a str, &'a str)],
    pub(crate) values: Item,
}

impl Condition<'_> {
    /// There is no row.
    pub(crate) fn absent() -> Self {
        Self { expression: "attribute_not_exists(PK)", names: &[], values: Item::new() }
    }

    /// The row is of this version; with none there is no row.
    pub(crate) fn on_top_of(expected: Option<Version>) -> Self {
        match expected {
            None => Self::absent(),
            Some(version) => Self {
                expression: "version = :version",
                names: &[],
                values: Item::from([(":version".to_owned(), number(version))]),
            },
        }
    }

    /// Its names and values, as a request takes them: none at all where there are none.
    pub(super) fn parts(self) -> (Option<HashMap<String, String>>, Option<Item>) {
        let names: HashMap<_, _> =
            self.names.iter().map(|(alias, name)| ((*alias).to_owned(), (*name).to_owned())).collect();
        ((!names.is_empty()).then_some(names), (!self.values.is_empty()).then_some(self.values))
    }
}

impl Table {
    pub(crate) fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// An id for one call.
    pub(crate) fn write_id() -> String {
        OsRandom.id()
    }

    /// A row, as it is now.
    pub(crate) async fn get(&self, operation: &'static str, row: &Row) -> Result<Option<Item>, PortError> {
        let Key { pk, sk } = row.key();
        let get = self.client.get_item().table_name(&self.name).key("PK", text(pk)).key("SK", text(sk));
        let answer = get.consistent_read(true).send().await.map_err(|error| port_error(operation, &error))?;
        Ok(answer.item)
    }

    /// The rows that there are of these, as they are now, in any order; whole, or only some columns.
    pub(crate) async fn get_many(
        &self,
        operation: &'static str,
        rows: &[Row],
        columns: Option<(&str, &[(&str, &str)])>,
    ) -> Result<Vec<Item>, PortError> {
        let mut items = Vec::new();
        for chunk in rows.chunks(MAX_BATCH) {
            let mut get = KeysAndAttributes::builder().consistent_read(true);
            if let Some((projection, aliases)) = columns {
                get = get.projection_expression(projection);
                for (alias, name) in aliases {
                    get = get.expression_attribute_names(*alias, *name);
                }
            }
            for row in chunk {
                get = get.keys(keyed(Item::new(), row.key()));
            }
            let get = get.build().map_err(|error| PortError::permanent(operation, error))?;
            let mut open = Some(HashMap::from([(self.name.clone(), get)]));
            let mut tries = 0;
            while let Some(request) = open.take().filter(|request| !request.is_empty()) {
                // What was over its share is asked for again, and the SDK has waited in between.
                if tries == MAX_TRIES {
                    return Err(PortError::temporary(operation, "some rows were not answered"));
                }
                tries += 1;
                let batch = self.client.batch_get_item().set_request_items(Some(request));
                let answer = batch.send().await.map_err(|error| port_error(operation, &error))?;
                items.extend(answer.responses.unwrap_or_default().remove(&self.name).unwrap_or_default());
                open = answer.unprocessed_keys;
            }
        }
        Ok(items)
    }

    /// Stores an item, whatever is there.
    pub(crate) async fn put(&self, operation: &'static str, item: Item) -> Result<(), PortError> {
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item));
        put.send().await.map_err(|error| port_error(operation, &error))?;
        Ok(())
    }

    /// Stores items under their keys, whatever is there: none when one of them is too large, and otherwise some when it fails.
    pub(crate) async fn put_all(&self, operation: &'static str, items: BTreeMap<Key, Item>) -> Result<(), PortError> {
        let put = |(key, item)| {
            let item = keyed(item, key);
            if size(&item) > MAX_ITEM_BYTES {
                return Err(PortError::permanent(operation, "a row is larger than DynamoDB takes"));
            }
            let put = PutRequest::builder().set_item(Some(item)).build();
            let put = put.map_err(|error| PortError::permanent(operation, error))?;
            Ok(WriteRequest::builder().put_request(put).build())
        };
        self.write_all(operation, items.into_iter().map(put).collect::<Result<_, PortError>>()?).await
    }

    /// Deletes rows, which may not be there.
    pub(crate) async fn remove_all(&self, operation: &'static str, rows: &[Row]) -> Result<(), PortError> {
        // A batch may name a row once only.
        let keys: BTreeSet<_> = rows.iter().map(Row::key).collect();
        let delete = |key| {
            let delete = DeleteRequest::builder().set_key(Some(keyed(Item::new(), key))).build();
            let delete = delete.map_err(|error| PortError::permanent(operation, error))?;
            Ok(WriteRequest::builder().delete_request(delete).build())
        };
        self.write_all(operation, keys.into_iter().map(delete).collect::<Result<_, PortError>>()?).await
    }

    async fn write_all(&self, operation: &'static str, writes: Vec<WriteRequest>) -> Result<(), PortError> {
        let batches: Vec<_> = writes.chunks(MAX_WRITES).map(|writes| self.write(operation, writes.to_vec())).collect();
        iter(batches).buffer_unordered(CONCURRENCY).try_collect().await
    }

    async fn write(&self, operation: &'static str, writes: Vec<WriteRequest>) -> Result<(), PortError> {
        let mut open = Some(HashMap::from([(self.name.clone(), writes)]));
        for _ in 0..MAX_TRIES {
            let batch = self.client.batch_write_item().set_request_items(open);
            let answer = batch.send().await.map_err(|error| port_error(operation, &error))?;
            open = answer.unprocessed_items.filter(|left| !left.is_empty());
            if open.is_none() {
                return Ok(());
            }
        }
        Err(PortError::temporary(operation, "some rows were not stored"))
    }

    /// Stores an item if a condition holds on what is there.
    pub(crate) async fn put_if(
        &self,
        operation: &'static str,
        item: Item,
        condition: Condition<'_>,
    ) -> Result<Written, PortError> {
        let expression = condition.expression;
        let (names, values) = condition.parts();
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression(expression)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match put.send().await {
            Ok(_) => Ok(Written::Stored),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Written::Refused(failed.item.clone()))
                }
                _ => Err(port_error(operation, &error)),
            },
        }
    }

    /// Stores a row on top of one version of it.
    pub(crate) async fn put_version(
        &self,
        operation: &'static str,
        mut item: Item,
        expected: Option<Version>,
    ) -> Result<ports::Put, PortError> {
        let write_id = Self::write_id();
        item.insert("writeId".to_owned(), text(&write_id));
        Ok(match self.put_if(operation, item, Condition::on_top_of(expected)).await? {
            Written::Stored => ports::Put::Stored,
            Written::Refused(Some(known)) if is_of(&known, &write_id) => ports::Put::Stored,
            Written::Refused(_) => ports::Put::Conflict,
        })
    }

    /// The start of a change to a row; [`Self::change`] sends it.
    pub(crate) fn update(&self, row: &Row) -> UpdateItemFluentBuilder {
        let Key { pk, sk } = row.key();
        self.client.update_item().table_name(&self.name).key("PK", text(pk)).key("SK", text(sk))
    }

    /// Changes a row if the condition of the change holds.
    pub(crate) async fn change(
        &self,
        operation: &'static str,
        update: UpdateItemFluentBuilder,
    ) -> Result<Written, PortError> {
        let update = update.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match update.send().await {
            Ok(_) => Ok(Written::Stored),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Written::Refused(failed.item.clone()))
                }
                _ => Err(port_error(operation, &error)),
            },
        }
    }

    /// The start of a deletion; [`Self::remove`] sends it.
    pub(crate) fn delete(&self, row: &Row) -> DeleteItemFluentBuilder {
        let Key { pk, sk } = row.key();
        self.client.delete_item().table_name(&self.name).key("PK", text(pk)).key("SK", text(sk))
    }

    /// Deletes a row if the condition of the deletion holds, and answers what was there, which may be nothing; `None` when
    /// the condition does not hold.
    pub(crate) async fn remove(
        &self,
        operation: &'static str,
        delete: DeleteItemFluentBuilder,
    ) -> Result<Option<Item>, PortError> {
        match delete.return_values(ReturnValue::AllOld).send().await {
            Ok(answer) => Ok(Some(answer.attributes.unwrap_or_default())),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(None),
                _ => Err(port_error(operation, &error)),
            },
        }
    }

    /// The rows of a partition whose sort key starts with `prefix`.
    pub(crate) fn partition(&self, pk: String, prefix: &str) -> QueryFluentBuilder {
        let query = self.client.query().table_name(&self.name).consistent_read(true);
        let query = query.expression_attribute_values(":pk", text(pk));
        if prefix.is_empty() {
            return query.key_condition_expression("PK = :pk");
        }
        query
            .key_condition_expression("PK = :pk AND begins_with(SK, :prefix)")
            .expression_attribute_values(":prefix", text(prefix))
    }

    /// All items of a query, up to `limit`.
    pub(crate) async fn collect(
        &self,
        operation: &'static str,
        query: QueryFluentBuilder,
        limit: usize,
    ) -> Result<Vec<Item>, PortError> {
        self.collect_after(operation, query, None, limit).await
    }

    /// The items of a query behind a key, up to `limit`.
    pub(crate) async fn collect_after(
        &self,
        operation: &'static str,
        query: QueryFluentBuilder,
        from: Option<Item>,
        limit: usize,
    ) -> Result<Vec<Item>, PortError> {
        self.collect_kept(operation, query, from, limit, Some).await
    }

    /// What `keep` takes of the items of a query behind a key, up to `limit` of what it took.
    pub(crate) async fn collect_kept<T>(
        &self,
        operation: &'static str,
        query: QueryFluentBuilder,
        mut from: Option<Item>,
        limit: usize,
        keep: impl Fn(Item) -> Option<T>,
    ) -> Result<Vec<T>, PortError> {
        let mut kept = Vec::new();
        while kept.len() < limit {
            let page = query.clone().limit(page_size(limit - kept.len())).set_exclusive_start_key(from);
            let page = page.send().await.map_err(|error| port_error(operation, &error))?;
            kept.extend(page.items.unwrap_or_default().into_iter().filter_map(&keep));
            from = page.last_evaluated_key;
            if from.is_none() {
                break;
            }
        }
        Ok(kept)
    }
}

/// Rows that are written at once.
pub(super) const CONCURRENCY: usize = 16;
/// Most rows that are read by one batch.
const MAX_BATCH: usize = 100;
/// Most rows that are written by one batch.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>
const MAX_WRITES: usize = 25;
/// How often a transaction that met another one is tried, and a batch of which something was left out.
pub(super) const MAX_TRIES: u32 = 3;

/// A limit as DynamoDB takes it.
pub(crate) fn page_size(limit: usize) -> i32 {
    i32::try_from(limit.clamp(1, 1_000)).unwrap_or(1_000)
}
