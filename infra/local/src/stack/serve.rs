//! Serves a stack's routes over HTTP, on this machine only.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use connector_lambda::api::{Answer, ApiRequest, Caller};
use connector_lambda::http::{Reply, headers};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{Stack, StackError};

/// API Gateway's limit.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>
const MAX_BODY: usize = 10_000_000;

/// A stack that listens. It stops when this is dropped.
#[derive(Debug)]
pub struct Served {
    /// Where, without a path: `http://127.0.0.1:8787`.
    pub url: String,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Served {
    /// Takes no more requests, and waits until the open ones are answered.
    pub async fn stop(self) {
        drop(self.stop);
        // The server ends by itself; were it to panic, there is nothing left to wait for.
        let _ended = self.server.await;
    }
}

/// Listens on 127.0.0.1; port 0 takes any free one.
pub(super) async fn serve(stack: Stack, port: u16) -> Result<Served, StackError> {
    let listen = |source| StackError::Listen { port, source };
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(listen)?;
    let url = format!("http://{}", listener.local_addr().map_err(listen)?);
    let (stop, stopped) = oneshot::channel::<()>();
    let router = Router::new().fallback(answer).with_state(stack);
    let server = axum::serve(listener, router).with_graceful_shutdown(async {
        let _dropped = stopped.await;
    });
    let server = tokio::spawn(async {
        if let Err(error) = server.await {
            tracing::error!("stopped listening: {error}");
        }
    });
    Ok(Served { url, stop, server })
}

async fn answer(State(stack): State<Stack>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let answer = match to_bytes(body, MAX_BODY).await {
        Ok(body) => {
            let request = ApiRequest {
                method: parts.method.to_string(),
                path: parts.uri.path().to_owned(),
                query: parts.uri.query().unwrap_or_default().to_owned(),
                headers: headers(&parts.headers),
                body: body.into(),
                caller: Caller::Nobody,
            };
            stack.answer(request).await
        }
        // The other reason is a sender who is gone and reads no answer.
        Err(_) => {
            let reply = Reply::problem(413, "body_too_large", "the body is larger than 10 MB");
            let headers = vec![("content-type", reply.content_type().to_owned())];
            Answer { status: reply.status, headers, body: reply.body.to_string() }
        }
    };
    response(answer)
}

fn response(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
    response
}
