//! One constructor per entity: it alone makes identity, type, title, body, references and metadata, for both paths.

pub(super) mod deployment;
pub(super) mod project;
pub(super) mod rollback;

use connector_domain::transformed::Quarantined;
use connector_domain::{SourceType, text};

use crate::json;

/// An attribute that a fact cannot be made without: its name in Vercel's object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Missing(pub(super) &'static str);

impl From<Missing> for Quarantined {
    fn from(missing: Missing) -> Self {
        json::quarantined("", format!("missing field {}", missing.0))
    }
}

/// Longest part of a title that is taken from names of Vercel's.
const MAX_SUBJECT_CHARS: usize = 90;

/// `[label] subject`.
fn title(kind: SourceType, subject: &str) -> String {
    format!("[{}] {}", kind.label(), text::cut(subject, MAX_SUBJECT_CHARS))
}
