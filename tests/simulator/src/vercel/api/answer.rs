//! Answers before they get their common headers, and Vercel's ways of saying no
//! (<https://vercel.com/docs/rest-api/reference/errors>).

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{budget::Budget, wire::Content};

/// What to send, apart from the headers every answer has.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content: Content,
    /// Headers that only this kind of answer has.
    pub(crate) extra: Vec<(&'static str, String)>,
}

/// A page as Vercel's edge sends it when the application does not answer.
const EDGE: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>502: BAD_GATEWAY</title>\
    <p>An error occurred with this application.</p><p><code>BAD_GATEWAY</code></p></html>";

impl Answer {
    pub(crate) fn new(status: u16, content: Content) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, content, extra: Vec::new() }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, Content::Json(body.to_string()))
    }

    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::json(status, &json!({ "error": { "code": code, "message": message } }))
    }

    pub(crate) fn bad_request(message: &str) -> Self {
        Self::error(400, "bad_request", &format!("Invalid request: {message}"))
    }

    pub(crate) fn not_found() -> Self {
        Self::error(404, "not_found", "Project not found.")
    }

    /// The simulator cannot be honest about this, so it says so instead of ignoring it.
    pub(crate) fn not_simulated(what: &str) -> Self {
        Self::error(501, "not_simulated", &format!("the simulator does not know {what}"))
    }

    pub(crate) fn missing_token() -> Self {
        let message = "The request is missing an authentication token";
        Self::json(403, &json!({ "error": { "code": "forbidden", "message": message, "missingToken": true } }))
    }

    /// Vercel's 403 where others say 401.
    pub(crate) fn invalid_token() -> Self {
        Self::json(403, &json!({ "error": { "code": "forbidden", "message": "Not authorized", "invalidToken": true } }))
    }

    pub(crate) fn forbidden() -> Self {
        Self::error(403, "forbidden", "You don't have permission to access this resource.")
    }

    /// `scope`: the team as it was asked for.
    pub(crate) fn wrong_scope(scope: &str) -> Self {
        let message = format!(
            "Not authorized: Trying to access resource under scope \"{scope}\". You must re-authenticate to this \
             scope or use a token with access to this scope."
        );
        Self::json(403, &json!({ "error": { "code": "forbidden", "message": message, "saml": true } }))
    }

    pub(crate) fn integration_disabled() -> Self {
        Self::error(403, "integration_configuration_disabled", "The integration configuration is disabled.")
    }

    pub(crate) fn limited(code: &str, budget: &Budget, now: Timestamp) -> Self {
        let limit = json!({
            "total": budget.limit,
            "remaining": 0,
            "reset": budget.resets_at,
            "resetMs": (budget.resets_at - now.as_second()).max(0) * 1_000,
        });
        let message = "The rate limit has been reached. Try again later.";
        Self::json(429, &json!({ "error": { "code": code, "message": message, "limit": limit } }))
    }

    pub(crate) fn server_error(status: u16) -> Self {
        match status {
            502 | 504 => Self::html_page(status),
            _ => Self::error(status, "internal_server_error", "An unexpected internal error occurred"),
        }
    }

    pub(crate) fn html_page(status: u16) -> Self {
        Self::new(status, Content::Html(EDGE.to_owned()))
    }

    pub(crate) fn redirect(status: u16, location: String) -> Self {
        let mut answer = Self::new(status, Content::Empty);
        answer.extra.push(("location", location));
        answer
    }
}
