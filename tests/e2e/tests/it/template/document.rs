//! Reads a CloudFormation template: YAML tags become the long form of the functions they stand for.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};
use serde_yaml_ng::Value as Yaml;

/// A template, and what the rules ask of it.
pub(super) struct Document(Value);

/// The properties of a resource, under its logical name.
pub(super) type Resources<'a> = BTreeMap<&'a str, &'a Value>;

impl Document {
    pub(super) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self(json(serde_yaml_ng::from_str(&text).unwrap()))
    }

    /// `a/b/c` of the whole document; null where there is none.
    pub(super) fn at(&self, pointer: &str) -> &Value {
        self.0.pointer(&format!("/{pointer}")).unwrap_or(&Value::Null)
    }

    /// All resources of a type.
    pub(super) fn all(&self, kind: &str) -> Resources<'_> {
        let resources = self.at("Resources").as_object().unwrap();
        resources.iter().filter(|(_, r)| r["Type"] == kind).map(|(name, r)| (name.as_str(), &r["Properties"])).collect()
    }

    /// The type of a resource.
    pub(super) fn kind(&self, name: &str) -> &str {
        self.at(&format!("Resources/{name}/Type")).as_str().unwrap_or_default()
    }
}

/// The resource that a value names: `{Ref: X}`, `{GetAtt: X.Arn}` and `{Sub: ${X.Arn}/index/i}` give `X`, `X`, `X/index/i`.
pub(super) fn target(value: &Value) -> String {
    let text = |function: &str| value[function].as_str().map(str::to_owned);
    if let Some(name) = text("Ref") {
        return name;
    }
    if let Some(attribute) = text("Fn::GetAtt") {
        return attribute.split('.').next().unwrap().to_owned();
    }
    let text = text("Fn::Sub").unwrap_or_else(|| panic!("names no resource: {value}"));
    let (name, rest) = text.strip_prefix("${").and_then(|t| t.split_once('}')).unwrap();
    format!("{}{rest}", name.strip_suffix(".Arn").unwrap_or(name))
}

/// The items of a list, or the one item that stands for a list of one.
pub(super) fn list(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |items| items.iter().collect())
}

/// The items of a list of strings.
pub(super) fn strings(value: &Value) -> Vec<&str> {
    list(value).into_iter().map(|item| item.as_str().unwrap()).collect()
}

/// An object that stands there under a condition only has the condition's name beside it as `If`.
fn conditional(arguments: Value) -> Value {
    match arguments[1].clone() {
        Value::Object(mut value) => {
            value.insert("If".to_owned(), arguments[0].clone());
            Value::Object(value)
        }
        _ => Value::Object(Map::from_iter([("Fn::If".to_owned(), arguments)])),
    }
}

fn json(yaml: Yaml) -> Value {
    match yaml {
        Yaml::Tagged(tagged) if tagged.tag == "If" => conditional(json(tagged.value)),
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let function = match tag.trim_start_matches('!') {
                name @ ("Ref" | "Condition") => name.to_owned(),
                name => format!("Fn::{name}"),
            };
            Value::Object(Map::from_iter([(function, json(tagged.value))]))
        }
        Yaml::Sequence(items) => items.into_iter().map(json).collect(),
        Yaml::Mapping(entries) => Value::Object(
            entries.into_iter().map(|(key, value)| (key.as_str().unwrap().to_owned(), json(value))).collect(),
        ),
        plain => serde_json::to_value(plain).unwrap(),
    }
}
