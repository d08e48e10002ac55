//! What can go wrong with a service.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// What a request meets instead of its answer.
#[derive(Debug, Clone)]
pub enum Fault {
    /// A status, with the seconds that it asks to wait.
    Status(u16, Option<u64>),
    /// No answer, ever.
    Hang,
    /// This instead of JSON.
    Text(String),
    /// An answer of so many bytes.
    Big(usize),
    /// Elsewhere.
    Redirect(String),
    /// The right answer, without its second half.
    Truncated,
    /// A vector too few.
    WrongCount,
    /// Vectors of one number more.
    WrongDimension,
    /// Vectors of nothing but zeros.
    Zeros,
    /// Vectors with a number that no float holds.
    Infinite,
}

/// How a right answer is spoiled.
pub(super) enum Spoil {
    Truncated,
    Vectors(fn(&mut Vec<Value>)),
    Numbers(fn(&mut Vec<Value>)),
    Infinite,
}

impl Fault {
    /// The answer, or what is to become of the right one.
    pub(super) async fn answer(self) -> Result<Response, Spoil> {
        match self {
            Self::Status(status, wait) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let mut response = (status, axum::Json(json!({ "error": "as it was told" }))).into_response();
                if let Some(wait) = wait {
                    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait));
                }
                Ok(response)
            }
            Self::Hang => std::future::pending().await,
            Self::Text(text) => Ok(text.into_response()),
            // Its length is not announced.
            Self::Big(bytes) => {
                let parts = futures::stream::iter(
                    (0..bytes.div_ceil(1_024)).map(|_| Ok::<_, std::io::Error>([b' '; 1_024].to_vec())),
                );
                Ok(Body::from_stream(parts).into_response())
            }
            Self::Redirect(url) => Ok((StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, url)]).into_response()),
            Self::Truncated => Err(Spoil::Truncated),
            Self::WrongCount => Err(Spoil::Vectors(|vectors| drop(vectors.pop()))),
            Self::WrongDimension => Err(Spoil::Numbers(|numbers| numbers.push(json!(0.5)))),
            Self::Zeros => Err(Spoil::Numbers(|numbers| numbers.iter_mut().for_each(|number| *number = json!(0)))),
            Self::Infinite => Err(Spoil::Infinite),
        }
    }
}

impl Spoil {
    /// The bytes of what is left of a right answer.
    pub(super) fn of(self, mut answer: Value) -> Vec<u8> {
        match self {
            Self::Truncated => {
                let mut bytes = answer.to_string().into_bytes();
                bytes.truncate(bytes.len() / 2);
                bytes
            }
            Self::Vectors(change) => {
                for path in ["/data", "/embeddings/float"] {
                    if let Some(Value::Array(vectors)) = answer.pointer_mut(path) {
                        change(vectors);
                    }
                }
                answer.to_string().into_bytes()
            }
            Self::Numbers(change) => {
                for path in ["/data/0/embedding", "/embeddings/float/0"] {
                    if let Some(Value::Array(numbers)) = answer.pointer_mut(path) {
                        change(numbers);
                    }
                }
                answer.to_string().into_bytes()
            }
            Self::Infinite => {
                for path in ["/data/0/embedding/0", "/embeddings/float/0/0"] {
                    if let Some(number) = answer.pointer_mut(path) {
                        // It fits a double and no float.
                        *number = json!(1e300);
                    }
                }
                answer.to_string().into_bytes()
            }
        }
    }
}
