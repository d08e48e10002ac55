//! What a body says, in one of the forms that token endpoints take.

use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::wire::Call;

/// The fields of a body. Not printable: there are secrets among them.
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Those of a form; `None` when the body is none.
    pub(crate) fn of_form(call: &Call) -> Option<Self> {
        let is_form =
            call.content_type.as_deref().is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        is_form.then(|| Self(form_urlencoded::parse(&call.body).into_owned().collect()))
    }

    /// Those of a JSON object; `None` when the body is none.
    pub(crate) fn of_json(call: &Call) -> Option<Self> {
        call.content_type.as_deref().filter(|kind| kind.starts_with("application/json"))?;
        let object: Map<String, Value> = serde_json::from_slice(&call.body).ok()?;
        Some(Self(object.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect()))
    }

    /// The first of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
