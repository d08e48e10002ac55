//! What all simulated providers have in common on the wire: reading a request, keeping track of it, sending an answer.

use std::time::Duration;

use crate::injection::{Injection, due};

mod call;
mod content;

pub(crate) use call::{Call, header, receive};
pub(crate) use content::{Content, Spoil, http_date, respond};

/// A request that was answered. It never holds a token: only whether there was one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedRequest {
    /// `GET`, `POST`, ...
    pub method: String,
    /// Path and query below the base address: `/repos/acme/rocket/pulls?state=all`.
    pub path: String,
    /// The status it was answered with.
    pub status: u16,
    /// Whether it carried an `Authorization` header.
    pub authorized: bool,
    /// Whether it carried a validator (`If-None-Match`).
    pub conditional: bool,
}

/// What a provider keeps about its callers, and what it has been told to do to them.
pub(crate) struct Front<F> {
    pub(crate) requests: Vec<RecordedRequest>,
    pub(crate) faults: Vec<Injection<F>>,
    pub(crate) latency: Duration,
}

impl<F> Default for Front<F> {
    fn default() -> Self {
        Self { requests: Vec::new(), faults: Vec::new(), latency: Duration::ZERO }
    }
}

impl<F: Clone> Front<F> {
    /// The fault due for a request known by any of these paths.
    pub(crate) fn due(&mut self, paths: &[&str]) -> Option<F> {
        due(&mut self.faults, paths)
    }

    /// Keeps a request, and answers how many there have been.
    pub(crate) fn record(&mut self, call: &Call, status: u16) -> u64 {
        self.requests.push(RecordedRequest {
            method: call.method.to_string(),
            path: call.target.clone(),
            status,
            authorized: call.authorization.is_some(),
            conditional: call.if_none_match.is_some(),
        });
        self.requests.len() as u64
    }
}

/// Lets time pass before an answer.
pub(crate) async fn pause(wait: Duration) {
    if wait > Duration::ZERO {
        #[expect(clippy::disallowed_methods, reason = "a slow provider is slow: the product never waits like this")]
        tokio::time::sleep(wait).await;
    }
}
