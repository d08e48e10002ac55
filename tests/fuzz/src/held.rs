//! What holds of everything that a provider's module makes.

use connector_domain::SourceEvent;
use connector_domain::capture::{classify, extract_entities, score, topics};
use connector_domain::event::{MAX_EVENT_BYTES, MAX_REFERENCES};
use connector_domain::http::{HttpRequest, Method};
use connector_domain::identity::{MAX_SOURCE_ID_BYTES, SourceId};
use connector_domain::text::{MAX_BODY_CHARS, MAX_TITLE_CHARS};
use connector_domain::transformed::{Item, Transformed};

/// An outcome tells nothing of a payload but its facts, and these fit what they go into.
pub(crate) fn transformed(told: &Transformed) {
    let Transformed::Items(items) = told else { return };
    // One is enough: they have much in common, and this is slow.
    if let Some(Item::Event(fact) | Item::History { event: fact, .. }) = items.first() {
        capture(fact);
    }
    for item in items {
        match item {
            Item::Event(fact) => event(fact),
            Item::History { event: fact, live } => {
                event(fact);
                assert_ne!(live.as_ref(), Some(&fact.source_id), "both looks have one identity");
            }
            Item::Deleted(gone) => assert!(gone.subject.split(':').count() >= 3, "{gone:?}"),
            Item::Ignored(reason) => assert!(!reason.as_str().is_empty()),
            Item::Quarantined(error) => {
                assert!(error.path.len() <= 300 && error.reason.len() <= 100, "{error:?}");
                assert!(error.path.is_ascii() && error.reason.is_ascii(), "{error:?}");
            }
        }
    }
}

fn event(event: &SourceEvent) {
    assert!(event.title.chars().count() <= MAX_TITLE_CHARS, "{}", event.title);
    assert!(event.title.starts_with(&format!("[{}]", event.source_type.label())), "{}", event.title);
    assert!(event.body.chars().count() <= MAX_BODY_CHARS);
    assert!(event.references.len() <= MAX_REFERENCES);
    assert!(event.source_id.as_str().len() <= MAX_SOURCE_ID_BYTES);
    assert!(event.source_id.as_str().starts_with(&format!("{}:", event.provider())), "{}", event.source_id);
    assert_eq!(SourceId::parse(event.source_id.as_str()).as_ref(), Ok(&event.source_id));
    let written = serde_json::to_string(event).unwrap();
    assert!(written.len() <= MAX_EVENT_BYTES, "{} bytes", written.len());
    assert_eq!(&serde_json::from_str::<SourceEvent>(&written).unwrap(), event);
}

/// What capture does with a fact.
fn capture(event: &SourceEvent) {
    let _scored = score(event);
    let classified = classify(event);
    let _named = (topics(event, &classified), extract_entities(event));
}

/// A request leads nowhere else and carries nothing that is not its own.
pub(crate) fn request(request: &HttpRequest) {
    let path = &request.path;
    assert!(path.starts_with('/') && !path.starts_with("//"), "{path}");
    assert!(path.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'?' | b'#' | b'\\')), "{path}");
    assert!(path.split('/').all(|part| part != "." && part != ".."), "{path}");
    assert!(request.headers.iter().all(|(name, _)| !name.eq_ignore_ascii_case("authorization")));
    assert_eq!(request.body.is_some(), request.method == Method::Post);
}
