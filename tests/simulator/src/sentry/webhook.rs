//! Webhooks as Sentry sends them: the body, and the signed request around it.

use jiff::Timestamp;

use crate::{
    random::{Random, of_name},
    signed::{self, SignedWebhook},
};

/// One webhook: what Sentry would post. The same event made again has the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The value of `Sentry-Hook-Resource`: `issue`, `error`, `event_alert`, ...
    pub resource: String,
    /// The body's `action`.
    pub action: String,
    /// The issue it is about.
    pub issue: Option<u64>,
    /// The comment it is about.
    pub comment: Option<u64>,
    /// When it happened.
    pub at: Timestamp,
    /// The raw body.
    pub body: Vec<u8>,
}

impl Webhook {
    /// The request Sentry would send with this client secret
    /// (<https://docs.sentry.io/organization/integrations/integration-platform/webhooks/>).
    #[must_use]
    pub fn signed(&self, secret: &[u8]) -> SignedWebhook {
        self.signed_again(secret, 0)
    }

    /// The same at its `attempt`th repetition: five minutes later each, with a `Request-ID` of its own. Neither the id
    /// nor the time is under the signature.
    #[must_use]
    pub fn signed_again(&self, secret: &[u8], attempt: u32) -> SignedWebhook {
        let text = String::from_utf8_lossy(&self.body);
        let request = Random::new(of_name(&text), &[u64::from(attempt), 0x2E9]).uuid().replace('-', "");
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("request-id", request),
            ("sentry-hook-resource", self.resource.clone()),
            ("sentry-hook-timestamp", (self.at.as_second() + 300 * i64::from(attempt)).to_string()),
            ("sentry-hook-signature", signed::sha256(secret, &self.body)),
        ];
        SignedWebhook { headers, body: self.body.clone() }
    }
}
