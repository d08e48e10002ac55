//! The little of JSON Web Tokens that is needed. <https://www.rfc-editor.org/rfc/rfc7519>

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connector_domain::Secret;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// Header and claims of a token that is to be signed by RS256.
pub(crate) fn unsigned_rs256(claims: &Value) -> String {
    unsigned("RS256", claims)
}

/// A token signed by HS256.
pub(crate) fn hs256(claims: &Value, key: &Secret) -> Option<Secret> {
    let text = unsigned("HS256", claims);
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).ok()?;
    mac.update(text.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    Secret::new(format!("{text}.{signature}"))
}

fn unsigned(algorithm: &str, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(&json!({ "alg": algorithm, "typ": "JWT" })), part(claims))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checked with `openssl dgst -sha256 -hmac secret`.
    #[test]
    fn the_signature_covers_header_and_claims() {
        let token = hs256(&json!({ "iss": "id", "iat": 1 }), &Secret::new("secret").unwrap()).unwrap();
        let text = token.expose_str().unwrap();
        let [header, claims, signature] = text.split('.').collect::<Vec<_>>()[..] else { panic!("{text}") };
        assert_eq!(header, "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9");
        assert_eq!(claims, "eyJpYXQiOjEsImlzcyI6ImlkIn0");
        assert_eq!(signature, "YMlD8hTwhE25wZ8jixWKqPZF_7XSM-iR2QEJ_uFOwq8");
    }
}
