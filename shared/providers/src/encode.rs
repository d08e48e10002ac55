//! Percent-encoding of paths. <https://www.rfc-editor.org/rfc/rfc3986#section-3.3>

use std::fmt::Write;

/// Encodes what may not stand in a path as it is; slashes stay.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_must_be_is_encoded() {
        assert_eq!(path("feature/a-b_c.d~e+f@1"), "feature/a-b_c.d~e+f@1");
        assert_eq!(path("fix/#12 50%?é"), "fix/%2312%2050%25%3F%C3%A9");
    }
}
