//! What every provider must do with pages, whichever it is.

use connector_domain::backfill::{Cursor, Disposition, EntityType, WaitReason};
use connector_domain::http::{HttpResponse, Method};
use connector_domain::transformed::{Item, Transformed};
use connector_providers::{Provider, Scope, all};

use crate::support::{account, now, page, resource, table, transform_page, window};

fn with_scope<T>(entity: EntityType, then: impl FnOnce(&Scope<'_>) -> T) -> T {
    then(&Scope { account: &account(), resource: &resource(), entity, window: window(), page_size: 100 })
}

fn each(test: impl Fn(&dyn Provider, EntityType)) {
    for provider in all() {
        assert!(!provider.entity_types().is_empty());
        for entity in provider.entity_types() {
            test(*provider, *entity);
        }
    }
}

fn response(status: u16, body: &[u8]) -> HttpResponse {
    HttpResponse { status, headers: std::iter::empty::<(&str, &str)>().collect(), body: body.into() }
}

#[test]
fn a_request_names_its_provider_and_no_host_and_carries_no_credentials() {
    each(|provider, entity| {
        let request = with_scope(entity, |scope| provider.page_request(scope, None)).unwrap();
        assert_eq!(request.provider, provider.kind());
        assert!(request.path.starts_with('/') && !request.path.starts_with("//"), "{}", request.path);
        assert!(request.headers.iter().all(|(name, _)| *name != "authorization"));
        assert_eq!(request.body.is_some(), request.method == Method::Post);
    });
}

#[test]
fn pages_lead_to_the_next_one_until_the_last() {
    for provider in all() {
        let cases = table(provider.kind(), "paging");
        assert!(cases.iter().any(|case| case["more"] == true) && cases.iter().any(|case| case["more"] == false));
        for case in cases {
            let entity: EntityType = case["entity"].as_str().unwrap().parse().unwrap();
            let headers = case["headers"].as_object().unwrap();
            let body = page(provider.kind(), case["page"].as_str().unwrap());
            let response = HttpResponse {
                status: 200,
                headers: headers.iter().map(|(name, value)| (name, value.as_str().unwrap())).collect(),
                body,
            };
            let cursor = case.get("cursor").map(|cursor| Cursor::parse(cursor.to_string()).unwrap());
            let cursor = cursor.as_ref();
            let (first, meta) = with_scope(entity, |scope| {
                (provider.page_request(scope, cursor), provider.read_page(scope, cursor, &response, now()).unwrap())
            });
            assert!(meta.items > 0);
            assert_eq!(meta.next.is_some(), case["more"] == true, "{case}");
            if let Some(next) = meta.next {
                // A cursor is kept as text and read back as one of ours, and it leads elsewhere.
                let kept: Cursor = serde_json::from_str(&serde_json::to_string(&next).unwrap()).unwrap();
                let second = with_scope(entity, |scope| provider.page_request(scope, Some(&kept)));
                assert_ne!(second, first);
                let read = with_scope(entity, |scope| provider.read_page(scope, Some(&kept), &response, now()));
                assert!(read.map_or_else(|error| error.disposition != Disposition::Restart, |_| true), "{case}");
            }
        }
    }
}

#[test]
fn a_cursor_that_is_not_ours_restarts_the_list() {
    each(|provider, entity| {
        let page = response(200, &page(provider.kind(), entity.as_str()));
        for foreign in ["x", "{}", "2", r#"{"v":999}"#, r#"{"v":1,"page":2,"unknown":true}"#] {
            let cursor = Cursor::parse(foreign).unwrap();
            let error = with_scope(entity, |scope| {
                assert_eq!(provider.page_request(scope, Some(&cursor)), provider.page_request(scope, None));
                provider.read_page(scope, Some(&cursor), &page, now()).unwrap_err()
            });
            assert_eq!(error.disposition, Disposition::Restart, "{foreign}");
        }
    });
}

#[test]
fn an_answer_that_is_not_a_page_says_what_to_do() {
    each(|provider, entity| {
        let read = |status, body: &[u8]| {
            with_scope(entity, |scope| provider.read_page(scope, None, &response(status, body), now()))
        };
        assert_eq!(read(401, b"").unwrap_err().disposition, Disposition::RefreshToken);
        assert!(matches!(read(404, b"").unwrap_err().disposition, Disposition::Fail(_)));
        for (status, body) in
            [(500, "{}"), (502, "<html>"), (503, ""), (504, ""), (200, "<html>"), (200, "{"), (200, "")]
        {
            let disposition = read(status, body.as_bytes()).unwrap_err().disposition;
            let again = matches!(disposition, Disposition::Retry { reason: WaitReason::Unavailable, .. });
            assert!(again, "{status} {body}: {disposition:?}");
        }
        for status in 100..600 {
            if let Err(error) = read(status, b"hunter2") {
                assert_eq!((error.provider, error.status), (provider.kind(), status));
                assert!(!format!("{error} {error:?}").contains("hunter2"));
            }
        }
    });
}

#[test]
fn a_bad_item_is_quarantined_alone() {
    each(|provider, entity| {
        let whole = page(provider.kind(), entity.as_str());
        let Transformed::Items(before) = transform_page(provider, entity, &whole) else { panic!() };
        let text = String::from_utf8(whole).unwrap();
        // A page can also be one thing and no list.
        let Some(last) = text.rfind(']') else { return };
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        for bad in ["{}", "7", "null", r#"{"id":1,"number":1,"title":"\ud83d","tag_name":"\ud83d"}"#, &deep] {
            let Transformed::Items(after) =
                transform_page(provider, entity, format!("{}, {bad}{}", &text[..last], &text[last..]).as_bytes())
            else {
                panic!()
            };
            let (kept, added) = after.split_at(before.len());
            assert_eq!(kept, before);
            assert!(matches!(added, [Item::Quarantined(_)]), "{bad:.60}: {added:?}");
        }
    });
}

#[test]
fn a_damaged_byte_costs_one_item() {
    each(|provider, entity| {
        let whole = page(provider.kind(), entity.as_str());
        let Transformed::Items(before) = transform_page(provider, entity, &whole) else { panic!() };
        let Some(last) = whole.iter().rposition(|byte| *byte == b']') else { return };
        let mut damaged = whole[..last].to_vec();
        damaged.extend_from_slice(b",{\"title\":\"\xff\"}");
        damaged.extend_from_slice(&whole[last..]);
        let Transformed::Items(after) = transform_page(provider, entity, &damaged) else { panic!() };
        assert_eq!(after[..before.len()], before);
        assert!(matches!(&after[before.len()..], [Item::Quarantined(_)]));
    });
}
