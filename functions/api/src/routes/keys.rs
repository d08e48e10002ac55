//! Machine keys: how programs get in.

use std::collections::BTreeSet;
use std::time::Duration;

use connector_domain::Timestamp;
use connector_domain::access::{MachineKey, Scope};
use connector_domain::change::ChangeAction;
use connector_lambda::api::Answer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::context::{Context, json};
use crate::input::{body, no_body, whole};
use crate::problem::{Code, Problem};
use crate::schema::{BodyRefusals, Gateway, InWorkspace, PageOf, Refusals};

/// A machine key, without what opens the door.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MachineKey)]
pub(crate) struct View {
    id: String,
    name: String,
    #[schema(value_type = Vec<crate::schema::Scope>)]
    scopes: BTreeSet<Scope>,
    created_by: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// When it was ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime)]
    revoked_at: Option<Timestamp>,
    /// Whether it opens the door now.
    live: bool,
}

fn view(key: MachineKey, now: Timestamp) -> View {
    View {
        live: key.is_live(now),
        id: key.id,
        name: key.name,
        scopes: key.scopes,
        created_by: key.created_by,
        created_at: key.created_at,
        expires_at: key.expires_at,
        revoked_at: key.revoked_at,
    }
}

#[utoipa::path(
    get, path = "/v1/workspaces/{workspace}/keys", operation_id = "listKeys", tag = "keys", params(InWorkspace),
    responses((status = 200, description = "All keys.", body = PageOf<View>), Refusals, Gateway)
)]
/// The machine keys of a workspace, ended ones too.
pub(crate) async fn list(context: &Context<'_>) -> Result<Answer, Problem> {
    context.query(&[])?;
    let now = context.access.now();
    let items = context.access.keys().await?.into_iter().map(|key| view(key, now)).collect();
    json(200, &PageOf { items, next: None })
}

/// The key to make.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewKey, example = json!({ "name": "ci", "scopes": ["connectors:read"], "expiresInDays": 90 }))]
pub(crate) struct ToCreate {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100, pattern = "^[ -~]+$")]
    name: String,
    /// What it allows: no more than its maker may do.
    #[schema(value_type = Vec<crate::schema::Scope>, min_items = 1)]
    scopes: BTreeSet<Scope>,
    /// In how many days it ends by itself.
    #[schema(minimum = 1, maximum = 365)]
    #[serde(deserialize_with = "whole")]
    expires_in_days: u16,
}

/// A new key. The key itself is shown here, and never again.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedKey)]
pub(crate) struct Created {
    #[serde(flatten)]
    view: View,
    /// What a program sends as `Authorization: Bearer mem_...` to the same paths under `/machine`.
    #[schema(example = "mem_0011223344556677_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff")]
    key: String,
}

#[utoipa::path(
    post, path = "/v1/workspaces/{workspace}/keys", operation_id = "createKey", tag = "keys", params(InWorkspace),
    request_body = ToCreate,
    responses((status = 201, description = "The key.", body = Created), Refusals, Gateway, BodyRefusals)
)]
/// Makes a machine key for one workspace. What is stored of it cannot be turned back into it.
pub(crate) async fn create(context: &Context<'_>) -> Result<Answer, Problem> {
    context.query(&[])?;
    let asked: ToCreate = body(context.request)?;
    let printable = asked.name.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if !(1..=100).contains(&asked.name.len()) || !printable {
        return Err(Problem::with(Code::InvalidBody, "`name` must be 1 to 100 printable ASCII characters"));
    }
    if asked.scopes.is_empty() || !(1..=365).contains(&asked.expires_in_days) {
        return Err(Problem::with(Code::InvalidBody, "one scope or more, and `expiresInDays` from 1 to 365"));
    }
    let access = &context.access;
    let mut random = [0; 40];
    for (part, bytes) in random.chunks_mut(16).zip(std::iter::repeat_with(|| access.random())) {
        part.copy_from_slice(&bytes[..part.len()]);
    }
    let (id, secret) = MachineKey::generate(&random).ok_or(Problem::new(Code::Internal))?;
    let now = access.now();
    let lives = Duration::from_secs(u64::from(asked.expires_in_days) * 86_400);
    let key = MachineKey {
        sha256: MachineKey::digest(&secret),
        workspace: access.workspace().clone(),
        name: asked.name,
        scopes: asked.scopes,
        created_by: access.principal().subject().to_string(),
        created_at: now,
        expires_at: now.checked_add(lives).unwrap_or(Timestamp::MAX),
        revoked_at: None,
        id,
    };
    access.note(ChangeAction::KeyCreated, key.id.clone()).await?;
    let key = access.add_key(key).await?;
    let shown = secret.expose_str().unwrap_or_default().to_owned();
    json(201, &Created { view: view(key, now), key: shown })
}

#[utoipa::path(
    delete, path = "/v1/workspaces/{workspace}/keys/{keyId}", operation_id = "revokeKey", tag = "keys",
    params(InWorkspace, ("keyId" = String, Path)),
    responses((status = 200, description = "The key as it is now.", body = View), Refusals, Gateway)
)]
/// Ends a machine key for good. A minute may pass until the last door closes. Safe to repeat.
pub(crate) async fn revoke(context: &Context<'_>) -> Result<Answer, Problem> {
    no_body(context.request)?;
    context.query(&[])?;
    let id = context.variable("keyId")?;
    if !context.access.keys().await?.iter().any(|key| key.id == id) {
        return Err(Problem::new(Code::NotFound));
    }
    context.access.note(ChangeAction::KeyRevoked, id).await?;
    json(200, &view(context.access.revoke_key(id).await?, context.access.now()))
}
