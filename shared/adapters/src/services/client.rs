//! Requests to one service: JSON out and in, within a time and a size.

use std::time::Duration;

use connector_domain::Secret;
use connector_domain::http::HttpError;
use connector_domain::ports::PortError;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;
use zeroize::Zeroizing;

use super::error::{ServiceError, ServiceErrorKind as Kind};
use crate::http::address::BaseUrl;
use crate::http::{USER_AGENT, body};

/// Bounds of every request.
#[derive(Debug, Clone, Copy)]
pub struct ServiceLimits {
    /// Time to connect.
    pub connect: Duration,
    /// Time for the whole answer.
    pub total: Duration,
    /// Bytes of an answer, inflated.
    pub body: usize,
}

impl Default for ServiceLimits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(3), total: Duration::from_secs(15), body: 16 * 1024 * 1024 }
    }
}

/// A service at its address, with its key.
#[derive(Debug, Clone)]
pub struct Service {
    name: &'static str,
    client: Client,
    base: BaseUrl,
    headers: HeaderMap,
    limits: ServiceLimits,
}

/// The name of the header that carries a key.
pub(super) enum KeyHeader {
    Bearer,
    Named(&'static str),
}

/// What requests go through. To make one is work, so all services have the same.
pub(super) fn client(limits: ServiceLimits) -> Result<Client, PortError> {
    let client = Client::builder()
        .user_agent(USER_AGENT)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(limits.connect)
        .timeout(limits.total);
    client.build().map_err(|error| PortError::permanent("set up HTTP", error))
}

impl Service {
    /// A service that is called by `name` in errors.
    pub(super) fn new(name: &'static str, client: Client, base: BaseUrl, limits: ServiceLimits) -> Self {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        Self { name, client, base, headers, limits }
    }

    /// The same with a key. `None` when the key cannot stand in a header.
    pub(super) fn with_key(mut self, header: KeyHeader, key: &Secret) -> Option<Self> {
        let (name, prefix): (_, &[u8]) = match header {
            KeyHeader::Bearer => (AUTHORIZATION, b"Bearer "),
            KeyHeader::Named(name) => (HeaderName::from_static(name), b""),
        };
        let value = Zeroizing::new([prefix, key.expose()].concat());
        let mut value = HeaderValue::from_bytes(&value).ok()?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Some(self)
    }

    /// The same with a header more.
    pub(super) fn with_header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        self
    }

    /// Posts JSON and reads JSON.
    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, request: &Value) -> Result<T, ServiceError> {
        let response = self.send(path, request).await?;
        let status = response.status().as_u16();
        if !(200..300).contains(&status) {
            return Err(self.refused(status, retry_after(&response)));
        }
        let body = body::read(response, self.limits.body).await.map_err(|error| self.failed(error))?;
        serde_json::from_slice(&body).map_err(|_| self.error(Kind::Malformed, "it is not the JSON expected"))
    }

    async fn send(&self, path: &str, request: &Value) -> Result<Response, ServiceError> {
        let call = self.client.post(self.base.below(path)).headers(self.headers.clone()).body(request.to_string());
        call.send().await.map_err(|error| self.failed(body::error(error)))
    }

    pub(super) fn error(&self, kind: Kind, detail: impl Into<String>) -> ServiceError {
        ServiceError::new(self.name, kind, detail)
    }

    fn failed(&self, error: HttpError) -> ServiceError {
        let kind = match &error {
            HttpError::Timeout => Kind::TimedOut,
            HttpError::TooLarge { .. } => Kind::TooLarge,
            _ => Kind::Unavailable,
        };
        ServiceError { source: Some(error.into()), ..self.error(kind, "") }
    }

    /// Its text may quote what it was given, so its status alone is told.
    fn refused(&self, status: u16, wait: Option<Duration>) -> ServiceError {
        let kind = match status {
            300..=399 => Kind::Redirected,
            401..=404 => Kind::Unauthorized,
            408 | 429 => Kind::RateLimited,
            500.. => Kind::Unavailable,
            _ => Kind::Rejected,
        };
        let wait = wait.map_or_else(String::new, |wait| format!(", asks to wait {} seconds", wait.as_secs()));
        self.error(kind, format!("status {status}{wait}"))
    }
}

/// How long it asks us to wait, in whole seconds. A wait is a message that comes again: minutes later, which is longer.
/// <https://www.rfc-editor.org/rfc/rfc9110#field.retry-after>
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
