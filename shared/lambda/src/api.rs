//! Requests to the management API: API Gateway has matched the route and checked the caller before.

use std::collections::BTreeMap;
use std::future::Future;

use connector_domain::http::Headers;
use http::{Response, StatusCode};
use lambda_http::request::RequestContext;
use lambda_http::{Body, Error, Request, RequestExt, service_fn};

use crate::http::headers;

/// Who the authorizer says is calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Nobody was asked for: the route is open.
    Nobody,
    /// The claims of a verified token, as API Gateway passes them: every value is a text.
    Token(BTreeMap<String, String>),
    /// What our own authorizer says of a machine key.
    Machine(BTreeMap<String, String>),
}

/// A request.
#[derive(Debug, Clone)]
pub struct ApiRequest {
    /// `GET`, `POST`, ...
    pub method: String,
    /// The path as it was sent.
    pub path: String,
    /// The query as it was sent.
    pub query: String,
    /// All headers.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
    /// Who is calling.
    pub caller: Caller,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers besides the cache's.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty with a status that has none.
    pub body: String,
}

/// Runs until Lambda ends the process.
///
/// # Errors
/// When the Runtime API fails.
pub async fn serve<F, Fut>(handle: F) -> Result<(), Error>
where
    F: Fn(ApiRequest) -> Fut + Sync,
    Fut: Future<Output = Answer> + Send,
{
    let handle = &handle;
    lambda_http::run(service_fn(|request: Request| async move { response(handle(api_request(request)).await) })).await
}

/// The request of an event.
#[must_use]
pub fn api_request(request: Request) -> ApiRequest {
    let caller = caller(request.request_context_ref());
    let (path, query) = (request.raw_http_path().to_owned(), request.uri().query().unwrap_or_default().to_owned());
    let (method, headers) = (request.method().to_string(), headers(request.headers()));
    let body = match request.into_body() {
        Body::Text(text) => text.into_bytes(),
        Body::Binary(bytes) => bytes,
        _ => Vec::new(),
    };
    ApiRequest { method, path, query, headers, body, caller }
}

/// Taken from the event that API Gateway made, never from a header.
fn caller(context: Option<&RequestContext>) -> Caller {
    let Some(RequestContext::ApiGatewayV2(context)) = context else { return Caller::Nobody };
    let Some(authorizer) = &context.authorizer else { return Caller::Nobody };
    if let Some(jwt) = &authorizer.jwt {
        return Caller::Token(jwt.claims.clone().into_iter().collect());
    }
    let text = |(name, value): (&String, &serde_json::Value)| Some((name.clone(), value.as_str()?.to_owned()));
    let fields: BTreeMap<_, _> = authorizer.fields.iter().filter_map(text).collect();
    if fields.is_empty() { Caller::Nobody } else { Caller::Machine(fields) }
}

/// The answer as it is sent. Nothing of it may be kept by a cache: it is one caller's view.
///
/// # Errors
/// When a header of ours is not one.
pub fn response(answer: Answer) -> Result<Response<Body>, Error> {
    let mut response = Response::builder().status(StatusCode::from_u16(answer.status)?);
    for (name, value) in [("cache-control", "no-store"), ("x-content-type-options", "nosniff")] {
        response = response.header(name, value);
    }
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    Ok(response.body(Body::Text(answer.body))?)
}
