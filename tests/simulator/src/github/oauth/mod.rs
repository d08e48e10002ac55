//! Installing our App and authorising it, as a person does in a browser.
//! <https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app>

use std::collections::BTreeSet;

use axum::{
    extract::{Request, State as Extract},
    http::Method,
    response::Response,
};
use jiff::SignedDuration;

use super::State;
use crate::{
    World,
    clock::whole_second,
    oauth::{Apps, Choice, Codes, Decision, Screen, later, nowhere, page, refused, send_to},
    wire::Call,
};

mod person;
mod token;

pub(super) use person::{installations, user};
pub(crate) use token::People;
pub(super) use token::{delete_token, is_token_endpoint};

/// The name of our App in addresses.
pub(super) const SLUG: &str = "memory-connectors";
const CODE_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// Who may connect what.
pub(crate) struct Desk {
    pub(super) apps: Apps,
    pub(super) codes: Codes<()>,
    pub(super) people: People,
    /// Installations that a person has gone through here.
    installed: BTreeSet<u64>,
    /// Owners whose installations our person has no part in.
    pub(super) strangers: BTreeSet<String>,
}

impl Desk {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            apps: Apps::default(),
            codes: Codes::new(seed),
            people: People::new(seed),
            installed: BTreeSet::new(),
            strangers: BTreeSet::new(),
        }
    }
}

impl State {
    /// The installations that our person may see, each with its owner.
    pub(super) fn installations_of_person(&self) -> Vec<(u64, &super::User)> {
        let mut found: Vec<(u64, &super::User)> = Vec::new();
        for repo in self.repos.values() {
            let known = found.iter().any(|(id, _)| *id == repo.installation_id);
            if !known && !self.desk.strangers.contains(repo.owner().login()) {
                found.push((repo.installation_id, repo.owner()));
            }
        }
        found
    }
}

/// Answers what is on github.com rather than on its API's host.
pub(super) async fn answer(Extract(world): Extract<World>, request: Request) -> Response {
    let call = Call::receive(request, "/github-web").await;
    if is_token_endpoint(&call) {
        return token::answer(&world, call).await;
    }
    let now = whole_second(world.now());
    let state = &mut *world.github_state();
    let segments: Vec<&str> = call.path.split('/').skip(1).collect();
    let ["apps", slug, "installations", "new"] = segments.as_slice() else { return nowhere() };
    let Some(callback) = state.desk.apps.callback_of(slug) else { return nowhere() };
    let installations = state.installations_of_person();
    let accounts: Vec<_> = installations.iter().map(|(id, owner)| (id.to_string(), owner.login().to_owned())).collect();
    if call.method == Method::GET {
        let decisions = &[Decision::Approve, Decision::Deny, Decision::Request];
        let screen = Screen {
            provider: "GitHub",
            question: "Install & Authorize Memory Connectors",
            accounts: &accounts,
            decisions,
        };
        return page(200, screen.html());
    }
    let Some(choice) = Choice::read(&call.body) else { return refused("The form is not understood.") };
    let state_parameter = call.param("state").map(|text| ("state", text));
    let send = |query: &[(&str, &str)]| {
        let query: Vec<_> = query.iter().copied().chain(state_parameter).collect();
        send_to(&callback, &query)
    };
    match choice.decision {
        Decision::Deny => {
            send(&[("error", "access_denied"), ("error_description", "The user has denied your application access.")])
        }
        // An owner is asked by mail, and nobody has authorised anything yet.
        Decision::Request => send(&[("setup_action", "request")]),
        Decision::Approve => {
            let Some(id) = choice.among(&accounts) else { return refused("There is no such account.") };
            let first = id.parse().is_ok_and(|id| state.desk.installed.insert(id));
            let code = state.desk.codes.issue((), later(now, CODE_LIFE));
            let action = if first { "install" } else { "update" };
            send(&[("code", &code), ("installation_id", id), ("setup_action", action)])
        }
    }
}
