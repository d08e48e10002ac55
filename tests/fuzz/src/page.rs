//! Lists: whatever answers, a walk goes on from what it wrote itself, asks only its own provider, and has an outcome.

use connector_domain::backfill::{Cursor, Disposition, EntityType};
use connector_domain::delivery::Origin;
use connector_domain::http::{Headers, HttpResponse};
use connector_domain::{AccountId, Delivery, ProviderKind, RunId};
use connector_providers::{Scope, provider};

use crate::fixtures::{now, pages, resource, window};
use crate::held;
use crate::input::Input;

/// Some pages of a list of a provider.
pub fn page(kind: ProviderKind, data: &[u8]) {
    let provider = provider(kind).unwrap();
    let mut input = Input::new(data);
    let fixture = input.pick(pages(kind));
    let (entity, resource): (EntityType, _) = (fixture.name.parse().unwrap(), resource());
    let account = AccountId::parse("5001").unwrap();
    let scope = Scope { account: &account, resource: &resource, entity, window: window(), page_size: input.number() };
    let mut cursor = if input.below(4) == 3 { Cursor::parse(input.text()).ok() } else { None };
    for page in 0..4 {
        held::request(&provider.page_request(&scope, cursor.as_ref()).unwrap());
        let status = if input.below(8) == 7 { 100 + u16::try_from(input.below(500)).unwrap() } else { 200 };
        let response = HttpResponse { status, headers: headers(&mut input), body: input.like(fixture) };
        let read = provider.read_page(&scope, cursor.as_ref(), &response, now());

        let origin = Origin::Page {
            run: RunId::parse("run").unwrap(),
            resource: resource.clone(),
            entity,
            page,
            window: window(),
            hold: false,
        };
        let delivery = Delivery::page(kind, origin, response.body.clone(), now());
        held::transformed(&provider.transform(&delivery));

        let Ok(read) = read else { break };
        assert_eq!(status, 200);
        let Some(next) = read.next else { break };
        let again = provider.read_page(&scope, Some(&next), &response, now());
        let forgotten = matches!(&again, Err(error) if error.disposition == Disposition::Restart);
        assert!(!forgotten, "it cannot read its own cursor {}", next.as_str());
        cursor = Some(next);
    }
}

/// Headers that an answer's reader looks at, each right, nearly right or anything.
fn headers(input: &mut Input<'_>) -> Headers {
    let names = [
        "link",
        "retry-after",
        "x-ratelimit-remaining",
        "x-ratelimit-limit",
        "x-ratelimit-reset",
        "x-complexity",
        "x-github-request-id",
        "x-sentry-rate-limit-remaining",
        "x-sentry-rate-limit-reset",
    ];
    let mut headers = Headers::default();
    for _ in 0..input.below(5) {
        let (number, text) = (input.number(), input.text());
        let value = match input.below(6) {
            0 => format!(
                "<https://api.example/x?page={number}&after={text}>; rel=\"next\"; results=\"true\"; cursor=\"0:{number}:0\""
            ),
            1 => format!(
                "<x?page=1>; rel=\"prev\", <https://api.example/{text}>; rel=\"next\", <x?page={number}>; rel=\"last\""
            ),
            2 => format!("<https://api.example/x?a=\"{text}>; title=\"{text}\\\"; rel=next; rel=\"next"),
            3 => number.to_string(),
            4 => "Fri, 06 Feb 2026 12:02:00 GMT".to_owned(),
            _ => text,
        };
        headers.add(input.pick::<&str>(&names), value);
    }
    headers
}
