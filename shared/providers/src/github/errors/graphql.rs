//! What GraphQL's answers mean that are not a page: status 200, with errors in the body.
//! <https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api>

use connector_domain::Timestamp;
use connector_domain::backfill::{Disposition, FailCode, ProviderError};
use connector_domain::http::HttpResponse;
use serde::Deserialize;
use serde_json::Value;

use super::{error, limit, says, used_up};

/// Decides by the types of the errors. A body with errors is no page, whatever else it holds: what is missing in it would
/// be missing for ever. `paged` is whether the request went on from a cursor.
pub(in crate::github) fn check(response: &HttpResponse, paged: bool, now: Timestamp) -> Result<(), ProviderError> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        errors: Value,
    }
    let errors = match serde_json::from_slice(&response.body) {
        Ok(Answer { errors: Value::Array(errors) }) => errors,
        // Whether it is a page at all, its reader sees.
        Ok(Answer { errors: Value::Null }) | Err(_) => Vec::new(),
        Ok(Answer { errors: other }) => vec![other],
    };
    let told = errors.iter().map(|error| by_type(error, response, paged, now)).max_by_key(|(rank, ..)| *rank);
    told.map_or(Ok(()), |(_, detail, disposition)| Err(error(response, detail, disposition)))
}

/// What one error asks for, with its rank: of several, the one that waiting or a new token can cure is answered first.
fn by_type(error: &Value, response: &HttpResponse, paged: bool, now: Timestamp) -> (u8, &'static str, Disposition) {
    let fail = Disposition::Fail;
    match error["type"].as_str().unwrap_or_default().to_uppercase().as_str() {
        kind if matches!(kind, "RATE_LIMITED" | "RATE_LIMIT") || says(response, "secondary rate limit") => {
            let (detail, disposition) = limit(response, now).unwrap_or_else(|| used_up(None));
            (4, detail, disposition)
        }
        "FORBIDDEN" | "INSUFFICIENT_SCOPES" => (3, "a permission is missing", fail(FailCode::FORBIDDEN)),
        "NOT_FOUND" => (2, "the repository is not there, or hidden", fail(FailCode::NOT_FOUND)),
        "INVALID_CURSOR_ARGUMENTS" | "ARGUMENT_ERROR" | "UNPROCESSABLE" if paged => {
            (1, "the place in the list is refused", Disposition::Restart)
        }
        "MAX_NODE_LIMIT_EXCEEDED" | "INVALID_CURSOR_ARGUMENTS" | "ARGUMENT_ERROR" | "UNPROCESSABLE" => {
            (1, "the query is refused", fail(FailCode::REJECTED))
        }
        // What the schema does not allow has a code in place of a type.
        "" if error["extensions"]["code"].is_string() => (1, "the query is refused", fail(FailCode::REJECTED)),
        // It took too long, was too much at once, or it is a new word: asking again is limited, and nothing is skipped.
        _ => (0, "a part of the answer is missing", Disposition::unavailable(None)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use connector_domain::backfill::WaitReason;

    use super::*;

    const NOW: i64 = 1_770_379_200;

    fn checked(paged: bool, headers: &[(&str, &str)], body: &str) -> Result<(), Disposition> {
        let response = HttpResponse { status: 200, headers: headers.iter().copied().collect(), body: body.into() };
        check(&response, paged, Timestamp::from_second(NOW).unwrap()).map_err(|error| error.disposition)
    }

    fn typed(kind: &str) -> String {
        format!(
            r#"{{"data":{{"repository":null}},"errors":[{{"type":"{kind}","message":"hunter2","path":["node"]}}]}}"#
        )
    }

    fn answer(kind: &str) -> Disposition {
        checked(false, &[], &typed(kind)).unwrap_err()
    }

    fn retry(seconds: u64, reason: WaitReason) -> Disposition {
        Disposition::Retry { after: Some(Duration::from_secs(seconds)), reason }
    }

    #[test]
    fn a_used_up_budget_is_waited_for() {
        let reset = (NOW + 600).to_string();
        let spent = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset.as_str())];
        for kind in ["RATE_LIMITED", "RATE_LIMIT"] {
            assert_eq!(checked(false, &spent, &typed(kind)), Err(retry(600, WaitReason::RateLimit)));
        }
        assert_eq!(
            checked(false, &[("retry-after", "30")], &typed("RATE_LIMITED")),
            Err(retry(30, WaitReason::SecondaryLimit))
        );
        assert_eq!(answer("RATE_LIMITED"), retry(60, WaitReason::RateLimit));
        let secondary = r#"{"errors":[{"message":"You have exceeded a secondary rate limit."}]}"#;
        assert_eq!(checked(false, &[], secondary), Err(retry(60, WaitReason::SecondaryLimit)));
    }

    #[test]
    fn types_say_what_to_do() {
        assert_eq!(answer("NOT_FOUND"), Disposition::Fail(FailCode::NOT_FOUND));
        assert_eq!(answer("FORBIDDEN"), Disposition::Fail(FailCode::FORBIDDEN));
        assert_eq!(answer("INSUFFICIENT_SCOPES"), Disposition::Fail(FailCode::FORBIDDEN));
        assert_eq!(answer("MAX_NODE_LIMIT_EXCEEDED"), Disposition::Fail(FailCode::REJECTED));
        assert_eq!(answer("INVALID_CURSOR_ARGUMENTS"), Disposition::Fail(FailCode::REJECTED));
        assert_eq!(checked(true, &[], &typed("INVALID_CURSOR_ARGUMENTS")), Err(Disposition::Restart));
        assert_eq!(answer("RESOURCE_LIMITS_EXCEEDED"), Disposition::unavailable(None));
        assert_eq!(answer("SERVICE_UNAVAILABLE"), Disposition::unavailable(None));
        let unknown_field = r#"{"errors":[{"message":"x","extensions":{"code":"undefinedField"}}]}"#;
        assert_eq!(checked(true, &[], unknown_field), Err(Disposition::Fail(FailCode::REJECTED)));
        let several = r#"{"data":null,"errors":[{"type":"FORBIDDEN"},{"type":"RATE_LIMITED"},{}]}"#;
        assert_eq!(checked(false, &[], several), Err(retry(60, WaitReason::RateLimit)));
    }

    #[test]
    fn data_beside_errors_is_no_page() {
        assert_eq!(checked(false, &[], r#"{"data":{}}"#), Ok(()));
        assert_eq!(checked(false, &[], r#"{"data":{},"errors":[]}"#), Ok(()));
        let timed_out = r#"{"data":{"repository":{}},"errors":[{"message":"Something went wrong"}]}"#;
        assert_eq!(checked(false, &[], timed_out), Err(Disposition::unavailable(None)));
        for odd in [r#""x""#, "{}", "[7]", r#"[{"type":7}]"#] {
            let body = format!(r#"{{"data":{{}},"errors":{odd}}}"#);
            assert_eq!(checked(false, &[], &body), Err(Disposition::unavailable(None)), "{odd}");
        }
    }

    #[test]
    fn an_error_quotes_none_of_the_body() {
        let response = HttpResponse {
            status: 200,
            headers: std::iter::empty::<(&str, &str)>().collect(),
            body: typed("X").into(),
        };
        let error = check(&response, false, Timestamp::UNIX_EPOCH).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
