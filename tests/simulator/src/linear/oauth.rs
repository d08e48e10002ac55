//! Plain OAuth with PKCE: the consent screen, tokens of a day, refresh tokens that rotate.
//! <https://linear.app/developers/oauth-2-0-authentication>

use std::collections::BTreeMap;

use axum::{
    extract::{Request, State as Extract},
    http::Method,
    response::Response,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    State,
    api::answer::{Answer, Body},
};
use crate::{
    World,
    oauth::{Apps, Choice, Codes, Decision, Fields, Screen, later, nowhere, page, refused, send_to},
    random::Random,
    secrets::{Known, Secret, Secrets, digest},
    wire::Call,
};

const CODE_LIFE: SignedDuration = SignedDuration::from_mins(10);
/// A day, less the second that the answer is on its way.
const EXPIRES_IN: i64 = 86_399;
/// How long a refresh token that was used gives the same answer again.
const GRACE: SignedDuration = SignedDuration::from_mins(30);

/// Who may connect what.
pub(crate) struct Desk {
    pub(super) apps: Apps,
    pub(super) codes: Codes<Consented>,
    refresh: Secrets<()>,
    /// The answers that used refresh tokens gave, with when each was used.
    used: BTreeMap<Secret, (Value, Timestamp)>,
    made: u64,
}

/// What a code stands for.
pub(crate) struct Consented {
    redirect_uri: String,
    challenge: Option<Challenge>,
    scope: String,
}

struct Challenge {
    is_hashed: bool,
    text: String,
}

impl Challenge {
    fn is_met_by(&self, verifier: Option<&str>) -> bool {
        let Some(verifier) = verifier else { return false };
        let hashed = || URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        if self.is_hashed { hashed() == self.text } else { verifier == self.text }
    }
}

impl Desk {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            apps: Apps::default(),
            codes: Codes::new(seed),
            refresh: Secrets::default(),
            used: BTreeMap::new(),
            made: 0,
        }
    }

    /// Nothing of the grant is good any more.
    pub(super) fn withdraw(&mut self) {
        self.refresh.revoke_if(|()| true);
        self.used.clear();
    }
}

/// Answers what is on linear.app rather than on its API's host.
pub(super) async fn answer(Extract(world): Extract<World>, request: Request) -> Response {
    let call = Call::receive(request, "/linear-web").await;
    let now = world.now();
    let state = &mut *world.linear_state();
    if call.path != "/oauth/authorize" {
        return nowhere();
    }
    let Some(app) = state.desk.apps.current().filter(|app| call.param("client_id") == Some(&app.app.client_id)) else {
        return refused("There is no application of that client_id.");
    };
    // Never sent to: it may be anybody's.
    let Some(redirect_uri) = call.param("redirect_uri").filter(|uri| *uri == app.callback) else {
        return refused("The redirect_uri is not one of the application's.");
    };
    let sent_back = |query: &[(&str, &str)]| {
        let query: Vec<_> = query.iter().copied().chain(call.param("state").map(|text| ("state", text))).collect();
        send_to(redirect_uri, &query)
    };
    let challenge = call.param("code_challenge").map(|text| Challenge {
        is_hashed: call.param("code_challenge_method") == Some("S256"),
        text: text.to_owned(),
    });
    let scope = call.param("scope").unwrap_or_default().replace(',', " ");
    let method = call.param("code_challenge_method");
    if call.param("response_type") != Some("code")
        || scope.is_empty()
        || !matches!(method, None | Some("S256" | "plain"))
    {
        return sent_back(&[("error", "invalid_request")]);
    }
    let accounts = [(state.organization.clone(), "Acme".to_owned())];
    if call.method == Method::GET {
        let decisions = &[Decision::Approve, Decision::Deny];
        let question = "Memory Connectors wants to read your workspace";
        return page(200, Screen { provider: "Linear", question, accounts: &accounts, decisions }.html());
    }
    let Some(choice) = Choice::read(&call.body) else { return refused("The form is not understood.") };
    match choice.decision {
        Decision::Deny | Decision::Request => sent_back(&[("error", "access_denied")]),
        Decision::Approve => {
            let consented = Consented { redirect_uri: redirect_uri.to_owned(), challenge, scope };
            let code = state.desk.codes.issue(consented, later(now, CODE_LIFE));
            sent_back(&[("code", &code)])
        }
    }
}

/// The endpoints beside the API; `None` for what is not one.
pub(super) fn serve(state: &mut State, call: &Call, now: Timestamp) -> Option<Answer> {
    match (&call.method, call.path.as_str()) {
        (&Method::POST, "/oauth/token") => Some(token(state, call, now)),
        (&Method::POST, "/oauth/revoke") => Some(revoke(state, call, now)),
        _ => None,
    }
}

fn failed(status: u16, code: &str, description: &str) -> Answer {
    Answer::new(status, Body::Json(json!({ "error": code, "error_description": description })))
}

fn token(state: &mut State, call: &Call, now: Timestamp) -> Answer {
    let Some(fields) = Fields::of_form(call) else {
        return failed(400, "invalid_request", "Content-Type must be application/x-www-form-urlencoded");
    };
    let Some(app) = state.desk.apps.current().filter(|app| fields.get("client_id") == Some(&app.app.client_id)) else {
        return failed(401, "invalid_client", "The client is unknown");
    };
    let is_proven = fields.get("client_secret") == Some(&app.app.client_secret);
    if fields.get("client_secret").is_some() && !is_proven {
        return failed(401, "invalid_client", "The client secret is wrong");
    }
    let invalid = |description| failed(400, "invalid_grant", description);
    match fields.get("grant_type") {
        Some("authorization_code") => {
            let consented = fields.get("code").and_then(|code| state.desk.codes.spend(code, now));
            let Some(consented) = consented else { return invalid("The code is invalid, expired or was used") };
            if fields.get("redirect_uri") != Some(&consented.redirect_uri) {
                return invalid("The redirect_uri does not match");
            }
            match &consented.challenge {
                Some(challenge) if !challenge.is_met_by(fields.get("code_verifier")) => {
                    invalid("The code_verifier does not match")
                }
                None if !is_proven => failed(401, "invalid_client", "The client secret is missing"),
                _ => granted(state, &consented.scope, now),
            }
        }
        Some("refresh_token") if !is_proven => failed(401, "invalid_client", "The client secret is missing"),
        Some("refresh_token") => refresh(state, fields.get("refresh_token").unwrap_or_default(), now),
        _ => failed(400, "unsupported_grant_type", "The grant_type is not supported"),
    }
}

/// `scope` goes in with commas and comes out with blanks.
fn granted(state: &mut State, scope: &str, now: Timestamp) -> Answer {
    Answer::new(200, Body::Json(grant(state, scope, now)))
}

fn grant(state: &mut State, scope: &str, now: Timestamp) -> Value {
    let access = state.tokens.mint(now);
    state.desk.made += 1;
    let refresh = format!("lin_refresh_{}", Random::new(state.seed, &[state.desk.made, 0x4EF4]).hex(64));
    state.desk.refresh.add(&refresh, ());
    json!({
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": EXPIRES_IN,
        "scope": scope,
        "refresh_token": refresh,
    })
}

fn refresh(state: &mut State, token: &str, now: Timestamp) -> Answer {
    let digest = digest(token);
    if let Some((answer, used_at)) = state.desk.used.get(&digest)
        && later(*used_at, GRACE) > now
    {
        return Answer::new(200, Body::Json(answer.clone()));
    }
    if !matches!(state.desk.refresh.find(token), Known::Minted(())) {
        return failed(400, "invalid_grant", "The refresh token is invalid or was used");
    }
    state.desk.refresh.revoke(token);
    let answer = grant(state, "read", now);
    state.desk.used.insert(digest, (answer.clone(), now));
    Answer::new(200, Body::Json(answer))
}

/// With a refresh token the whole grant ends, with an access token only that.
fn revoke(state: &mut State, call: &Call, now: Timestamp) -> Answer {
    let fields = Fields::of_form(call);
    let Some(token) = fields.as_ref().and_then(|fields| fields.get("token")) else {
        return failed(400, "invalid_request", "The token is missing");
    };
    if matches!(state.desk.refresh.find(token), Known::Minted(())) {
        state.desk.withdraw();
        state.tokens.withdraw();
    } else if state.tokens.caller(Some(&format!("Bearer {token}")), now).is_ok() {
        state.tokens.revoke(token);
    } else {
        return failed(400, "invalid_grant", "The token was revoked already");
    }
    Answer::new(200, Body::Json(json!({})))
}
