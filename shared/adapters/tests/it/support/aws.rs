//! An AWS service that answers as a test says. All of them speak JSON over POST and name the operation in a header.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::{Credentials, Region};
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

/// What was asked: operation and body.
pub(crate) type Calls = Arc<Mutex<Vec<(String, Value)>>>;

/// A service: where it is, and what it was asked.
pub(crate) struct Service {
    pub(crate) url: String,
    calls: Calls,
}

impl Service {
    /// What it was asked so far.
    pub(crate) fn calls(&self) -> Vec<(String, Value)> {
        self.calls.lock().unwrap().clone()
    }
}

/// Serves until the test ends.
pub(crate) async fn serve(answer: impl Fn(&str, &Value) -> (u16, Value) + Clone + Send + Sync + 'static) -> Service {
    let calls = Calls::default();
    let seen = Arc::clone(&calls);
    let handle = async move |headers: HeaderMap, body: Bytes| {
        let target = headers["x-amz-target"].to_str().unwrap();
        let operation = target.rsplit('.').next().unwrap().to_owned();
        let body: Value = serde_json::from_slice(&body).unwrap();
        seen.lock().unwrap().push((operation.clone(), body.clone()));
        let (status, answer) = answer(&operation, &body);
        let kind = [(header::CONTENT_TYPE, "application/x-amz-json-1.1")];
        (StatusCode::from_u16(status).unwrap(), kind, answer.to_string())
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(handle)).await });
    Service { url, calls }
}

/// An error as AWS answers it.
pub(crate) fn error(status: u16, code: &str) -> (u16, Value) {
    (status, json!({ "__type": code, "message": "said AWS" }))
}

/// What every client needs; a failed call is not repeated.
pub(crate) fn region() -> Region {
    Region::from_static("us-east-1")
}

/// Credentials that nobody checks.
pub(crate) fn credentials() -> Credentials {
    Credentials::new("test", "test", None, None, "test")
}

/// The configuration of a service's client, for the builder of its crate.
macro_rules! client {
    ($sdk:ident, $url:expr) => {{
        let config = $sdk::Config::builder()
            .behavior_version($sdk::config::BehaviorVersion::latest())
            .endpoint_url($url)
            .region($crate::support::aws::region())
            .credentials_provider($crate::support::aws::credentials())
            .retry_config($sdk::config::retry::RetryConfig::disabled())
            .build();
        $sdk::Client::from_conf(config)
    }};
}
pub(crate) use client;
