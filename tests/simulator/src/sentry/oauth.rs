//! Installing our integration on an organization, and the tokens that come of it.
//! <https://docs.sentry.io/organization/integrations/integration-platform/public-integration/>

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    extract::{Request, State as Extract},
    http::Method,
    response::Response,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    State,
    api::{answer::Answer, token::Caller},
    organization::Organization,
};
use crate::{
    World,
    oauth::{Apps, Choice, Codes, Decision, Fields, Screen, hs256, later, nowhere, page, refused, send_to},
    random::Random,
    secrets::{Secret, digest},
    wire::Call,
};

/// The name of our integration in addresses.
pub(super) const SLUG: &str = "memory-connectors";
const CODE_LIFE: SignedDuration = SignedDuration::from_mins(10);
/// The longest that a JWT for a refresh may be good, in seconds.
const SIGNED_FOR: i64 = 60;
const BY_JWT: &str = "urn:sentry:params:oauth:grant-type:jwt-bearer";

/// Who may connect what.
pub(crate) struct Desk {
    pub(super) apps: Apps,
    /// Each for an organization, by its slug.
    pub(super) codes: Codes<String>,
    /// The organization of each refresh token.
    refresh: BTreeMap<Secret, String>,
    /// Installations that were verified; the others are pending.
    verified: BTreeSet<String>,
    /// Ids of JWTs that were used.
    used: BTreeSet<String>,
    made: u64,
}

impl Desk {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            apps: Apps::default(),
            codes: Codes::new(seed),
            refresh: BTreeMap::new(),
            verified: BTreeSet::new(),
            used: BTreeSet::new(),
            made: 0,
        }
    }

    /// Nothing of an organization's grant is good any more.
    pub(super) fn withdraw(&mut self, organization: &str) {
        self.refresh.retain(|_, held| held != organization);
        self.verified.remove(organization);
    }
}

/// The pages for people; `None` for what is the API's.
pub(super) async fn answer(Extract(world): Extract<World>, request: Request) -> Response {
    let call = Call::receive(request, "/sentry").await;
    let now = world.now();
    let state = &mut *world.sentry_state();
    let segments: Vec<&str> = call.path.split('/').skip(1).collect();
    let ["sentry-apps", slug, "external-install", ""] = segments.as_slice() else { return nowhere() };
    let Some(callback) = state.desk.apps.callback_of(slug) else { return nowhere() };
    let accounts: Vec<_> = state.organizations.keys().map(|slug| (slug.clone(), slug.clone())).collect();
    if call.method == Method::GET {
        let decisions = &[Decision::Approve, Decision::Deny];
        let question = "Install Memory Connectors";
        return page(200, Screen { provider: "Sentry", question, accounts: &accounts, decisions }.html());
    }
    let Some(choice) = Choice::read(&call.body) else { return refused("The form is not understood.") };
    match choice.decision {
        // Nobody is sent back who does not install.
        Decision::Deny | Decision::Request => refused("Nothing was installed."),
        Decision::Approve => {
            let Some(slug) = choice.among(&accounts) else { return refused("There is no such organization.") };
            let Some(organization) = state.organizations.get(slug) else { return nowhere() };
            let code = state.desk.codes.issue(slug.to_owned(), later(now, CODE_LIFE));
            // No state comes back, whatever was sent along.
            send_to(&callback, &[("code", &code), ("installationId", &organization.installation), ("orgSlug", slug)])
        }
    }
}

/// The installation that a path is about: `/api/0/sentry-app-installations/{uuid}/authorizations/`.
fn installation<'a>(path: &'a str, rest: &str) -> Option<&'a str> {
    path.strip_prefix("/api/0/sentry-app-installations/")?.strip_suffix(rest)
}

/// The token endpoint; `None` for what is not one. It comes before any token is looked at.
pub(super) fn authorizations(state: &mut State, call: &Call, now: Timestamp) -> Option<Answer> {
    let id = installation(&call.path, "/authorizations/")?;
    if call.method != Method::POST {
        return Some(Answer::json(405, &json!({ "detail": format!("Method \"{}\" not allowed.", call.method) })));
    }
    Some(authorize(state, call, id, now).unwrap_or_else(|refusal| refusal))
}

fn authorize(state: &mut State, call: &Call, id: &str, now: Timestamp) -> Result<Answer, Answer> {
    let unauthorized = || Answer::unauthorized("Unauthorized");
    let organization = state.organizations.values().find(|held| held.installation == id);
    let organization = organization.ok_or_else(Answer::not_found)?.slug.clone();
    let app = state.desk.apps.current().ok_or_else(unauthorized)?;
    let fields = Fields::of_json(call).ok_or_else(|| Answer::bad_request("JSON parse error"))?;
    if fields.get("grant_type") == Some(BY_JWT) {
        signed(state, call, now)?;
        // Whatever was good before is replaced.
        return Ok(granted(state, &organization, now));
    }
    if !app.is(fields.get("client_id"), fields.get("client_secret")) {
        return Err(unauthorized());
    }
    match fields.get("grant_type") {
        Some("authorization_code") => {
            let made_for = fields.get("code").and_then(|code| state.desk.codes.spend(code, now));
            if made_for.as_deref() != Some(&organization) {
                return Err(unauthorized());
            }
        }
        Some("refresh_token") => {
            let token = digest(fields.get("refresh_token").unwrap_or_default());
            if state.desk.refresh.get(&token) != Some(&organization) {
                return Err(unauthorized());
            }
        }
        _ => return Err(Answer::bad_request("Invalid grant_type")),
    }
    Ok(granted(state, &organization, now))
}

/// A JWT that our app signed with its client secret, good for a minute at most and once.
fn signed(state: &mut State, call: &Call, now: Timestamp) -> Result<(), Answer> {
    let refused = || Answer::forbidden();
    let app = &state.desk.apps.current().ok_or_else(refused)?.app;
    let claims = call.bearer().and_then(|token| hs256(token, &app.client_secret)).ok_or_else(refused)?;
    let now = now.as_second();
    let (issued, expires) = claims.second("iat").zip(claims.second("exp")).ok_or_else(refused)?;
    let ours = claims.text("iss") == Some(&app.client_id) && claims.text("sub") == Some(&app.client_id);
    let timely = issued <= now && expires > now && expires - now <= SIGNED_FOR;
    let unique = claims.text("jti").filter(|id| !id.is_empty()).map(str::to_owned).ok_or_else(refused)?;
    if ours && timely && state.desk.used.insert(unique) { Ok(()) } else { Err(refused()) }
}

/// New tokens, in words of Sentry's own. The old ones die at once, the refresh token among them.
fn granted(state: &mut State, organization: &str, now: Timestamp) -> Answer {
    state.tokens.revoke_all(organization);
    state.desk.refresh.retain(|_, held| held != organization);
    let (token, expires_at) = state.tokens.mint_until(organization, now);
    state.desk.made += 1;
    let refresh = Random::new(state.seed, &[state.desk.made, 0x4EF5]).hex(64);
    state.desk.refresh.insert(digest(&refresh), organization.to_owned());
    let body = json!({
        "id": state.desk.made.to_string(),
        "token": token,
        "refreshToken": refresh,
        "dateCreated": now.to_string(),
        "expiresAt": expires_at.to_string(),
        "state": null,
        "application": null,
        "scopes": ["event:read", "org:read", "project:read"],
    });
    Answer::json(201, &body)
}

/// `PUT /api/0/sentry-app-installations/{uuid}/`: the installation is no longer pending.
pub(super) fn verify(state: &mut State, call: &Call, caller: &Caller) -> Option<Answer> {
    let id = installation(&call.path, "/").filter(|id| !id.contains('/'))?;
    if !matches!(call.method, Method::GET | Method::PUT) {
        return None;
    }
    let Some(organization) = state.organizations.values().find(|held| held.installation == id) else {
        return Some(Answer::not_found());
    };
    if !caller.may_see(&organization.slug) {
        return Some(Answer::forbidden());
    }
    let slug = organization.slug.clone();
    if call.method == Method::PUT {
        match Fields::of_json(call).as_ref().and_then(|fields| fields.get("status")) {
            Some("installed") => state.desk.verified.insert(slug.clone()),
            _ => return Some(Answer::json(400, &json!({ "status": ["Invalid status."] }))),
        };
    }
    let shown = state.organizations.get(&slug).map(|held| shown(held, state.desk.verified.contains(&slug)));
    shown.map(|body| Answer::json(200, &body))
}

fn shown(organization: &Organization, verified: bool) -> Value {
    json!({
        "uuid": organization.installation,
        "status": if verified { "installed" } else { "pending" },
        "app": { "uuid": "a7c6d5b4-0000-4000-a000-000000000001", "slug": SLUG },
        "organization": { "slug": organization.slug, "id": organization.id },
    })
}
