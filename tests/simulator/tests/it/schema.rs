//! Our answers against the providers' own specifications, as far as OpenAPI's schemas say what they demand.

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use crate::corpus::outside;

/// An OpenAPI document that lies outside the project.
pub(crate) struct Specification(Value);

impl Specification {
    /// None, with a notice, where it is absent.
    pub(crate) fn read(file: &str) -> Option<Self> {
        let text = fs::read_to_string(outside(&format!("specs/{file}"))?).unwrap();
        Some(Self(serde_json::from_str(&text).unwrap()))
    }

    /// What is wrong with an answer of `GET path`: wrong types, missing fields, and fields that are not there.
    pub(crate) fn check(&self, path: &str, answer: &Value) -> BTreeSet<String> {
        let escaped = path.replace('~', "~0").replace('/', "~1");
        let pointer = format!("/paths/{escaped}/get/responses/200/content/application~1json/schema");
        let schema = self.0.pointer(&pointer).expect("a path of the specification");
        let mut wrong = BTreeSet::new();
        self.compare(schema, answer, path, &mut wrong);
        wrong
    }

    fn compare(&self, schema: &Value, value: &Value, at: &str, wrong: &mut BTreeSet<String>) {
        if let Some(reference) = schema["$ref"].as_str() {
            let target = self.0.pointer(reference.trim_start_matches('#')).unwrap();
            return self.compare(target, value, at, wrong);
        }
        if value.is_null() && schema["nullable"] == true {
            return;
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.compare(part, value, at, wrong);
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(choices) = schema[choice].as_array() {
                let fits = choices.iter().map(|schema| {
                    let mut wrong = BTreeSet::new();
                    self.compare(schema, value, at, &mut wrong);
                    wrong
                });
                // The nearest choice says best what is wrong.
                wrong.extend(fits.min_by_key(BTreeSet::len).unwrap_or_default());
            }
        }
        if !has_type(&schema["type"], value) {
            wrong.insert(format!("{at}: {} instead of {}", kind(value), schema["type"]));
        }
        if schema["enum"].as_array().is_some_and(|values| !values.contains(value)) {
            wrong.insert(format!("{at}: {value} is none of {}", schema["enum"]));
        }
        match value {
            Value::Object(fields) => self.compare_object(schema, fields, at, wrong),
            Value::Array(items) if schema["items"].is_object() => {
                for item in items {
                    self.compare(&schema["items"], item, &format!("{at}[]"), wrong);
                }
            }
            _ => {}
        }
    }

    fn compare_object(
        &self,
        schema: &Value,
        fields: &serde_json::Map<String, Value>,
        at: &str,
        wrong: &mut BTreeSet<String>,
    ) {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                wrong.insert(format!("{at}.{name} is missing"));
            }
        }
        let Some(known) = schema["properties"].as_object() else { return };
        for (name, value) in fields {
            match known.get(name) {
                Some(schema) => self.compare(schema, value, &format!("{at}.{name}"), wrong),
                None if schema["additionalProperties"] == true || schema["additionalProperties"].is_object() => {}
                None => {
                    wrong.insert(format!("{at}.{name} is not in the specification"));
                }
            }
        }
    }
}

fn has_type(asked: &Value, value: &Value) -> bool {
    match asked {
        Value::String(name) => match name.as_str() {
            "number" => value.is_number(),
            "integer" => value.is_i64() || value.is_u64(),
            name => kind(value) == name,
        },
        Value::Array(names) => names.iter().any(|name| has_type(name, value)),
        _ => true,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[test]
fn a_wrong_answer_is_found_out() {
    let schema = serde_json::json!({
        "type": "object",
        "required": ["id", "tags"],
        "properties": {
            "id": { "type": "integer" },
            "state": { "type": "string", "nullable": true, "enum": ["open"] },
            "by": { "oneOf": [{ "type": "string" }, { "type": "object", "required": ["name"], "properties": {} }] },
            "tags": { "type": "array", "items": { "type": ["string", "null"] } },
        },
    });
    let specification = Specification(Value::Null);
    let check = |value: Value| {
        let mut wrong = BTreeSet::new();
        specification.compare(&schema, &value, "it", &mut wrong);
        wrong.into_iter().collect::<Vec<String>>()
    };
    assert!(check(serde_json::json!({ "id": 1, "state": null, "by": "me", "tags": ["a", null] })).is_empty());
    let wrong = check(serde_json::json!({ "id": 1.5, "state": "shut", "by": {}, "more": 1 }));
    assert_eq!(
        wrong,
        [
            "it.by: object instead of \"string\"",
            "it.id: number instead of \"integer\"",
            "it.more is not in the specification",
            "it.state: \"shut\" is none of [\"open\"]",
            "it.tags is missing",
        ]
    );
}
