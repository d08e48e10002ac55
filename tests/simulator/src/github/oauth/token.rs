//! A person's tokens: exchanged for a code, renewed, given back.

use axum::{http::Method, response::Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::super::{
    State,
    api::{answer::Answer, call::Call as ApiCall},
    fault::Fault,
};
use crate::{
    World,
    clock::whole_second,
    oauth::{Fields, later},
    random::Random,
    secrets::{Known, Secrets},
    wire::{Call, Content, Spoil, http_date, pause, respond},
};

const LIFE: SignedDuration = SignedDuration::from_secs(28_800);
const REFRESH_LIFE: SignedDuration = SignedDuration::from_secs(15_811_200);
const PATH: &str = "/login/oauth/access_token";

/// The tokens of people.
pub(crate) struct People {
    seed: u64,
    grants: u64,
    access: Secrets<Held>,
    refresh: Secrets<Held>,
    /// An App may opt out of expiry; its tokens then have no end and nothing renews them.
    pub(crate) expiring: bool,
}

#[derive(Clone, Copy)]
struct Held {
    grant: u64,
    until: Option<Timestamp>,
}

impl Held {
    fn is_good(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

impl People {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, grants: 0, access: Secrets::default(), refresh: Secrets::default(), expiring: true }
    }

    /// Whether it is a person's token for our App, made here; an error when it is one that works no more.
    pub(crate) fn knows(&self, token: &str, now: Timestamp) -> Result<bool, ()> {
        match self.access.find(token) {
            Known::Minted(held) if held.is_good(now) => Ok(true),
            Known::Minted(_) | Known::Revoked => Err(()),
            Known::Foreign(_) => Ok(false),
        }
    }

    /// `data/reusables/apps/user-access-token-response-parameters.md` of <https://github.com/github/docs>.
    fn grant(&mut self, now: Timestamp) -> Value {
        self.grants += 1;
        let mut random = Random::new(self.seed, &[self.grants, 0x6801]);
        let access = format!("ghu_{}", random.alphanumeric(36));
        let until = self.expiring.then(|| later(now, LIFE));
        self.access.add(&access, Held { grant: self.grants, until });
        let mut body = json!({ "access_token": access, "scope": "", "token_type": "bearer" });
        if self.expiring {
            let refresh = format!("ghr_{}", random.alphanumeric(76));
            self.refresh.add(&refresh, Held { grant: self.grants, until: Some(later(now, REFRESH_LIFE)) });
            body["expires_in"] = LIFE.as_secs().into();
            body["refresh_token"] = refresh.into();
            body["refresh_token_expires_in"] = REFRESH_LIFE.as_secs().into();
        }
        body
    }

    /// The old refresh token and the old access token are both dead from now on.
    fn renew(&mut self, token: &str, now: Timestamp) -> Option<Value> {
        let held = match self.refresh.find(token) {
            Known::Minted(held) if held.is_good(now) => *held,
            _ => return None,
        };
        self.access.revoke_if(|access| access.grant == held.grant);
        self.refresh.revoke_if(|refresh| refresh.grant == held.grant);
        Some(self.grant(now))
    }

    fn end(&mut self, token: &str) -> bool {
        let Known::Minted(held) = self.access.find(token) else { return false };
        let grant = held.grant;
        self.access.revoke_if(|access| access.grant == grant);
        true
    }

    /// Ends all of them, as people do in their settings.
    pub(crate) fn end_all(&mut self) {
        self.access.revoke_if(|_| true);
        self.refresh.revoke_if(|_| true);
    }
}

pub(crate) fn is_token_endpoint(call: &Call) -> bool {
    call.path == PATH
}

/// Errors are told under 200, and all of it as a form to whoever does not ask for JSON.
pub(super) async fn answer(world: &World, call: Call) -> Response {
    let (fault, mut wait) = {
        let front = &mut world.github_state().front;
        (front.due(&[&call.target]), front.latency)
    };
    if let Some(Fault::Slow(longer)) = &fault {
        wait += *longer;
    }
    pause(wait).await;
    let now = whole_second(world.now());
    let state = &mut *world.github_state();
    let answer = match &fault {
        Some(Fault::ServerError(status)) => Answer::server_error(*status),
        Some(Fault::HtmlPage) => Answer::html_page(200),
        Some(Fault::SecondaryLimit { status, retry_after }) => Answer::secondary_limit(*status, *retry_after),
        Some(Fault::Redirect { status, location }) => Answer::redirect(*status, location.clone()),
        _ => serve(state, &call, now),
    };
    let answer = match &fault {
        Some(Fault::Lost(status)) => Answer::server_error(*status),
        _ => answer,
    };
    state.front.record(&call, answer.status.as_u16());
    let spoil = match &fault {
        Some(Fault::Truncated) => Some(Spoil::Truncated),
        Some(Fault::Malformed) => Some(Spoil::Malformed),
        _ => None,
    };
    let headers = [("server", "GitHub.com".to_owned()), ("date", http_date(now))];
    respond(answer.status, headers.into_iter().chain(answer.extra), answer.content, spoil)
}

fn serve(state: &mut State, call: &Call, now: Timestamp) -> Answer {
    if call.method != Method::POST {
        return Answer::not_found();
    }
    let Some(app) = state.desk.apps.current() else { return Answer::not_found() };
    let fields = Fields::of_form(call).or_else(|| Fields::of_json(call));
    let field = |name: &str| fields.as_ref().and_then(|fields| fields.get(name)).or_else(|| call.param(name));
    // Whoever is no client at all gets the page for what does not exist.
    if field("client_id") != Some(&app.app.client_id) {
        return Answer::not_found();
    }
    if !app.is(field("client_id"), field("client_secret")) {
        return said(
            call,
            &failed("incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect."),
        );
    }
    let body = match field("grant_type").unwrap_or("authorization_code") {
        "refresh_token" => {
            let renewed = field("refresh_token").and_then(|token| state.desk.people.renew(token, now));
            renewed.unwrap_or_else(|| failed("bad_refresh_token", "The refresh token passed is incorrect or expired."))
        }
        "authorization_code" if field("redirect_uri").is_some_and(|uri| uri != app.callback) => failed(
            "redirect_uri_mismatch",
            "The redirect_uri MUST match the registered callback URL for this application.",
        ),
        "authorization_code" => match field("code").and_then(|code| state.desk.codes.spend(code, now)) {
            Some(()) => state.desk.people.grant(now),
            None => failed("bad_verification_code", "The code passed is incorrect or expired."),
        },
        _ => failed("unsupported_grant_type", "The grant_type is not supported."),
    };
    said(call, &body)
}

/// <https://docs.github.com/en/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors>
fn failed(code: &str, description: &str) -> Value {
    let docs =
        "https://docs.github.com/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors/";
    json!({ "error": code, "error_description": description, "error_uri": docs })
}

fn said(call: &Call, body: &Value) -> Answer {
    if call.accept.as_deref().is_some_and(|accept| accept.contains("application/json")) {
        return Answer::json(200, body.to_string());
    }
    let none = Map::new();
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in body.as_object().unwrap_or(&none) {
        form.append_pair(name, &value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    Answer::new(200, Content::Form(form.finish()))
}

/// `DELETE /applications/{client_id}/token`: the App says by its own name and secret that a token is to end.
/// <https://docs.github.com/en/rest/apps/oauth-applications#delete-an-app-token>
pub(crate) fn delete_token(state: &mut State, call: &ApiCall, client_id: &str) -> Answer {
    let basic = call.authorization.as_deref().and_then(|header| header.strip_prefix("Basic "));
    let pair = basic.and_then(|text| STANDARD.decode(text).ok()).and_then(|bytes| String::from_utf8(bytes).ok());
    let pair = pair.as_deref().and_then(|pair| pair.split_once(':'));
    let ours = state.desk.apps.current().is_some_and(|app| {
        app.app.client_id == client_id && app.is(pair.map(|(id, _)| id), pair.map(|(_, secret)| secret))
    });
    if !ours {
        return Answer::not_found();
    }
    let token = Fields::of_json(call).and_then(|fields| fields.get("access_token").map(str::to_owned));
    match token.map(|token| state.desk.people.end(&token)) {
        Some(true) => Answer::new(204, Content::Empty),
        Some(false) => Answer::not_found(),
        None => Answer::error(422, "Validation Failed"),
    }
}
