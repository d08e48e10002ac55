//! The headers every answer has, and the faults that spoil a right answer on its way out.

use std::io;

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header::CONTENT_LENGTH},
    response::Response,
};
use bytes::Bytes;
use futures::stream;
use jiff::Timestamp;

use super::{
    super::fault::Fault,
    answer::{Answer, Content},
    budget::Budget,
    call::{Call, Version},
};
use crate::random::Random;

/// The response to send. `serial` counts the requests answered.
pub(crate) fn finish(
    answer: Answer,
    call: &Call,
    budget: &Budget,
    now: Timestamp,
    serial: u64,
    fault: Option<&Fault>,
) -> Response {
    let kind = match &answer.content {
        Content::Empty => None,
        Content::Json(_) | Content::Items(_) => Some("application/json; charset=utf-8"),
        Content::Html(_) => Some("text/html; charset=utf-8"),
    };
    let ok = answer.status == StatusCode::OK;
    let link = match fault {
        Some(Fault::Link(link)) if ok => Some(link.clone()),
        _ => answer.link,
    };
    let body = bytes(answer.content, fault.filter(|_| ok));
    let privacy = if call.authorization.is_some() { "private" } else { "public" };
    let headers = [
        ("server", Some("GitHub.com".to_owned())),
        ("date", Some(now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())),
        ("content-type", kind.map(str::to_owned)),
        ("cache-control", Some(format!("{privacy}, max-age=60, s-maxage=60"))),
        ("vary", Some("Accept, Authorization, Cookie, X-GitHub-OTP, Accept-Encoding, X-Requested-With".to_owned())),
        ("etag", answer.etag),
        ("link", link),
        ("x-github-media-type", Some("github.v3; format=json".to_owned())),
        ("x-github-api-version-selected", call.version.map(Version::name).map(str::to_owned)),
        ("x-ratelimit-limit", Some(budget.limit.to_string())),
        ("x-ratelimit-remaining", Some(budget.remaining().to_string())),
        ("x-ratelimit-used", Some(budget.used.to_string())),
        ("x-ratelimit-reset", Some(budget.resets_at.to_string())),
        ("x-ratelimit-resource", Some("core".to_owned())),
        ("x-github-request-id", Some(request_id(serial, now))),
    ];
    let mut response = Response::new(Body::empty());
    *response.status_mut() = answer.status;
    let held = response.headers_mut();
    let present = headers.into_iter().filter_map(|(name, value)| value.map(|value| (name, value)));
    for (name, value) in present.chain(answer.extra) {
        if let Ok(value) = HeaderValue::from_str(&value) {
            held.insert(name, value);
        }
    }
    if ok && matches!(fault, Some(Fault::Truncated)) {
        held.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        *response.body_mut() = cut_off(&body);
    } else if kind.is_some() {
        *response.body_mut() = Body::from(body);
    }
    response
}

fn bytes(content: Content, fault: Option<&Fault>) -> Bytes {
    let text = match content {
        Content::Empty => String::new(),
        Content::Json(text) | Content::Html(text) => text,
        Content::Items(mut items) => {
            if let Some(Fault::BadItem(place)) = fault
                && let Some(item) = items.get_mut(*place)
            {
                SPOILT.clone_into(item);
            }
            joined(&items)
        }
    };
    let mut bytes = Bytes::from(text);
    if let Some(Fault::Malformed) = fault {
        bytes.truncate(bytes.len() / 2);
    }
    bytes
}

/// An item in which nothing has the type it should have.
const SPOILT: &str = r#"{"id":"one","number":"two","tag_name":3,"title":4,"user":5,"created_at":{"at":6}}"#;

fn joined(items: &[String]) -> String {
    let mut text = String::with_capacity(items.iter().map(|item| item.len() + 1).sum::<usize>() + 2);
    text.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(item);
    }
    text.push(']');
    text
}

/// Half of the bytes, then an error, which makes the server drop the connection.
fn cut_off(body: &Bytes) -> Body {
    let half = body.slice(..body.len() / 2);
    Body::from_stream(stream::iter([Ok(half), Err(io::Error::from(io::ErrorKind::ConnectionReset))]))
}

/// Of the form `0685:5DDC:10B68F9:25FA1BE:62D6354D`; the last part is the time.
fn request_id(serial: u64, now: Timestamp) -> String {
    let hex = Random::new(serial, &[0x2E9]).hex(22).to_uppercase();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}:{}:{}:{}:{:X}", part(0, 4), part(4, 8), part(8, 15), part(15, 22), now.as_second())
}
