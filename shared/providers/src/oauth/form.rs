//! Bodies that hold credentials. They are written once, into bytes that are wiped.

use connector_domain::Secret;
use connector_domain::http::Body;
use serde::Serialize;

/// A form. <https://url.spec.whatwg.org/#urlencoded-serializing>
pub(crate) fn form(fields: &[(&str, &str)]) -> Option<Body> {
    let room = fields.iter().map(|(name, value)| name.len() + value.len() * 3 + 2).sum();
    let mut text = String::with_capacity(room);
    for (name, value) in fields {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        for byte in value.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => text.push(char::from(byte)),
                b' ' => text.push('+'),
                _ => {
                    text.push('%');
                    text.push(char::from(HEX[usize::from(byte >> 4)]));
                    text.push(char::from(HEX[usize::from(byte & 15)]));
                }
            }
        }
    }
    Secret::new(text).map(Body::SecretForm)
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// A JSON object.
pub(crate) fn json(fields: &impl Serialize) -> Option<Body> {
    Secret::new(serde_json::to_vec(fields).ok()?).map(Body::SecretJson)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_become_a_field() {
        let body = form(&[("code", "a&client_id=b c"), ("client_secret", "é+%/")]).unwrap();
        assert_eq!(body.expose(), b"code=a%26client_id%3Db+c&client_secret=%C3%A9%2B%25%2F");
        assert!(!format!("{body:?}").contains("code"));
    }
}
