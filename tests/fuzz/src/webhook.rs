//! Webhooks: what is signed comes through untouched and has an outcome; with another bit it is refused.

use connector_domain::http::WebhookRequest;
use connector_domain::{ProviderKind, Secret};
use connector_providers::{Rejection, provider};

use crate::fixtures::{now, webhooks};
use crate::held;
use crate::input::Input;

/// One webhook of a provider.
pub fn webhook(kind: ProviderKind, data: &[u8]) {
    let provider = provider(kind).unwrap();
    let mut input = Input::new(data);
    let fixture = input.pick(webhooks(kind));
    let event = if input.below(16) == 15 { input.text() } else { fixture.name.clone() };
    let body = input.like(fixture);
    let secret = Secret::new("secret").unwrap();
    let headers = provider.sign(&event, "1", &body, &secret, now());
    let verify = |body| {
        let request = WebhookRequest { headers: headers.clone(), body };
        provider.verify(request, std::slice::from_ref(&secret), now())
    };
    if let Some(tampered) = input.tampered(&body) {
        assert!(verify(tampered).is_err(), "another body has this signature");
    }
    match verify(body.clone()) {
        Ok(delivery) => {
            assert_eq!(delivery.raw, body);
            let told = provider.transform(&delivery);
            held::transformed(&told);
            let _route = provider.route(&delivery);
        }
        Err(Rejection::EmptyBody) => assert!(body.is_empty()),
        Err(Rejection::MissingEvent) => assert_ne!(event, fixture.name),
        // The time of sending is in the body.
        Err(Rejection::Stale) => assert_eq!(kind, ProviderKind::Linear),
        Err(other) => panic!("{other}"),
    }
}
