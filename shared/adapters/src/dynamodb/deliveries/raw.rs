//! The bytes of a delivery: compressed, checked when they are read, and in pieces where they do not fit the row.

use aws_sdk_dynamodb::types::AttributeValue;
use connector_domain::DeliveryId;
use connector_domain::ports::PortError;
use futures::{StreamExt, TryStreamExt};
use sha2::{Digest, Sha256};
use zstd::zstd_safe::CParameter;

use crate::dynamodb::item::{Item, bytes, corrupt, get_number, keyed, number, text};
use crate::dynamodb::keys::Row;
use crate::dynamodb::table::Table;

/// Most compressed bytes inside the row: webhooks, as a rule. Every change of a row costs as much as its size, so larger
/// ones stand beside it.
const MAX_INSIDE: usize = 32_000;
/// Size of a piece beside the row, safely inside an item.
const PIECE: usize = 300_000;
/// Pieces in flight at once.
const CONCURRENCY: usize = 8;
/// Pieces outlive their row by a day, so that a row never outlives its bytes.
const OUTLIVES: i64 = 86_400;

/// Compressed bytes.
pub(super) struct Packed {
    bytes: Vec<u8>,
    raw_bytes: usize,
}

pub(super) fn pack(operation: &'static str, raw: &[u8]) -> Result<Packed, PortError> {
    let compress = || {
        let mut compressor = zstd::bulk::Compressor::new(zstd::DEFAULT_COMPRESSION_LEVEL)?;
        compressor.set_parameter(CParameter::ChecksumFlag(true))?;
        compressor.compress(raw)
    };
    let bytes = compress().map_err(|error| PortError::permanent(operation, error))?;
    Ok(Packed { bytes, raw_bytes: raw.len() })
}

impl Packed {
    /// Whether they go into the row.
    pub(super) fn fits(&self) -> bool {
        self.bytes.len() <= MAX_INSIDE
    }

    /// Puts them into the row.
    pub(super) fn put_into(self, head: &mut Item) {
        head.insert("rawBytes".to_owned(), number(self.raw_bytes));
        head.insert("raw".to_owned(), bytes(self.bytes));
    }

    /// Stores them beside the row and notes in it where they are. Their keys hold their digest: two versions of this
    /// program may compress differently, and must not mix their pieces.
    pub(super) async fn store(
        self,
        operation: &'static str,
        table: &Table,
        id: &DeliveryId,
        expires_at: i64,
        head: &mut Item,
    ) -> Result<(), PortError> {
        let digest = hex::encode(&Sha256::digest(&self.bytes)[..16]);
        let mut pieces = Vec::new();
        for (piece, n) in self.bytes.chunks(PIECE).zip(0_u32..) {
            let row = Row::Chunk { delivery: id.clone(), digest: digest.clone(), n };
            let item = Item::from([
                ("raw".to_owned(), bytes(piece)),
                ("expiresAt".to_owned(), number(expires_at.saturating_add(OUTLIVES))),
            ]);
            pieces.push(table.put(operation, keyed(item, row.key())));
        }
        futures::stream::iter(pieces).buffer_unordered(CONCURRENCY).try_collect::<Vec<()>>().await?;
        head.insert("rawBytes".to_owned(), number(self.raw_bytes));
        head.insert("rawDigest".to_owned(), text(digest));
        head.insert("rawPieces".to_owned(), number(self.bytes.len().div_ceil(PIECE)));
        Ok(())
    }
}

/// Drops what a row says about its bytes.
pub(super) fn remove(head: &mut Item) {
    for name in ["raw", "rawBytes", "rawDigest", "rawPieces"] {
        head.remove(name);
    }
}

/// The bytes of a row.
pub(super) async fn take(
    operation: &'static str,
    table: &Table,
    id: &DeliveryId,
    head: &mut Item,
) -> Result<Vec<u8>, PortError> {
    let raw_bytes = get_number(head, "rawBytes").ok_or_else(|| corrupt(operation))?;
    let packed = match head.remove("raw") {
        Some(AttributeValue::B(packed)) => packed.into_inner(),
        Some(_) => return Err(corrupt(operation)),
        None => pieces(operation, table, id, head).await?,
    };
    let raw = zstd::bulk::decompress(&packed, raw_bytes).map_err(|error| PortError::corrupt(operation, error))?;
    if raw.len() == raw_bytes { Ok(raw) } else { Err(corrupt(operation)) }
}

async fn pieces(operation: &'static str, table: &Table, id: &DeliveryId, head: &Item) -> Result<Vec<u8>, PortError> {
    let count = get_number::<u32>(head, "rawPieces");
    let digest = head.get("rawDigest").and_then(|digest| digest.as_s().ok());
    let (Some(count), Some(digest)) = (count, digest) else { return Err(corrupt(operation)) };
    let pieces = (0..count).map(async |n| {
        let row = Row::Chunk { delivery: id.clone(), digest: digest.clone(), n };
        match table.get(operation, &row).await?.and_then(|mut item| item.remove("raw")) {
            Some(AttributeValue::B(piece)) => Ok(piece.into_inner()),
            _ => Err(corrupt(operation)),
        }
    });
    let pieces: Vec<_> = futures::stream::iter(pieces).buffered(CONCURRENCY).try_collect().await?;
    Ok(pieces.concat())
}
