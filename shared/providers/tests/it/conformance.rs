//! What every provider must do with webhooks, whichever it is.

use connector_domain::event::{Actor, MAX_EVENT_BYTES};
use connector_domain::http::{Headers, WebhookRequest};
use connector_domain::identity::MAX_SOURCE_ID_BYTES;
use connector_domain::text::{MAX_BODY_CHARS, MAX_TITLE_CHARS};
use connector_domain::transformed::Transformed;
use connector_domain::{Delivery, Secret, SourceEvent, Verified};
use connector_providers::{Provider, Rejection, Route, all, provider};
use serde_json::Value;

use crate::support::{
    Webhook, events, items, live as known, now, outcomes, page, secret, table, transform_page, webhook, webhooks,
};

fn each(test: impl Fn(&dyn Provider, &Webhook)) {
    for provider in all() {
        for fixture in webhooks(provider.kind()) {
            test(*provider, &fixture);
        }
    }
}

fn signed(provider: &dyn Provider, fixture: &Webhook, with: &Secret) -> Headers {
    provider.sign(&fixture.event, "0aac0a4e-bbaa-11ed-9d55-67911e83930e", &fixture.body, with, now())
}

fn verify(
    provider: &dyn Provider,
    headers: Headers,
    body: &[u8],
    secrets: &[Secret],
) -> Result<Delivery<Verified>, Rejection> {
    provider.verify(WebhookRequest { headers, body: body.to_vec() }, secrets, now())
}

#[test]
fn the_registry_finds_each_by_its_kind() {
    for one in all() {
        assert_eq!(provider(one.kind()).map(|found| found.kind()), Some(one.kind()));
    }
}

#[test]
fn signed_bytes_come_through_untouched_under_the_current_and_the_previous_secret() {
    each(|provider, fixture| {
        let headers = signed(provider, fixture, &secret("old"));
        for secrets in [vec![secret("old")], vec![secret("new"), secret("old")]] {
            let delivery = verify(provider, headers.clone(), &fixture.body, &secrets).unwrap();
            assert_eq!(delivery.raw, fixture.body);
            assert_eq!((delivery.provider, delivery.received_at), (provider.kind(), now()));
        }
    });
}

#[test]
fn one_changed_byte_or_another_secret_is_refused() {
    each(|provider, fixture| {
        let headers = signed(provider, fixture, &secret("s"));
        for at in (0..fixture.body.len()).step_by(97) {
            let mut tampered = fixture.body.clone();
            tampered[at] ^= 1;
            let refused = verify(provider, headers.clone(), &tampered, &[secret("s")]);
            assert_eq!(refused.unwrap_err(), Rejection::WrongSignature);
        }
        let refused = verify(provider, headers.clone(), &fixture.body, &[secret("t"), secret("u")]);
        assert_eq!(refused.unwrap_err(), Rejection::WrongSignature);
        assert_eq!(verify(provider, headers.clone(), &fixture.body, &[]).unwrap_err(), Rejection::NotConfigured);
        assert_eq!(verify(provider, headers, b"", &[secret("s")]).unwrap_err(), Rejection::EmptyBody);
    });
}

#[test]
fn a_request_without_a_signature_or_with_two_is_refused() {
    each(|provider, fixture| {
        let none = verify(provider, Headers::default(), &fixture.body, &[secret("s")]);
        assert_eq!(none.unwrap_err(), Rejection::MissingSignature);
        // Whatever its header is called: one of them is the signature, and doubled it is refused even when both are right.
        let headers = signed(provider, fixture, &secret("s"));
        let names = ["x-hub-signature-256", "x-vercel-signature", "linear-signature", "sentry-hook-signature"];
        let (name, value) = names.iter().find_map(|name| Some((*name, headers.first(name)?.to_owned()))).unwrap();
        for second in [value.as_str(), "", "0"] {
            let mut doubled = headers.clone();
            doubled.add(name, second);
            let refused = verify(provider, doubled, &fixture.body, &[secret("s")]);
            assert_eq!(refused.unwrap_err(), Rejection::MalformedSignature);
        }
    });
}

#[test]
fn an_event_of_an_account_is_routed_to_it_and_a_fact_to_its_resource() {
    each(|provider, fixture| {
        let delivery = webhook(provider.kind(), &fixture.event, &fixture.body);
        let route = provider.route(&delivery);
        if !events(&provider.transform(&delivery)).is_empty() {
            // Some bodies do not say which resource they are about.
            let of = crate::support::resource().id;
            let told = String::from_utf8_lossy(&fixture.body).contains(of.as_str()).then_some(of);
            assert!(matches!(route, Route::Account { resource, .. } if resource == told), "{}", fixture.event);
        }
    });
}

#[test]
fn an_event_that_nobody_knows_is_ignored_and_named() {
    for provider in all() {
        let fixtures = webhooks(provider.kind());
        let unknown =
            fixtures.iter().find(|fixture| fixture.event == "sculpture").expect("a fixture of no known event");
        let transformed = provider.transform(&webhook(provider.kind(), &unknown.event, &unknown.body));
        assert_eq!(outcomes(&transformed), ["ignored unknown_event:sculpture"]);
    }
}

#[test]
fn no_text_grows_beyond_its_limit() {
    let long = "Zürich 😀 ".repeat(20_000);
    each(|provider, fixture| {
        let mut body: Value = serde_json::from_slice(&fixture.body).unwrap();
        stretch(&mut body, &long);
        let body = serde_json::to_vec(&body).unwrap();
        let transformed = provider.transform(&webhook(provider.kind(), &fixture.event, &body));
        events(&transformed).into_iter().for_each(within_limits);
    });
    for provider in all() {
        for entity in provider.entity_types() {
            let mut body: Value = serde_json::from_slice(&page(provider.kind(), entity.as_str())).unwrap();
            stretch(&mut body, &long);
            let transformed = transform_page(*provider, *entity, &serde_json::to_vec(&body).unwrap());
            let events = events(&transformed);
            assert!(!events.is_empty());
            events.into_iter().for_each(within_limits);
        }
    }
}

/// Makes every text long that people write freely.
fn stretch(value: &mut Value, long: &str) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(|one| stretch(one, long)),
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(text)
                        if ["title", "body", "name", "message", "tag_name", "description"].contains(&&**name) =>
                    {
                        text.push_str(long);
                    }
                    field => stretch(field, long),
                }
            }
        }
        _ => {}
    }
}

fn within_limits(event: &SourceEvent) {
    assert!(event.title.chars().count() <= MAX_TITLE_CHARS);
    assert!(event.title.starts_with(&format!("[{}] ", event.source_type.label())), "{}", event.title);
    assert!(event.body.chars().count() <= MAX_BODY_CHARS);
    assert!(event.source_id.as_str().len() <= MAX_SOURCE_ID_BYTES);
    assert!(serde_json::to_vec(event).unwrap().len() < MAX_EVENT_BYTES);
}

/// The heart of the matter: one fact, one identity, whichever path saw it first.
#[test]
fn a_webhook_and_its_listed_item_tell_the_same_fact() {
    for provider in all() {
        for pair in table(provider.kind(), "pairs") {
            let name = pair["webhook"].as_str().unwrap();
            let (event, _) = name.split_once('.').unwrap();
            let path = crate::support::fixtures(provider.kind()).join(format!("webhooks/{name}.json"));
            let live = provider.transform(&webhook(provider.kind(), event, &std::fs::read(path).unwrap()));
            let [live] = events(&live)[..] else { panic!("{name} is not one fact") };

            let listed = pair["page"].as_str().unwrap();
            let entity = listed.split('.').next().unwrap();
            let mut item: Value = serde_json::from_slice(&page(provider.kind(), listed)).unwrap();
            let all = items(&mut item).unwrap();
            *all = vec![all.swap_remove(usize::try_from(pair["item"].as_u64().unwrap()).unwrap())];
            let item = serde_json::to_vec(&item).unwrap();
            let history = transform_page(*provider, entity.parse().unwrap(), &item);
            let same: Vec<_> = known(history).into_iter().filter(|event| event.source_id == live.source_id).collect();
            let [same] = &same[..] else { panic!("{name}: the item does not prove {}", live.source_id) };

            assert_eq!(same.source_type, live.source_type, "{name}");
            let references = |event: &SourceEvent| event.references.clone();
            assert!(same.references.iter().all(|one| live.references.contains(one)), "{name}: {:?}", same.references);
            let differs = [
                ("title", same.title != live.title),
                ("body", same.body != live.body),
                ("occurredAt", same.occurred_at != live.occurred_at),
                ("references", references(same) != references(live)),
            ];
            let apart: Vec<_> = differs.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect();
            let known: Vec<_> =
                pair["apart"].as_array().into_iter().flatten().map(|field| field.as_str().unwrap()).collect();
            assert_eq!(apart, known, "{name}: {same:?}\n{live:?}");
            // A webhook may know more of who acted.
            if let Some(actor) = &same.actor {
                let live = live.actor.as_ref().unwrap();
                let actor = Actor { email: actor.email.clone().or(live.email.clone()), ..actor.clone() };
                assert_eq!(actor, *live, "{name}");
            }
            // An attribute is the same where both know it.
            for (attribute, value) in &same.metadata {
                assert_eq!(live.metadata.get(attribute).unwrap_or(value), value, "{name}: {attribute}");
            }
        }
    }
}

#[test]
fn the_same_bytes_always_become_the_same_facts() {
    each(|provider, fixture| {
        let delivery = webhook(provider.kind(), &fixture.event, &fixture.body);
        let first: Transformed = provider.transform(&delivery);
        assert_eq!(provider.transform(&delivery), first);
    });
}
