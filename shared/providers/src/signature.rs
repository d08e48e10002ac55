//! HMAC checks that all providers share: over raw bytes, against every secret, in constant time.

use connector_domain::Secret;
use connector_domain::http::{Headers, WebhookRequest};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

use crate::Rejection;

/// Checks a lower-case hexadecimal HMAC-SHA256.
///
/// # Errors
/// [`Rejection::NotConfigured`] without a secret, [`Rejection::MalformedSignature`] when `hex_mac` is not 64
/// lower-case hexadecimal digits, [`Rejection::WrongSignature`] when no secret made it.
pub fn check_sha256(body: &[u8], hex_mac: &str, secrets: &[Secret]) -> Result<(), Rejection> {
    check::<Hmac<Sha256>>(body, hex_mac, secrets)
}

/// Checks a lower-case hexadecimal HMAC-SHA1. What broke SHA-1 are collisions, and they do not help to forge an HMAC.
/// <https://www.rfc-editor.org/rfc/rfc6194#section-3.3>
///
/// # Errors
/// As [`check_sha256`], for 40 digits.
pub fn check_sha1(body: &[u8], hex_mac: &str, secrets: &[Secret]) -> Result<(), Rejection> {
    check::<Hmac<Sha1>>(body, hex_mac, secrets)
}

fn check<M: Mac + KeyInit>(body: &[u8], hex_mac: &str, secrets: &[Secret]) -> Result<(), Rejection> {
    if secrets.is_empty() {
        return Err(Rejection::NotConfigured);
    }
    let lower = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    if hex_mac.len() != 2 * M::output_size() || !hex_mac.bytes().all(lower) {
        return Err(Rejection::MalformedSignature);
    }
    let mac = hex::decode(hex_mac).map_err(|_| Rejection::MalformedSignature)?;
    // Every secret is tried, so that the time taken does not tell which one matched.
    let mut matched = false;
    for secret in secrets {
        matched |= hmac::<M>(body, secret).is_some_and(|hmac| hmac.verify_slice(&mac).is_ok());
    }
    if matched { Ok(()) } else { Err(Rejection::WrongSignature) }
}

/// Checks that a request is of the form that can be signed and read: JSON, as it was sent, and not empty.
pub(crate) fn check_form(request: &WebhookRequest) -> Result<(), Rejection> {
    let header = |name| request.headers.first(name);
    // The bytes are signed as they are sent, so an inflated or decoded body could not be checked.
    if header("content-encoding").is_some_and(|coding| !coding.trim().eq_ignore_ascii_case("identity")) {
        return Err(Rejection::ContentEncoding);
    }
    if header("content-type").is_some_and(|kind| !is_json(kind)) {
        return Err(Rejection::UnsupportedMediaType);
    }
    if request.body.is_empty() { Err(Rejection::EmptyBody) } else { Ok(()) }
}

fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/json")
}

/// The signature of a request: its header must come once.
pub(crate) fn signature<'a>(headers: &'a Headers, name: &str) -> Result<&'a str, Rejection> {
    headers.single(name).map_err(|_| Rejection::MalformedSignature)?.ok_or(Rejection::MissingSignature)
}

/// The sender's id of a delivery, to show: it is outside the signature.
pub(crate) fn delivery_id(headers: &Headers, name: &str) -> Option<String> {
    headers.first(name).filter(|id| is_word(id)).map(str::to_owned)
}

/// Whether a header that is outside the signature looks like a name or an id, and may be kept.
pub(crate) fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

/// The hexadecimal HMAC-SHA256 of a body.
#[must_use]
pub fn sign_sha256(body: &[u8], secret: &Secret) -> String {
    sign::<Hmac<Sha256>>(body, secret)
}

/// The hexadecimal HMAC-SHA1 of a body.
#[must_use]
pub fn sign_sha1(body: &[u8], secret: &Secret) -> String {
    sign::<Hmac<Sha1>>(body, secret)
}

fn sign<M: Mac + KeyInit>(body: &[u8], secret: &Secret) -> String {
    hmac::<M>(body, secret).map_or_else(String::new, |hmac| hex::encode(hmac.finalize().into_bytes()))
}

/// `None` never happens: HMAC takes keys of every length.
fn hmac<M: Mac + KeyInit>(body: &[u8], secret: &Secret) -> Option<M> {
    let mut hmac = M::new_from_slice(secret.expose()).ok()?;
    hmac.update(body);
    Some(hmac)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text).unwrap()
    }

    /// The example of <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>.
    const PUBLISHED: &str = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    #[test]
    fn githubs_published_example_verifies() {
        let secrets = [secret("It's a Secret to Everybody")];
        assert_eq!(check_sha256(b"Hello, World!", PUBLISHED, &secrets), Ok(()));
        assert_eq!(sign_sha256(b"Hello, World!", &secrets[0]), PUBLISHED);
    }

    /// The second case of <https://www.rfc-editor.org/rfc/rfc2202#section-3>.
    #[test]
    fn a_published_sha1_example_verifies() {
        let (body, mac) = (b"what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
        assert_eq!(check_sha1(body, mac, &[secret("Jefe")]), Ok(()));
        assert_eq!(sign_sha1(body, &secret("Jefe")), mac);
        assert_eq!(check_sha1(body, mac, &[secret("jefe")]), Err(Rejection::WrongSignature));
        assert_eq!(check_sha1(body, PUBLISHED, &[secret("Jefe")]), Err(Rejection::MalformedSignature));
        assert_eq!(check_sha256(body, mac, &[secret("Jefe")]), Err(Rejection::MalformedSignature));
    }

    #[test]
    fn any_configured_secret_is_accepted_and_no_other() {
        let mac = sign_sha256(b"x", &secret("old"));
        assert_eq!(check_sha256(b"x", &mac, &[secret("new"), secret("old")]), Ok(()));
        assert_eq!(check_sha256(b"x", &mac, &[secret("new")]), Err(Rejection::WrongSignature));
        assert_eq!(check_sha256(b"y", &mac, &[secret("old")]), Err(Rejection::WrongSignature));
        assert_eq!(check_sha256(b"x", &mac, &[]), Err(Rejection::NotConfigured));
    }

    #[test]
    fn only_the_documented_form_is_looked_at() {
        for bad in ["", "zz", &PUBLISHED.to_uppercase(), &PUBLISHED[1..], &format!("{PUBLISHED}0"), &"é".repeat(32)] {
            assert_eq!(
                check_sha256(b"Hello, World!", bad, &[secret("s")]),
                Err(Rejection::MalformedSignature),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn only_json_as_it_was_sent_is_looked_at() {
        let check = |name: &str, value: &str, body: &[u8]| {
            check_form(&WebhookRequest { headers: [(name, value)].into_iter().collect(), body: body.into() })
        };
        for kind in ["application/json", "Application/JSON; charset=utf-8"] {
            assert_eq!(check("content-type", kind, b"{}"), Ok(()), "{kind}");
        }
        for form in ["", "application/x-www-form-urlencoded", "application/jsonp"] {
            assert_eq!(check("content-type", form, b"{}"), Err(Rejection::UnsupportedMediaType), "{form}");
        }
        assert_eq!(check("content-encoding", "identity", b"{}"), Ok(()));
        assert_eq!(check("content-encoding", "gzip", b"{}"), Err(Rejection::ContentEncoding));
        assert_eq!(check("x", "", b""), Err(Rejection::EmptyBody));
        assert!(is_word("AppUser_Notification-1") && !is_word("") && !is_word("a b") && !is_word(&"a".repeat(65)));
    }
}
