//! The form of Linear's webhook requests, their signature, and how old one may be.
//! <https://linear.app/developers/webhooks#securing-webhooks>

use std::time::Duration;

use connector_domain::http::{Headers, WebhookRequest};
use connector_domain::{Delivery, ProviderKind, Secret, Timestamp, Verified};
use serde::Deserialize;

use crate::signature::{check_form, check_sha256, delivery_id, is_word, sign_sha256, signature};
use crate::{Rejection, json};

const EVENT: &str = "linear-event";
const DELIVERY: &str = "linear-delivery";
const SIGNATURE: &str = "linear-signature";
const SENT: &str = "linear-timestamp";

/// Linear tries again after a minute, an hour and six hours, and does not say whether a retry is signed anew. A window of
/// a minute, which its SDK uses, could refuse each of them; whatever comes twice within this one is found as a duplicate.
const MAX_AGE: Duration = Duration::from_secs(8 * 3_600);
/// How far Linear's clock may be ahead of ours.
const MAX_AHEAD: Duration = Duration::from_secs(5 * 60);

/// What the body says about itself. All of it is signed; the headers beside it are not.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    #[serde(rename = "type")]
    event: Option<String>,
    webhook_timestamp: Option<Sending>,
}

/// When it was sent: in milliseconds since 1970; some years ago as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Sending {
    Milliseconds(f64),
    Text(Timestamp),
}

/// Checks form, signature and age.
pub(super) fn verify(
    request: WebhookRequest,
    secrets: &[Secret],
    now: Timestamp,
) -> Result<Delivery<Verified>, Rejection> {
    check_form(&request)?;
    let WebhookRequest { headers, body } = request;
    check_sha256(&body, signature(&headers, SIGNATURE)?, secrets)?;

    // A body that cannot be read is kept like any other that Linear signed.
    let sent: Option<Sent> = json::parse(&body).ok();
    let (event, at) = sent.map_or((None, None), |sent| (sent.event, sent.webhook_timestamp));
    if at.is_some_and(|at| !is_fresh(&at, now)) {
        return Err(Rejection::Stale);
    }
    let header = headers.single(EVENT).ok().flatten().map(str::to_owned);
    let event = [event, header].into_iter().flatten().find(|event| is_word(event)).ok_or(Rejection::MissingEvent)?;
    let transport_id = delivery_id(&headers, DELIVERY);
    Delivery::webhook(ProviderKind::Linear, event, transport_id, body, now).verify(|_| Ok(()))
}

fn is_fresh(sending: &Sending, now: Timestamp) -> bool {
    let at = match sending {
        Sending::Text(at) => *at,
        // Casting saturates, and a moment that far away is not fresh.
        #[expect(clippy::cast_possible_truncation, reason = "saturates")]
        Sending::Milliseconds(ms) => match Timestamp::from_millisecond(*ms as i64) {
            Ok(at) => at,
            Err(_) => return false,
        },
    };
    match Duration::try_from(now.duration_since(at)) {
        Ok(age) => age <= MAX_AGE,
        Err(_) => at.duration_since(now).unsigned_abs() <= MAX_AHEAD,
    }
}

/// The headers with which Linear would send `body`.
pub(super) fn sign(event: &str, delivery_id: &str, body: &[u8], secret: &Secret, now: Timestamp) -> Headers {
    [
        ("content-type", "application/json; charset=utf-8".to_owned()),
        (EVENT, event.to_owned()),
        (DELIVERY, delivery_id.to_owned()),
        (SENT, now.as_millisecond().to_string()),
        (SIGNATURE, sign_sha256(body, secret)),
    ]
    .into_iter()
    .collect()
}

#[cfg(test)]
mod tests {
    use connector_domain::delivery::Origin;

    use super::*;

    fn now() -> Timestamp {
        "2026-02-01T00:00:00Z".parse().unwrap()
    }

    fn verified(body: &str, change: impl FnOnce(&mut Headers)) -> Result<Delivery<Verified>, Rejection> {
        let secret = Secret::new("s").unwrap();
        let mut headers = sign("Issue", "2c6e9b4d-8a1f-4c7e-9d3b-5a8f2c6e9b4d", body.as_bytes(), &secret, now());
        change(&mut headers);
        verify(WebhookRequest { headers, body: body.into() }, &[secret], now())
    }

    fn sent(at: &str) -> Result<Delivery<Verified>, Rejection> {
        verified(&format!(r#"{{"type":"Issue","webhookTimestamp":{at}}}"#), |_| {})
    }

    #[test]
    fn every_retry_is_in_time_and_nothing_much_older() {
        let before = |seconds: i64| (now().as_millisecond() - seconds * 1_000).to_string();
        for age in [0, 60, 3_660, 25_260, -60] {
            assert!(sent(&before(age)).is_ok(), "{age}");
        }
        for age in [8 * 3_600 + 1, 999_999_999, -301] {
            assert_eq!(sent(&before(age)).unwrap_err(), Rejection::Stale, "{age}");
        }
        assert!(sent("\"2026-01-31T23:59:59.800Z\"").is_ok());
        assert_eq!(sent("\"2023-09-17T11:02:48.800Z\"").unwrap_err(), Rejection::Stale);
        for absurd in ["1e300", "-1e300", "1770000"] {
            assert_eq!(sent(absurd).unwrap_err(), Rejection::Stale, "{absurd}");
        }
        // Before 2022 there was none.
        assert!(sent("null").is_ok());
    }

    #[test]
    fn the_header_that_is_not_signed_decides_nothing() {
        let old = r#"{"type":"Issue","webhookTimestamp":1600000000000}"#;
        assert_eq!(verified(old, |_| {}).unwrap_err(), Rejection::Stale);
        let delivery = verified(r#"{"type":"Comment"}"#, |_| {}).unwrap();
        assert!(matches!(delivery.origin, Origin::Webhook { event, .. } if event == "Comment"));
        let delivery = verified("not json", |_| {}).unwrap();
        assert!(matches!(delivery.origin, Origin::Webhook { event, .. } if event == "Issue"));
    }

    #[test]
    fn the_form_is_refused() {
        assert_eq!(verified("{}", |h| h.add(SIGNATURE, "00")).unwrap_err(), Rejection::MalformedSignature);
        let wrong = |value: &str| {
            verified("{}", |h| *h = [(SIGNATURE, value), (EVENT, "Issue")].into_iter().collect()).unwrap_err()
        };
        assert_eq!(wrong("sha256=00"), Rejection::MalformedSignature);
        assert_eq!(wrong(&"0".repeat(64)), Rejection::WrongSignature);
        assert_eq!(verified("{}", |h| *h = Headers::default()).unwrap_err(), Rejection::MissingSignature);
        assert_eq!(verified("", |_| {}).unwrap_err(), Rejection::EmptyBody);
        let unnamed = verified("{}", |h| {
            *h = [(SIGNATURE, h.first(SIGNATURE).unwrap_or_default().to_owned())].into_iter().collect();
        });
        assert_eq!(unnamed.unwrap_err(), Rejection::MissingEvent);
    }
}
