//! No bytes make a provider panic, and none is told in an error.

use connector_domain::backfill::{Cursor, EntityType};
use connector_domain::http::{HttpResponse, WebhookRequest};
use connector_domain::transformed::{Item, Transformed};
use connector_providers::{Rejection, Scope, all};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

use crate::support::{account, now, page, resource, secret, transform_page, webhook, webhooks, window};

/// Bytes, or nearly a fixture: what is nearly right gets further.
fn damage(whole: &[u8], cut: Option<Index>, at: &[(Index, u8)]) -> Vec<u8> {
    let end = cut.map_or(whole.len() - 1, |cut| cut.index(whole.len()));
    let mut bytes = whole[..=end].to_vec();
    for (index, byte) in at {
        let index = index.index(bytes.len());
        bytes[index] = *byte;
    }
    bytes
}

fn quiet(transformed: &Transformed) {
    let Transformed::Items(items) = transformed else { return };
    for item in items {
        if let Item::Quarantined(error) = item {
            assert!(error.path.len() <= 300 && error.reason.len() <= 100, "{error:?}");
            assert!(error.path.is_ascii() && error.reason.is_ascii(), "{error:?}");
        }
    }
}

/// The ways to all values in a document, as JSON pointers.
fn pointers(value: &Value, here: &str, all: &mut Vec<String>) {
    let mut go = |name: &str, value: &Value| {
        let there = format!("{here}/{}", name.replace('~', "~0").replace('/', "~1"));
        pointers(value, &there, all);
        all.push(there);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| go(name, value)),
        Value::Array(items) => items.iter().enumerate().for_each(|(at, value)| go(&at.to_string(), value)),
        _ => {}
    }
}

/// Calls `then` with the document once for each of its values, which is null there.
fn with_each_null(body: &[u8], mut then: impl FnMut(&[u8])) {
    let whole: Value = serde_json::from_slice(body).unwrap();
    let mut all = Vec::new();
    pointers(&whole, "", &mut all);
    for pointer in all {
        let mut holed = whole.clone();
        *holed.pointer_mut(&pointer).unwrap() = Value::Null;
        then(&serde_json::to_vec(&holed).unwrap());
    }
}

#[test]
fn a_null_anywhere_has_an_outcome() {
    for provider in all() {
        for fixture in webhooks(provider.kind()) {
            with_each_null(&fixture.body, |body| {
                let delivery = webhook(provider.kind(), &fixture.event, body);
                let _ = provider.route(&delivery);
                quiet(&provider.transform(&delivery));
            });
        }
        for entity in provider.entity_types() {
            with_each_null(&page(provider.kind(), entity.as_str()), |body| {
                quiet(&transform_page(*provider, *entity, body));
            });
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn webhooks_of_any_bytes(
        bytes in vec(any::<u8>(), 0..300),
        cut in any::<Option<Index>>(),
        at in vec((any::<Index>(), any::<u8>()), 0..6),
    ) {
        for provider in all() {
            for fixture in webhooks(provider.kind()) {
                for body in [bytes.clone(), damage(&fixture.body, cut, &at)] {
                    let delivery = webhook(provider.kind(), &fixture.event, &body);
                    let _ = provider.route(&delivery);
                    quiet(&provider.transform(&delivery));
                    let headers = provider.sign(&fixture.event, "1", &body, &secret("s"), now());
                    let request = WebhookRequest { headers, body: body.clone() };
                    match provider.verify(request, &[secret("s")], now()) {
                        // The damage was in the time of sending.
                        Err(Rejection::Stale) => {}
                        verified => prop_assert_eq!(verified.is_ok(), !body.is_empty()),
                    }
                }
            }
        }
    }

    #[test]
    fn requests_with_any_headers(headers in vec((0..5_usize, "\\PC{0,80}"), 0..6), body in vec(any::<u8>(), 0..50)) {
        let names = ["x-github-event", "x-hub-signature-256", "content-type", "content-encoding", "x-github-delivery"];
        for provider in all() {
            let headers = headers.iter().map(|(name, value)| (names[*name], value.as_str())).collect();
            let request = WebhookRequest { headers, body: body.clone() };
            prop_assert!(provider.verify(request, &[secret("s")], now()).is_err());
        }
    }

    #[test]
    fn pages_of_any_bytes(
        status in prop_oneof![Just(200_u16), 100..600_u16],
        headers in vec((0..5_usize, "\\PC{0,80}"), 0..6),
        cursor in proptest::option::of("\\PC{1,80}"),
        bytes in vec(any::<u8>(), 0..200),
        cut in any::<Option<Index>>(),
        at in vec((any::<Index>(), any::<u8>()), 0..6),
        size in any::<u32>(),
    ) {
        let names = ["link", "retry-after", "x-ratelimit-remaining", "x-ratelimit-reset", "x-github-request-id"];
        for provider in all() {
            for entity in provider.entity_types() {
                let page = page(provider.kind(), entity.as_str());
                for body in [bytes.clone(), damage(&page, cut, &at)] {
                    quiet(&transform_page(*provider, *entity, &body));
                    let headers = headers.iter().map(|(name, value)| (names[*name], value.as_str())).collect();
                    let scope = Scope { account: &account(), resource: &resource(), entity: *entity, window: window(), page_size: size };
                    let cursor = cursor.as_ref().map(|cursor| Cursor::parse(cursor.as_str()).unwrap());
                    let response = HttpResponse { status, headers, body };
                    let _ = provider.read_page(&scope, cursor.as_ref(), &response, now());
                    prop_assert!(provider.page_request(&scope, cursor.as_ref()).is_some());
                }
            }
        }
    }

    #[test]
    fn resources_of_any_name(name in "\\PC{0,40}") {
        let resource = connector_domain::connection::ResourceRef { name, ..resource() };
        for provider in all() {
            for entity in EntityType::ALL {
                let scope = Scope { account: &account(), resource: &resource, entity, window: window(), page_size: 1 };
                if let Some(request) = provider.page_request(&scope, None) {
                    let path = request.path;
                    prop_assert!(path.bytes().all(|b| b.is_ascii_graphic() && b != b'?' && b != b'#'), "{}", path);
                    prop_assert!(path.split('/').all(|part| part != "." && part != ".."), "{}", path);
                }
            }
        }
    }
}
