//! Reading JSON that nobody promised: an error says where and what kind, never what stood there.

use std::borrow::Cow;
use std::fmt;

use connector_domain::Timestamp;
use connector_domain::transformed::Quarantined;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

/// Longest path kept: keys of a payload are foreign text.
const MAX_PATH_CHARS: usize = 200;

/// The bytes as text. JSON is UTF-8; what is not becomes U+FFFD, and makes the text an owned one.
pub(crate) fn text(raw: &[u8]) -> Cow<'_, str> {
    // All of it is good but for accidents, and to check that is many times faster than to look for what is not.
    str::from_utf8(raw).map_or_else(|_| String::from_utf8_lossy(raw), Cow::Borrowed)
}

/// Reads a whole document.
pub(crate) fn parse<'de, T: Deserialize<'de>>(raw: &'de [u8]) -> Result<T, Quarantined> {
    // Following the path costs more than the reading, so it is followed only once something is wrong.
    serde_json::from_slice(raw).or_else(|_| parse_with_path(raw))
}

fn parse_with_path<'de, T: Deserialize<'de>>(raw: &'de [u8]) -> Result<T, Quarantined> {
    let mut json = serde_json::Deserializer::from_slice(raw);
    let value = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| quarantined(&error.path().to_string(), reason(error.inner())))?;
    json.end().map_err(|error| quarantined("", reason(&error)))?;
    Ok(value)
}

/// An item that cannot be used, with its path made safe to show.
pub(crate) fn quarantined(path: &str, reason: impl Into<String>) -> Quarantined {
    let shown = |c: char| if c.is_ascii_alphanumeric() || "_-.[]".contains(c) { c } else { '?' };
    let path = if path == "." { "" } else { path };
    Quarantined { path: path.chars().take(MAX_PATH_CHARS).map(shown).collect(), reason: reason.into() }
}

/// Puts the path of an error under the place where its document stands.
pub(crate) fn within(place: &str, error: Quarantined) -> Quarantined {
    let dot = if error.path.is_empty() || error.path.starts_with('[') { "" } else { "." };
    Quarantined { path: format!("{place}{dot}{}", error.path), reason: error.reason }
}

/// The parser's own messages quote values, so only its category and the name of a missing field are kept.
fn reason(error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Data => match missing_field(&error.to_string()) {
            Some(field) => format!("missing field {field}"),
            None => "a value has another type than expected".to_owned(),
        },
        Category::Syntax => "not valid JSON".to_owned(),
        Category::Eof => "the JSON ends too early".to_owned(),
        Category::Io => "not readable".to_owned(),
    }
}

/// The name of a field of ours that was not there.
fn missing_field(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.split('`').next()
}

/// A numeric identifier, sent as a number or as digits. Never a float: 53 bits would merge large ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NumericId(pub(crate) u64);

impl fmt::Display for NumericId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for NumericId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Digits;
        impl Visitor<'_> for Digits {
            type Value = NumericId;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<NumericId, E> {
                Ok(NumericId(number))
            }
            fn visit_str<E: Error>(self, digits: &str) -> Result<NumericId, E> {
                let all = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
                all.then(|| digits.parse().ok()).flatten().map(NumericId).ok_or_else(|| E::custom("not a number"))
            }
        }
        deserializer.deserialize_any(Digits)
    }
}

/// A moment, sent as RFC 3339 text or as seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Moment;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a moment")
            }
            fn visit_i64<E: Error>(self, seconds: i64) -> Result<Moment, E> {
                Timestamp::from_second(seconds).map(Moment).map_err(|_| E::custom("out of range"))
            }
            fn visit_u64<E: Error>(self, seconds: u64) -> Result<Moment, E> {
                self.visit_i64(i64::try_from(seconds).unwrap_or(i64::MAX))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Moment, E> {
                text.parse().map(Moment).map_err(|_| E::custom("not a moment"))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Probe {
        #[expect(dead_code, reason = "read for its type only")]
        id: NumericId,
        #[expect(dead_code, reason = "read for its type only")]
        at: Option<Moment>,
    }

    fn error(json: &str) -> Quarantined {
        parse::<Vec<Probe>>(json.as_bytes()).unwrap_err()
    }

    #[test]
    fn errors_tell_the_place_and_hold_no_payload_text() {
        let wrong = error(r#"[{"id":1},{"id":"hunter2"}]"#);
        assert_eq!(wrong, quarantined("[1].id", "a value has another type than expected"));
        assert_eq!(error(r#"[{"at":"2026-01-01T00:00:00Z"}]"#), quarantined("[0]", "missing field id"));
        assert_eq!(error(r#"[{"id":1}] hunter2"#).reason, "not valid JSON");
        assert_eq!(error(r#"[{"id":"#).reason, "the JSON ends too early");
        assert_eq!(within("[3]", quarantined("user.id", "x")).path, "[3].user.id");
        assert_eq!(quarantined("a\n\u{1b}b", "x").path, "a??b");
    }

    #[test]
    fn ids_are_whole_numbers_or_digits() {
        let id = |json: &str| serde_json::from_str::<NumericId>(json).map(|id| id.0).ok();
        assert_eq!(id("18446744073709551615"), Some(u64::MAX));
        assert_eq!(id("\"42\""), Some(42));
        for bad in ["-1", "1.0", "1e3", "\"\"", "\"+1\"", "\"x\"", "null", "{}"] {
            assert_eq!(id(bad), None, "{bad}");
        }
    }

    #[test]
    fn moments_are_text_or_seconds() {
        let moment = |json: &str| serde_json::from_str::<Moment>(json).map(|at| at.0.as_second()).ok();
        assert_eq!(moment("1557933657"), Some(1_557_933_657));
        assert_eq!(moment("\"2019-05-15T08:20:57-07:00\""), Some(1_557_933_657));
        for bad in ["\"\"", "\"2019-05-15\"", "99999999999999999999", "18446744073709551615", "1.5", "[]"] {
            assert_eq!(moment(bad), None, "{bad}");
        }
    }
}
