//! Percent-encoding. <https://www.rfc-editor.org/rfc/rfc3986#section-2.1>

use std::fmt::Write;

/// Encodes what may not stand in a path as it is; slashes stay.
/// <https://www.rfc-editor.org/rfc/rfc3986#section-3.3>
pub(crate) fn path(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => encoded.push(char::from(byte)),
            b'-' | b'.' | b'_' | b'~' | b'/' | b'@' | b'+' | b':' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*'
            | b',' | b';' | b'=' => encoded.push(char::from(byte)),
            // Writing to a String cannot fail.
            _ => _ = write!(encoded, "%{byte:02X}"),
        }
    }
    encoded
}

/// What an encoded text stands for; `None` when it is damaged. A plus stays one: no cursor has blanks.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        decoded.push(match byte {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_must_be_is_encoded() {
        assert_eq!(path("feature/a-b_c.d~e+f@1"), "feature/a-b_c.d~e+f@1");
        assert_eq!(path("fix/#12 50%?é"), "fix/%2312%2050%25%3F%C3%A9");
    }

    #[test]
    fn what_is_encoded_can_be_decoded() {
        for text in ["Y3Vyc29yOnYyOpK5==", "fix/#12 50%?é", "a+b"] {
            assert_eq!(decode(&path(text)).as_deref(), Some(text));
        }
        assert_eq!(decode("%3d%3D").as_deref(), Some("=="));
        for damaged in ["%", "%4", "%zz", "%C3", "%+1"] {
            assert_eq!(decode(damaged), None, "{damaged}");
        }
    }
}
