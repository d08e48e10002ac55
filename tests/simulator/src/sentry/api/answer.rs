//! Answers before they get their common headers, and Sentry's ways of saying no.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::budget::Meter;
use crate::wire::Content;

/// What to send, apart from the headers every answer has.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content: Content,
    pub(crate) link: Option<String>,
    /// Headers that only this kind of answer has.
    pub(crate) extra: Vec<(&'static str, String)>,
}

/// A page as the proxy before Sentry sends it when the application does not answer.
const PROXY: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
    <center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";

impl Answer {
    pub(crate) fn new(status: u16, content: Content) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, content, link: None, extra: Vec::new() }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, Content::Json(body.to_string()))
    }

    fn refusal(status: u16, detail: &str) -> Self {
        Self::json(status, &json!({ "detail": detail }))
    }

    pub(crate) fn bad_request(detail: &str) -> Self {
        Self::refusal(400, detail)
    }

    pub(crate) fn unauthorized(detail: &str) -> Self {
        Self::refusal(401, detail)
    }

    pub(crate) fn forbidden() -> Self {
        Self::refusal(403, "You do not have permission to perform this action.")
    }

    pub(crate) fn not_found() -> Self {
        Self::refusal(404, "The requested resource does not exist")
    }

    /// The simulator cannot be honest about this, so it says so instead of ignoring it.
    pub(crate) fn not_simulated(what: &str) -> Self {
        Self::refusal(501, &format!("the simulator does not know {what}"))
    }

    pub(crate) fn limited(meter: &Meter) -> Self {
        let (limit, seconds) = (meter.budget.limit, meter.seconds);
        let detail = "You are attempting to use this endpoint too frequently.";
        Self::refusal(429, &format!("{detail} Limit is {limit} requests in {seconds} seconds"))
    }

    pub(crate) fn crowded(meter: &Meter) -> Self {
        let detail = "You are attempting to go above the allowed concurrency for this endpoint.";
        Self::refusal(429, &format!("{detail} Concurrency limit is {}", meter.concurrent))
    }

    pub(crate) fn server_error(status: u16) -> Self {
        match status {
            502 | 504 => Self::html_page(status),
            _ => Self::json(status, &json!({ "detail": "Internal Error", "errorId": "0".repeat(32) })),
        }
    }

    pub(crate) fn html_page(status: u16) -> Self {
        Self::new(status, Content::Html(PROXY.to_owned()))
    }

    pub(crate) fn redirect(status: u16, location: String) -> Self {
        let mut answer = Self::new(status, Content::Empty);
        answer.extra.push(("location", location));
        answer
    }

    /// A project that has another slug now; `location` is the same address with that one, without a host.
    pub(crate) fn moved(slug: &str, location: String) -> Self {
        let detail = json!({
            "code": "resource-moved",
            "message": "Resource has been moved",
            "extra": { "url": location, "slug": slug },
        });
        let mut answer = Self::json(302, &json!({ "slug": slug, "detail": detail }));
        answer.extra.push(("location", location));
        answer
    }
}
