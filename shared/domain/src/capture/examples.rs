//! Facts for the tests of these rules.

use crate::{Reference, ReferenceKind, SourceEvent, SourceId, SourceType, Timestamp};

pub(super) fn event(source_type: SourceType, title: &str, body: &str) -> SourceEvent {
    let id = SourceId::once(source_type.provider(), "example", 1, "seen");
    SourceEvent::new(source_type, id, title, body, Timestamp::UNIX_EPOCH)
}

pub(super) fn reference(kind: ReferenceKind, id: &str) -> Reference {
    Reference { kind, id: id.to_owned(), url: None, label: None }
}
