//! The file in a repository that says which of its files are documents.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Names that the file may have, at the root of the repository. The first one that is there counts.
pub const CONFIG_NAMES: [&str; 4] = [".connectors.yml", ".connectors.yaml", "connectors.yml", "connectors.yaml"];

/// Largest file that is read.
pub const MAX_CONFIG_BYTES: u64 = 64 * 1024;

/// Most patterns of a file.
const MAX_PATTERNS: usize = 100;
/// Longest pattern, in bytes.
const MAX_PATTERN_BYTES: usize = 256;
/// Longest name of a store, in characters.
const MAX_STORE_CHARS: usize = 20;

/// Whether a path is that of such a file.
#[must_use]
pub fn is_config(path: &str) -> bool {
    CONFIG_NAMES.contains(&path)
}

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// The version of its form; 1.
    pub version: u32,
    /// The name under which the workspace finds the documents.
    pub store: String,
    /// Patterns of the paths of documents; one that matches is enough.
    pub include: Vec<String>,
}

/// Why a file does not say it. The text is for whoever wrote the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Configuration validation failed: {place}: {problem}")]
pub struct ConfigError {
    /// Where in the file, such as `include.0`.
    pub place: String,
    /// What is wrong there.
    pub problem: String,
}

impl ConfigError {
    fn at(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { place: place.into(), problem: problem.into() }
    }
}

/// What a file says whose YAML has this value. Fields that nobody knows are left alone.
///
/// # Errors
/// Says the first thing that is wrong.
pub fn config_of(value: &Value) -> Result<Config, ConfigError> {
    let Value::Object(fields) = value else {
        return Err(ConfigError::at("", format!("Expected object, received {}", kind(value))));
    };
    let field = |name: &'static str| {
        fields.get(name).filter(|value| !value.is_null()).ok_or_else(|| ConfigError::at(name, "Required"))
    };
    if field("version")?.as_u64() != Some(1) {
        return Err(ConfigError::at("version", "Invalid literal value, expected 1"));
    }
    let store = text(field("store")?, "store")?;
    check_store(store)?;
    let value = field("include")?;
    let patterns = value.as_array().ok_or_else(|| expected("include", "array", value))?;
    if patterns.is_empty() {
        return Err(ConfigError::at("include", "At least one include pattern is required"));
    }
    if patterns.len() > MAX_PATTERNS {
        return Err(ConfigError::at("include", format!("At most {MAX_PATTERNS} include patterns are read")));
    }
    let mut include = Vec::with_capacity(patterns.len());
    for (n, pattern) in patterns.iter().enumerate() {
        let place = format!("include.{n}");
        let pattern = text(pattern, &place)?;
        if pattern.is_empty() {
            return Err(ConfigError::at(place, "Glob pattern must not be empty"));
        }
        if pattern.len() > MAX_PATTERN_BYTES {
            return Err(ConfigError::at(place, format!("Glob pattern must be {MAX_PATTERN_BYTES} bytes or less")));
        }
        include.push(pattern.to_owned());
    }
    super::Include::new(&include)
        .map_err(|error| ConfigError::at(format!("include.{}", error.n), "Glob pattern cannot be read"))?;
    Ok(Config { version: 1, store: store.to_owned(), include })
}

fn check_store(store: &str) -> Result<(), ConfigError> {
    let wrong = |problem: &str| Err(ConfigError::at("store", problem));
    if store.is_empty() {
        return wrong("Store name must not be empty");
    }
    if store.chars().count() > MAX_STORE_CHARS {
        return wrong("Store name must be 20 characters or less");
    }
    if !store.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        return wrong("Store name must be lowercase alphanumeric with hyphens only");
    }
    if store.starts_with('-') || store.ends_with('-') || store.contains("--") {
        return wrong("Store name cannot have leading/trailing/consecutive hyphens");
    }
    Ok(())
}

fn text<'v>(value: &'v Value, place: &str) -> Result<&'v str, ConfigError> {
    value.as_str().ok_or_else(|| expected(place, "string", value))
}

fn expected(place: &str, wanted: &str, value: &Value) -> ConfigError {
    ConfigError::at(place, format!("Expected {wanted}, received {}", kind(value)))
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problem(value: &Value) -> String {
        config_of(value).unwrap_err().to_string().replace("Configuration validation failed: ", "")
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        assert_eq!(problem(&json!("x")), ": Expected object, received string");
        assert_eq!(
            problem(&json!({ "version": 1, "store": 5, "include": ["a"] })),
            "store: Expected string, received number"
        );
        let of = |include: Value| problem(&json!({ "version": 1, "store": "x", "include": include }));
        assert_eq!(of(json!("a")), "include: Expected array, received string");
        assert_eq!(of(json!(["a", 1])), "include.1: Expected string, received number");
        assert_eq!(of(json!(["a", "docs/[a"])), "include.1: Glob pattern cannot be read");
        assert_eq!(of(json!(vec!["a"; 101])), "include: At most 100 include patterns are read");
        assert_eq!(of(json!(["a".repeat(257)])), "include.0: Glob pattern must be 256 bytes or less");
    }

    #[test]
    fn only_files_at_the_root_are_asked() {
        assert!(CONFIG_NAMES.into_iter().all(is_config));
        assert!(!is_config("docs/connectors.yml") && !is_config("Connectors.yml"));
    }
}
