//! The form of GitHub's webhook requests and their signature.
//! <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>

use connector_domain::http::{Headers, WebhookRequest};
use connector_domain::{Delivery, ProviderKind, Secret, Timestamp, Verified};

use crate::Rejection;
use crate::signature::{check_form, check_sha256, delivery_id, is_word, sign_sha256, signature};

const EVENT: &str = "x-github-event";
const DELIVERY: &str = "x-github-delivery";
const SIGNATURE: &str = "x-hub-signature-256";
const SCHEME: &str = "sha256=";

/// Checks form and signature; the body is not looked into.
pub(super) fn verify(
    request: WebhookRequest,
    secrets: &[Secret],
    now: Timestamp,
) -> Result<Delivery<Verified>, Rejection> {
    check_form(&request)?;
    let WebhookRequest { headers, body } = request;
    let mac = signature(&headers, SIGNATURE)?.strip_prefix(SCHEME).ok_or(Rejection::MalformedSignature)?;
    let event = headers.single(EVENT).ok().flatten().filter(|event| is_word(event)).ok_or(Rejection::MissingEvent)?;
    let transport_id = delivery_id(&headers, DELIVERY);
    Delivery::webhook(ProviderKind::Github, event.to_owned(), transport_id, body, now)
        .verify(|raw| check_sha256(raw, mac, secrets))
}

/// The headers with which GitHub would send `body`.
pub(super) fn sign(event: &str, delivery_id: &str, body: &[u8], secret: &Secret) -> Headers {
    [
        ("content-type", "application/json".to_owned()),
        (EVENT, event.to_owned()),
        (DELIVERY, delivery_id.to_owned()),
        (SIGNATURE, format!("{SCHEME}{}", sign_sha256(body, secret))),
    ]
    .into_iter()
    .collect()
}

#[cfg(test)]
mod tests {
    use connector_domain::delivery::Origin;

    use super::*;

    const BODY: &[u8] = b"{}";

    fn verified(change: impl FnOnce(&mut Headers)) -> Result<Delivery<Verified>, Rejection> {
        let secret = Secret::new("s").unwrap();
        let mut headers = sign("push", "0aac0a4e-bbaa-11ed-9d55-67911e83930e", BODY, &secret);
        change(&mut headers);
        verify(WebhookRequest { headers, body: BODY.to_vec() }, &[secret], Timestamp::UNIX_EPOCH)
    }

    /// The headers without one of them, or with another value for it.
    fn with(name: &'static str, value: Option<&'static str>) -> impl FnOnce(&mut Headers) {
        move |headers| {
            *headers = ["content-type", EVENT, DELIVERY, SIGNATURE]
                .into_iter()
                .filter(|kept| *kept != name)
                .map(|kept| (kept, headers.first(kept).unwrap_or_default().to_owned()))
                .collect();
            if let Some(value) = value {
                headers.add(name, value);
            }
        }
    }

    #[test]
    fn a_signed_request_becomes_a_delivery() {
        let delivery = verified(|_| {}).unwrap();
        let transport_id = Some("0aac0a4e-bbaa-11ed-9d55-67911e83930e".to_owned());
        assert_eq!(delivery.origin, Origin::Webhook { event: "push".into(), transport_id });
        assert!(verified(with("content-type", None)).is_ok());
        assert!(verified(with("content-type", Some("Application/JSON; charset=utf-8"))).is_ok());
        assert!(verified(|headers| headers.add("content-encoding", "identity")).is_ok());
    }

    /// <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation>
    #[test]
    fn githubs_published_example_is_a_delivery() {
        let mac = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let headers: Headers = [(EVENT, "push"), (SIGNATURE, mac)].into_iter().collect();
        let secret = Secret::new("It's a Secret to Everybody").unwrap();
        let request = |body: &[u8]| WebhookRequest { headers: headers.clone(), body: body.to_vec() };
        let verified = |body| verify(request(body), std::slice::from_ref(&secret), Timestamp::UNIX_EPOCH);
        assert_eq!(verified(b"Hello, World!").unwrap().raw, b"Hello, World!");
        assert_eq!(verified(b"Hello, World?").unwrap_err(), Rejection::WrongSignature);
        assert_eq!(sign("push", "1", b"Hello, World!", &secret).first(SIGNATURE), Some(mac));
    }

    #[test]
    fn the_form_is_refused_before_the_signature_is_computed() {
        let refused = |change: &dyn Fn(&mut Headers)| verified(change).unwrap_err();
        assert_eq!(refused(&|h| with(SIGNATURE, None)(h)), Rejection::MissingSignature);
        assert_eq!(refused(&|h| h.add(SIGNATURE, "sha256=00")), Rejection::MalformedSignature);
        assert_eq!(refused(&|h| with(SIGNATURE, Some("sha1=00"))(h)), Rejection::MalformedSignature);
        assert_eq!(refused(&|h| with(SIGNATURE, Some("sha256=zz"))(h)), Rejection::MalformedSignature);
        assert_eq!(refused(&|h| with(EVENT, None)(h)), Rejection::MissingEvent);
        assert_eq!(refused(&|h| with(EVENT, Some("push\u{1b}[31m"))(h)), Rejection::MissingEvent);
        assert_eq!(refused(&|h| h.add(EVENT, "issues")), Rejection::MissingEvent);
        assert_eq!(refused(&|h| h.add("content-encoding", "gzip")), Rejection::ContentEncoding);
        let form = Some("application/x-www-form-urlencoded");
        assert_eq!(refused(&|h| with("content-type", form)(h)), Rejection::UnsupportedMediaType);
    }

    #[test]
    fn a_delivery_id_that_is_not_githubs_is_dropped() {
        let delivery = verified(with(DELIVERY, Some("a b"))).unwrap();
        assert_eq!(delivery.origin, Origin::Webhook { event: "push".into(), transport_id: None });
    }
}
