//! Lets programs in by their machine keys: a function of its own, which may read keys and nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use connector_domain::access::{Scope, ShownKey};
use connector_domain::ports::{Clock, MachineKeys, PortError};
use serde::{Deserialize, Serialize};

/// Checks machine keys.
#[derive(Clone)]
pub struct Authorizer {
    /// What is stored of them.
    pub keys: Arc<dyn MachineKeys>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// What API Gateway asks.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Question {
    /// The header.
    #[serde(default)]
    pub(crate) identity_source: Vec<String>,
}

/// What it is answered.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorization {
    /// Whether the caller is let through.
    pub is_authorized: bool,
    /// What the API is told of it; all texts.
    pub context: BTreeMap<&'static str, String>,
}

impl Authorizer {
    /// Judges an `Authorization` header. A wrong key and none are not told apart.
    ///
    /// # Errors
    /// When the store fails: API Gateway then answers with a fault, and keeps nothing of it.
    pub async fn judge(&self, header: Option<&str>) -> Result<Authorization, PortError> {
        let refused = Authorization { is_authorized: false, context: BTreeMap::new() };
        let shown = header.and_then(|header| header.strip_prefix("Bearer ")).and_then(ShownKey::parse);
        let Some(shown) = shown else { return Ok(refused) };
        let Some(key) = self.keys.find(shown.id()).await? else { return Ok(refused) };
        if !key.admits(&shown, self.clock.now()) {
            return Ok(refused);
        }
        let scopes: Vec<_> = key.scopes.iter().copied().map(Scope::as_str).collect();
        let context = BTreeMap::from([
            ("key", key.id.clone()),
            ("workspaces", key.workspace.to_string()),
            ("scope", scopes.join(" ")),
        ]);
        Ok(Authorization { is_authorized: true, context })
    }
}
