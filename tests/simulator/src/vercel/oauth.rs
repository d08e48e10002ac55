//! Installing our integration, and the token that comes of it.
//! <https://vercel.com/docs/integrations/vercel-api-integrations>

use std::collections::BTreeMap;

use axum::{
    extract::{Request, State as Extract},
    http::Method,
    response::Response,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    State,
    account::{Account, Kind},
    api::{answer::Answer, token::Caller},
};
use crate::{
    World,
    oauth::{Apps, Choice, Codes, Decision, Fields, Screen, later, nowhere, page, refused, send_to},
    random::Random,
    wire::Call,
};

/// The name of our integration in addresses.
pub(super) const SLUG: &str = "memory-connectors";
const CODE_LIFE: SignedDuration = SignedDuration::from_mins(30);

/// Who may connect what.
pub(crate) struct Desk {
    pub(super) apps: Apps,
    pub(super) codes: Codes<String>,
    /// The configurations there are, by their ids: the account of each.
    configurations: BTreeMap<String, String>,
    made: u64,
}

impl Desk {
    pub(super) fn new(seed: u64) -> Self {
        Self { apps: Apps::default(), codes: Codes::new(seed), configurations: BTreeMap::new(), made: 0 }
    }

    /// The configuration of an account, made when there is none.
    fn configure(&mut self, seed: u64, account: &str) -> String {
        if let Some((id, _)) = self.configurations.iter().find(|(_, held)| *held == account) {
            return id.clone();
        }
        self.made += 1;
        let id = format!("icfg_{}", Random::new(seed, &[self.made, 0x1CF6]).alphanumeric(24));
        self.configurations.insert(id.clone(), account.to_owned());
        id
    }

    /// Uninstalled, a configuration is gone; the next one has another id.
    pub(super) fn remove(&mut self, account: &str) {
        self.configurations.retain(|_, held| held != account);
    }
}

/// Answers what is on vercel.com rather than on its API's host.
pub(super) async fn answer(Extract(world): Extract<World>, request: Request) -> Response {
    let call = Call::receive(request, "/vercel-web").await;
    let now = world.now();
    let state = &mut *world.vercel_state();
    let segments: Vec<&str> = call.path.split('/').skip(1).collect();
    let ["integrations", slug, "new"] = segments.as_slice() else { return nowhere() };
    let Some(callback) = state.desk.apps.callback_of(slug) else { return nowhere() };
    let accounts: Vec<_> = state.accounts.values().map(|account| (account.id.clone(), account.slug.clone())).collect();
    if call.method == Method::GET {
        let decisions = &[Decision::Approve, Decision::Deny];
        let question = "Install Memory Connectors";
        return page(200, Screen { provider: "Vercel", question, accounts: &accounts, decisions }.html());
    }
    let Some(choice) = Choice::read(&call.body) else { return refused("The form is not understood.") };
    let state_parameter = call.param("state").map(|text| ("state", text));
    let send = |query: &[(&str, &str)]| {
        let query: Vec<_> = query.iter().copied().chain(state_parameter).collect();
        send_to(&callback, &query)
    };
    match choice.decision {
        // Vercel documents no answer for this; it is the standard's.
        Decision::Deny | Decision::Request => send(&[("error", "access_denied")]),
        Decision::Approve => {
            let Some(id) = choice.among(&accounts) else { return refused("There is no such account.") };
            let configuration = state.desk.configure(state.seed, id);
            let code = state.desk.codes.issue(configuration.clone(), later(now, CODE_LIFE));
            let team = state.account(id).filter(|account| account.kind == Kind::Team);
            let next = format!("https://vercel.com/integrations/{SLUG}/{configuration}");
            let mut query = vec![("code", code.as_str()), ("configurationId", &configuration)];
            query.extend(team.map(|team| ("teamId", team.id.as_str())));
            query.extend([("next", next.as_str()), ("source", "marketplace")]);
            send(&query)
        }
    }
}

/// `POST /v2/oauth/access_token`, which takes forms only. Tokens have no end.
pub(super) fn exchange(state: &mut State, call: &Call, now: Timestamp) -> Answer {
    let Some(fields) = Fields::of_form(call) else {
        return Answer::bad_request("the body must be application/x-www-form-urlencoded");
    };
    let ours = state.desk.apps.current().filter(|app| app.is(fields.get("client_id"), fields.get("client_secret")));
    let Some(app) = ours else {
        return Answer::error(401, "invalid_client", "The client credentials are invalid.");
    };
    if fields.get("redirect_uri") != Some(&app.callback) {
        return Answer::error(400, "invalid_grant", "The redirect URI does not match.");
    }
    let configuration = fields.get("code").and_then(|code| state.desk.codes.spend(code, now));
    let account = configuration.and_then(|id| Some((state.desk.configurations.get(&id)?.clone(), id)));
    let Some((account, configuration)) = account else {
        return Answer::error(400, "invalid_grant", "The code is invalid, expired or was used.");
    };
    let token = state.tokens.mint(&account);
    let Some(account) = state.account(&account) else { return Answer::not_found() };
    let body = json!({
        "access_token": token,
        "token_type": "Bearer",
        "installation_id": configuration,
        "user_id": account.installer.id,
        "team_id": team_id(account),
    });
    Answer::json(200, &body)
}

fn team_id(account: &Account) -> Option<&str> {
    (account.kind == Kind::Team).then_some(account.id.as_str())
}

/// A configuration that this caller may see, and its account.
fn seen<'a>(state: &'a State, call: &Call, caller: &Caller, id: &str) -> Result<&'a Account, Answer> {
    let missing = || Answer::error(404, "not_found", "The configuration was not found.");
    let account = state.desk.configurations.get(id).and_then(|account| state.account(account)).ok_or_else(missing)?;
    match caller {
        Caller::Integration(own) if *own != account.id => Err(missing()),
        // Without its team a request is about the caller's own account.
        _ if call.param("teamId") != team_id(account) => Err(Answer::forbidden()),
        _ => Ok(account),
    }
}

/// `GET /v1/integrations/configuration/{id}`
pub(super) fn configuration(state: &State, call: &Call, caller: &Caller, id: &str) -> Result<Answer, Answer> {
    let account = seen(state, call, caller, id)?;
    let mut body = json!({
        "id": id,
        "integrationId": "oac_memoryconnectors",
        "slug": SLUG,
        "type": "integration-configuration",
        "ownerId": account.id,
        "userId": account.installer.id,
        "teamId": team_id(account),
        "projectSelection": "all",
        "scopes": ["read:deployment", "read:project"],
        "source": "marketplace",
        "createdAt": 1_767_225_600_000_i64,
        "updatedAt": 1_767_225_600_000_i64,
    });
    if !account.is_enabled() {
        body["disabledAt"] = 1_767_225_600_000_i64.into();
    }
    Ok(Answer::json(200, &body))
}

/// `DELETE /v1/integrations/configuration/{id}`: the installation's tokens die with it.
pub(super) fn uninstall(state: &mut State, call: &Call, caller: &Caller, id: &str) -> Result<Answer, Answer> {
    let account = seen(state, call, caller, id)?.id.clone();
    state.desk.remove(&account);
    state.tokens.revoke_all(&account);
    Ok(Answer::new(204, crate::wire::Content::Empty))
}

/// `GET /v2/teams/{id}`
pub(super) fn team(state: &State, caller: &Caller, id: &str) -> Result<Answer, Answer> {
    let account = state.account(id).filter(|account| account.kind == Kind::Team);
    let account = account.ok_or_else(|| Answer::error(404, "not_found", "The team was not found."))?;
    match caller {
        Caller::Integration(own) if *own != account.id => Err(Answer::forbidden()),
        _ => Ok(Answer::json(200, &json!({ "id": account.id, "slug": account.slug, "name": account.slug }))),
    }
}

/// `GET /v2/user`: who installed it.
pub(super) fn user(state: &State, caller: &Caller) -> Result<Answer, Answer> {
    let Caller::Integration(own) = caller else { return Err(Answer::not_simulated("whose that token is")) };
    let installer = &state.account(own).ok_or_else(Answer::not_found)?.installer;
    let user: Value = json!({
        "id": installer.id,
        "username": installer.name,
        "email": format!("{}@example.com", installer.name),
        "name": installer.name,
    });
    Ok(Answer::json(200, &json!({ "user": user })))
}
