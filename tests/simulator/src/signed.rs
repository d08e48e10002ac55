//! A webhook as the HTTP request that carries it, and the signatures of the providers.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

/// A webhook as an HTTP request: its headers and its raw body.
#[derive(Clone)]
pub struct SignedWebhook {
    /// Lower-case names and values.
    pub headers: Vec<(&'static str, String)>,
    /// The raw body, which the signature covers.
    pub body: Vec<u8>,
}

impl SignedWebhook {
    /// The value of one header, by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(held, _)| *held == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for SignedWebhook {
    /// Without the values of headers: the signature among them would end in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| *name).collect();
        f.debug_struct("SignedWebhook").field("headers", &names).field("bytes", &self.body.len()).finish()
    }
}

/// The hexadecimal HMAC-SHA256 of a body.
pub(crate) fn sha256(secret: &[u8], body: &[u8]) -> String {
    hex_mac::<Hmac<Sha256>>(secret, body)
}

/// The hexadecimal HMAC-SHA1 of a body.
pub(crate) fn sha1(secret: &[u8], body: &[u8]) -> String {
    hex_mac::<Hmac<Sha1>>(secret, body)
}

fn hex_mac<M: Mac + KeyInit>(secret: &[u8], body: &[u8]) -> String {
    let mut mac =
        <M as KeyInit>::new_from_slice(secret).unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_githubs_published_example() {
        assert_eq!(
            sha256(b"It's a Secret to Everybody", b"Hello, World!"),
            "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        );
    }

    #[test]
    fn signs_the_example_of_rfc_2202() {
        assert_eq!(sha1(b"Jefe", b"what do ya want for nothing?"), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    }
}
