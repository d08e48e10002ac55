//! Simulated services that read texts: embeddings as `OpenAI` and Cohere serve them, Pinecone's index, and Anthropic's
//! Messages API, all on one address, each with the key [`KEY`].
//!
//! ```
//! # async fn example() -> std::io::Result<()> {
//! use connector_simulator::services::{Fault, Services};
//!
//! let services = Services::start().await?;
//! services.next(Fault::Status(429, Some(30)));
//! println!("{}/v1/embeddings, {}/v1/messages", services.url(), services.url());
//! # Ok(()) }
//! ```

mod embeddings;
mod fault;
mod index;
mod messages;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use fault::Fault;

/// The key of every service. It must not be found in anybody's log.
pub const KEY: &str = "sk-canary-5f1d";

/// A request that came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its path.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Value,
}

/// What is shared with those who serve.
#[derive(Default)]
struct Known {
    asked: Vec<Asked>,
    next: VecDeque<Fault>,
    always: Option<Fault>,
    at: BTreeMap<String, Fault>,
    answers: Vec<Value>,
    index: index::Index,
}

/// The services, served until this is dropped.
pub struct Services {
    url: String,
    known: Arc<Mutex<Known>>,
    serving: JoinHandle<()>,
}

impl Services {
    /// Serves on a free port of this machine.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let known = Arc::new(Mutex::new(Known::default()));
        let paths = ["/v1/embeddings", "/v2/embed", "/vectors/upsert", "/query", "/vectors/delete", "/v1/messages"];
        let router = paths.into_iter().fold(Router::new(), |router, path| router.route(path, post(serve)));
        let router = router.with_state(Arc::clone(&known));
        let serving = tokio::spawn(async move {
            // It ends with the task.
            let _ended = axum::serve(listener, router).await;
        });
        Ok(Self { url, known, serving })
    }

    /// Where they are.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The next request that comes meets this.
    pub fn next(&self, fault: Fault) {
        lock(&self.known).next.push_back(fault);
    }

    /// Every request meets this, until it is `None`.
    pub fn always(&self, fault: Option<Fault>) {
        lock(&self.known).always = fault;
    }

    /// Every request for a path meets this, until it is `None`.
    pub fn at(&self, path: &str, fault: Option<Fault>) {
        let mut known = lock(&self.known);
        match fault {
            Some(fault) => known.at.insert(path.to_owned(), fault),
            None => known.at.remove(path),
        };
    }

    /// The language model says this to the next question that asks for one of its fields.
    pub fn says(&self, answer: Value) {
        lock(&self.known).answers.push(answer);
    }

    /// What was asked, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.known).asked.clone()
    }

    /// The namespaces of the index, with how many records each has.
    #[must_use]
    pub fn namespaces(&self) -> Vec<(String, usize)> {
        lock(&self.known).index.sizes()
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(State(known): State<Arc<Mutex<Known>>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let path = uri.path().to_owned();
    let fault = {
        let mut known = lock(&known);
        known.asked.push(Asked { path: path.clone(), headers: headers.clone(), body: body.clone() });
        known.next.pop_front().or_else(|| known.at.get(&path).cloned()).or_else(|| known.always.clone())
    };
    let answered = match fault {
        Some(fault) => match fault.answer().await {
            Ok(response) => return response,
            Err(spoil) => answer(&known, &path, &headers, &body).map(|answer| spoil.of(answer)),
        },
        None => answer(&known, &path, &headers, &body).map(|answer| answer.to_string().into_bytes()),
    };
    match answered {
        Ok(body) => ([("content-type", "application/json")], body).into_response(),
        Err((status, said)) => (status, axum::Json(said)).into_response(),
    }
}

/// A status with what is said of it.
type Refusal = (StatusCode, Value);

/// Refuses a request that the real one would refuse, and quotes it, as some do.
fn refuse(status: u16, request: &Value) -> Refusal {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    (status, json!({ "type": "error", "error": { "type": "invalid_request_error", "message": request.to_string() } }))
}

fn answer(known: &Mutex<Known>, path: &str, headers: &HeaderMap, body: &Value) -> Result<Value, Refusal> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let bearer = format!("Bearer {KEY}");
    let open = match path {
        "/v1/embeddings" | "/v2/embed" => header("authorization") == bearer,
        "/v1/messages" => header("x-api-key") == KEY,
        _ => header("api-key") == KEY,
    };
    if !open {
        return Err(refuse(401, &json!("wrong key")));
    }
    match path {
        "/v1/embeddings" => embeddings::openai(body),
        "/v2/embed" => embeddings::cohere(body),
        "/v1/messages" if header("anthropic-version").is_empty() => Err(refuse(400, body)),
        "/v1/messages" => messages::answer(body, &mut lock(known).answers),
        _ if header("x-pinecone-api-version").is_empty() => Err(refuse(400, body)),
        _ => lock(known).index.answer(path, body),
    }
}
