//! What token endpoints have in common. <https://www.rfc-editor.org/rfc/rfc6749#section-5>

use std::collections::BTreeSet;

use connector_domain::http::HttpResponse;
use connector_domain::oauth::{ConnectFailure, GrantError, TokenSet};
use connector_domain::{Secret, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Params, Redirect};

/// A code out of a redirect, or what the provider said instead. Its own words are mapped and never repeated.
pub(crate) fn code(params: &Params) -> Result<Secret, ConnectFailure> {
    match params.get("error") {
        Some("access_denied") => Err(ConnectFailure::Denied),
        Some("redirect_uri_mismatch" | "invalid_request" | "unauthorized_client" | "invalid_scope") => {
            Err(ConnectFailure::Misconfigured)
        }
        Some("server_error" | "temporarily_unavailable") => Err(ConnectFailure::ProviderUnavailable),
        Some(_) => Err(ConnectFailure::CodeRefused),
        None => params.get("code").and_then(Secret::new).ok_or(ConnectFailure::CodeRefused),
    }
}

/// A code with the installation that a parameter names.
pub(crate) fn redirect(params: &Params, installation: &str) -> Result<Redirect, ConnectFailure> {
    let code = code(params)?;
    Ok(Redirect { code, installation: params.get(installation).map(str::to_owned) })
}

/// A token answer in the words of the standard, as far as anybody keeps to it.
#[derive(Deserialize)]
pub(crate) struct Answer {
    pub(crate) access_token: String,
    pub(crate) refresh_token: Option<String>,
    #[serde(default)]
    expires_in: Value,
    #[serde(default)]
    refresh_token_expires_in: Value,
    #[serde(default)]
    scope: Value,
}

impl Answer {
    pub(crate) fn tokens(self, now: Timestamp) -> Result<TokenSet, GrantError> {
        Ok(TokenSet {
            access: secret(self.access_token)?,
            refresh: self.refresh_token.and_then(Secret::new),
            expires_at: end(&self.expires_in, now),
            refresh_expires_at: end(&self.refresh_token_expires_in, now),
            scopes: scopes(&self.scope),
            grant: None,
        })
    }
}

/// A token must be able to stand in a header.
pub(crate) fn secret(token: String) -> Result<Secret, GrantError> {
    let fit = token.bytes().all(|b| b.is_ascii_graphic());
    Secret::new(token).filter(|_| fit).ok_or(GrantError::Malformed)
}

/// Seconds as a number or as digits. What is missing, negative or absurd counts as unknown.
fn end(seconds: &Value, now: Timestamp) -> Option<Timestamp> {
    let seconds = seconds.as_i64().or_else(|| seconds.as_str()?.parse().ok()).filter(|seconds| *seconds > 0)?;
    now.checked_add(std::time::Duration::from_secs(seconds.unsigned_abs())).ok()
}

/// A list, or a text with spaces or commas.
pub(crate) fn scopes(value: &Value) -> BTreeSet<String> {
    let words = |text: &str| text.split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    match value {
        Value::String(text) => words(text),
        Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => BTreeSet::new(),
    }
}

#[derive(Deserialize)]
struct Refusal {
    error: Value,
}

/// The code of an error answer: `{"error": "code"}`, or `{"error": {"code": "code"}}`.
pub(crate) fn error_code(response: &HttpResponse) -> Option<String> {
    let refusal: Refusal = serde_json::from_slice(&response.body).ok()?;
    let code = refusal.error.as_str().or_else(|| refusal.error["code"].as_str())?;
    Some(code.to_owned())
}

/// What an answer means that holds no token, by its code and then by its status.
pub(crate) fn refusal(response: &HttpResponse) -> GrantError {
    match (response.status, error_code(response).as_deref()) {
        (408 | 429 | 500.., _) => GrantError::Unavailable,
        (_, Some("invalid_client" | "unauthorized_client" | "invalid_request" | "unsupported_grant_type")) => {
            GrantError::App
        }
        (_, Some("invalid_grant")) => GrantError::Refused,
        (401, _) => GrantError::App,
        (400 | 403 | 404 | 422, _) => GrantError::Refused,
        _ => GrantError::Malformed,
    }
}

/// The body of an answer that should hold a token. Its own error would quote it.
pub(crate) fn read<T: DeserializeOwned>(response: &HttpResponse) -> Result<T, GrantError> {
    serde_json::from_slice(&response.body).map_err(|_| GrantError::Malformed)
}

/// What an answer within the proof means that is not a success.
pub(crate) fn unproven(response: &HttpResponse) -> ConnectFailure {
    match response.status {
        408 | 429 | 500.. => ConnectFailure::ProviderUnavailable,
        _ => ConnectFailure::NotOwner,
    }
}

#[cfg(test)]
mod tests {
    use connector_domain::http::Headers;
    use serde_json::json;

    use super::*;

    #[test]
    fn lives_are_numbers_or_digits_and_the_rest_is_unknown() {
        let now = Timestamp::UNIX_EPOCH;
        for (value, seconds) in [(json!(86_399), Some(86_399)), (json!("60"), Some(60)), (json!(0), None)] {
            assert_eq!(end(&value, now).map(Timestamp::as_second), seconds, "{value}");
        }
        for value in [json!(-1), json!("soon"), json!(null), json!(1.5), json!(u64::MAX), json!(i64::MAX), json!({})] {
            assert_eq!(end(&value, now), None, "{value}");
        }
    }

    #[test]
    fn scopes_come_in_three_forms() {
        let both = BTreeSet::from(["read".to_owned(), "write".to_owned()]);
        for value in [json!("read write"), json!("read,write"), json!(["read", "write"])] {
            assert_eq!(scopes(&value), both, "{value}");
        }
        assert!(scopes(&json!(null)).is_empty() && scopes(&json!("")).is_empty());
    }

    #[test]
    fn whose_fault_it_is_decides_what_becomes_of_a_connection() {
        let answer =
            |status, body: &str| refusal(&HttpResponse { status, headers: Headers::default(), body: body.into() });
        assert_eq!(answer(400, r#"{"error":"invalid_grant"}"#), GrantError::Refused);
        assert_eq!(answer(400, r#"{"error":{"code":"invalid_grant","message":"x"}}"#), GrantError::Refused);
        assert_eq!(answer(401, r#"{"error":"invalid_grant"}"#), GrantError::Refused);
        assert_eq!(answer(400, r#"{"error":"invalid_client"}"#), GrantError::App);
        assert_eq!(answer(401, "{}"), GrantError::App, "never the person's fault");
        for status in [408, 429, 500, 502, 503] {
            assert_eq!(answer(status, r#"{"error":"invalid_grant"}"#), GrantError::Unavailable, "{status}");
        }
        assert_eq!(answer(302, "<html>"), GrantError::Malformed);
    }
}
