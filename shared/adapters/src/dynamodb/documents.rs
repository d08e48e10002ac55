//! Documents and their pieces, in the table of observations.
//!
//! The pieces of a text have keys of their own, so they are written before the document's row turns to them, and the former
//! ones are deleted after it. While these are there, the row says that it is not settled.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use connector_domain::documents::{Chunk, Document, DocumentsKey, is_storable_path};
use connector_domain::ports::{DocumentStore, Page, Paging, PortError, Put};

use super::item::{Item, MAX_ITEM_BYTES, from_item, key_of, keyed, number, size, text, to_item};
use super::keys::{self, Row};
use super::table::{Condition, Table, Written};
use super::walk::{Range, Walk};

/// Documents in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoDocuments {
    table: Table,
}

impl DynamoDocuments {
    /// Documents in a table.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { table: Table::new(client, table) }
    }

    /// The keys of all pieces under a path that are not of this text.
    async fn former(
        &self,
        operation: &'static str,
        key: &DocumentsKey,
        path: &str,
        revision: Option<&str>,
    ) -> Result<Vec<Row>, PortError> {
        let query = self.table.partition(keys::documents(key), &keys::chunks(path)).projection_expression("PK, SK");
        let items = self.table.collect(operation, query, usize::MAX).await?;
        let rows = items.iter().filter_map(key_of).filter_map(|key| Row::of(&key));
        let former = |row: &Row| match row {
            Row::DocumentChunk { revision: own, .. } => revision != Some(own.as_str()),
            _ => false,
        };
        Ok(rows.filter(former).collect())
    }

    /// Stores the row unless a later claim has written it.
    async fn turn(&self, operation: &'static str, key: &DocumentsKey, document: &Document) -> Result<Put, PortError> {
        let row = Row::Document { of: key.clone(), path: document.path.clone() };
        let item = keyed(to_item(operation, document)?, row.key());
        if size(&item) > MAX_ITEM_BYTES {
            return Err(PortError::permanent(operation, "a row is larger than DynamoDB takes"));
        }
        let condition = Condition {
            expression: "attribute_not_exists(PK) OR fence <= :fence",
            names: &[],
            values: Item::from([(":fence".to_owned(), number(document.fence))]),
        };
        Ok(match self.table.put_if(operation, item, condition).await? {
            Written::Stored => Put::Stored,
            Written::Refused(_) => Put::Conflict,
        })
    }
}

#[async_trait]
impl DocumentStore for DynamoDocuments {
    async fn put_document(&self, key: &DocumentsKey, document: &Document, chunks: &[Chunk]) -> Result<Put, PortError> {
        const OPERATION: &str = "store a document";
        if !is_storable_path(&document.path) {
            return Err(PortError::permanent(OPERATION, "its path has no room in a key"));
        }
        let revision = document.revision();
        let former = self.former(OPERATION, key, &document.path, Some(&revision)).await?;
        let piece = |chunk: &Chunk| {
            let (path, revision) = (document.path.clone(), revision.clone());
            let row = Row::DocumentChunk { of: key.clone(), path, revision, index: chunk.index };
            Ok((row.key(), to_item(OPERATION, chunk)?))
        };
        let pieces = chunks.iter().map(piece).collect::<Result<BTreeMap<_, _>, PortError>>()?;
        self.table.put_all(OPERATION, pieces).await?;
        if !former.is_empty() {
            let unsettled = Document { blob: None, ..document.clone() };
            if self.turn(OPERATION, key, &unsettled).await? == Put::Conflict {
                return Ok(Put::Conflict);
            }
            self.table.remove_all(OPERATION, &former).await?;
        }
        self.turn(OPERATION, key, document).await
    }

    async fn remove_document(&self, key: &DocumentsKey, path: &str, fence: u64) -> Result<Put, PortError> {
        const OPERATION: &str = "remove a document";
        let Some(known) = self.document(key, path).await? else {
            // Pieces without a document are left by a writer that was too late.
            let left = self.former(OPERATION, key, path, None).await?;
            return self.table.remove_all(OPERATION, &left).await.map(|()| Put::Stored);
        };
        if known.fence > fence {
            return Ok(Put::Conflict);
        }
        // The pieces first: as long as the row is there, somebody comes back for them.
        let pieces = self.former(OPERATION, key, path, None).await?;
        self.table.remove_all(OPERATION, &pieces).await?;
        let row = Row::Document { of: key.clone(), path: path.to_owned() };
        let delete = self
            .table
            .delete(&row)
            .condition_expression("attribute_not_exists(PK) OR fence <= :fence")
            .expression_attribute_values(":fence", number(fence));
        Ok(if self.table.remove(OPERATION, delete).await?.is_some() { Put::Stored } else { Put::Conflict })
    }

    async fn document(&self, key: &DocumentsKey, path: &str) -> Result<Option<Document>, PortError> {
        const OPERATION: &str = "read a document";
        if !is_storable_path(path) {
            return Ok(None);
        }
        let item = self.table.get(OPERATION, &Row::Document { of: key.clone(), path: path.to_owned() }).await?;
        item.map(|item| from_item(OPERATION, item)).transpose()
    }

    async fn documents(
        &self,
        key: &DocumentsKey,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Document>, PortError> {
        const OPERATION: &str = "list documents";
        let query = self.table.partition(keys::documents(key), keys::DOCUMENTS);
        let query = match after {
            None => query,
            // No path has this character, and all of them sort before it.
            Some(after) => self
                .table
                .partition(keys::documents(key), "")
                .key_condition_expression("PK = :pk AND SK BETWEEN :first AND :last")
                .expression_attribute_values(":first", text(format!("{}{after}\u{0}", keys::DOCUMENTS)))
                .expression_attribute_values(":last", text(format!("{}\u{10ffff}", keys::DOCUMENTS))),
        };
        let items = self.table.collect(OPERATION, query, limit).await?;
        items.into_iter().map(|item| from_item(OPERATION, item)).collect()
    }

    async fn chunks(&self, key: &DocumentsKey, document: &Document) -> Result<Vec<Chunk>, PortError> {
        const OPERATION: &str = "read the pieces of a document";
        let prefix = format!("{}{}#", keys::chunks(&document.path), document.revision());
        let items =
            self.table.collect(OPERATION, self.table.partition(keys::documents(key), &prefix), usize::MAX).await?;
        items.into_iter().map(|item| from_item(OPERATION, item)).collect()
    }

    async fn all_chunks(&self, key: &DocumentsKey, paging: &Paging) -> Result<Page<Chunk>, PortError> {
        const OPERATION: &str = "list the pieces of documents";
        let range = Range {
            pk: keys::documents(key),
            prefix: keys::CHUNKS,
            between: None,
            newest_first: false,
            filtered: false,
        };
        let walk = Walk::new(OPERATION, &self.table, range, paging)?;
        walk.page(keys::CHUNKS, paging.limit, |item| from_item(OPERATION, item).map(Some)).await
    }
}
