//! What passes between the stack and the providers, both ways.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;

/// Keeps every request and its answer.
#[derive(Clone, Default)]
pub(crate) struct Tap(Arc<Mutex<Vec<Passed>>>);

/// One request.
#[derive(Clone)]
pub(crate) struct Passed {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    /// `name: value`
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
    pub(crate) answer: String,
}

const LONGEST: usize = 1 << 24;

impl Tap {
    /// The router with this at its door.
    pub(crate) fn listen(&self, router: Router) -> Router {
        router.layer(from_fn_with_state(self.clone(), pass))
    }

    pub(crate) fn passed(&self) -> Vec<Passed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn pass(State(tap): State<Tap>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LONGEST).await.unwrap_or_default();
    let headers =
        parts.headers.iter().map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
    let mut passed = Passed {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
        answer: String::new(),
    };
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (parts, body) = response.into_parts();
    // A body that was cut off on purpose stays so.
    let Ok(body) = to_bytes(body, LONGEST).await else {
        tap.0.lock().unwrap_or_else(PoisonError::into_inner).push(passed);
        return Response::from_parts(parts, Body::empty());
    };
    let location = parts.headers.get("location").map(|value| String::from_utf8_lossy(value.as_bytes()));
    passed.answer = format!("{} {}", location.unwrap_or_default(), String::from_utf8_lossy(&body));
    tap.0.lock().unwrap_or_else(PoisonError::into_inner).push(passed);
    Response::from_parts(parts, Body::from(body))
}
