//! API Gateway's HTTP events and our own values.

use std::future::Future;

use connector_domain::http::{Headers, WebhookRequest};
use http::{Response, StatusCode};
use lambda_http::{Body, Error, Request, service_fn};
use serde_json::{Value, json};

/// An answer: a status and a small JSON body.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// JSON body.
    pub body: Value,
}

impl Reply {
    /// A success.
    #[must_use]
    pub const fn ok(body: Value) -> Self {
        Self { status: 200, body }
    }

    /// A problem, as of <https://www.rfc-editor.org/rfc/rfc9457>, with a stable code and a fixed text.
    #[must_use]
    pub fn problem(status: u16, code: &str, title: &str) -> Self {
        let body = json!({ "type": "about:blank", "status": status, "code": code, "title": title });
        Self { status, body }
    }

    /// The media type of the body.
    #[must_use]
    pub const fn content_type(&self) -> &'static str {
        if self.status >= 400 { "application/problem+json" } else { "application/json" }
    }
}

/// Runs until Lambda ends the process.
///
/// # Errors
/// When the Runtime API fails.
pub async fn serve<F, Fut>(handle: F) -> Result<(), Error>
where
    F: Fn(WebhookRequest) -> Fut + Sync,
    Fut: Future<Output = Reply> + Send,
{
    let handle = &handle;
    lambda_http::run(service_fn(|request: Request| async move { response(handle(webhook_request(request)).await) }))
        .await
}

/// The request as it arrived. `lambda_http` has undone the base64 in which API Gateway wraps binary bodies.
#[must_use]
pub fn webhook_request(request: Request) -> WebhookRequest {
    let headers = headers(request.headers());
    let body = match request.into_body() {
        Body::Text(text) => text.into_bytes(),
        Body::Binary(bytes) => bytes,
        // An empty body, and whatever a later version may add, which must not pass for content.
        _ => Vec::new(),
    };
    WebhookRequest { headers, body }
}

/// Our headers of an `http` header map. A value that is not text cannot be a signature or an event name and is left out.
#[must_use]
pub fn headers(map: &http::HeaderMap) -> Headers {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    map.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

fn response(reply: Reply) -> Result<Response<Body>, Error> {
    let status = StatusCode::from_u16(reply.status)?;
    Ok(Response::builder()
        .status(status)
        .header(http::header::CONTENT_TYPE, reply.content_type())
        .header(http::header::CACHE_CONTROL, "no-store")
        .body(Body::Text(reply.body.to_string()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(body: &str, base64: bool) -> Request {
        let event = json!({
            "version": "2.0", "routeKey": "POST /webhooks/github", "rawPath": "/webhooks/github", "rawQueryString": "",
            "headers": { "x-hub-signature-256": "sha256=00", "X-GitHub-Event": "push" },
            "requestContext": { "http": { "method": "POST", "path": "/webhooks/github" }, "stage": "$default" },
            "body": body, "isBase64Encoded": base64,
        });
        lambda_http::request::from_str(&event.to_string()).unwrap()
    }

    #[test]
    fn the_bytes_that_were_signed_come_through() {
        let plain = webhook_request(event("{\"a\":\"é\"}", false));
        assert_eq!(plain.body, "{\"a\":\"é\"}".as_bytes());
        assert_eq!(plain.headers.first("x-github-event"), Some("push"));
        assert_eq!(webhook_request(event("/wAB", true)).body, [0xff, 0, 1]);
    }

    #[test]
    fn a_problem_has_its_own_media_type() {
        let response = response(Reply::problem(401, "signature_mismatch", "no")).unwrap();
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
}
