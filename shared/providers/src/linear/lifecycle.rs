//! What a revocation changes on our side.

use connector_domain::lifecycle::{LifecycleAction, LifecycleChange};
use connector_domain::transformed::Quarantined;
use connector_domain::{AccountId, Timestamp};
use serde::Deserialize;

use super::facts::missing;
use crate::json;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    organization_id: Option<String>,
    created_at: Option<Timestamp>,
}

/// The organisation took back what it had granted. A retry of this message may come hours later, after somebody has
/// connected again: the time tells the two grants apart.
pub(super) fn revoked(raw: &[u8]) -> Result<LifecycleChange, Quarantined> {
    let body: Body = json::parse(raw)?;
    let organisation = body.organization_id.ok_or_else(|| missing("organizationId"))?;
    let account = AccountId::parse(organisation).map_err(|error| json::quarantined("", error.to_string()))?;
    Ok(LifecycleChange { account, action: LifecycleAction::Uninstalled, at: body.created_at })
}
