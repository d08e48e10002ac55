//! The form of Sentry's webhook requests and their signature.
//! <https://docs.sentry.io/organization/integrations/integration-platform/webhooks/#verifying-the-signature>

use connector_domain::http::{Headers, WebhookRequest};
use connector_domain::{Delivery, ProviderKind, Secret, Timestamp, Verified};

use crate::Rejection;
use crate::signature::{check_form, check_sha256, delivery_id, is_word, sign_sha256, signature};

const EVENT: &str = "sentry-hook-resource";
const DELIVERY: &str = "request-id";
const SENT: &str = "sentry-hook-timestamp";
const SIGNATURE: &str = "sentry-hook-signature";

/// Checks form and signature; the body is not looked into. The time in the headers is not signed, so it proves nothing.
pub(super) fn verify(
    request: WebhookRequest,
    secrets: &[Secret],
    now: Timestamp,
) -> Result<Delivery<Verified>, Rejection> {
    check_form(&request)?;
    let WebhookRequest { headers, body } = request;
    let mac = signature(&headers, SIGNATURE)?;
    let event = headers.single(EVENT).ok().flatten().filter(|event| is_word(event)).ok_or(Rejection::MissingEvent)?;
    let transport_id = delivery_id(&headers, DELIVERY);
    // Over the bytes as they came: writing the parsed body anew, as Sentry's own example does, changes numbers and order.
    Delivery::webhook(ProviderKind::Sentry, event.to_owned(), transport_id, body, now)
        .verify(|raw| check_sha256(raw, mac, secrets))
}

/// The headers with which Sentry would send `body`.
pub(super) fn sign(event: &str, delivery_id: &str, body: &[u8], secret: &Secret, now: Timestamp) -> Headers {
    [
        ("content-type", "application/json".to_owned()),
        (EVENT, event.to_owned()),
        (DELIVERY, delivery_id.to_owned()),
        (SENT, now.as_second().to_string()),
        (SIGNATURE, sign_sha256(body, secret)),
    ]
    .into_iter()
    .collect()
}

#[cfg(test)]
mod tests {
    use connector_domain::delivery::Origin;

    use super::*;

    /// The number and the space would not survive being parsed and written anew.
    const BODY: &[u8] = br#"{"data": {"x":1.0}}"#;

    fn verified(change: impl FnOnce(&mut Headers)) -> Result<Delivery<Verified>, Rejection> {
        let secret = Secret::new("s").unwrap();
        let mut headers = sign("issue", "0f2f4b3c-8e1a-4d6f-9b3d-2c7a5e8f1b40", BODY, &secret, Timestamp::UNIX_EPOCH);
        change(&mut headers);
        verify(WebhookRequest { headers, body: BODY.to_vec() }, &[secret], Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_signed_request_becomes_a_delivery() {
        let delivery = verified(|_| {}).unwrap();
        let transport_id = Some("0f2f4b3c-8e1a-4d6f-9b3d-2c7a5e8f1b40".to_owned());
        assert_eq!(delivery.origin, Origin::Webhook { event: "issue".into(), transport_id });
        assert_eq!(delivery.raw, BODY);
    }

    #[test]
    fn the_time_in_the_headers_decides_nothing() {
        assert!(verified(|headers| headers.add(SENT, "1")).is_ok());
    }

    #[test]
    fn the_form_is_refused() {
        let signature = |value: &str| {
            verified(|headers| *headers = [(SIGNATURE, value), (EVENT, "issue")].into_iter().collect()).unwrap_err()
        };
        assert_eq!(signature("sha256=00"), Rejection::MalformedSignature);
        assert_eq!(signature(&"0".repeat(64)), Rejection::WrongSignature);
        assert_eq!(verified(|headers| headers.add(SIGNATURE, "00")).unwrap_err(), Rejection::MalformedSignature);
        assert_eq!(verified(|headers| *headers = Headers::default()).unwrap_err(), Rejection::MissingSignature);
        assert_eq!(verified(|headers| headers.add(EVENT, "error")).unwrap_err(), Rejection::MissingEvent);
        let unnamed = verified(|headers| *headers = [(SIGNATURE, "0".repeat(64))].into_iter().collect());
        assert_eq!(unnamed.unwrap_err(), Rejection::MissingEvent);
    }
}
