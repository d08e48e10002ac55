//! The simulated provider as a port: its routes are called in process, without a socket.

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use connector_domain::Secret;
use connector_domain::http::{Headers, HttpError, HttpRequest, HttpResponse};
use connector_domain::ports::ProviderHttp;
use http_body_util::BodyExt;
use tower::ServiceExt;
use url::form_urlencoded::Serializer;

/// Calls the simulator's routes.
pub(crate) struct InProcess(pub(crate) Router);

#[async_trait]
impl ProviderHttp for InProcess {
    async fn send(&self, request: &HttpRequest, _: Option<&Secret>) -> Result<HttpResponse, HttpError> {
        let query = Serializer::new(String::new()).extend_pairs(&request.query).finish();
        let uri = format!("/{}{}?{query}", request.provider, request.path);
        let mut call = Request::builder()
            .uri(uri)
            .header(header::USER_AGENT, "simulation")
            .header(header::AUTHORIZATION, "Bearer simulated");
        for (name, value) in &request.headers {
            call = call.header(*name, value);
        }
        let call = call.body(Body::empty()).map_err(|_| HttpError::Invalid)?;
        let Ok(response) = self.0.clone().oneshot(call).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| HttpError::Unreachable(error.into()))?;
        let headers: Headers =
            parts.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect();
        Ok(HttpResponse { status: parts.status.as_u16(), headers, body: body.to_bytes().to_vec() })
    }
}
