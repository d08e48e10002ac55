//! Answers before they get their common headers, and GitHub's ways of saying no.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use super::{super::json::text, budget::Caller};
use crate::wire::Content;

/// What to send, apart from the headers every answer has.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content: Content,
    pub(crate) etag: Option<String>,
    pub(crate) link: Option<String>,
    /// Headers that only this kind of answer has.
    pub(crate) extra: Vec<(&'static str, String)>,
}

/// A page as GitHub's load balancer sends it when the application does not answer.
const UNICORN: &str = "<!DOCTYPE html>\n<html>\n  <head><title>Unicorn! &middot; GitHub</title></head>\n  <body>\n    \
    <h1>Unicorn!</h1>\n    <p>We had issues producing the response to your request.</p>\n  </body>\n</html>\n";

const RATE_LIMIT_DOCS: &str = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api";

impl Answer {
    pub(crate) fn new(status: u16, content: Content) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, content, etag: None, link: None, extra: Vec::new() }
    }

    pub(crate) fn json(status: u16, body: String) -> Self {
        Self::new(status, Content::Json(body))
    }

    pub(crate) fn error(status: u16, message: &str) -> Self {
        Self::error_at(status, message, "https://docs.github.com/rest")
    }

    fn error_at(status: u16, message: &str, docs: &str) -> Self {
        let body = json!({ "message": message, "documentation_url": docs, "status": status.to_string() });
        Self::json(status, text(&body))
    }

    pub(crate) fn with(mut self, header: &'static str, value: String) -> Self {
        self.extra.push((header, value));
        self
    }

    pub(crate) fn not_found() -> Self {
        Self::error(404, "Not Found")
    }

    pub(crate) fn gone() -> Self {
        Self::error_at(410, "This issue was deleted", "https://docs.github.com/rest/issues/issues#get-an-issue")
    }

    pub(crate) fn bad_credentials() -> Self {
        Self::error(401, "Bad credentials")
    }

    pub(crate) fn no_user_agent() -> Self {
        let page = "\r\nRequest forbidden by administrative rules. Please make sure your request has a User-Agent \
            header (https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required).\r\n";
        Self::new(403, Content::Html(page.to_owned()))
    }

    pub(crate) fn unknown_version() -> Self {
        Self::error(400, "The API version of the X-GitHub-Api-Version header is not supported.")
    }

    /// The simulator cannot be honest about this, so it says so instead of ignoring it.
    pub(crate) fn not_simulated(what: &str) -> Self {
        Self::error(501, &format!("the simulator does not know {what}"))
    }

    pub(crate) fn permission_denied() -> Self {
        Self::error(403, "Resource not accessible by integration")
            .with("x-accepted-github-permissions", "pull_requests=read".to_owned())
    }

    pub(crate) fn primary_limit(status: u16, caller: &Caller) -> Self {
        let message = match caller {
            Caller::Anonymous => "API rate limit exceeded for 127.0.0.1. (But here's the good news: Authenticated \
                requests get a higher rate limit. Check out the documentation for more details.)"
                .to_owned(),
            Caller::Installation(id) => format!("API rate limit exceeded for installation ID {id}."),
            Caller::Token(_) => "API rate limit exceeded for user ID 1000001.".to_owned(),
        };
        Self::error_at(status, &message, RATE_LIMIT_DOCS)
    }

    pub(crate) fn secondary_limit(status: u16, retry_after: Option<Duration>) -> Self {
        let message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
        let answer = Self::error_at(status, message, &format!("{RATE_LIMIT_DOCS}#about-secondary-rate-limits"));
        match retry_after {
            Some(wait) => answer.with("retry-after", wait.as_secs().to_string()),
            None => answer,
        }
    }

    pub(crate) fn server_error(status: u16) -> Self {
        match status {
            502 | 504 => Self::html_page(status),
            503 => Self::error(503, "Service Unavailable"),
            _ => Self::error(status, "Server Error"),
        }
    }

    pub(crate) fn html_page(status: u16) -> Self {
        Self::new(status, Content::Html(UNICORN.to_owned()))
    }

    pub(crate) fn redirect(status: u16, location: String) -> Self {
        let body = json!({
            "message": "Moved Permanently",
            "url": location,
            "documentation_url": "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects",
        });
        Self::json(status, text(&body)).with("location", location)
    }

    /// Whether the caller has this already (RFC 9110 §13.1.2, weak comparison).
    pub(crate) fn matches(&self, if_none_match: Option<&str>) -> bool {
        let (Some(etag), Some(held)) = (&self.etag, if_none_match) else { return false };
        held.split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == "*" || one == etag)
    }

    pub(crate) fn into_not_modified(self) -> Self {
        Self { status: StatusCode::NOT_MODIFIED, content: Content::Empty, link: None, ..self }
    }
}
