//! Webhooks as Vercel sends them: the body, and the signed request around it.

use jiff::Timestamp;

use crate::signed::{self, SignedWebhook};

/// One webhook: what Vercel would post. The same event made again has the same bytes and the same id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The body's `type`: `deployment.created`, `deployment.ready`, `project.renamed`, ...
    pub event: String,
    /// The deployment it is about; for a rollback the one that is restored.
    pub deployment: Option<String>,
    /// When it happened. The body's `createdAt` is some milliseconds later.
    pub at: Timestamp,
    /// The body's `id`: no header names the delivery.
    pub delivery_id: String,
    /// The raw body.
    pub body: Vec<u8>,
}

impl Webhook {
    /// The request Vercel would send with this secret, which for an integration is its client secret
    /// (<https://vercel.com/docs/webhooks/webhooks-api#securing-webhooks>).
    #[must_use]
    pub fn signed(&self, secret: &[u8]) -> SignedWebhook {
        let headers = vec![
            ("content-type", "application/json; charset=utf-8".to_owned()),
            ("x-vercel-signature", signed::sha1(secret, &self.body)),
        ];
        SignedWebhook { headers, body: self.body.clone() }
    }
}
