//! Bodies, and what faults do to right ones on their way out.

use std::io;

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header::CONTENT_LENGTH},
    response::Response,
};
use bytes::Bytes;
use futures::stream;
use jiff::Timestamp;

/// The body of an answer.
pub(crate) enum Content {
    Empty,
    Json(String),
    /// A list whose items are still apart, so that one of them can be spoilt, and what stands around them.
    List {
        before: &'static str,
        items: Vec<String>,
        after: String,
    },
    Html(String),
    Form(String),
    /// What a file holds.
    Raw(Vec<u8>),
}

impl Content {
    /// A bare list.
    pub(crate) fn items(items: Vec<String>) -> Self {
        Self::List { before: "[", items, after: "]".to_owned() }
    }

    fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Empty => None,
            Self::Json(_) | Self::List { .. } => Some("application/json; charset=utf-8"),
            Self::Html(_) => Some("text/html; charset=utf-8"),
            Self::Raw(_) => Some("application/octet-stream"),
            Self::Form(_) => Some("application/x-www-form-urlencoded; charset=utf-8"),
        }
    }
}

/// What a fault does to a right answer.
#[derive(Clone, Copy)]
pub(crate) enum Spoil {
    /// Half of the body, then the connection ends.
    Truncated,
    /// A body that stops in the middle of its JSON, sent as though it were whole.
    Malformed,
    /// The item at this place is this one instead.
    Item(usize, &'static str),
}

/// The response to send. Only what is right can be spoilt.
pub(crate) fn respond(
    status: StatusCode,
    headers: impl IntoIterator<Item = (&'static str, String)>,
    content: Content,
    spoil: Option<Spoil>,
) -> Response {
    let spoil = spoil.filter(|_| status.is_success());
    let kind = content.kind();
    let body = bytes(content, spoil);
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let held = response.headers_mut();
    let kind = kind.map(|kind| ("content-type", kind.to_owned()));
    for (name, value) in kind.clone().into_iter().chain(headers) {
        if let Ok(value) = HeaderValue::from_str(&value) {
            held.insert(name, value);
        }
    }
    if let Some(Spoil::Truncated) = spoil {
        held.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        *response.body_mut() = cut_off(&body);
    } else if kind.is_some() {
        *response.body_mut() = Body::from(body);
    }
    response
}

fn bytes(content: Content, spoil: Option<Spoil>) -> Bytes {
    let text = match content {
        Content::Raw(bytes) => return Bytes::from(bytes),
        Content::Empty => String::new(),
        Content::Json(text) | Content::Html(text) | Content::Form(text) => text,
        Content::List { before, mut items, after } => {
            if let Some(Spoil::Item(place, with)) = spoil
                && let Some(item) = items.get_mut(place)
            {
                with.clone_into(item);
            }
            format!("{before}{}{after}", items.join(","))
        }
    };
    let mut bytes = Bytes::from(text);
    if let Some(Spoil::Malformed) = spoil {
        bytes.truncate(bytes.len() / 2);
    }
    bytes
}

/// Half of the bytes, then an error, which makes the server drop the connection.
fn cut_off(body: &Bytes) -> Body {
    let half = body.slice(..body.len() / 2);
    Body::from_stream(stream::iter([Ok(half), Err(io::Error::from(io::ErrorKind::ConnectionReset))]))
}

/// The value of a `Date` header.
pub(crate) fn http_date(now: Timestamp) -> String {
    now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
