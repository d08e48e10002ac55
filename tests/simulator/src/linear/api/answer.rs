//! Answers before they get their headers, and Linear's ways of saying no.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::{super::fault::Fault, token::Turned};
use crate::graphql::{Answered, Refusal};

/// What to send, apart from the headers every answer has.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Body,
    /// What the query cost.
    pub(crate) points: u64,
}

pub(crate) enum Body {
    Json(Value),
    Html,
}

impl Answer {
    pub(crate) fn new(status: u16, body: Body) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, body, points: 0 }
    }

    pub(crate) fn error(status: u16, error: Value) -> Self {
        Self::new(status, Body::Json(json!({ "errors": [error] })))
    }

    /// What came of a question. Whatever went wrong within it is told under 200.
    pub(crate) fn of(answered: Answered) -> Self {
        let mut body = json!({ "data": answered.data });
        if !answered.errors.is_empty() {
            body["errors"] = answered.errors.into_iter().map(explained).collect();
        }
        Self::new(200, Body::Json(body))
    }

    pub(crate) fn refused(refusal: Refusal) -> Self {
        let (errors, code) = match refusal {
            Refusal::Unreadable => {
                let message = "GraphQL operations must contain a non-empty `query` or a `persistedQuery` extension.";
                (vec![json!({ "message": message })], "BAD_REQUEST")
            }
            Refusal::Parse(errors) => (errors, "GRAPHQL_PARSE_FAILED"),
            Refusal::Validation(errors) => (errors, "GRAPHQL_VALIDATION_FAILED"),
            Refusal::Variables(errors) => (errors, "BAD_USER_INPUT"),
        };
        let errors: Vec<Value> = errors
            .into_iter()
            .map(|mut error| {
                error["extensions"] = json!({
                    "code": code,
                    "type": "graphql error",
                    "userError": true,
                    "http": { "status": 400, "headers": {} },
                });
                error
            })
            .collect();
        Self::new(400, Body::Json(json!({ "errors": errors })))
    }

    pub(crate) fn turned(turned: Turned) -> Self {
        match turned {
            Turned::Away => Self::error(401, unauthorized()),
            Turned::KeyAsBearer => {
                let message = "It looks like you're trying to use an API key as a Bearer token. Remove the Bearer \
                    prefix from the Authorization header.";
                Self::error(400, told(message, "invalid input", "INPUT_ERROR", 400, message))
            }
        }
    }

    pub(crate) fn too_complex(points: u64, most: u64) -> Self {
        let reason = format!("The query is too complex. Complexity: {points}. Maximum allowed complexity: {most}.");
        Self::error(400, told("Query too complex", "invalid input", "INPUT_ERROR", 400, &reason))
    }

    pub(crate) fn rate_limited(status: u16) -> Self {
        let reason = "Rate limit exceeded. Please try again later.";
        Self::error(status, told("Rate limit exceeded", "ratelimited", "RATELIMITED", 429, reason))
    }

    /// The simulator holds no copy of what a mutation would change.
    pub(crate) fn not_simulated() -> Self {
        Self::error(501, json!({ "message": "the simulator knows no mutations" }))
    }

    /// The answer of a fault that replaces the right one.
    pub(crate) fn replaced(fault: &Fault) -> Option<Self> {
        let nothing = |error: Value| Self::new(200, Body::Json(json!({ "data": null, "errors": [error] })));
        Some(match fault {
            Fault::RateLimited { status, .. } => Self::rate_limited(*status),
            Fault::ServerError(status) => Self::new(*status, Body::Html),
            Fault::HtmlPage => Self::new(200, Body::Html),
            Fault::InternalError => nothing(internal()),
            Fault::Unauthorized => Self::error(401, unauthorized()),
            Fault::Forbidden(status) => {
                let message = "Invalid scope: `read` required";
                Self::error(*status, told(message, "forbidden", "FORBIDDEN", 403, message))
            }
            Fault::NotFound => nothing(Value::Object(explained(
                json!({ "message": "Entity not found: Team" }).as_object().cloned().unwrap_or_default(),
            ))),
            Fault::Lost(_)
            | Fault::Slow(_)
            | Fault::Truncated
            | Fault::Malformed
            | Fault::Partial
            | Fault::BadItem(_) => return None,
        })
    }
}

fn unauthorized() -> Value {
    let reason = "You need to authenticate to access this operation.";
    told("Authentication required, not authenticated", "authentication error", "AUTHENTICATION_ERROR", 401, reason)
}

pub(crate) fn internal() -> Value {
    let reason = "Something went wrong at Linear.";
    let mut error = told("Internal server error", "internal error", "INTERNAL_SERVER_ERROR", 500, reason);
    error["extensions"]["userError"] = false.into();
    error
}

/// An error as Linear tells it: the status within it is not that of the answer.
fn told(message: &str, kind: &str, code: &str, status: u16, reason: &str) -> Value {
    json!({
        "message": message,
        "extensions": {
            "type": kind,
            "code": code,
            "statusCode": status,
            "userError": true,
            "userPresentableMessage": reason,
            "meta": {},
        },
    })
}

/// An error of one field with what Linear adds to it.
fn explained(mut error: Map<String, Value>) -> Map<String, Value> {
    let message = error.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
    let whole = match (message.split_once("Entity not found: "), message.split_once("Argument Validation Error: ")) {
        (Some((_, what)), _) => {
            told(&message, "invalid input", "INPUT_ERROR", 400, &format!("Could not find referenced {what}."))
        }
        (_, Some((_, constraint))) => {
            let mut whole = told("Argument Validation Error", "invalid input", "INVALID_INPUT", 400, constraint);
            whole["extensions"]["validationErrors"] = json!([{ "constraints": { "custom": constraint } }]);
            whole
        }
        _ => told(&message, "internal error", "INTERNAL_SERVER_ERROR", 500, &message),
    };
    error.insert("message".to_owned(), whole["message"].clone());
    error.insert("extensions".to_owned(), whole["extensions"].clone());
    error
}
