//! One request, read.

use axum::{
    body::to_bytes,
    extract::Request,
    http::{
        HeaderMap, Method,
        header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, IF_NONE_MATCH},
    },
};
use bytes::Bytes;
use url::form_urlencoded;

/// A request as far as all providers look at it. Not printable: it holds a token.
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Path below the base address.
    pub(crate) path: String,
    /// Path and query below the base address.
    pub(crate) target: String,
    pub(crate) query: Vec<(String, String)>,
    /// The base address as the caller knows it: links point there.
    pub(crate) base: String,
    pub(crate) authorization: Option<String>,
    pub(crate) if_none_match: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) accept: Option<String>,
    /// Empty until it is received.
    pub(crate) body: Bytes,
}

/// Longer than any body that a provider is sent.
const LONGEST_BODY: usize = 1 << 20;

impl Call {
    /// Reads a request to the provider whose routes are below `mount`, body and all.
    pub(crate) async fn receive(request: Request, mount: &str) -> Self {
        let call = Self::read(&request, mount);
        Self { body: receive(request).await, ..call }
    }

    /// Reads a request to the provider whose routes are below `mount`.
    pub(crate) fn read(request: &Request, mount: &str) -> Self {
        let headers = request.headers();
        let uri = request.uri();
        let host = header(headers, HOST.as_str())
            .or_else(|| uri.authority().map(ToString::to_string))
            .unwrap_or_else(|| "localhost".to_owned());
        Self {
            method: request.method().clone(),
            path: uri.path().to_owned(),
            target: uri.path_and_query().map_or_else(|| uri.path().to_owned(), ToString::to_string),
            query: form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect(),
            base: format!("http://{host}{mount}"),
            authorization: header(headers, AUTHORIZATION.as_str()),
            if_none_match: header(headers, IF_NONE_MATCH.as_str()),
            content_type: header(headers, CONTENT_TYPE.as_str()),
            accept: header(headers, ACCEPT.as_str()),
            body: Bytes::new(),
        }
    }

    /// The first value of a query parameter.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params(name).next()
    }

    /// All values of a query parameter.
    pub(crate) fn params(&self, name: &str) -> impl Iterator<Item = &str> {
        self.query.iter().filter(move |(held, _)| held == name).map(|(_, value)| value.as_str())
    }

    /// The token of a `Bearer` header.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.authorization.as_deref()?.split_once(' ')?;
        (scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()).then(|| token.trim())
    }
}

/// The body of a request.
pub(crate) async fn receive(request: Request) -> Bytes {
    to_bytes(request.into_body(), LONGEST_BODY).await.unwrap_or_default()
}

/// The text of a header.
pub(crate) fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
