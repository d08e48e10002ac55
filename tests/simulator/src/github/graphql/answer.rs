//! GraphQL's ways of saying no, most of them under 200.

use serde_json::{Map, Value, json};

use super::super::api::{answer::Answer, budget::Caller};
use crate::graphql::{Answered, Refusal};

const DOCS: &str = "https://docs.github.com/graphql";

/// What came of a question.
pub(crate) fn of(answered: Answered) -> Value {
    let mut body = json!({ "data": answered.data });
    if !answered.errors.is_empty() {
        body["errors"] = answered.errors.into_iter().map(typed).collect();
    }
    body
}

pub(crate) fn refused(refusal: Refusal) -> Answer {
    let errors = match refusal {
        Refusal::Unreadable => return Answer::error(400, "Problems parsing JSON"),
        Refusal::Parse(errors) => errors,
        Refusal::Validation(errors) => errors.into_iter().map(coded).collect(),
        Refusal::Variables(errors) => errors
            .into_iter()
            .map(|mut error| {
                error["extensions"] = json!({ "problems": [{ "path": [], "explanation": error["message"] }] });
                error
            })
            .collect(),
    };
    told(&json!({ "errors": errors }))
}

/// What the schema does not allow has a code in place of a type.
fn coded(mut error: Value) -> Value {
    let message = error["message"].as_str().unwrap_or_default().to_owned();
    let quoted: Vec<&str> = message.split('"').skip(1).step_by(2).collect();
    match (message.starts_with("Cannot query field"), quoted.as_slice()) {
        (true, [field, type_name, ..]) => {
            error["message"] = format!("Field '{field}' doesn't exist on type '{type_name}'").into();
            error["extensions"] = json!({ "code": "undefinedField", "typeName": type_name, "fieldName": field });
        }
        _ if message.starts_with("Unknown argument") => error["extensions"] = json!({ "code": "argumentNotAccepted" }),
        _ => error["extensions"] = json!({ "code": "argumentLiteralsIncompatible" }),
    }
    error
}

/// An error of one field with the type that GitHub gives it.
fn typed(mut error: Map<String, Value>) -> Value {
    const TYPES: [(&str, &str); 4] = [
        ("Could not resolve to", "NOT_FOUND"),
        ("You must provide a `first` or `last` value", "MISSING_PAGINATION_BOUNDARIES"),
        ("does not appear to be a valid cursor", "INVALID_CURSOR_ARGUMENTS"),
        ("records on the", "EXCESSIVE_PAGINATION"),
    ];
    let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
    if let Some((_, kind)) = TYPES.iter().find(|(part, _)| message.contains(part)) {
        error.insert("type".to_owned(), (*kind).into());
    }
    Value::Object(error)
}

pub(crate) fn told(body: &Value) -> Answer {
    Answer::json(200, body.to_string())
}

/// Everything needs a token here.
pub(crate) fn anonymous() -> Answer {
    let body = json!({
        "message": "This endpoint requires you to be authenticated.",
        "documentation_url": format!("{DOCS}/guides/forming-calls-with-graphql#authenticating-with-graphql"),
        "status": "401",
    });
    Answer::json(401, body.to_string())
}

pub(crate) fn used_up(caller: &Caller) -> Answer {
    let whose = match caller {
        Caller::Installation(id) => format!("installation ID {id}"),
        _ => "user ID 1000001".to_owned(),
    };
    told(&json!({ "errors": [{ "type": "RATE_LIMITED", "message": format!("API rate limit exceeded for {whose}.") }] }))
}

pub(crate) fn too_many_nodes(nodes: u64, most: u64) -> Answer {
    let message =
        format!("This query requests up to {nodes} possible nodes which exceeds the maximum limit of {most}.");
    told(&json!({ "errors": [{ "type": "MAX_NODE_LIMIT_EXCEEDED", "message": message }] }))
}

/// The repository could not be had.
pub(crate) fn without_repository(kind: &str, message: &str) -> Answer {
    let error = json!({ "type": kind, "path": ["repository"], "message": message });
    told(&json!({ "data": { "repository": null }, "errors": [error] }))
}

/// The lists of an answer that stand nearest to its root.
fn lists(value: &mut Value, then: &mut dyn FnMut(&mut Vec<Value>)) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::Array(nodes)) = fields.get_mut("nodes") {
                return then(nodes);
            }
            fields.values_mut().for_each(|inner| lists(inner, then));
        }
        Value::Array(items) => items.iter_mut().for_each(|inner| lists(inner, then)),
        _ => {}
    }
}

/// Half of the items are null, with the error that cost them.
pub(crate) fn halve(body: &mut Value) {
    lists(&mut body["data"], &mut |nodes| {
        let half = nodes.len() / 2;
        nodes.iter_mut().skip(half).for_each(|node| *node = Value::Null);
    });
    let message = "Something went wrong while executing your query. This may be the result of a timeout, or it could \
        be a GitHub bug. Please include `0685:5DDC:10B68F9` when reporting this issue.";
    body["errors"] = json!([{ "message": message }]);
}

/// An item in which nothing has the type it should have.
pub(crate) fn spoil(body: &mut Value, place: usize) {
    lists(&mut body["data"], &mut |nodes| {
        let Some(Value::Object(node)) = nodes.get_mut(place) else { return };
        node.values_mut().for_each(|value| *value = json!([{ "odd": 1 }]));
    });
}
