//! Reads a response body within its limit, and says what went wrong without a URL: a query may hold what no log should.

use connector_domain::http::HttpError;
use reqwest::Response;

/// The body, inflated. What comes after the limit is not read.
pub(crate) async fn read(mut response: Response, limit: usize) -> Result<Vec<u8>, HttpError> {
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    if announced > limit {
        return Err(HttpError::TooLarge { limit });
    }
    let mut body = Vec::with_capacity(announced);
    while let Some(chunk) = response.chunk().await.map_err(error)? {
        if body.len() + chunk.len() > limit {
            return Err(HttpError::TooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

pub(crate) fn error(error: reqwest::Error) -> HttpError {
    if error.is_timeout() {
        HttpError::Timeout
    } else if error.is_builder() {
        HttpError::Invalid
    } else {
        HttpError::Unreachable(error.without_url().into())
    }
}
