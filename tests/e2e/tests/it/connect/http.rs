//! The smallest client: it sends what it is told, keeps nothing and follows nothing.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Request};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> String {
        self.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    /// Everything that it says, for a comparison: all but when it was said.
    pub(crate) fn whole(&self) -> String {
        let mut headers = self.headers.clone();
        headers.remove("date");
        format!("{} {headers:?} {}", self.status, self.text())
    }

    /// The addresses of its links, in order.
    pub(crate) fn links(&self) -> Vec<String> {
        let text = self.text();
        let ends = text.split("href=\"").skip(1).filter_map(|rest| rest.split_once('"'));
        ends.map(|(address, _)| address.replace("&amp;", "&")).collect()
    }
}

/// Sends a request; `None` when nobody answered it to the end.
pub(crate) async fn try_send(method: &str, url: &str, headers: &[(&str, &str)], body: String) -> Option<Reply> {
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request.body(Full::from(body)).unwrap()).await.ok()?;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.ok()?.to_bytes();
    Some(Reply { status: parts.status.as_u16(), headers: parts.headers, body })
}

/// The same where there must be an answer.
pub(crate) async fn send(method: &str, url: &str, headers: &[(&str, &str)], body: String) -> Reply {
    try_send(method, url, headers, body).await.unwrap_or_else(|| panic!("nobody answers at {url}"))
}
