//! Connecting accounts, over `oauth.json` of every provider.

use connector_domain::http::{Body, Host, HttpResponse, Method};
use connector_domain::oauth::{AppCredentials, ConnectFailure, GrantError, OneTimeSecret};
use connector_domain::{AccountId, ProviderKind, ResourceId};
use connector_providers::oauth::{Asked, Consent, Params, Proof, Redirect};
use connector_providers::{Provider, all, provider};
use serde_json::{Value, json};

use crate::support::{fixtures, now, secret};

const REDIRECT: &str = "https://api.example.org/oauth/x/callback";

fn each(test: impl Fn(&dyn Provider, &Value)) {
    for provider in all() {
        let text = std::fs::read_to_string(fixtures(provider.kind()).join("oauth.json")).unwrap();
        test(*provider, &serde_json::from_str(&text).unwrap());
    }
}

fn app() -> AppCredentials {
    AppCredentials {
        client_id: "Iv1.client".into(),
        client_secret: secret("hunter2-client"),
        slug: Some("memory".into()),
        private_key: None,
    }
}

fn verifier() -> OneTimeSecret {
    OneTimeSecret::of([7; 32]).unwrap()
}

fn params(fields: &Value) -> Params {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Params::of(fields.as_object().unwrap().iter().map(|(name, value)| (name.clone(), text(value)))).unwrap()
}

fn answer(of: &Value) -> HttpResponse {
    let body = of["body"].as_str().map_or_else(|| of["body"].to_string(), str::to_owned);
    let link = of["link"].as_str().map(|link| ("link", link));
    HttpResponse {
        status: of["status"].as_u64().unwrap().try_into().unwrap(),
        headers: link.into_iter().collect(),
        body: body.into_bytes(),
    }
}

fn answers(of: &Value) -> Vec<HttpResponse> {
    of.as_array().unwrap().iter().map(answer).collect()
}

/// Goes on with a proof until it is over.
fn proven(provider: &dyn Provider, redirect: &Redirect, fixture: &Value, answers: &[HttpResponse]) -> Proof {
    let grant = provider.read_grant(Asked::Code, &answer(&fixture["grant"]), now()).unwrap();
    (0..=answers.len())
        .map(|seen| provider.prove(redirect, &grant, &answers[..seen]))
        .find(|proof| !matches!(proof, Proof::Ask(_)))
        .unwrap_or_else(|| panic!("{} asks for more than {} answers", provider.kind(), answers.len()))
}

#[test]
fn the_consent_screen_holds_the_state_and_the_challenge_and_no_secret() {
    each(|provider, fixture| {
        let state = OneTimeSecret::of([1; 32]).unwrap();
        let verifier = verifier();
        let consent = Consent { state: &state, redirect_uri: REDIRECT, verifier: Some(&verifier) };
        let page = provider.consent(&app(), consent).unwrap();
        assert_eq!(page.path, fixture["consent"].as_str().unwrap());
        let value = |name: &str| page.query.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        assert_eq!(value("state"), provider.returns_state().then(|| state.expose()));
        let challenge = verifier.challenge();
        assert_eq!(value("code_challenge"), provider.takes_pkce().then_some(challenge.as_str()));
        assert_eq!(value("code_challenge_method"), provider.takes_pkce().then_some("S256"), "never plain");
        assert!(!format!("{page:?}").contains("hunter2") && !format!("{page:?}").contains(verifier.expose()));
        if provider.takes_pkce() {
            let bare = Consent { verifier: None, ..consent };
            assert!(provider.consent(&app(), bare).is_none(), "no downgrade");
        }
    });
}

#[test]
fn a_code_is_exchanged_for_tokens_that_nothing_shows() {
    each(|provider, fixture| {
        let redirect = provider.redirected(&params(&fixture["redirect"])).unwrap();
        let verifier = verifier();
        let request = provider.exchange(&app(), &redirect, REDIRECT, Some(&verifier)).unwrap();
        assert_eq!(request.method, Method::Post);
        assert!(matches!(request.body, Some(Body::SecretForm(_) | Body::SecretJson(_))));
        let body = String::from_utf8(request.body.as_ref().unwrap().expose().to_vec()).unwrap();
        assert!(body.contains(redirect.code.expose_str().unwrap()) && body.contains("hunter2-client"));
        assert_eq!(body.contains(verifier.expose()), provider.takes_pkce());
        assert!(!format!("{request:?}").contains("hunter2"));
        assert_eq!(provider.exchange(&app(), &redirect, REDIRECT, None).is_some(), !provider.takes_pkce());

        let grant = provider.read_grant(Asked::Code, &answer(&fixture["grant"]), now()).unwrap();
        let access = grant.tokens.access.expose_str().unwrap();
        assert!(fixture["grant"]["body"].to_string().contains(access));
        assert!(!format!("{grant:?}").contains(access));
        if let Some(end) = grant.tokens.expires_at {
            assert!((1..=24 * 3_600).contains(&end.duration_since(now()).as_secs()));
        }
    });
}

#[test]
fn an_answer_without_tokens_says_whose_fault_it_is() {
    each(|provider, fixture| {
        for refused in fixture["refused"].as_array().unwrap() {
            let error = provider.read_grant(Asked::Code, &answer(refused), now()).unwrap_err();
            let name = match error {
                GrantError::Refused => "refused",
                GrantError::App => "app",
                GrantError::Unavailable => "unavailable",
                GrantError::Malformed => "malformed",
            };
            assert_eq!(name, refused["error"].as_str().unwrap(), "{}: {refused}", provider.kind());
        }
    });
}

#[test]
fn an_account_is_proven_by_the_provider_and_not_by_the_address() {
    each(|provider, fixture| {
        let redirect = provider.redirected(&params(&fixture["redirect"])).unwrap();
        let Proof::Proven(identity) = proven(provider, &redirect, fixture, &answers(&fixture["proof"])) else {
            panic!("{}", provider.kind())
        };
        assert_eq!(identity.account.as_str(), fixture["identity"]["account"].as_str().unwrap());
        assert_eq!(identity.name, fixture["identity"]["name"].as_str().unwrap());

        for unproven in fixture["unproven"].as_array().unwrap() {
            let proof = proven(provider, &redirect, fixture, &answers(unproven));
            assert!(matches!(proof, Proof::Failed(ConnectFailure::NotOwner)), "{}: {unproven}", provider.kind());
        }
        for status in [429, 500, 502] {
            let down = HttpResponse { status, headers: Default::default(), body: b"<html>".to_vec() };
            let proof = proven(provider, &redirect, fixture, &[down]);
            assert!(matches!(proof, Proof::Failed(ConnectFailure::ProviderUnavailable)), "{}", provider.kind());
        }
    });
}

/// Somebody writes another's installation into the address of a connect that is their own in all else.
#[test]
fn an_installation_of_somebody_else_is_refused() {
    each(|provider, fixture| {
        let Some(claim) = fixture["claim"].as_str() else { return };
        for foreign in ["5002", "icfg_victim", "00000000-0000-4000-8000-000000000000", "../../orgs", "5001/x", "-1", ""]
        {
            let mut fields = fixture["redirect"].clone();
            fields[claim] = json!(foreign);
            let redirect = provider.redirected(&params(&fields)).unwrap();
            let proof = proven(provider, &redirect, fixture, &answers(&fixture["proof"]));
            assert!(matches!(proof, Proof::Failed(ConnectFailure::NotOwner)), "{}: {foreign}", provider.kind());
        }
    });
}

#[test]
fn a_no_of_the_provider_is_mapped_and_never_repeated() {
    each(|provider, _| {
        for (error, failure) in [
            ("access_denied", ConnectFailure::Denied),
            ("server_error", ConnectFailure::ProviderUnavailable),
            ("redirect_uri_mismatch", ConnectFailure::Misconfigured),
            ("<script>alert(1)</script>", ConnectFailure::CodeRefused),
        ] {
            let said = params(&json!({ "error": error, "code": "x", "error_description": "hunter2" }));
            assert_eq!(provider.redirected(&said).unwrap_err(), failure, "{error}");
        }
        assert_eq!(provider.redirected(&params(&json!({}))).unwrap_err(), ConnectFailure::CodeRefused);
    });
    let asked = params(&json!({ "setup_action": "request", "code": "x" }));
    let github = provider(ProviderKind::Github).unwrap();
    assert_eq!(github.redirected(&asked).unwrap_err(), ConnectFailure::ApprovalPending);
}

#[test]
fn what_ends_is_renewed_or_minted() {
    each(|provider, fixture| {
        let grant = provider.read_grant(Asked::Code, &answer(&fixture["grant"]), now()).unwrap();
        let account = AccountId::parse(fixture["identity"]["account"].as_str().unwrap()).unwrap();
        let refresh = provider.refresh(&app(), &account, &grant.tokens, "unique", now());
        assert_eq!(refresh.is_some(), provider.renews(&grant.tokens));
        let ends = grant.tokens.expires_at.is_some();
        assert_eq!(ends, refresh.is_some() || provider.minting().is_some(), "{}", provider.kind());
        if let Some(call) = refresh {
            assert!(!format!("{call:?}").contains("hunter2"));
            let renewed = provider.read_grant(Asked::Refresh, &answer(&fixture["grant"]), now()).unwrap();
            assert_eq!(renewed.tokens, grant.tokens, "one form for both");
        }
    });
}

#[test]
fn only_a_definite_no_ends_a_connection() {
    each(|provider, _| {
        for status in [401, 403, 408, 429, 500, 502, 503] {
            let response = HttpResponse { status, headers: Default::default(), body: b"{}".to_vec() };
            let error = provider.read_grant(Asked::Refresh, &response, now()).unwrap_err();
            let definite = status == 403 && provider.kind() != ProviderKind::Sentry;
            assert_eq!(error == GrantError::Refused, definite, "{} {status}", provider.kind());
        }
    });
}

#[test]
fn github_signs_for_itself_and_asks_for_no_more_than_it_needs() {
    let github = provider(ProviderKind::Github).unwrap();
    let minting = github.minting().unwrap();
    let jwt = minting.assertion(&app(), now());
    let claims = jwt.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&base64(claims)).unwrap();
    let at = now().as_second();
    assert_eq!(claims, json!({ "iss": "Iv1.client", "iat": at - 60, "exp": at + 540 }));

    let account = AccountId::parse("5001").unwrap();
    let repository = ResourceId::parse("7001").unwrap();
    let narrow = minting.request(&account, Some(&repository));
    assert_eq!((narrow.host, narrow.path.as_str()), (Host::Api, "/app/installations/5001/access_tokens"));
    assert_eq!(narrow.body, Some(Body::Json(r#"{"repository_ids":[7001]}"#.into())));
    assert_eq!(minting.request(&account, None).body, Some(Body::Json("{}".into())));

    let read =
        |status, body: &str| minting.read(&HttpResponse { status, headers: Default::default(), body: body.into() });
    let long = format!("ghs_1_{}.{}.x", "a".repeat(300), "b".repeat(200));
    let minted = read(201, &json!({ "token": long, "expires_at": "2026-02-01T01:00:00Z" }).to_string()).unwrap();
    assert_eq!((minted.access.expose_str(), minted.expires_at.is_some()), (Some(long.as_str()), true));
    for (status, error) in [
        (404, GrantError::Refused),
        (401, GrantError::App),
        (403, GrantError::Unavailable),
        (422, GrantError::Unavailable),
        (502, GrantError::Unavailable),
    ] {
        assert_eq!(read(status, "{}").unwrap_err(), error, "{status}");
    }
}

fn base64(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
}
