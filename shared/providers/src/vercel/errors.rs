//! What Vercel's answers mean that are not a page. <https://vercel.com/docs/rest-api/reference/errors>

use std::time::Duration;

use connector_domain::backfill::{Disposition, FailCode, ProviderError, WaitReason};
use connector_domain::http::HttpResponse;
use connector_domain::{ProviderKind, Timestamp};
use serde::Deserialize;

use crate::headers;

/// The wait after a limit that does not say how long it lasts.
const UNNAMED_WAIT: Duration = Duration::from_secs(60);

/// The body of an error, as far as it says more than the status.
#[derive(Default, Deserialize)]
struct Body {
    error: Option<Told>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    code: Option<String>,
    invalid_token: Option<bool>,
    limit: Option<Limit>,
}

#[derive(Deserialize)]
struct Limit {
    /// Seconds since 1970.
    reset: Option<i64>,
}

/// An error about `response`.
pub(super) fn error(response: &HttpResponse, detail: &'static str, disposition: Disposition) -> ProviderError {
    ProviderError {
        provider: ProviderKind::Vercel,
        status: response.status,
        detail,
        request_id: headers::request_id(&response.headers, "x-vercel-id"),
        disposition,
    }
}

/// A page that cannot be one.
pub(super) fn not_a_page(response: &HttpResponse) -> ProviderError {
    error(response, "the body is not a page", Disposition::unavailable(None))
}

/// Decides by status, headers and the error's code. `paged` is whether the request went on from a cursor.
pub(super) fn check(response: &HttpResponse, paged: bool, now: Timestamp) -> Result<(), ProviderError> {
    let (detail, disposition) = match response.status {
        200 => return Ok(()),
        401 => ("the token is refused", Disposition::RefreshToken),
        402 => ("the account is not paid for", Disposition::Fail(FailCode::FORBIDDEN)),
        403 => forbidden(response),
        404 | 410 => ("the project is not there, or hidden", Disposition::Fail(FailCode::NOT_FOUND)),
        429 => ("asked to slow down", limited(response, now)),
        400 | 422 if paged => ("the place in the list is refused", Disposition::Restart),
        400 | 409 | 422 => ("the request is refused", Disposition::Fail(FailCode::REJECTED)),
        408 | 500..=599 => {
            ("Vercel has a fault", Disposition::unavailable(headers::retry_after(&response.headers, now)))
        }
        _ => ("an answer of unknown meaning", Disposition::Fail(FailCode::MALFORMED)),
    };
    Err(error(response, detail, disposition))
}

/// Vercel also answers 403 when a token is revoked, as it is when the integration is removed.
fn forbidden(response: &HttpResponse) -> (&'static str, Disposition) {
    match told(response) {
        Some(Told { invalid_token: Some(true), .. }) => ("the token is refused", Disposition::RefreshToken),
        Some(Told { code: Some(code), .. }) if code == "integration_configuration_disabled" => {
            ("the integration is disabled", Disposition::Fail(FailCode::FORBIDDEN))
        }
        _ => ("a permission is missing", Disposition::Fail(FailCode::FORBIDDEN)),
    }
}

/// <https://vercel.com/docs/rest-api/reference/welcome#rate-limits>
fn limited(response: &HttpResponse, now: Timestamp) -> Disposition {
    let body = || Timestamp::from_second(told(response)?.limit?.reset?).ok();
    let reset = headers::rate(&response.headers).resets_at.or_else(body).map(|at| headers::until(at, now));
    let after = reset.max(headers::retry_after(&response.headers, now)).unwrap_or(UNNAMED_WAIT);
    Disposition::Retry { after: Some(after), reason: WaitReason::RateLimit }
}

fn told(response: &HttpResponse) -> Option<Told> {
    serde_json::from_slice::<Body>(&response.body).unwrap_or_default().error
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_770_379_200;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Disposition {
        answer_to(false, status, headers, body)
    }

    fn answer_to(paged: bool, status: u16, headers: &[(&str, &str)], body: &str) -> Disposition {
        let response = HttpResponse { status, headers: headers.iter().copied().collect(), body: body.into() };
        check(&response, paged, Timestamp::from_second(NOW).unwrap()).unwrap_err().disposition
    }

    fn wait(seconds: u64) -> Disposition {
        Disposition::Retry { after: Some(Duration::from_secs(seconds)), reason: WaitReason::RateLimit }
    }

    #[test]
    fn a_limit_is_waited_for_as_long_as_headers_or_body_say() {
        let reset = (NOW + 600).to_string();
        let header = ("X-RateLimit-Reset", reset.as_str());
        assert_eq!(answer(429, &[header], ""), wait(600));
        assert_eq!(answer(429, &[header, ("Retry-After", "700")], ""), wait(700));
        let body =
            |reset: i64| format!(r#"{{"error":{{"code":"rate_limited","limit":{{"total":1,"reset":{reset}}}}}}}"#);
        assert_eq!(answer(429, &[], &body(NOW + 90)), wait(90));
        assert_eq!(answer(429, &[header], &body(NOW + 90)), wait(600));
        assert_eq!(answer(429, &[], &body(i64::MAX)), wait(60));
        assert_eq!(answer(429, &[], &body(0)), wait(1));
        assert_eq!(answer(429, &[("X-RateLimit-Reset", "NaN")], "<html>"), wait(60));
    }

    #[test]
    fn a_refused_token_is_told_apart_from_a_missing_permission() {
        let error = |rest: &str| format!(r#"{{"error":{{"code":"forbidden","message":"Not authorized"{rest}}}}}"#);
        assert_eq!(answer(403, &[], &error(r#","invalidToken":true"#)), Disposition::RefreshToken);
        assert_eq!(answer(401, &[], ""), Disposition::RefreshToken);
        for no in [&error(""), &error(r#","invalidToken":false"#), "", "<html>", r#"{"error":7}"#] {
            assert_eq!(answer(403, &[], no), Disposition::Fail(FailCode::FORBIDDEN), "{no}");
        }
        let disabled = r#"{"error":{"code":"integration_configuration_disabled"}}"#;
        assert_eq!(answer(403, &[], disabled), Disposition::Fail(FailCode::FORBIDDEN));
    }

    #[test]
    fn other_statuses_say_what_to_do() {
        assert_eq!(answer(402, &[], ""), Disposition::Fail(FailCode::FORBIDDEN));
        assert_eq!(answer(404, &[], ""), Disposition::Fail(FailCode::NOT_FOUND));
        assert_eq!(answer(410, &[], ""), Disposition::Fail(FailCode::NOT_FOUND));
        for status in [400, 422] {
            assert_eq!(answer(status, &[], ""), Disposition::Fail(FailCode::REJECTED));
            assert_eq!(answer_to(true, status, &[], ""), Disposition::Restart);
        }
        assert_eq!(answer(502, &[], "<html>"), Disposition::unavailable(None));
        assert_eq!(answer(503, &[("Retry-After", "7")], ""), Disposition::unavailable(Some(Duration::from_secs(7))));
        assert_eq!(answer(304, &[], ""), Disposition::Fail(FailCode::MALFORMED));
    }

    #[test]
    fn an_error_quotes_the_request_and_none_of_the_body() {
        let response = HttpResponse {
            status: 404,
            headers: [("X-Vercel-Id", "fra1::iad1::7sb8q-1770379200000-2f1c")].into_iter().collect(),
            body: b"hunter2".to_vec(),
        };
        let error = check(&response, false, Timestamp::UNIX_EPOCH).unwrap_err();
        assert_eq!(error.request_id.as_deref(), Some("fra1::iad1::7sb8q-1770379200000-2f1c"));
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
