//! Webhooks as GitHub sends them: the body, and the signed request around it.

use jiff::Timestamp;

use crate::signed::{self, SignedWebhook};

/// One webhook: what GitHub would post. The same event made again has the same bytes and the same id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The value of `X-GitHub-Event`: `pull_request`, `issues`, `release`, `push`, ...
    pub event: String,
    /// The body's `action`; `push` has none.
    pub action: Option<String>,
    /// The number of the issue, pull request or discussion it is about.
    pub number: Option<u32>,
    /// When it happened.
    pub at: Timestamp,
    /// The value of `X-GitHub-Delivery`.
    pub delivery_id: String,
    /// The raw body.
    pub body: Vec<u8>,
}

impl Webhook {
    /// The request GitHub would send with this secret
    /// (<https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>).
    #[must_use]
    pub fn signed(&self, secret: &[u8]) -> SignedWebhook {
        let headers = vec![
            ("accept", "*/*".to_owned()),
            ("content-type", "application/json".to_owned()),
            ("user-agent", "GitHub-Hookshot/044aadd".to_owned()),
            ("x-github-event", self.event.clone()),
            ("x-github-delivery", self.delivery_id.clone()),
            ("x-github-hook-id", "403738602".to_owned()),
            ("x-github-hook-installation-target-id", "115204".to_owned()),
            ("x-github-hook-installation-target-type", "integration".to_owned()),
            ("x-hub-signature-256", format!("sha256={}", signed::sha256(secret, &self.body))),
        ];
        SignedWebhook { headers, body: self.body.clone() }
    }
}
