//! The webhook around the object it is about.

use serde::Serialize;
use serde_json::{Value, json, value::RawValue};

use super::{repository::View, user::User};

/// The fields every webhook of an App has next to its own.
#[derive(Serialize)]
pub(crate) struct Envelope<'a, T> {
    pub(crate) action: &'a str,
    #[serde(flatten)]
    pub(crate) subject: T,
    repository: &'a RawValue,
    organization: Box<RawValue>,
    sender: &'a User,
    installation: &'a Value,
}

impl<'a, T: Serialize> Envelope<'a, T> {
    pub(crate) fn new(action: &'a str, subject: T, view: &'a View, sender: &'a User, installation: &'a Value) -> Self {
        let organization = view.owner.as_organization();
        Self { action, subject, repository: &view.json, organization, sender, installation }
    }
}

/// The `installation` object: by its id a delivery is routed.
pub(crate) fn installation(id: u64) -> Value {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let node_id = STANDARD.encode(format!("023:IntegrationInstallation{id}"));
    json!({ "id": id, "node_id": node_id })
}
