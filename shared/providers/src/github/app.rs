//! What our GitHub App must be granted: to read, and to be told.
//!
//! GitHub sends an event only to an app that may read what it is about and subscribes to it, and says nothing where one of
//! the two is missing. <https://docs.github.com/en/webhooks/webhook-events-and-payloads>

use std::collections::{BTreeMap, BTreeSet};

use connector_domain::http::{HttpRequest, HttpResponse};
use connector_domain::oauth::GrantError;
use connector_domain::{AccountId, ProviderKind};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::oauth::api;
use crate::encode;
use crate::oauth::{Installed, grant};

/// What the app reads, by GitHub's names of the permissions, with the events that each one opens.
/// <https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps>
pub const PERMISSIONS: &[(&str, &[&str])] = &[
    ("contents", &["push", "release"]),
    ("deployments", &["deployment_status"]),
    ("discussions", &["discussion", "discussion_comment"]),
    ("issues", &["issue_comment", "issues"]),
    ("metadata", &["repository"]),
    ("pull_requests", &["pull_request", "pull_request_review", "pull_request_review_comment"]),
];

/// The events that the app subscribes to.
pub fn events() -> impl Iterator<Item = &'static str> {
    PERMISSIONS.iter().flat_map(|(_, events)| events.iter().copied())
}

#[derive(Deserialize)]
struct Installation {
    #[serde(default)]
    permissions: BTreeMap<String, String>,
    #[serde(default)]
    events: BTreeSet<String>,
    suspended_at: Option<IgnoredAny>,
}

/// <https://docs.github.com/en/rest/apps/apps#get-an-installation-for-the-authenticated-app>
pub(super) fn installed_request(account: &AccountId) -> HttpRequest {
    let path = format!("/app/installations/{}", encode::path(account.as_str()));
    api(HttpRequest::get(ProviderKind::Github, path))
}

pub(super) fn read_installed(response: &HttpResponse) -> Result<Installed, GrantError> {
    match response.status {
        200 => {}
        404 => return Err(GrantError::Refused),
        401 => return Err(GrantError::App),
        403 => return Err(GrantError::Unavailable),
        _ => return Err(grant::refusal(response)),
    }
    let found: Installation = grant::read(response)?;
    let granted = |name: &str| found.permissions.get(name).is_some_and(|access| access != "none");
    Ok(Installed {
        suspended: found.suspended_at.is_some(),
        missing_permissions: PERMISSIONS.iter().map(|(name, _)| *name).filter(|name| !granted(name)).collect(),
        missing_events: events().filter(|event| !found.events.contains(*event)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use connector_domain::http::Headers;
    use serde_json::{Value, json};

    use super::*;

    fn read(status: u16, body: &Value) -> Result<Installed, GrantError> {
        read_installed(&HttpResponse { status, headers: Headers::default(), body: body.to_string().into_bytes() })
    }

    fn whole() -> Value {
        let permissions: BTreeMap<_, _> = PERMISSIONS.iter().map(|(name, _)| (*name, "read")).collect();
        json!({ "permissions": permissions, "events": events().collect::<Vec<_>>(), "suspended_at": null })
    }

    #[test]
    fn what_is_missing_is_named() {
        let all = Installed { suspended: false, missing_permissions: vec![], missing_events: vec![] };
        assert_eq!(read(200, &whole()), Ok(all));
        let mut less = whole();
        less["permissions"].as_object_mut().unwrap().remove("issues");
        less["permissions"]["contents"] = json!("none");
        less["permissions"]["deployments"] = json!("write");
        less["events"].as_array_mut().unwrap().retain(|event| event != "issues" && event != "push");
        less["suspended_at"] = json!("2026-02-06T12:00:00Z");
        let missing = Installed {
            suspended: true,
            missing_permissions: vec!["contents", "issues"],
            missing_events: vec!["push", "issues"],
        };
        assert_eq!(read(200, &less), Ok(missing));
    }

    #[test]
    fn only_a_404_says_that_it_is_gone() {
        assert_eq!(read(404, &json!({})), Err(GrantError::Refused));
        assert_eq!(read(401, &json!({})), Err(GrantError::App));
        for status in [403, 429, 500, 503] {
            assert_eq!(read(status, &json!({})), Err(GrantError::Unavailable), "{status}");
        }
        assert_eq!(read(200, &json!([])), Err(GrantError::Malformed));
    }
}
