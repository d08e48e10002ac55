//! Webhooks as Linear sends them: the body, and the signed request around it.

use jiff::{SignedDuration, Timestamp};

use crate::{SignedWebhook, signed};

/// One webhook: what Linear would post. The same event made again has the same bytes and the same id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The value of `Linear-Event` and the body's `type`: `Issue`, `Comment`, `ProjectUpdate`, ...
    pub event: String,
    /// The body's `action`.
    pub action: String,
    /// The id of what it is about.
    pub id: String,
    /// When it happened.
    pub at: Timestamp,
    /// When it is sent: the body's `webhookTimestamp`.
    pub sent_at: Timestamp,
    /// The value of `Linear-Delivery`.
    pub delivery_id: String,
    /// The raw body.
    pub body: Vec<u8>,
}

impl Webhook {
    /// The request Linear would send with this secret
    /// (<https://linear.app/developers/webhooks#securing-webhooks>).
    #[must_use]
    pub fn signed(&self, secret: &[u8]) -> SignedWebhook {
        let headers = vec![
            ("accept", "application/json, text/plain, */*".to_owned()),
            ("content-type", "application/json; charset=utf-8".to_owned()),
            ("user-agent", "Linear-Webhook".to_owned()),
            ("linear-delivery", self.delivery_id.clone()),
            ("linear-event", self.event.clone()),
            ("linear-signature", signed::sha256(secret, &self.body)),
            ("linear-timestamp", self.sent_at.as_millisecond().to_string()),
        ];
        SignedWebhook { headers, body: self.body.clone() }
    }

    /// The same webhook, sent again so much later, with the new time in its body. Linear tries again after a minute,
    /// an hour and six hours; whether it then tells the new time or the old one it does not say, so test with both.
    #[must_use]
    pub fn resent(&self, later: SignedDuration) -> Self {
        let sent_at = self.sent_at.checked_add(later).unwrap_or(Timestamp::MAX);
        let text = String::from_utf8_lossy(&self.body);
        let stamp = |at: Timestamp| format!("\"webhookTimestamp\":{}", at.as_millisecond());
        let body = text.replace(&stamp(self.sent_at), &stamp(sent_at)).into_bytes();
        Self { sent_at, body, ..self.clone() }
    }
}
