//! The simulated providers as a port: their routes are called in process, without a socket.

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use connector_domain::http::{Body as CallBody, Headers, HttpError, HttpRequest, HttpResponse, Method};
use connector_domain::ports::ProviderHttp;
use connector_domain::{ProviderKind, Secret};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;
use url::form_urlencoded::Serializer;

use crate::monitor::Monitor;
use crate::tokens::TokenServer;

/// Most redirects of one request, as with the real client.
const MAX_REDIRECTS: usize = 3;

/// Calls GitHub's routes of the simulator, and what gives Linear's tokens.
pub(crate) struct Providers {
    pub(crate) github: Router,
    pub(crate) linear: Arc<TokenServer>,
    pub(crate) monitor: Arc<Monitor>,
    /// A list that the provider cannot answer, today.
    pub(crate) broken: Option<&'static str>,
}

impl Providers {
    fn is_broken(&self, path: &str) -> bool {
        self.broken.is_some_and(|list| path.ends_with(list))
    }

    async fn github(&self, request: &HttpRequest, bearer: Option<&Secret>) -> Result<HttpResponse, HttpError> {
        let mints = request.path.ends_with("/access_tokens");
        if !mints {
            self.monitor.calls(bearer.and_then(Secret::expose_str));
        }
        let response = if self.is_broken(&request.path) {
            HttpResponse { status: 500, headers: Headers::default(), body: b"{}".to_vec() }
        } else {
            self.follow(request, bearer).await?
        };
        if mints {
            if let Some(token) = given(&response.body) {
                self.monitor.given(&token);
            }
        } else {
            let of_documents = ["/commits", "/git/"].iter().any(|part| request.path.contains(part));
            self.monitor.count(|tally| match response.status {
                _ if of_documents => tally.document_calls += 1,
                200 => tally.page_calls += 1,
                _ => tally.refusals += 1,
            });
        }
        Ok(response)
    }

    /// Follows redirects within the provider, as the real client does: a renamed repository answers so.
    async fn follow(&self, request: &HttpRequest, bearer: Option<&Secret>) -> Result<HttpResponse, HttpError> {
        let query = Serializer::new(String::new()).extend_pairs(&request.query).finish();
        let mut uri = format!("/{}{}?{query}", request.provider, request.path);
        for _ in 0..=MAX_REDIRECTS {
            let response = self.once(request, &uri, bearer).await?;
            let location =
                response.headers.first("location").filter(|_| matches!(response.status, 301 | 302 | 307 | 308));
            match location.and_then(|location| location.find("/github/").map(|at| location[at..].to_owned())) {
                Some(next) => uri = next,
                None => return Ok(response),
            }
        }
        Err(HttpError::Redirected)
    }

    async fn once(&self, request: &HttpRequest, uri: &str, bearer: Option<&Secret>) -> Result<HttpResponse, HttpError> {
        let method = if request.method == Method::Post { "POST" } else { "GET" };
        let mut call = Request::builder().method(method).uri(uri).header(header::USER_AGENT, "simulation");
        if let Some(token) = bearer.and_then(Secret::expose_str) {
            call = call.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        for (name, value) in &request.headers {
            call = call.header(*name, value);
        }
        let body = match &request.body {
            Some(body) => {
                call = call.header(header::CONTENT_TYPE, body.content_type());
                Body::from(CallBody::expose(body).to_vec())
            }
            None => Body::empty(),
        };
        let call = call.body(body).map_err(|_| HttpError::Invalid)?;
        let Ok(response) = self.github.clone().oneshot(call).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| HttpError::Unreachable(error.into()))?;
        let headers: Headers =
            parts.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect();
        Ok(HttpResponse { status: parts.status.as_u16(), headers, body: body.to_bytes().to_vec() })
    }
}

fn given(body: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    Some(answer.get("token")?.as_str()?.to_owned())
}

#[async_trait]
impl ProviderHttp for Providers {
    async fn send(&self, request: &HttpRequest, bearer: Option<&Secret>) -> Result<HttpResponse, HttpError> {
        match request.provider {
            ProviderKind::Linear => {
                let response = self.linear.send(request, bearer).await?;
                for secret in self.linear.given().into_iter().flatten() {
                    self.monitor.secret(&secret);
                }
                Ok(response)
            }
            _ => self.github(request, bearer).await,
        }
    }
}
