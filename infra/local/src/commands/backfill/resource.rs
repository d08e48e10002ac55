//! Finds a resource by its name: only its id stays the same when it is renamed.

use connector_domain::backfill::{Disposition, FailCode, ProviderError, WaitReason};
use connector_domain::http::HttpError;
use connector_domain::ports::ProviderHttp;
use connector_domain::{ProviderKind, Secret, Timestamp};
use connector_providers::{Found, Provider};

use super::Failure;
use crate::render::text::{clean, clock};

/// Asks the provider.
pub(super) async fn find(
    http: &dyn ProviderHttp,
    provider: &dyn Provider,
    name: &str,
    token: Option<&Secret>,
    now: Timestamp,
) -> Result<Found, Failure> {
    let kind = provider.kind();
    let request = provider.resource_request(name).ok_or_else(|| {
        Failure::new(format!("{name:?} is no resource of {kind}"))
            .hint(format!("write it as {}", provider.resource_form()))
    })?;
    if token.is_none() && kind != ProviderKind::Github {
        return Err(Failure::new(format!("{kind} shows nothing without a token"))
            .hint("name the environment variable that holds one: --token-env VARIABLE"));
    }
    let response = http.send(&request, token).await.map_err(|error| unreachable(provider, &error))?;
    provider.read_resource(&response, now).map_err(|error| refused(name, token.is_some(), &error, now))
}

fn refused(name: &str, token: bool, error: &ProviderError, now: Timestamp) -> Failure {
    let failure = Failure::new(format!("{} answered {} about {name}: {}", error.provider, error.status, error.detail));
    failure.hint(match &error.disposition {
        Disposition::RefreshToken => "make a new token, and check the variable named with --token-env".to_owned(),
        Disposition::Fail(code) if *code == FailCode::NOT_FOUND && token => {
            "check the spelling, and that the token may read it".to_owned()
        }
        Disposition::Fail(code) if *code == FailCode::NOT_FOUND => {
            "check the spelling; what is private needs a token: --token-env VARIABLE".to_owned()
        }
        Disposition::Fail(code) if *code == FailCode::MALFORMED => "check the address given with --api-url".to_owned(),
        Disposition::Fail(_) => "the token must be one that may read it".to_owned(),
        Disposition::Retry { after, reason } => {
            let until = after.and_then(|after| now.checked_add(after).ok()).map(|at| clock(at, now));
            let wait = until.map_or_else(|| "wait a while".to_owned(), |at| format!("wait until {at}"));
            let token =
                if token || *reason != WaitReason::RateLimit { "" } else { ", or name a token with --token-env" };
            format!("{wait}{token}")
        }
        Disposition::Restart | Disposition::Empty => "check the address given with --api-url".to_owned(),
    })
}

fn unreachable(provider: &dyn Provider, error: &HttpError) -> Failure {
    let text = connector_lambda::telemetry::chain(error);
    Failure::new(format!("{} could not be asked: {}", provider.kind(), clean(&text)))
        .hint("check the network, or the address given with --api-url")
}

#[cfg(test)]
mod tests {
    use connector_testkit::memory::ScriptedHttp;

    use super::*;

    async fn ask(status: u16, headers: &[(&str, &str)], body: &str, token: Option<&str>) -> Result<Found, Failure> {
        let http = ScriptedHttp::default();
        http.respond(status, headers, body);
        let provider = connector_providers::provider(ProviderKind::Github).unwrap();
        let token = token.and_then(Secret::new);
        let now = Timestamp::from_second(1_770_379_200).unwrap();
        let found = find(&http, provider, "o/r", token.as_ref(), now).await;
        assert_eq!(http.requests()[0].request.path, "/repos/o/r");
        found
    }

    async fn hint(status: u16, headers: &[(&str, &str)], token: Option<&str>) -> String {
        let failure = ask(status, headers, "{}", token).await.unwrap_err();
        failure.lines().map(|(_, text)| text).last().unwrap()
    }

    #[tokio::test]
    async fn a_resource_is_known_by_its_id() {
        let body = r#"{"id":9,"full_name":"O/R","owner":{"id":7,"login":"O"}}"#;
        let found = ask(200, &[], body, None).await.unwrap();
        assert_eq!((found.resource.id.as_str(), found.resource.name.as_str()), ("9", "O/R"));
        assert_eq!((found.account.as_str(), found.account_name.as_str()), ("7", "O"));
        assert!(ask(200, &[], "[]", None).await.is_err());
    }

    #[tokio::test]
    async fn each_refusal_says_what_to_do() {
        assert!(hint(404, &[], None).await.contains("--token-env"));
        assert!(hint(404, &[], Some("t")).await.contains("the token may read"));
        assert!(hint(401, &[], Some("t")).await.contains("new token"));
        let limited = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1770380100")];
        assert_eq!(hint(403, &limited, None).await, "wait until 12:15:00 UTC, or name a token with --token-env");
        assert_eq!(hint(429, &[("retry-after", "60")], Some("t")).await, "wait until 12:01:00 UTC");
        assert!(hint(502, &[], None).await.starts_with("wait"));
    }

    #[tokio::test]
    async fn a_name_of_another_form_is_not_asked_for() {
        let http = ScriptedHttp::default();
        let now = Timestamp::UNIX_EPOCH;
        for (kind, bad) in
            [(ProviderKind::Github, "log"), (ProviderKind::Sentry, "o/p/x"), (ProviderKind::Linear, "a b")]
        {
            let provider = connector_providers::provider(kind).unwrap();
            let failure = find(&http, provider, bad, None, now).await.unwrap_err();
            let hint = failure.lines().map(|(_, text)| text).last().unwrap();
            assert_eq!(hint, format!("write it as {}", provider.resource_form()));
        }
        let vercel = connector_providers::provider(ProviderKind::Vercel).unwrap();
        assert!(find(&http, vercel, "acme/shop", None, now).await.is_err(), "a token is needed");
        assert!(http.requests().is_empty());
    }
}
