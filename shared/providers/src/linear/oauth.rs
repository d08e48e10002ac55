//! Connecting Linear: plain OAuth with PKCE, tokens of a day, and refresh tokens that rotate.
//! <https://linear.app/developers/oauth-2-0-authentication>

use connector_domain::http::{HttpRequest, HttpResponse, Method, WebPage};
use connector_domain::oauth::{AppCredentials, ConnectFailure, Grant, GrantError, Identity, OneTimeSecret, TokenSet};
use connector_domain::{AccountId, ProviderKind, Secret, Timestamp};
use serde::Deserialize;
use serde_json::json;

use crate::oauth::{Asked, Call, Consent, OAuthFlow, Params, Proof, Redirect, form, grant};

use super::{Linear, app};

#[derive(Deserialize)]
struct Answer {
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    organization: Organization,
}

#[derive(Deserialize)]
struct Organization {
    id: String,
    name: String,
}

impl OAuthFlow for Linear {
    fn takes_pkce(&self) -> bool {
        true
    }

    fn consent(&self, app: &AppCredentials, consent: Consent<'_>) -> Option<WebPage> {
        let query = vec![
            ("client_id", app.client_id.clone()),
            ("redirect_uri", consent.redirect_uri.to_owned()),
            ("response_type", "code".to_owned()),
            ("scope", app::SCOPE.to_owned()),
            ("state", consent.state.expose().to_owned()),
            ("code_challenge", consent.verifier?.challenge()),
            ("code_challenge_method", "S256".to_owned()),
            // A person with several organizations must be able to choose.
            ("prompt", "consent".to_owned()),
        ];
        Some(WebPage { provider: ProviderKind::Linear, path: "/oauth/authorize".to_owned(), query })
    }

    fn redirected(&self, params: &Params) -> Result<Redirect, ConnectFailure> {
        Ok(Redirect { code: grant::code(params)?, installation: None })
    }

    fn exchange(
        &self,
        app: &AppCredentials,
        redirect: &Redirect,
        redirect_uri: &str,
        verifier: Option<&OneTimeSecret>,
    ) -> Option<HttpRequest> {
        token_request(&[
            ("grant_type", "authorization_code"),
            ("code", redirect.code.expose_str()?),
            ("redirect_uri", redirect_uri),
            ("client_id", &app.client_id),
            ("client_secret", app.client_secret.expose_str()?),
            ("code_verifier", verifier?.expose()),
        ])
    }

    fn read_grant(&self, _asked: Asked, response: &HttpResponse, now: Timestamp) -> Result<Grant, GrantError> {
        if response.status != 200 {
            return Err(grant::refusal(response));
        }
        let tokens = grant::read::<grant::Answer>(response)?.tokens(now)?;
        Ok(Grant { tokens, account: None })
    }

    /// Whose token it is, Linear itself says.
    fn prove(&self, _redirect: &Redirect, _grant: &Grant, answers: &[HttpResponse]) -> Proof {
        let Some(answer) = answers.last() else {
            let query = json!({ "query": "query { viewer { id } organization { id name } }" });
            return Proof::Ask(super::backfill::post(&query));
        };
        if answer.status != 200 {
            return Proof::Failed(grant::unproven(answer));
        }
        let told = serde_json::from_slice::<Answer>(&answer.body).ok().and_then(|answer| answer.data);
        let account = told.and_then(|data| {
            let account = AccountId::parse(data.organization.id).ok()?;
            Some(Identity { account, name: data.organization.name })
        });
        account.map_or(Proof::Failed(ConnectFailure::ProviderUnavailable), Proof::Proven)
    }

    fn renews(&self, tokens: &TokenSet) -> bool {
        tokens.refresh.is_some()
    }

    /// For half an hour the old refresh token gives the same answer again, so a lost one is no loss.
    fn refresh(
        &self,
        app: &AppCredentials,
        _account: &AccountId,
        tokens: &TokenSet,
        _unique: &str,
        _now: Timestamp,
    ) -> Option<Call> {
        let request = token_request(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", tokens.refresh.as_ref().and_then(Secret::expose_str)?),
            ("client_id", &app.client_id),
            ("client_secret", app.client_secret.expose_str()?),
        ])?;
        Some(Call { request, bearer: None })
    }

    fn revoke(&self, _app: &AppCredentials, tokens: &TokenSet) -> Option<Call> {
        // With the refresh token the whole grant ends.
        let (token, hint) = match &tokens.refresh {
            Some(refresh) => (refresh, "refresh_token"),
            None => (&tokens.access, "access_token"),
        };
        let body = form::form(&[("token", token.expose_str()?), ("token_type_hint", hint)])?;
        let request = HttpRequest::with_body(ProviderKind::Linear, Method::Post, "/oauth/revoke", body);
        Some(Call { request, bearer: Some(tokens.access.clone()) })
    }
}

/// The endpoint takes forms only.
fn token_request(fields: &[(&str, &str)]) -> Option<HttpRequest> {
    let body = form::form(fields)?;
    Some(HttpRequest::with_body(ProviderKind::Linear, Method::Post, "/oauth/token", body))
}
