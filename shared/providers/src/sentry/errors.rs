//! What Sentry's answers mean that are not a page.
//! <https://docs.sentry.io/api/ratelimits/>

use std::time::Duration;

use connector_domain::backfill::{Disposition, FailCode, ProviderError, WaitReason};
use connector_domain::http::{HttpResponse, RateLimit};
use connector_domain::{ProviderKind, Timestamp};

use crate::headers;

/// The wait after a limit that does not say how long it lasts.
const UNNAMED_WAIT: Duration = Duration::from_secs(60);
/// The wait while too many of our calls are under way; Sentry names no time for it.
const CONCURRENT_WAIT: Duration = Duration::from_secs(5);

/// What the budget headers say.
pub(super) fn rate(response: &HttpResponse) -> RateLimit {
    RateLimit {
        remaining: headers::number(&response.headers, "x-sentry-rate-limit-remaining"),
        limit: headers::number(&response.headers, "x-sentry-rate-limit-limit"),
        resets_at: headers::number(&response.headers, "x-sentry-rate-limit-reset")
            .and_then(|seconds| Timestamp::from_second(i64::try_from(seconds).ok()?).ok()),
    }
}

/// An error about `response`.
pub(super) fn error(response: &HttpResponse, detail: &'static str, disposition: Disposition) -> ProviderError {
    ProviderError {
        provider: ProviderKind::Sentry,
        status: response.status,
        detail,
        request_id: headers::request_id(&response.headers, "x-request-id"),
        disposition,
    }
}

/// A page that cannot be one: proxies answer with HTML at times.
pub(super) fn not_a_page(response: &HttpResponse) -> ProviderError {
    error(response, "the body is not a list", Disposition::unavailable(None))
}

/// A cursor of another list, or of a version that is not read any more.
pub(super) fn foreign_cursor(response: &HttpResponse) -> ProviderError {
    error(response, "the cursor is not one of ours", Disposition::Restart)
}

/// A next page that there is no way to.
pub(super) fn unreadable_link(response: &HttpResponse) -> ProviderError {
    let disposition = Disposition::Fail(FailCode::MALFORMED);
    error(response, "the link to the next page cannot be read", disposition)
}

/// Decides by status and headers. `paged` is whether the request went on from a cursor.
pub(super) fn check(response: &HttpResponse, paged: bool, now: Timestamp) -> Result<(), ProviderError> {
    let (detail, disposition) = match response.status {
        200 => return Ok(()),
        400 if paged => ("the place in the list is refused", Disposition::Restart),
        400 => ("the request is refused", Disposition::Fail(FailCode::REJECTED)),
        401 => ("the token is refused", Disposition::RefreshToken),
        403 => ("a permission is missing", Disposition::Fail(FailCode::FORBIDDEN)),
        404 | 410 => ("the organization or project is not there, or hidden", Disposition::Fail(FailCode::NOT_FOUND)),
        429 => limited(response, now),
        408 | 500..=599 => {
            ("Sentry has a fault", Disposition::unavailable(headers::retry_after(&response.headers, now)))
        }
        _ => ("an answer of unknown meaning", Disposition::Fail(FailCode::MALFORMED)),
    };
    Err(error(response, detail, disposition))
}

/// Each endpoint has a budget, and a number of calls that may be under way. Sentry itself sends no `Retry-After`; what
/// stands before it may.
fn limited(response: &HttpResponse, now: Timestamp) -> (&'static str, Disposition) {
    let named = headers::retry_after(&response.headers, now);
    let rate = rate(response);
    let wait = |after, reason| Disposition::Retry { after: Some(after), reason };
    let under_way = headers::number(&response.headers, "x-sentry-rate-limit-concurrentremaining");
    if under_way == Some(0) && rate.remaining != Some(0) {
        return ("too many calls at once", wait(named.unwrap_or(CONCURRENT_WAIT), WaitReason::SecondaryLimit));
    }
    let reset = rate.resets_at.map(|at| headers::until(at, now));
    ("the budget is used up", wait(reset.max(named).unwrap_or(UNNAMED_WAIT), WaitReason::RateLimit))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_770_379_200;

    fn answer(status: u16, headers: &[(&str, &str)], paged: bool) -> Disposition {
        let response = HttpResponse { status, headers: headers.iter().copied().collect(), body: Vec::new() };
        check(&response, paged, Timestamp::from_second(NOW).unwrap()).unwrap_err().disposition
    }

    fn retry(seconds: u64, reason: WaitReason) -> Disposition {
        Disposition::Retry { after: Some(Duration::from_secs(seconds)), reason }
    }

    #[test]
    fn the_budget_is_waited_for() {
        let reset = (NOW + 30).to_string();
        let spent = [("X-Sentry-Rate-Limit-Remaining", "0"), ("X-Sentry-Rate-Limit-Reset", reset.as_str())];
        assert_eq!(answer(429, &spent, false), retry(30, WaitReason::RateLimit));
        assert_eq!(answer(429, &[spent[0], spent[1], ("Retry-After", "70")], false), retry(70, WaitReason::RateLimit));
        assert_eq!(answer(429, &[("Retry-After", "7")], false), retry(7, WaitReason::RateLimit));
        assert_eq!(answer(429, &[], false), retry(60, WaitReason::RateLimit));
        for junk in ["NaN", "-1", "18446744073709551615"] {
            let reset = [spent[0], ("X-Sentry-Rate-Limit-Reset", junk)];
            assert_eq!(answer(429, &reset, false), retry(60, WaitReason::RateLimit), "{junk}");
        }
        let past = [spent[0], ("X-Sentry-Rate-Limit-Reset", "1")];
        assert_eq!(answer(429, &past, false), retry(1, WaitReason::RateLimit));
    }

    #[test]
    fn too_many_calls_at_once_is_a_short_wait() {
        let reset = (NOW + 30).to_string();
        let busy = [
            ("X-Sentry-Rate-Limit-Remaining", "39"),
            ("X-Sentry-Rate-Limit-Reset", reset.as_str()),
            ("X-Sentry-Rate-Limit-ConcurrentLimit", "2"),
            ("X-Sentry-Rate-Limit-ConcurrentRemaining", "0"),
        ];
        assert_eq!(answer(429, &busy, false), retry(5, WaitReason::SecondaryLimit));
    }

    #[test]
    fn other_statuses_say_what_to_do() {
        assert_eq!(answer(400, &[], false), Disposition::Fail(FailCode::REJECTED));
        assert_eq!(answer(400, &[], true), Disposition::Restart);
        assert_eq!(answer(401, &[], true), Disposition::RefreshToken);
        assert_eq!(answer(403, &[], false), Disposition::Fail(FailCode::FORBIDDEN));
        assert_eq!(answer(404, &[], false), Disposition::Fail(FailCode::NOT_FOUND));
        assert_eq!(answer(502, &[], false), Disposition::unavailable(None));
        assert_eq!(answer(503, &[("Retry-After", "7")], false), retry(7, WaitReason::Unavailable));
        assert_eq!(answer(302, &[], false), Disposition::Fail(FailCode::MALFORMED));
    }

    #[test]
    fn the_budget_is_read_from_every_answer() {
        let headers = [
            ("X-Sentry-Rate-Limit-Limit", "40"),
            ("X-Sentry-Rate-Limit-Remaining", "39"),
            ("X-Sentry-Rate-Limit-Reset", "1770379200"),
        ];
        let response = HttpResponse { status: 200, headers: headers.into_iter().collect(), body: Vec::new() };
        let resets_at = Some(Timestamp::from_second(NOW).unwrap());
        assert_eq!(rate(&response), RateLimit { remaining: Some(39), limit: Some(40), resets_at });
    }
}
