//! One constructor per entity: it alone makes identity, type, title, body, references and metadata, for both paths.

pub(super) mod comment;
pub(super) mod error;
pub(super) mod event_alert;
pub(super) mod issue;
pub(super) mod metric_alert;

use connector_domain::event::Actor;
use connector_domain::text;
use connector_domain::transformed::Quarantined;
use sha2::{Digest, Sha256};

use super::payload::Who;
use crate::json;
use crate::parts::filled;

/// Longest name of somebody.
const MAX_NAME_CHARS: usize = 200;

/// Says which attribute is absent that a fact cannot be made without, by its name in Sentry's object.
fn missing(field: &str) -> Quarantined {
    json::quarantined("", format!("missing field {field}"))
}

/// Who acted: somebody with an account at Sentry, or an application; never somebody who was hit by an error.
pub(super) fn actor(who: &Who) -> Option<Actor> {
    Some(Actor {
        id: who.id.as_ref()?.to_string(),
        name: text::cut(filled(who.name.as_deref())?, MAX_NAME_CHARS).to_owned(),
        email: filled(who.email.as_deref()).map(str::to_owned),
        avatar_url: None,
    })
}

/// Lines below each other, without those that have nothing to say.
fn lines<const N: usize>(lines: [Option<String>; N]) -> String {
    lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// `label: value`, when there is a value.
fn line(label: &str, value: Option<impl ToString>) -> Option<String> {
    let value = value?.to_string();
    (!value.trim().is_empty()).then(|| format!("{label}: {value}"))
}

/// A text as an occurrence: what has no time of its own is told apart by what it says.
fn digest(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes())[..8])
}
