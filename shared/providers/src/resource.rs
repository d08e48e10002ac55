//! Small parts for finding resources that several providers share.

use connector_domain::backfill::{Cursor, ProviderError};
use connector_domain::connection::ResourceRef;
use connector_domain::{AccountId, ResourceId};
use serde::Deserialize;

use crate::{Found, json};

/// Two parts of a name, such as `owner/repository`; `None` when one of them could change a request's path.
pub(crate) fn pair(name: &str) -> Option<(&str, &str)> {
    name.split_once('/').filter(|(owner, own)| is_part(owner) && is_part(own))
}

/// Whether a text is one part of a path.
pub(crate) fn is_part(part: &str) -> bool {
    !matches!(part, "" | "." | "..") && !part.contains(|c: char| c == '/' || c.is_whitespace() || c.is_control())
}

/// A resource; `None` when its id is none.
pub(crate) fn resource(id: impl Into<String>, name: impl Into<String>) -> Option<ResourceRef> {
    Some(ResourceRef { id: ResourceId::parse(id).ok()?, name: name.into() })
}

/// A resource and its owner; `None` when an id is none.
pub(crate) fn found(resource: Option<ResourceRef>, account: impl Into<String>, name: String) -> Option<Found> {
    Some(Found { resource: resource?, account: AccountId::parse(account).ok()?, account_name: name })
}

/// Reads a body, or answers with `otherwise`.
pub(crate) fn read<'de, T: Deserialize<'de>>(
    body: &'de [u8],
    otherwise: impl FnOnce() -> ProviderError,
) -> Result<T, ProviderError> {
    json::parse(body).map_err(|_| otherwise())
}

/// The number of a page, counted from one, in a cursor.
pub(crate) fn page_of(cursor: Option<&Cursor>) -> u32 {
    cursor.and_then(|cursor| cursor.as_str().parse().ok()).unwrap_or(1)
}
