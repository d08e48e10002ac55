//! What GitHub's answers mean that are not a page.
//! <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>

mod graphql;

use std::time::Duration;

use connector_domain::backfill::{Disposition, EntityType, FailCode, ProviderError, WaitReason};
use connector_domain::http::{HttpResponse, RateLimit};
use connector_domain::{ProviderKind, Timestamp};

use crate::headers;

pub(super) use graphql::check as graphql;

/// The wait after a limit that does not say how long it lasts.
const UNNAMED_WAIT: Duration = Duration::from_secs(60);

/// How GitHub says that a list has more pages than it gives.
const LIST_LIMIT: [&str; 2] =
    ["pagination is limited for this resource", "pagination with the page parameter is not supported"];

/// What the budget headers say.
pub(super) fn rate(response: &HttpResponse) -> RateLimit {
    headers::rate(&response.headers)
}

/// An error about `response`.
pub(super) fn error(response: &HttpResponse, detail: &'static str, disposition: Disposition) -> ProviderError {
    ProviderError {
        provider: ProviderKind::Github,
        status: response.status,
        detail,
        request_id: headers::request_id(&response.headers, "x-github-request-id"),
        disposition,
    }
}

/// A page that cannot be one: GitHub's proxies answer with HTML at times.
pub(super) fn not_a_page(response: &HttpResponse) -> ProviderError {
    error(response, "the body is not a list", Disposition::unavailable(None))
}

/// A cursor of another list, or of a version that is not read any more.
pub(super) fn foreign_cursor(response: &HttpResponse) -> ProviderError {
    error(response, "the cursor is not one of ours", Disposition::Restart)
}

/// Decides by status and headers. `paged` is whether the request went on from a cursor.
pub(super) fn check(
    response: &HttpResponse,
    entity: EntityType,
    paged: bool,
    now: Timestamp,
) -> Result<(), ProviderError> {
    let (detail, disposition) = match response.status {
        200 => return Ok(()),
        401 => ("the token is refused", Disposition::RefreshToken),
        403 | 429 => limited(response, now),
        404 | 451 => ("the repository is not there, or hidden", Disposition::Fail(FailCode::NOT_FOUND)),
        409 if says(response, "repository is empty") => ("the repository is empty", Disposition::Empty),
        410 if matches!(entity, EntityType::Issue | EntityType::IssueEvent | EntityType::Comment) => {
            ("issues are turned off", Disposition::Empty)
        }
        410 => ("the list is gone", Disposition::Fail(FailCode::NOT_FOUND)),
        422 if LIST_LIMIT.iter().any(|words| says(response, words)) => {
            ("nobody is shown the rest of the list", Disposition::Fail(FailCode::LIST_LIMIT))
        }
        422 if paged => ("the place in the list is refused", Disposition::Restart),
        400 | 409 | 422 => ("the request is refused", Disposition::Fail(FailCode::REJECTED)),
        408 | 500..=599 => {
            ("GitHub has a fault", Disposition::unavailable(headers::retry_after(&response.headers, now)))
        }
        _ => ("an answer of unknown meaning", Disposition::Fail(FailCode::MALFORMED)),
    };
    Err(error(response, detail, disposition))
}

/// 403 and 429 mean either limit; 403 also a missing permission.
fn limited(response: &HttpResponse, now: Timestamp) -> (&'static str, Disposition) {
    limit(response, now).unwrap_or(("a permission is missing", Disposition::Fail(FailCode::FORBIDDEN)))
}

/// Which limit the answer tells of, if it does.
fn limit(response: &HttpResponse, now: Timestamp) -> Option<(&'static str, Disposition)> {
    let named = headers::retry_after(&response.headers, now);
    let rate = rate(response);
    if rate.remaining == Some(0) {
        let reset = rate.resets_at.map(|at| headers::until(at, now));
        return Some(used_up(reset.max(named)));
    }
    let unnamed = response.status == 429 || says(response, "secondary rate limit");
    let after = named.or(unnamed.then_some(UNNAMED_WAIT))?;
    let disposition = Disposition::Retry { after: Some(after), reason: WaitReason::SecondaryLimit };
    Some(("asked to slow down", disposition))
}

fn used_up(after: Option<Duration>) -> (&'static str, Disposition) {
    let after = after.unwrap_or(UNNAMED_WAIT);
    ("the hourly budget is used up", Disposition::Retry { after: Some(after), reason: WaitReason::RateLimit })
}

/// Whether the documented words stand in the body, which is short when it is an error.
fn says(response: &HttpResponse, words: &str) -> bool {
    let start = &response.body[..response.body.len().min(4_096)];
    String::from_utf8_lossy(start).to_lowercase().contains(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_770_379_200;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Disposition {
        answer_to(EntityType::PullRequest, false, status, headers, body)
    }

    fn answer_to(entity: EntityType, paged: bool, status: u16, headers: &[(&str, &str)], body: &str) -> Disposition {
        let response = HttpResponse { status, headers: headers.iter().copied().collect(), body: body.into() };
        check(&response, entity, paged, Timestamp::from_second(NOW).unwrap()).unwrap_err().disposition
    }

    fn retry(seconds: u64, reason: WaitReason) -> Disposition {
        Disposition::Retry { after: Some(Duration::from_secs(seconds)), reason }
    }

    #[test]
    fn the_hourly_budget_is_waited_for_under_both_statuses() {
        for status in [403, 429] {
            let reset = (NOW + 600).to_string();
            let spent = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset.as_str())];
            assert_eq!(answer(status, &spent, ""), retry(600, WaitReason::RateLimit));
            let asked = [spent[0], spent[1], ("retry-after", "700")];
            assert_eq!(answer(status, &asked, ""), retry(700, WaitReason::RateLimit));
            assert_eq!(answer(status, &spent[..1], ""), retry(60, WaitReason::RateLimit));
            let junk = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "NaN")];
            assert_eq!(answer(status, &junk, ""), retry(60, WaitReason::RateLimit));
            let past = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1")];
            assert_eq!(answer(status, &past, ""), retry(1, WaitReason::RateLimit));
            let absurd = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "18446744073709551615")];
            assert_eq!(answer(status, &absurd, ""), retry(60, WaitReason::RateLimit));
        }
    }

    #[test]
    fn the_secondary_limit_is_told_by_header_or_words() {
        let words = r#"{"message":"You have exceeded a secondary rate limit. Please wait"}"#;
        for status in [403, 429] {
            let left = ("x-ratelimit-remaining", "4000");
            assert_eq!(answer(status, &[left, ("retry-after", "90")], words), retry(90, WaitReason::SecondaryLimit));
            assert_eq!(answer(status, &[left], words), retry(60, WaitReason::SecondaryLimit));
            assert_eq!(answer(status, &[("retry-after", "soon")], words), retry(60, WaitReason::SecondaryLimit));
        }
        assert_eq!(answer(429, &[], ""), retry(60, WaitReason::SecondaryLimit));
    }

    #[test]
    fn other_statuses_say_what_to_do() {
        assert_eq!(answer(401, &[], ""), Disposition::RefreshToken);
        let no_permission = r#"{"message":"Resource not accessible by integration"}"#;
        assert_eq!(answer(403, &[], no_permission), Disposition::Fail(FailCode::FORBIDDEN));
        assert_eq!(answer(404, &[], ""), Disposition::Fail(FailCode::NOT_FOUND));
        assert_eq!(answer(451, &[], ""), Disposition::Fail(FailCode::NOT_FOUND));
        assert_eq!(answer(409, &[], r#"{"message":"Git Repository is empty."}"#), Disposition::Empty);
        assert_eq!(answer(409, &[], ""), Disposition::Fail(FailCode::REJECTED));
        for turned_off in [EntityType::Issue, EntityType::IssueEvent, EntityType::Comment] {
            assert_eq!(answer_to(turned_off, false, 410, &[], ""), Disposition::Empty);
        }
        assert_eq!(answer(410, &[], ""), Disposition::Fail(FailCode::NOT_FOUND));
        assert_eq!(answer(422, &[], ""), Disposition::Fail(FailCode::REJECTED));
        assert_eq!(answer_to(EntityType::Issue, true, 422, &[], ""), Disposition::Restart);
        let too_far =
            r#"{"message":"In order to keep the API fast for everyone, pagination is limited for this resource."}"#;
        assert_eq!(answer_to(EntityType::IssueEvent, true, 422, &[], too_far), Disposition::Fail(FailCode::LIST_LIMIT));
        assert_eq!(answer(502, &[], "<html>"), Disposition::unavailable(None));
        assert_eq!(answer(503, &[("retry-after", "7")], ""), retry(7, WaitReason::Unavailable));
        assert_eq!(answer(304, &[], ""), Disposition::Fail(FailCode::MALFORMED));
    }

    #[test]
    fn an_error_quotes_the_request_and_none_of_the_body() {
        let response = HttpResponse {
            status: 404,
            headers: [("X-GitHub-Request-Id", "0685:5DDC")].into_iter().collect(),
            body: b"hunter2".to_vec(),
        };
        let error = check(&response, EntityType::Release, false, Timestamp::UNIX_EPOCH).unwrap_err();
        assert_eq!(error.request_id.as_deref(), Some("0685:5DDC"));
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
