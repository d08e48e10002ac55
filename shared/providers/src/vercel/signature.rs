//! The form of Vercel's webhook requests and their signature.
//! <https://vercel.com/docs/webhooks/webhooks-api#securing-webhooks>

use connector_domain::http::{Headers, WebhookRequest};
use connector_domain::{Delivery, ProviderKind, Secret, Timestamp, Verified};
use serde::Deserialize;

use crate::signature::{check_form, check_sha1, is_word, sign_sha1, signature};
use crate::{Rejection, json};

const SIGNATURE: &str = "x-vercel-signature";

/// The event of a body that does not name one.
const NAMELESS: &str = "unnamed";

/// No header names the event or the delivery: both stand in the signed body.
#[derive(Default, Deserialize)]
struct Named {
    #[serde(rename = "type")]
    event: Option<String>,
    id: Option<String>,
}

/// Checks form and signature; only then is the body looked into.
pub(super) fn verify(
    request: WebhookRequest,
    secrets: &[Secret],
    now: Timestamp,
) -> Result<Delivery<Verified>, Rejection> {
    check_form(&request)?;
    let WebhookRequest { headers, body } = request;
    check_sha1(&body, signature(&headers, SIGNATURE)?, secrets)?;

    // A body that cannot be read is kept like any other that Vercel signed.
    let named: Named = json::parse(&body).unwrap_or_default();
    let event = named.event.filter(|event| event.split('.').all(is_word)).unwrap_or_else(|| NAMELESS.to_owned());
    let id = named.id.filter(|id| is_word(id));
    Delivery::webhook(ProviderKind::Vercel, event, id, body, now).verify(|_| Ok(()))
}

/// The headers with which Vercel would send `body`.
pub(super) fn sign(body: &[u8], secret: &Secret) -> Headers {
    [("content-type", "application/json; charset=utf-8".to_owned()), (SIGNATURE, sign_sha1(body, secret))]
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use connector_domain::delivery::Origin;

    use super::*;

    fn verified(body: &str, change: impl FnOnce(&mut Headers)) -> Result<Delivery<Verified>, Rejection> {
        let secret = Secret::new("s").unwrap();
        let mut headers = sign(body.as_bytes(), &secret);
        change(&mut headers);
        verify(WebhookRequest { headers, body: body.into() }, &[secret], Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_signed_body_names_its_event_and_itself() {
        let origin = |body| verified(body, |_| {}).unwrap().origin;
        assert_eq!(
            origin(r#"{"id":"uev_1","type":"deployment.created"}"#),
            Origin::Webhook { event: "deployment.created".into(), transport_id: Some("uev_1".into()) }
        );
        for unnamed in ["{}", "not json", r#"{"type":7}"#, r#"{"type":"a b","id":"\n"}"#] {
            assert_eq!(origin(unnamed), Origin::Webhook { event: NAMELESS.into(), transport_id: None }, "{unnamed}");
        }
    }

    #[test]
    fn only_the_documented_header_is_looked_at() {
        let with =
            |value: &'static str| move |headers: &mut Headers| *headers = [(SIGNATURE, value)].into_iter().collect();
        let none = |headers: &mut Headers| *headers = Headers::default();
        assert_eq!(verified("{}", none).unwrap_err(), Rejection::MissingSignature);
        let other = "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79";
        assert_eq!(verified("{}", with(other)).unwrap_err(), Rejection::WrongSignature);
        for bad in ["", "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", "EFFCDF6AE5EB2FA2D27416D5F184DF9C259A7C79"] {
            assert_eq!(verified("{}", with(bad)).unwrap_err(), Rejection::MalformedSignature, "{bad}");
        }
        let twice = |headers: &mut Headers| headers.add(SIGNATURE, other);
        assert_eq!(verified("{}", twice).unwrap_err(), Rejection::MalformedSignature);
    }
}
