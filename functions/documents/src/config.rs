//! Reads a repository's configuration.

use connector_domain::documents::{Config, config_of};
use serde_json::Value;

/// What a file says, or what is wrong with it, for whoever wrote it. What stands in the file is not quoted.
pub(crate) fn read(raw: &[u8]) -> Result<Config, String> {
    let text = std::str::from_utf8(raw).map_err(|_| "it is not UTF-8".to_owned())?;
    // Aliases that multiply end with an error of the parser.
    let value: Value = serde_yaml_ng::from_str(text).map_err(|error| match error.location() {
        Some(place) => format!("line {}: it is not YAML of plain values", place.line()),
        None => "it is not YAML of plain values".to_owned(),
    })?;
    config_of(&value).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_is_read_and_what_is_wrong_is_said_without_a_quotation() {
        let config = read(b"version: 1\nstore: docs\ninclude:\n  - docs/**/*.md\n  - README.md\n").unwrap();
        assert_eq!((config.store.as_str(), config.include.len()), ("docs", 2));
        assert_eq!(read(b"version: 1\nstore: 'hunter2\n").unwrap_err(), "line 3: it is not YAML of plain values");
        assert_eq!(read(b"\xff").unwrap_err(), "it is not UTF-8");
        assert!(read(b"").unwrap_err().ends_with("Expected object, received null"));
        assert!(read(b"version: 2\nstore: x\ninclude: [a]").unwrap_err().contains("version: Invalid literal value"));
    }

    #[test]
    fn aliases_do_not_multiply() {
        let mut bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for (one, before) in "bcdefghijk".chars().zip("abcdefghij".chars()) {
            bomb.push_str(&format!(
                "{one}: &{one} [*{before},*{before},*{before},*{before},*{before},*{before},*{before},*{before}]\n"
            ));
        }
        assert!(read(bomb.as_bytes()).unwrap_err().contains("it is not YAML of plain values"));
    }
}
