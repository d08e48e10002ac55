//! Connecting Sentry: a person installs the integration on an organization.
//! <https://docs.sentry.io/organization/integrations/integration-platform/public-integration/>

use connector_domain::http::{Body, HttpRequest, HttpResponse, Method, WebPage};
use connector_domain::oauth::{AppCredentials, ConnectFailure, Grant, GrantError, Identity, OneTimeSecret, TokenSet};
use connector_domain::{AccountId, ProviderKind, Secret, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::encode;
use crate::oauth::{Asked, Call, Consent, OAuthFlow, Params, Proof, Redirect, form, grant, hs256};

use super::Sentry;

/// How long a JWT for a refresh is good; Sentry takes a minute at most.
const SIGNED_FOR: i64 = 50;

#[derive(Serialize)]
struct Exchange<'a> {
    grant_type: &'a str,
    code: &'a str,
    client_id: &'a str,
    client_secret: &'a str,
}

/// In words of its own.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    token: String,
    refresh_token: Option<String>,
    expires_at: Option<Timestamp>,
    #[serde(default)]
    scopes: Value,
}

#[derive(Deserialize)]
struct Installation {
    uuid: String,
    organization: Organization,
}

#[derive(Deserialize)]
struct Organization {
    slug: String,
}

impl OAuthFlow for Sentry {
    /// It comes back with a code and an installation, and nothing of ours.
    fn returns_state(&self) -> bool {
        false
    }

    fn consent(&self, app: &AppCredentials, _consent: Consent<'_>) -> Option<WebPage> {
        Some(WebPage {
            provider: ProviderKind::Sentry,
            path: format!("/sentry-apps/{}/external-install/", encode::path(app.slug.as_deref()?)),
            query: Vec::new(),
        })
    }

    fn redirected(&self, params: &Params) -> Result<Redirect, ConnectFailure> {
        grant::redirect(params, "installationId")
    }

    fn exchange(
        &self,
        app: &AppCredentials,
        redirect: &Redirect,
        _redirect_uri: &str,
        _verifier: Option<&OneTimeSecret>,
    ) -> Option<HttpRequest> {
        let body = form::json(&Exchange {
            grant_type: "authorization_code",
            code: redirect.code.expose_str()?,
            client_id: &app.client_id,
            client_secret: app.client_secret.expose_str()?,
        })?;
        let installation = redirect.installation.as_deref().filter(|id| is_uuid(id))?;
        Some(HttpRequest::with_body(ProviderKind::Sentry, Method::Post, authorizations(installation), body))
    }

    fn read_grant(&self, asked: Asked, response: &HttpResponse, _now: Timestamp) -> Result<Grant, GrantError> {
        match (response.status, asked) {
            (200 | 201, _) => {}
            // A code that was used and a client it is not for look the same. A refresh carries our own signature: were
            // it refused, no connection of ours would be to blame.
            (401 | 403, Asked::Code) => return Err(GrantError::Refused),
            (401 | 403, Asked::Refresh) => return Err(GrantError::App),
            _ => return Err(grant::refusal(response)),
        }
        let answer: Answer = grant::read(response)?;
        let tokens = TokenSet {
            access: grant::secret(answer.token)?,
            refresh: answer.refresh_token.and_then(Secret::new),
            expires_at: answer.expires_at,
            refresh_expires_at: None,
            scopes: grant::scopes(&answer.scopes),
            grant: None,
        };
        Ok(Grant { tokens, account: None })
    }

    /// The code was exchanged at the installation's own address. Saying that it is installed ends the wait that Sentry
    /// keeps for apps that verify, and its answer names installation and organization.
    fn prove(&self, redirect: &Redirect, _grant: &Grant, answers: &[HttpResponse]) -> Proof {
        let Some(claimed) = redirect.installation.as_deref().filter(|id| is_uuid(id)) else {
            return Proof::Failed(ConnectFailure::NotOwner);
        };
        let Some(answer) = answers.last() else {
            let path = format!("/api/0/sentry-app-installations/{claimed}/");
            let body = Body::Json(json!({ "status": "installed" }).to_string());
            return Proof::Ask(HttpRequest::with_body(ProviderKind::Sentry, Method::Put, path, body));
        };
        if answer.status != 200 {
            return Proof::Failed(grant::unproven(answer));
        }
        match serde_json::from_slice::<Installation>(&answer.body) {
            Ok(installation) if installation.uuid == claimed => match AccountId::parse(claimed) {
                Ok(account) => Proof::Proven(Identity { account, name: installation.organization.slug }),
                Err(_) => Proof::Failed(ConnectFailure::NotOwner),
            },
            Ok(_) => Proof::Failed(ConnectFailure::NotOwner),
            Err(_) => Proof::Failed(ConnectFailure::ProviderUnavailable),
        }
    }

    fn renews(&self, _tokens: &TokenSet) -> bool {
        true
    }

    /// By our own signature: a refresh token dies with its first use, and a lost answer would lock us out.
    /// <https://docs.sentry.io/organization/integrations/integration-platform/public-integration/#refreshing-tokens>
    fn refresh(
        &self,
        app: &AppCredentials,
        account: &AccountId,
        _tokens: &TokenSet,
        unique: &str,
        now: Timestamp,
    ) -> Option<Call> {
        let now = now.as_second();
        let id = &app.client_id;
        let claims = json!({ "iss": id, "sub": id, "iat": now, "exp": now + SIGNED_FOR, "jti": unique });
        let bearer = hs256(&claims, &app.client_secret)?;
        let body = json!({ "grant_type": "urn:sentry:params:oauth:grant-type:jwt-bearer" }).to_string();
        let path = authorizations(account.as_str());
        let request = HttpRequest::with_body(ProviderKind::Sentry, Method::Post, path, Body::Json(body));
        Some(Call { request, bearer: Some(bearer) })
    }

    /// There is no such call: a person uninstalls, and the tokens die with the installation.
    fn revoke(&self, _app: &AppCredentials, _tokens: &TokenSet) -> Option<Call> {
        None
    }
}

fn authorizations(installation: &str) -> String {
    format!("/api/0/sentry-app-installations/{}/authorizations/", encode::path(installation))
}

/// It becomes a part of a path.
fn is_uuid(text: &str) -> bool {
    (32..=36).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}
