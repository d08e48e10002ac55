//! What went wrong, as <https://www.rfc-editor.org/rfc/rfc9457>: a stable code, a fixed title, and where it helps a detail.

use connector_domain::ports::{PortError, PortErrorKind};
use connector_lambda::api::Answer;
use connector_lambda::telemetry::chain;
use serde::Serialize;
use tracing::error;
use utoipa::ToSchema;

macro_rules! codes {
    ($($variant:ident: $status:literal, $name:literal, $title:literal;)*) => {
        /// Every problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[schema(as = ProblemCode)]
        pub(crate) enum Code {
            $(#[doc = $title] $variant,)*
        }

        impl Code {
            /// All of them.
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),*];

            const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// The name in answers.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it means.
            pub(crate) const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

codes! {
    MalformedJson: 400, "malformed_json", "The body is not JSON.";
    InvalidBody: 400, "invalid_body", "The body does not have the form that this route takes.";
    InvalidParameter: 400, "invalid_parameter", "A parameter has a value that it cannot have.";
    UnknownParameter: 400, "unknown_parameter", "This route has no such parameter.";
    InvalidCursor: 400, "invalid_cursor", "The cursor is not one that this list gave, with these filters.";
    InvalidIdempotencyKey: 400, "invalid_idempotency_key", "An Idempotency-Key is 1 to 255 printable ASCII characters.";
    Unauthenticated: 401, "unauthenticated", "A valid token is needed.";
    InsufficientScope: 403, "insufficient_scope", "The token does not have the scope that this route needs.";
    NotFound: 404, "not_found", "There is no such thing in a workspace that you may enter.";
    MethodNotAllowed: 405, "method_not_allowed", "This path takes other methods.";
    ConnectionNotActive: 409, "connection_not_active", "The connection cannot be used; it must be made anew first.";
    NotLinked: 409, "not_linked", "The resource is not linked.";
    RunActive: 409, "run_active", "The run is at work; wait for it, or cancel it.";
    RequestInProgress: 409, "request_in_progress", "A request with this Idempotency-Key is being worked on.";
    BodyTooLarge: 413, "body_too_large", "The body is larger than 64 KiB.";
    UnsupportedMediaType: 415, "unsupported_media_type", "The body must be application/json.";
    InvalidValue: 422, "invalid_value", "A value is well-formed and makes no sense here.";
    IdempotencyKeyReused: 422, "idempotency_key_reused", "This Idempotency-Key came with another request before.";
    Internal: 500, "internal", "Something is wrong on our side, and has been noted.";
    ProviderRefused: 502, "provider_refused", "The provider refuses what this needs.";
    Unavailable: 503, "unavailable", "It does not work at this moment; try again.";
    ProviderUnavailable: 503, "provider_unavailable", "The provider does not answer at this moment; try again.";
}

/// A problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    detail: Option<String>,
    headers: Vec<(&'static str, String)>,
}

/// How a problem is sent.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "urn:memory-connectors:problem:not_found", "status": 404, "code": "not_found",
    "title": "There is no such thing in a workspace that you may enter.",
}))]
pub(crate) struct Sent<'a> {
    /// `urn:memory-connectors:problem:` and the code.
    r#type: String,
    /// The HTTP status.
    status: u16,
    /// What went wrong; the same for ever.
    code: Code,
    /// What the code means.
    title: &'a str,
    /// What is wrong in this case.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

/// Most of a detail that is sent; it may quote the request.
const MAX_DETAIL: usize = 300;

impl Problem {
    /// A problem that its code explains.
    pub(crate) const fn new(code: Code) -> Self {
        Self { code, detail: None, headers: Vec::new() }
    }

    /// A problem, and what is wrong in this case.
    pub(crate) fn with(code: Code, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { detail: Some(connector_domain::text::cut(&detail, MAX_DETAIL).to_owned()), ..Self::new(code) }
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// As it is sent.
    pub(crate) fn answer(self) -> Answer {
        let sent = Sent {
            r#type: format!("urn:memory-connectors:problem:{}", self.code.name()),
            status: self.code.status(),
            code: self.code,
            title: self.code.title(),
            detail: self.detail.as_deref(),
        };
        let mut headers = self.headers;
        headers.push(("content-type", "application/problem+json".to_owned()));
        if matches!(self.code, Code::Unavailable | Code::ProviderUnavailable | Code::RequestInProgress) {
            headers.push(("retry-after", "5".to_owned()));
        }
        // A struct of texts and a number has a JSON form.
        let body = serde_json::to_string(&sent).unwrap_or_default();
        Answer { status: sent.status, headers, body }
    }
}

/// A fault of ours is noted here, once, and not told.
impl From<PortError> for Problem {
    fn from(error: PortError) -> Self {
        match error.kind {
            PortErrorKind::Input => Self::new(Code::InvalidCursor),
            PortErrorKind::Temporary => {
                error!(code = "unavailable", "a request could not be answered: {}", chain(&error));
                Self::new(Code::Unavailable)
            }
            PortErrorKind::Permanent | PortErrorKind::Corrupt => {
                error!(code = "internal", "a request could not be answered: {}", chain(&error));
                Self::new(Code::Internal)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_their_names_and_differ() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        for code in Code::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }

    #[test]
    fn a_fault_of_ours_tells_nothing() {
        let answer = Problem::from(PortError::permanent("read a row", "the table hunter2 is not there")).answer();
        assert_eq!(answer.status, 500);
        assert!(!answer.body.contains("hunter2") && !answer.body.contains("row"), "{}", answer.body);
    }
}
