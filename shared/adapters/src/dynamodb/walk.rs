//! Lists the rows of a partition in pages. A page goes on after the sort key of the last row that was looked at.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use connector_domain::ports::{Page, Paging, PortError};

use super::item::{Item, key_of, keyed, text};
use super::keys::{Key, Row};
use super::table::{Table, page_size};
use crate::aws::port_error;

/// Queries, after which a page stays as short as it is: a rare row is not searched for without end.
const QUERIES: u32 = 10;
/// Rows read by each query of a list that leaves rows out.
const STEP: usize = 200;

/// Which rows, and in which order.
pub(super) struct Range {
    pub(super) pk: String,
    /// Sort keys start so.
    pub(super) prefix: &'static str,
    /// Within the prefix, from here to there, both included; everything without it.
    pub(super) between: Option<(String, String)>,
    pub(super) newest_first: bool,
    /// Whether the caller leaves rows out.
    pub(super) filtered: bool,
}

/// On the way through a range.
pub(super) struct Walk<'a> {
    operation: &'static str,
    table: &'a Table,
    query: QueryFluentBuilder,
    step: usize,
    from: Option<Item>,
    queries: u32,
    ended: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        operation: &'static str,
        table: &'a Table,
        range: Range,
        paging: &Paging,
    ) -> Result<Self, PortError> {
        let from = paging.after.as_ref().map(|place| {
            let key = Key { pk: range.pk.clone(), sk: format!("{}{place}", range.prefix) };
            Row::of(&key).map(|_| keyed(Item::new(), key)).ok_or_else(|| PortError::bad_cursor(operation))
        });
        let query = match range.between {
            None => table.partition(range.pk, range.prefix),
            Some((first, last)) => table
                .partition(range.pk, "")
                .key_condition_expression("PK = :pk AND SK BETWEEN :first AND :last")
                .expression_attribute_values(":first", text(format!("{}{first}", range.prefix)))
                .expression_attribute_values(":last", text(format!("{}{last}", range.prefix))),
        };
        let query = query.scan_index_forward(!range.newest_first);
        let step = if range.filtered { STEP.max(paging.limit) } else { paging.limit };
        Ok(Self { operation, table, query, step, from: from.transpose()?, queries: 0, ended: false })
    }

    /// The next rows; `None` at the end of the range, or when enough was looked at.
    pub(super) async fn rows(&mut self) -> Result<Option<Vec<Item>>, PortError> {
        if self.ended || self.queries == QUERIES {
            return Ok(None);
        }
        self.queries += 1;
        let query = self.query.clone().limit(page_size(self.step)).set_exclusive_start_key(self.from.take());
        let answer = query.send().await.map_err(|error| port_error(self.operation, &error))?;
        self.from = answer.last_evaluated_key;
        self.ended = self.from.is_none();
        Ok(Some(answer.items.unwrap_or_default()))
    }

    /// A page of the rows that `read` makes something of.
    pub(super) async fn page<T>(
        mut self,
        prefix: &'static str,
        limit: usize,
        read: impl Fn(Item) -> Result<Option<T>, PortError> + Send,
    ) -> Result<Page<T>, PortError>
    where
        T: Send,
    {
        let mut items = Vec::new();
        while let Some(rows) = self.rows().await? {
            let last = rows.len().saturating_sub(1);
            for (n, row) in rows.into_iter().enumerate() {
                let place = place(&row, prefix);
                items.extend(read(row)?);
                if items.len() == limit {
                    let more = n < last || !self.ended;
                    return Ok(Page { items, next: place.filter(|_| more) });
                }
            }
        }
        let next = self.next(prefix);
        Ok(Page { items, next })
    }

    /// Where a page goes on that ends with the last rows.
    pub(super) fn next(&self, prefix: &str) -> Option<String> {
        place(self.from.as_ref()?, prefix)
    }

    pub(super) const fn table(&self) -> &'a Table {
        self.table
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.ended
    }
}

/// The place of a row in its list.
pub(super) fn place(row: &Item, prefix: &str) -> Option<String> {
    Some(key_of(row)?.sk.strip_prefix(prefix)?.to_owned())
}
