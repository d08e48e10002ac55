//! Parts of the documentation that many routes share, and how values of the domain look in JSON.
#![allow(dead_code, reason = "these types describe what is read and written elsewhere")]

use std::borrow::Cow;

use connector_domain::backfill::{Depth, EntityType};
use connector_domain::{ProviderKind, ResourceId};
use serde::Serialize;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{IntoParams, IntoResponses, PartialSchema, ToSchema};

use crate::problem::Sent;

/// A page of a list. It may be short, or empty, and yet have a next one: a rare row is not searched for without end.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PageOf<T> {
    /// The rows.
    pub(crate) items: Vec<T>,
    /// The `cursor` of the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

/// A service whose accounts can be connected.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(crate) enum Provider {
    Github,
    Vercel,
    Linear,
    Sentry,
}

/// A list of a provider.
pub(crate) struct EntityName;

impl PartialSchema for EntityName {
    fn schema() -> RefOr<Schema> {
        let names = EntityType::ALL.map(EntityType::as_str);
        let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
        schema.description(Some("A list of a provider. Not every provider has each.")).into()
    }
}

impl ToSchema for EntityName {
    fn name() -> Cow<'static, str> {
        "EntityType".into()
    }
}

/// Days back.
pub(crate) struct DepthDays;

impl PartialSchema for DepthDays {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some(Depth::ALL.map(Depth::days)));
        schema.description(Some("Days back.")).into()
    }
}

impl ToSchema for DepthDays {
    fn name() -> Cow<'static, str> {
        "Depth".into()
    }
}

/// What a caller may do.
#[derive(ToSchema)]
pub(crate) enum Scope {
    #[serde(rename = "connectors:read")]
    Read,
    #[serde(rename = "connectors:write")]
    Write,
    #[serde(rename = "connectors:admin")]
    Admin,
}

/// The workspace.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct InWorkspace {
    /// A workspace that the token names.
    #[param(example = "acme", min_length = 1, max_length = 255)]
    workspace: String,
}

/// Which page of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paged {
    /// Most rows of the page; 20 without it.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Go on where the page before ended: its `next`, with the same filters.
    #[param(max_length = 2048)]
    cursor: Option<String>,
}

/// From when to when.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Between {
    /// Only at or after this moment, in RFC 3339.
    #[param(format = DateTime, example = "2026-02-06T12:00:00Z")]
    since: Option<String>,
    /// Only at or before this moment, in RFC 3339.
    #[param(format = DateTime)]
    until: Option<String>,
}

/// A request that is sent again with the same key has its effect once and gets the same answer, for a day.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(crate) struct Once {
    /// Any text of yours; printable ASCII.
    #[param(
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 255,
        pattern = "^[ -~]+$",
        example = "link-2026-02-06"
    )]
    idempotency_key: Option<String>,
}

/// How API Gateway itself refuses, before a request reaches us.
#[derive(ToSchema)]
#[schema(example = json!({ "message": "Unauthorized" }))]
pub(crate) struct Refused {
    message: String,
}

/// What API Gateway itself may answer.
#[derive(IntoResponses)]
pub(crate) enum Gateway {
    /// A valid token is needed.
    #[response(status = 401)]
    Unauthorized(Refused),
    /// Too many requests: 500 a second, in bursts of 1,000, for the whole API.
    #[response(status = 429)]
    TooMany(Refused),
}

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident $status:literal $text:literal),* })*) => {$(
        $(#[$doc])*
        #[derive(IntoResponses)]
        pub(crate) enum $name {
            $(
                #[doc = $text]
                #[response(status = $status, content_type = "application/problem+json")]
                $variant(Sent<'static>),
            )*
        }
    )*};
}

problems! {
    /// What every route that wants a caller may answer.
    Refusals {
        BadRequest 400 "What was sent cannot be read; `detail` names it.",
        Forbidden 403 "The token lacks the scope.",
        NotFound 404 "There is no such thing in a workspace that you may enter.",
        Internal 500 "Something is wrong on our side.",
        Unavailable 503 "Try again; see `Retry-After`."
    }
    /// What a route that takes a body may answer besides.
    BodyRefusals {
        TooLarge 413 "The body is larger than 64 KiB.",
        MediaType 415 "The body must be application/json.",
        Invalid 422 "A value makes no sense here, or an Idempotency-Key was used before."
    }
    /// That it cannot be done as things are.
    Conflicts {
        Conflict 409 "It cannot be done as things stand; `code` says why."
    }
    /// That a provider refuses.
    ProviderRefusals {
        Refused 502 "The provider refuses what this needs."
    }
}

/// The id of a source: provider and resource.
pub(crate) fn source_id(provider: ProviderKind, resource: &ResourceId) -> String {
    format!("{provider}:{resource}")
}

/// Provider and resource of the id of a source.
pub(crate) fn parse_source(id: &str) -> Option<(ProviderKind, ResourceId)> {
    let (provider, resource) = id.split_once(':')?;
    Some((provider.parse().ok()?, resource.parse().ok()?))
}
