//! Webhooks as GitHub sends them: the body, and the signed request around it.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

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

/// A webhook as an HTTP request: its headers and its raw body.
#[derive(Clone)]
pub struct SignedWebhook {
    /// Lower-case names and values.
    pub headers: Vec<(&'static str, String)>,
    /// The raw body, which the signature covers.
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
            ("x-hub-signature-256", format!("sha256={}", signature(secret, &self.body))),
        ];
        SignedWebhook { headers, body: self.body.clone() }
    }
}

/// The hexadecimal HMAC-SHA256 of a body.
fn signature(secret: &[u8], body: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret).unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

impl SignedWebhook {
    /// The value of one header, by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(held, _)| *held == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for SignedWebhook {
    /// Without the signature: it would end in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedWebhook")
            .field("event", &self.header("x-github-event"))
            .field("delivery", &self.header("x-github-delivery"))
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_githubs_published_example() {
        assert_eq!(
            signature(b"It's a Secret to Everybody", b"Hello, World!"),
            "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        );
    }
}
