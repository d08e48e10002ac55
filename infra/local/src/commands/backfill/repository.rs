//! Finds a repository by its name: only its number stays the same when it is renamed.

use connector_domain::backfill::{Depth, Disposition, EntityType, FailCode, ProviderError, WaitReason, Window};
use connector_domain::connection::ResourceRef;
use connector_domain::http::{HttpError, HttpRequest, HttpResponse};
use connector_domain::ports::ProviderHttp;
use connector_domain::{AccountId, ProviderKind, ResourceId, Secret, Timestamp};
use connector_providers::{Provider, Scope};
use serde::Deserialize;

use super::Failure;
use crate::render::text::{clean, clock};

/// What is known of a repository.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Repository {
    pub(super) resource: ResourceRef,
    /// Stands for the installation that a link by hand does not have.
    pub(super) owner: AccountId,
    pub(super) owner_name: String,
}

/// <https://docs.github.com/en/rest/repos/repos#get-a-repository>
#[derive(Deserialize)]
struct Found {
    id: u64,
    full_name: String,
    owner: Owner,
}

#[derive(Deserialize)]
struct Owner {
    id: u64,
    login: String,
}

/// Asks the provider.
pub(super) async fn find(
    http: &dyn ProviderHttp,
    provider: &dyn Provider,
    name: &str,
    token: Option<&Secret>,
    now: Timestamp,
) -> Result<Repository, Failure> {
    if provider.kind() != ProviderKind::Github {
        let kind = provider.kind();
        return Err(Failure::new(format!("the command line finds repositories of github, and nothing of {kind}"))
            .hint(format!("webhooks of {kind} can be tried with `cargo local send --provider {kind} --link`")));
    }
    if !is_name(name) {
        return Err(Failure::new(format!("{name:?} is no repository"))
            .hint("write it as OWNER/REPO, for example rust-lang/log"));
    }
    let request = HttpRequest::get(provider.kind(), format!("/repos/{name}"))
        .header("accept", "application/vnd.github+json")
        .header("x-github-api-version", "2022-11-28");
    let response = http.send(&request, token).await.map_err(|error| unreachable(provider, &error))?;
    if response.status != 200 {
        return Err(refused(provider, name, token.is_some(), &response, now));
    }
    let found: Found = serde_json::from_slice(&response.body).map_err(|_| {
        Failure::new(format!("{} answered with something that is no repository", provider.kind()))
            .hint("check the address given with --api-url")
    })?;
    Ok(Repository {
        resource: ResourceRef { id: ResourceId::parse(found.id.to_string())?, name: found.full_name },
        owner: AccountId::parse(found.owner.id.to_string())?,
        owner_name: found.owner.login,
    })
}

fn is_name(name: &str) -> bool {
    let part = |part: &str| {
        !matches!(part, "" | "." | "..")
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    name.split_once('/').is_some_and(|(owner, repository)| part(owner) && part(repository))
}

/// The provider's own reading of an answer that is not the one hoped for.
fn refused(provider: &dyn Provider, name: &str, token: bool, response: &HttpResponse, now: Timestamp) -> Failure {
    let kind = provider.kind();
    let Some(error) = read(provider, name, response, now) else {
        return Failure::new(format!("{kind} answered {} about {name}", response.status));
    };
    let failure = Failure::new(format!("{kind} answered {} about {name}: {}", error.status, error.detail));
    failure.hint(match error.disposition {
        Disposition::RefreshToken => "make a new token, and check the variable named with --token-env".to_owned(),
        Disposition::Fail(code) if code == FailCode::NOT_FOUND && token => {
            "check the spelling, and that the token may read this repository".to_owned()
        }
        Disposition::Fail(code) if code == FailCode::NOT_FOUND => {
            "check the spelling; a private repository needs a token: --token-env VARIABLE".to_owned()
        }
        Disposition::Fail(_) => "the token must be one that may read this repository".to_owned(),
        Disposition::Retry { after, reason } => {
            let until = after.and_then(|after| now.checked_add(after).ok()).map(|at| clock(at, now));
            let wait = until.map_or_else(|| "wait a while".to_owned(), |at| format!("wait until {at}"));
            let token =
                if token || reason != WaitReason::RateLimit { "" } else { ", or name a token with --token-env" };
            format!("{wait}{token}")
        }
        Disposition::Restart | Disposition::Empty => "check the address given with --api-url".to_owned(),
    })
}

/// A repository is not a page, but what is wrong with an answer is the same for both.
fn read(provider: &dyn Provider, name: &str, response: &HttpResponse, now: Timestamp) -> Option<ProviderError> {
    let resource = ResourceRef { id: ResourceId::parse("unknown").ok()?, name: name.to_owned() };
    let window = Window::last(Depth::Days1, now);
    let account = AccountId::parse("unknown").ok()?;
    let scope = Scope { account: &account, resource: &resource, entity: EntityType::PullRequest, window, page_size: 1 };
    provider.read_page(&scope, None, response, now).err()
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

    async fn ask(
        status: u16,
        headers: &[(&str, &str)],
        body: &str,
        token: Option<&str>,
    ) -> Result<Repository, Failure> {
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
    async fn a_repository_is_known_by_its_number() {
        let body = r#"{"id":9,"full_name":"O/R","owner":{"id":7,"login":"O"}}"#;
        let found = ask(200, &[], body, None).await.unwrap();
        assert_eq!((found.resource.id.as_str(), found.resource.name.as_str()), ("9", "O/R"));
        assert_eq!((found.owner.as_str(), found.owner_name.as_str()), ("7", "O"));
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

    #[test]
    fn a_name_has_an_owner_and_cannot_lead_elsewhere() {
        for good in ["rust-lang/log", "o/r.js", "a/_"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "log", "o/", "/r", "o/r/x", "../x", "o/..", "o/r?x", "o r/x", "https://github.com/o/r"] {
            assert!(!is_name(bad), "{bad:?}");
        }
    }
}
