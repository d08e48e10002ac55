//! Connecting GitHub: a person installs the App and authorises it in the same step.
//!
//! The person's own token proves that the installation is theirs and is given back at once. From then on the App signs for
//! itself and gets tokens of an hour, which are kept nowhere.

use connector_domain::http::{Body, Host, HttpRequest, HttpResponse, Method, WebPage};
use connector_domain::oauth::{AppCredentials, ConnectFailure, Grant, GrantError, Identity, OneTimeSecret, TokenSet};
use connector_domain::{AccountId, ProviderKind, ResourceId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::json::NumericId;
use crate::oauth::{
    Asked, Call, Consent, Installed, Minting, OAuthFlow, Params, Proof, Redirect, form, grant, unsigned_rs256,
};
use crate::{encode, headers};

use super::{GitHub, app};

/// Most pages of a person's installations that are looked through.
const MAX_PAGES: usize = 50;
/// The App says that it signed a minute ago, since GitHub's clock may be behind ours, and for less than ten minutes.
/// <https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app>
const ISSUED_AGO: i64 = 60;
const SIGNED_FOR: i64 = 540;

#[derive(Serialize)]
struct Exchange<'a> {
    client_id: &'a str,
    client_secret: &'a str,
    code: &'a str,
}

#[derive(Deserialize)]
struct Installations {
    installations: Vec<Installation>,
}

#[derive(Deserialize)]
struct Installation {
    id: NumericId,
    account: Option<Account>,
}

#[derive(Deserialize)]
struct Account {
    /// Enterprises have a slug in its place.
    login: Option<String>,
    slug: Option<String>,
}

#[derive(Deserialize)]
struct Minted {
    token: String,
    expires_at: Option<Timestamp>,
}

pub(super) fn api(request: HttpRequest) -> HttpRequest {
    request.header("accept", "application/vnd.github+json").header("x-github-api-version", "2022-11-28")
}

impl OAuthFlow for GitHub {
    // Authorising takes PKCE, but installing leads there by GitHub's own redirect, which cannot be given a challenge.
    // State, cookie, client secret and the proof of ownership stand for it.
    // https://docs.github.com/en/apps/sharing-github-apps/sharing-your-github-app

    fn consent(&self, app: &AppCredentials, consent: Consent<'_>) -> Option<WebPage> {
        Some(WebPage {
            provider: ProviderKind::Github,
            path: format!("/apps/{}/installations/new", encode::path(app.slug.as_deref()?)),
            query: vec![("state", consent.state.expose().to_owned())],
        })
    }

    fn redirected(&self, params: &Params) -> Result<Redirect, ConnectFailure> {
        // A member may only ask; an owner installs later, and nobody comes back here then.
        if params.get("setup_action") == Some("request") {
            return Err(ConnectFailure::ApprovalPending);
        }
        grant::redirect(params, "installation_id")
    }

    fn exchange(
        &self,
        app: &AppCredentials,
        redirect: &Redirect,
        _redirect_uri: &str,
        _verifier: Option<&OneTimeSecret>,
    ) -> Option<HttpRequest> {
        let body = form::json(&Exchange {
            client_id: &app.client_id,
            client_secret: app.client_secret.expose_str()?,
            code: redirect.code.expose_str()?,
        })?;
        let request = HttpRequest::with_body(ProviderKind::Github, Method::Post, "/login/oauth/access_token", body);
        // Without it the answer is a form.
        Some(HttpRequest { host: Host::Web, ..request }.header("accept", "application/json"))
    }

    fn read_grant(&self, _asked: Asked, response: &HttpResponse, now: Timestamp) -> Result<Grant, GrantError> {
        // Errors come with status 200.
        // https://docs.github.com/en/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors
        match (response.status, grant::error_code(response).as_deref()) {
            (200, None) => {}
            (200, Some("incorrect_client_credentials" | "redirect_uri_mismatch" | "application_suspended"))
            | (404, _) => return Err(GrantError::App),
            (200, Some(_)) => return Err(GrantError::Refused),
            _ => return Err(grant::refusal(response)),
        }
        let tokens = grant::read::<grant::Answer>(response)?.tokens(now)?;
        Ok(Grant { tokens, account: None })
    }

    /// Looks for the installation among those that the person's own token lists.
    /// <https://docs.github.com/en/apps/creating-github-apps/registering-a-github-app/about-the-setup-url>
    fn prove(&self, redirect: &Redirect, _grant: &Grant, answers: &[HttpResponse]) -> Proof {
        let wanted = redirect.installation.as_deref().and_then(|id| id.parse().ok());
        let Some(wanted) = wanted.map(NumericId) else { return Proof::Failed(ConnectFailure::NotOwner) };
        let more = match answers.last() {
            None => true,
            Some(answer) if answer.status != 200 => return Proof::Failed(grant::unproven(answer)),
            Some(answer) => {
                let Ok(page) = serde_json::from_slice::<Installations>(&answer.body) else {
                    return Proof::Failed(ConnectFailure::ProviderUnavailable);
                };
                if let Some(found) = page.installations.into_iter().find(|found| found.id == wanted) {
                    return identity(found);
                }
                headers::link(&answer.headers, "next").is_some()
            }
        };
        if !more || answers.len() >= MAX_PAGES {
            return Proof::Failed(ConnectFailure::NotOwner);
        }
        let page = (answers.len() + 1).to_string();
        let list = HttpRequest::get(ProviderKind::Github, "/user/installations");
        Proof::Ask(api(list.query("per_page", "100").query("page", page)))
    }

    fn minting(&self) -> Option<&dyn Minting> {
        Some(self)
    }

    /// The person's token, when it has proven what it was for. The installation itself may serve other workspaces, so it
    /// is not ours to end.
    fn revoke(&self, app: &AppCredentials, tokens: &TokenSet) -> Option<Call> {
        let body = form::json(&json!({ "access_token": tokens.access.expose_str()? }))?;
        let path = format!("/applications/{}/token", encode::path(&app.client_id));
        let request = api(HttpRequest::with_body(ProviderKind::Github, Method::Delete, path, body));
        let basic = Some((app.client_id.clone(), app.client_secret.clone()));
        Some(Call { request: HttpRequest { basic, ..request }, bearer: None })
    }
}

fn identity(found: Installation) -> Proof {
    let name = found.account.and_then(|account| account.login.or(account.slug));
    match AccountId::parse(found.id.to_string()) {
        Ok(account) => Proof::Proven(Identity { name: name.unwrap_or_else(|| account.to_string()), account }),
        Err(_) => Proof::Failed(ConnectFailure::NotOwner),
    }
}

impl Minting for GitHub {
    fn installed_request(&self, account: &AccountId) -> HttpRequest {
        app::installed_request(account)
    }

    fn read_installed(&self, response: &HttpResponse) -> Result<Installed, GrantError> {
        app::read_installed(response)
    }

    fn assertion(&self, app: &AppCredentials, now: Timestamp) -> String {
        let now = now.as_second();
        unsigned_rs256(&json!({ "iat": now - ISSUED_AGO, "exp": now + SIGNED_FOR, "iss": app.client_id }))
    }

    fn request(&self, account: &AccountId, resource: Option<&ResourceId>) -> HttpRequest {
        let path = format!("/app/installations/{}/access_tokens", encode::path(account.as_str()));
        let repository = resource.and_then(|resource| resource.as_str().parse::<u64>().ok());
        let body = repository.map_or_else(|| json!({}), |id| json!({ "repository_ids": [id] }));
        api(HttpRequest::with_body(ProviderKind::Github, Method::Post, path, Body::Json(body.to_string())))
    }

    fn read(&self, response: &HttpResponse) -> Result<TokenSet, GrantError> {
        match response.status {
            201 => {}
            // The App is not installed there any more, or never was.
            404 => return Err(GrantError::Refused),
            401 => return Err(GrantError::App),
            // Suspended, or a limit: both pass. A repository that the installation cannot see any more: its link ends
            // by GitHub's own announcement.
            403 | 422 => return Err(GrantError::Unavailable),
            _ => return Err(grant::refusal(response)),
        }
        let minted: Minted = grant::read(response)?;
        Ok(TokenSet {
            access: grant::secret(minted.token)?,
            refresh: None,
            expires_at: minted.expires_at,
            refresh_expires_at: None,
            scopes: std::collections::BTreeSet::new(),
            grant: None,
        })
    }
}
