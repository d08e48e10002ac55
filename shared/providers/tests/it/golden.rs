//! What the fixtures become, to the letter.

use connector_providers::all;

use crate::support::{page, pages, shown, transform_page, webhook, webhooks};

#[test]
fn webhooks_become_these_facts() {
    for provider in all() {
        for fixture in webhooks(provider.kind()) {
            let transformed = provider.transform(&webhook(provider.kind(), &fixture.event, &fixture.body));
            let name = format!("{}.{}.{}", provider.kind(), fixture.event, fixture.case);
            insta::assert_json_snapshot!(name, shown(&transformed));
        }
    }
}

#[test]
fn pages_become_these_facts() {
    for provider in all() {
        let pages = pages(provider.kind());
        for entity in provider.entity_types() {
            assert!(pages.iter().any(|name| name == entity.as_str()), "{} {entity}", provider.kind());
        }
        for name in pages {
            let entity = name.split('.').next().unwrap().parse().unwrap();
            let transformed = transform_page(*provider, entity, &page(provider.kind(), &name));
            insta::assert_json_snapshot!(format!("{}.page.{name}", provider.kind()), shown(&transformed));
        }
    }
}
