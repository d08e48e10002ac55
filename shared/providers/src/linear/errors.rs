//! What Linear's answers mean that are not a page.
//!
//! Errors come under any status, and beside data: what counts is the code in the body, then the status.
//! <https://linear.app/developers/rate-limiting>

use std::time::Duration;

use connector_domain::backfill::{Disposition, FailCode, ProviderError, WaitReason};
use connector_domain::http::{HttpResponse, RateLimit};
use connector_domain::{ProviderKind, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use crate::headers;

/// The wait after a limit that does not say how long it lasts.
const UNNAMED_WAIT: Duration = Duration::from_secs(60);

/// The budgets that a call draws on, by the names of their headers.
const BUDGETS: [&str; 3] = ["x-ratelimit-requests", "x-ratelimit-complexity", "x-ratelimit-endpoint-requests"];

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    errors: Value,
}

/// The code of an error, or else its type, in one spelling: `RATELIMITED` and `ratelimited`, `INVALID_INPUT` and
/// `invalid input`.
fn code(error: &Value) -> String {
    let extensions = &error["extensions"];
    let code = extensions["code"].as_str().or(extensions["type"].as_str());
    code.unwrap_or_default().to_lowercase().replace(' ', "_")
}

/// One budget, in calls like this one.
#[derive(Debug, Clone, Copy)]
struct Budget {
    remaining: u64,
    limit: u64,
    resets_at: Option<Timestamp>,
}

/// The budgets that the headers tell. Points are counted in calls that cost as much as this one.
fn budgets(response: &HttpResponse) -> impl Iterator<Item = Budget> {
    let headers = &response.headers;
    let number = |name: &str, end: &str| headers::number(headers, &format!("{name}-{end}"));
    let cost = headers::number(headers, "x-complexity").unwrap_or(1).max(1);
    BUDGETS.into_iter().filter_map(move |name| {
        let per_call = if name.ends_with("complexity") { cost } else { 1 };
        Some(Budget {
            remaining: number(name, "remaining")? / per_call,
            limit: number(name, "limit")? / per_call,
            // In milliseconds, where others tell seconds.
            resets_at: number(name, "reset").and_then(|ms| Timestamp::from_millisecond(i64::try_from(ms).ok()?).ok()),
        })
    })
}

/// What the budget headers say of the budget that is used up first.
pub(super) fn rate(response: &HttpResponse) -> RateLimit {
    let share = |budget: &Budget| u128::from(budget.remaining) * 1_000_000 / u128::from(budget.limit.max(1));
    budgets(response).min_by_key(share).map_or_else(RateLimit::default, |budget| RateLimit {
        remaining: Some(budget.remaining),
        limit: Some(budget.limit),
        resets_at: budget.resets_at,
    })
}

/// An error about `response`.
pub(super) fn error(response: &HttpResponse, detail: &'static str, disposition: Disposition) -> ProviderError {
    ProviderError {
        provider: ProviderKind::Linear,
        status: response.status,
        detail,
        request_id: headers::request_id(&response.headers, "x-request-id"),
        disposition,
    }
}

/// A page that cannot be one: proxies answer with HTML at times.
pub(super) fn not_a_page(response: &HttpResponse) -> ProviderError {
    error(response, "the body is not a page", Disposition::unavailable(None))
}

/// The answer is whole, and there is no such team in it.
pub(super) fn no_such_team(response: &HttpResponse) -> ProviderError {
    error(response, "the team is not there, or hidden", Disposition::Fail(FailCode::NOT_FOUND))
}

/// Decides by the codes in the body and by status. `paged` is whether the request went on from a cursor.
/// A body with errors is no page, whatever else it holds: what is missing in it would be missing for ever.
pub(super) fn check(response: &HttpResponse, paged: bool, now: Timestamp) -> Result<(), ProviderError> {
    let errors = match serde_json::from_slice(&response.body) {
        Ok(Answer { errors: Value::Array(errors) }) => errors,
        Ok(Answer { errors: Value::Null }) | Err(_) => Vec::new(),
        Ok(Answer { errors: other }) => vec![other],
    };
    // Without any code, a status that is none of success says more.
    let silent = response.status != 200 && errors.iter().all(|error| code(error).is_empty());
    let told = errors.iter().map(|error| by_code(error, response, paged, now)).max_by_key(|(rank, ..)| *rank);
    if let Some((_, detail, disposition)) = told.filter(|_| response.status < 500 && !silent) {
        return Err(self::error(response, detail, disposition));
    }
    let (detail, disposition) = match response.status {
        200 => return Ok(()),
        401 => ("the token is refused", Disposition::RefreshToken),
        403 => ("a permission is missing", Disposition::Fail(FailCode::FORBIDDEN)),
        404 => ("the API is not there", Disposition::Fail(FailCode::NOT_FOUND)),
        429 => ("a budget is used up", limited(response, now)),
        400 | 422 => ("the request is refused", Disposition::Fail(FailCode::REJECTED)),
        408 | 500..=599 => {
            ("Linear has a fault", Disposition::unavailable(headers::retry_after(&response.headers, now)))
        }
        _ => ("an answer of unknown meaning", Disposition::Fail(FailCode::MALFORMED)),
    };
    Err(error(response, detail, disposition))
}

/// What one error asks for, with its rank: of several, the one that waiting or a new token can cure is answered first.
fn by_code(error: &Value, response: &HttpResponse, paged: bool, now: Timestamp) -> (u8, &'static str, Disposition) {
    let not_found = error["message"].as_str().is_some_and(|message| message.to_lowercase().contains("not found"));
    match code(error).as_str() {
        "ratelimited" | "usage_limit_exceeded" => (5, "a budget is used up", limited(response, now)),
        "authentication_error" | "unauthenticated" => (4, "the token is refused", Disposition::RefreshToken),
        "forbidden" | "feature_not_accessible" => {
            (3, "a permission is missing", Disposition::Fail(FailCode::FORBIDDEN))
        }
        "graphql_validation_failed" | "graphql_parse_failed" | "graphql_error" => {
            (2, "the query is refused", Disposition::Fail(FailCode::REJECTED))
        }
        // A cursor names the last item seen, which may be gone since.
        "invalid_input" | "input_error" | "bad_user_input" | "user_error" if paged => {
            (1, "the place in the list is refused", Disposition::Restart)
        }
        "invalid_input" | "input_error" | "bad_user_input" | "user_error" if not_found => {
            (1, "the team is not there, or hidden", Disposition::Fail(FailCode::NOT_FOUND))
        }
        "invalid_input" | "input_error" | "bad_user_input" | "user_error" => {
            (1, "the request is refused", Disposition::Fail(FailCode::REJECTED))
        }
        // A fault of Linear's, or a new word: asking again is limited, and nothing is skipped.
        _ => (
            0,
            "a part of the answer is missing",
            Disposition::unavailable(headers::retry_after(&response.headers, now)),
        ),
    }
}

/// The wait until every budget that is used up is filled again. There is no `Retry-After`.
fn limited(response: &HttpResponse, now: Timestamp) -> Disposition {
    let spent = budgets(response).filter(|budget| budget.remaining == 0).filter_map(|budget| budget.resets_at).max();
    let named = spent.or_else(|| rate(response).resets_at).map(|at| headers::until(at, now));
    let after = headers::retry_after(&response.headers, now).max(named).unwrap_or(UNNAMED_WAIT);
    Disposition::Retry { after: Some(after), reason: WaitReason::RateLimit }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_770_379_200;

    fn checked(paged: bool, status: u16, headers: &[(&str, &str)], body: &str) -> Result<(), Disposition> {
        let response = HttpResponse { status, headers: headers.iter().copied().collect(), body: body.into() };
        check(&response, paged, Timestamp::from_second(NOW).unwrap()).map_err(|error| error.disposition)
    }

    fn answer(status: u16, body: &str) -> Disposition {
        checked(false, status, &[], body).unwrap_err()
    }

    fn coded(code: &str) -> String {
        format!(r#"{{"errors":[{{"message":"hunter2","extensions":{{"code":"{code}","http":{{}}}}}}]}}"#)
    }

    fn retry(seconds: u64, reason: WaitReason) -> Disposition {
        Disposition::Retry { after: Some(Duration::from_secs(seconds)), reason }
    }

    #[test]
    fn a_used_up_budget_is_waited_for_under_any_status() {
        let soon = ((NOW + 600) * 1_000).to_string();
        let later = ((NOW + 1_200) * 1_000).to_string();
        let requests = [
            ("X-RateLimit-Requests-Limit", "5000"),
            ("X-RateLimit-Requests-Remaining", "4000"),
            ("X-RateLimit-Requests-Reset", later.as_str()),
        ];
        let points = [
            ("X-Complexity", "5000"),
            ("X-RateLimit-Complexity-Limit", "2000000"),
            ("X-RateLimit-Complexity-Remaining", "4999"),
            ("X-RateLimit-Complexity-Reset", soon.as_str()),
        ];
        let both: Vec<_> = requests.into_iter().chain(points).collect();
        for status in [400, 200, 429] {
            let disposition = checked(false, status, &both, &coded("RATELIMITED")).unwrap_err();
            assert_eq!(disposition, retry(600, WaitReason::RateLimit), "{status}");
        }
        assert_eq!(checked(false, 400, &requests, &coded("ratelimited")), Err(retry(1_200, WaitReason::RateLimit)));
        assert_eq!(answer(400, &coded("RATELIMITED")), retry(60, WaitReason::RateLimit));
        assert_eq!(answer(429, ""), retry(60, WaitReason::RateLimit));
        let junk = [
            ("x-ratelimit-requests-limit", "1"),
            ("x-ratelimit-requests-remaining", "0"),
            ("x-ratelimit-requests-reset", "NaN"),
        ];
        assert_eq!(checked(false, 400, &junk, &coded("RATELIMITED")), Err(retry(60, WaitReason::RateLimit)));
    }

    #[test]
    fn the_scarcer_budget_is_the_one_that_counts() {
        let headers = [
            ("x-complexity", "2000"),
            ("x-ratelimit-requests-limit", "5000"),
            ("x-ratelimit-requests-remaining", "4900"),
            ("x-ratelimit-requests-reset", "1770379200000"),
            ("x-ratelimit-complexity-limit", "2000000"),
            ("x-ratelimit-complexity-remaining", "500000"),
            ("x-ratelimit-complexity-reset", "1770379260000"),
        ];
        let response = HttpResponse { status: 200, headers: headers.into_iter().collect(), body: Vec::new() };
        let resets_at = Timestamp::from_second(NOW + 60).ok();
        assert_eq!(rate(&response), RateLimit { remaining: Some(250), limit: Some(1_000), resets_at });
        let none =
            HttpResponse { status: 200, headers: [("x-complexity", "0")].into_iter().collect(), body: Vec::new() };
        assert_eq!(rate(&none), RateLimit::default());
    }

    #[test]
    fn data_beside_errors_is_no_page() {
        assert_eq!(checked(false, 200, &[], r#"{"data":{"issues":{"nodes":[]}}}"#), Ok(()));
        assert_eq!(checked(false, 200, &[], r#"{"data":{},"errors":[]}"#), Ok(()));
        let partial = r#"{"data":{"issues":{"nodes":[]}},"errors":[{"message":"x","path":["issues"]}]}"#;
        assert_eq!(answer(200, partial), Disposition::unavailable(None));
        assert_eq!(answer(200, &coded("INTERNAL_SERVER_ERROR")), Disposition::unavailable(None));
        assert_eq!(answer(200, &coded("lock timeout")), Disposition::unavailable(None));
        for odd in [r#""x""#, "{}", "[7]", r#"[{"extensions":{"code":7}}]"#] {
            assert_eq!(
                answer(200, &format!(r#"{{"data":{{}},"errors":{odd}}}"#)),
                Disposition::unavailable(None),
                "{odd}"
            );
        }
    }

    #[test]
    fn codes_say_what_to_do() {
        for status in [200, 400, 401] {
            assert_eq!(answer(status, &coded("AUTHENTICATION_ERROR")), Disposition::RefreshToken);
        }
        assert_eq!(answer(200, &coded("FORBIDDEN")), Disposition::Fail(FailCode::FORBIDDEN));
        assert_eq!(answer(400, &coded("GRAPHQL_VALIDATION_FAILED")), Disposition::Fail(FailCode::REJECTED));
        assert_eq!(answer(400, &coded("INVALID_INPUT")), Disposition::Fail(FailCode::REJECTED));
        assert_eq!(checked(true, 400, &[], &coded("INPUT_ERROR")), Err(Disposition::Restart));
        let kind = r#"{"errors":[{"message":"Entity not found: Team","extensions":{"type":"invalid input"}}]}"#;
        assert_eq!(answer(200, kind), Disposition::Fail(FailCode::NOT_FOUND));
        let several = r#"{"errors":[{"extensions":{"code":"FORBIDDEN"}},{"extensions":{"code":"RATELIMITED"}},{}]}"#;
        assert_eq!(answer(400, several), retry(60, WaitReason::RateLimit));
    }

    #[test]
    fn statuses_say_what_to_do() {
        assert_eq!(answer(401, ""), Disposition::RefreshToken);
        assert_eq!(answer(403, ""), Disposition::Fail(FailCode::FORBIDDEN));
        assert_eq!(answer(404, ""), Disposition::Fail(FailCode::NOT_FOUND));
        assert_eq!(answer(400, "<html>"), Disposition::Fail(FailCode::REJECTED));
        // What GraphQL itself says of a query it refuses has no code.
        let uncoded = r#"{"errors":[{"message":"Cannot query field \"x\"","locations":[{"line":1,"column":2}]}]}"#;
        assert_eq!(answer(400, uncoded), Disposition::Fail(FailCode::REJECTED));
        assert_eq!(answer(401, uncoded), Disposition::RefreshToken);
        assert_eq!(answer(502, "<html>"), Disposition::unavailable(None));
        assert_eq!(answer(503, &coded("FORBIDDEN")), Disposition::unavailable(None));
        assert_eq!(checked(false, 503, &[("retry-after", "7")], ""), Err(retry(7, WaitReason::Unavailable)));
        assert_eq!(answer(304, ""), Disposition::Fail(FailCode::MALFORMED));
    }

    #[test]
    fn an_error_quotes_none_of_the_body() {
        let response = HttpResponse {
            status: 400,
            headers: [("X-Request-Id", "8a1f-4c7e")].into_iter().collect(),
            body: coded("hunter2").into(),
        };
        let error = check(&response, false, Timestamp::UNIX_EPOCH).unwrap_err();
        assert_eq!(error.request_id.as_deref(), Some("8a1f-4c7e"));
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
