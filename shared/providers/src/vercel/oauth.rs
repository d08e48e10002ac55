//! Connecting Vercel: a person installs the integration on a team or on their own account.
//! <https://vercel.com/docs/integrations/vercel-api-integrations>

use connector_domain::http::{HttpRequest, HttpResponse, Method, WebPage};
use connector_domain::oauth::{AppCredentials, ConnectFailure, Grant, GrantError, Identity, OneTimeSecret, TokenSet};
use connector_domain::{AccountId, ProviderKind, Timestamp};
use serde::Deserialize;

use crate::encode;
use crate::oauth::{Asked, Call, Consent, OAuthFlow, Params, Proof, Redirect, form, grant};

use super::Vercel;

/// What stands beside the token.
#[derive(Deserialize)]
struct Told {
    installation_id: Option<String>,
    user_id: Option<String>,
    team_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Configuration {
    id: String,
    team_id: Option<String>,
    #[serde(default)]
    disabled_at: Option<serde_json::Value>,
}

/// A team, or a user inside an envelope.
#[derive(Deserialize)]
struct Owner {
    slug: Option<String>,
    name: Option<String>,
    user: Option<User>,
}

#[derive(Deserialize)]
struct User {
    username: Option<String>,
}

impl OAuthFlow for Vercel {
    fn consent(&self, app: &AppCredentials, consent: Consent<'_>) -> Option<WebPage> {
        Some(WebPage {
            provider: ProviderKind::Vercel,
            path: format!("/integrations/{}/new", encode::path(app.slug.as_deref()?)),
            query: vec![("state", consent.state.expose().to_owned())],
        })
    }

    /// `next` leads back to Vercel's dashboard. Nobody is sent where an address says.
    fn redirected(&self, params: &Params) -> Result<Redirect, ConnectFailure> {
        grant::redirect(params, "configurationId")
    }

    fn exchange(
        &self,
        app: &AppCredentials,
        redirect: &Redirect,
        redirect_uri: &str,
        _verifier: Option<&OneTimeSecret>,
    ) -> Option<HttpRequest> {
        let body = form::form(&[
            ("client_id", &app.client_id),
            ("client_secret", app.client_secret.expose_str()?),
            ("code", redirect.code.expose_str()?),
            ("redirect_uri", redirect_uri),
        ])?;
        Some(HttpRequest::with_body(ProviderKind::Vercel, Method::Post, "/v2/oauth/access_token", body))
    }

    fn read_grant(&self, _asked: Asked, response: &HttpResponse, now: Timestamp) -> Result<Grant, GrantError> {
        if response.status != 200 {
            return Err(grant::refusal(response));
        }
        let told: Told = grant::read(response)?;
        let mut tokens = grant::read::<grant::Answer>(response)?.tokens(now)?;
        tokens.grant = told.installation_id;
        // Webhooks and lists name the team, or the user where there is none.
        let account = told.team_id.or(told.user_id).map(AccountId::parse).transpose();
        Ok(Grant { tokens, account: account.map_err(|_| GrantError::Malformed)? })
    }

    /// The token names the installation it is for; the address only claims one. Then the installation itself is looked at.
    fn prove(&self, redirect: &Redirect, grant: &Grant, answers: &[HttpResponse]) -> Proof {
        let (Some(claimed), Some(account)) = (&redirect.installation, &grant.account) else {
            return Proof::Failed(ConnectFailure::NotOwner);
        };
        if grant.tokens.grant.as_ref() != Some(claimed) {
            return Proof::Failed(ConnectFailure::NotOwner);
        }
        let team = Some(account.as_str()).filter(|id| id.starts_with("team_"));
        match answers {
            [] => {
                let path = format!("/v1/integrations/configuration/{}", encode::path(claimed));
                Proof::Ask(of_team(HttpRequest::get(ProviderKind::Vercel, path), team))
            }
            [configuration] => match check(configuration, claimed, team) {
                Ok(()) => Proof::Ask(HttpRequest::get(ProviderKind::Vercel, owner_path(team))),
                Err(failure) => Proof::Failed(failure),
            },
            // The name is to be shown and nothing else, and reading it may not be allowed.
            [_, owner, ..] => Proof::Proven(Identity { account: account.clone(), name: name(owner, account) }),
        }
    }

    fn revoke(&self, _app: &AppCredentials, tokens: &TokenSet) -> Option<Call> {
        let path = format!("/v1/integrations/configuration/{}", encode::path(tokens.grant.as_deref()?));
        let request = HttpRequest { method: Method::Delete, ..HttpRequest::get(ProviderKind::Vercel, path) };
        Some(Call { request, bearer: Some(tokens.access.clone()) })
    }
}

/// Without its team a call is about the person's own account.
fn of_team(request: HttpRequest, team: Option<&str>) -> HttpRequest {
    match team {
        Some(team) => request.query("teamId", team),
        None => request,
    }
}

fn owner_path(team: Option<&str>) -> String {
    team.map_or_else(|| "/v2/user".to_owned(), |team| format!("/v2/teams/{}", encode::path(team)))
}

fn check(answer: &HttpResponse, claimed: &str, team: Option<&str>) -> Result<(), ConnectFailure> {
    if answer.status != 200 {
        return Err(grant::unproven(answer));
    }
    let configuration: Configuration =
        serde_json::from_slice(&answer.body).map_err(|_| ConnectFailure::ProviderUnavailable)?;
    let same = configuration.id == claimed && configuration.team_id.as_deref() == team;
    let enabled = configuration.disabled_at.is_none_or(|at| at.is_null());
    if same && enabled { Ok(()) } else { Err(ConnectFailure::NotOwner) }
}

fn name(answer: &HttpResponse, account: &AccountId) -> String {
    let owner = serde_json::from_slice::<Owner>(&answer.body).ok().filter(|_| answer.status == 200);
    let name = owner.and_then(|owner| owner.name.or(owner.slug).or_else(|| owner.user?.username));
    name.unwrap_or_else(|| account.to_string())
}
