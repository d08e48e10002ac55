//! A provider that answers from a script.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use connector_domain::Secret;
use connector_domain::http::{Headers, HttpError, HttpRequest, HttpResponse};
use connector_domain::ports::ProviderHttp;

use super::lock;

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRequest {
    /// The request.
    pub request: HttpRequest,
    /// The token it carried.
    pub bearer: Option<String>,
}

/// Answers requests in the order of its script, and refuses the connection when the script is at its end.
#[derive(Debug, Default)]
pub struct ScriptedHttp {
    script: Mutex<VecDeque<Result<HttpResponse, HttpError>>>,
    requests: Mutex<Vec<RecordedRequest>>,
}

impl ScriptedHttp {
    /// Adds an answer.
    pub fn push(&self, answer: Result<HttpResponse, HttpError>) {
        lock(&self.script).push_back(answer);
    }

    /// Adds a response.
    pub fn respond(&self, status: u16, headers: &[(&str, &str)], body: &str) {
        let headers: Headers = headers.iter().copied().collect();
        self.push(Ok(HttpResponse { status, headers, body: body.as_bytes().to_vec() }));
    }

    /// What was sent so far.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.requests).clone()
    }
}

#[async_trait]
impl ProviderHttp for ScriptedHttp {
    async fn send(&self, request: &HttpRequest, bearer: Option<&Secret>) -> Result<HttpResponse, HttpError> {
        lock(&self.requests).push(RecordedRequest {
            request: request.clone(),
            bearer: bearer.map(|token| String::from_utf8_lossy(token.expose()).into_owned()),
        });
        let answer = lock(&self.script).pop_front();
        answer.unwrap_or_else(|| Err(HttpError::Unreachable("the script is at its end".into())))
    }
}
