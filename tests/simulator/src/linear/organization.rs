//! The organisation as a scenario handles it: its people and teams, and how its API behaves.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde_json::json;

use super::{
    State, Team,
    api::{
        budget::{Budgets, Limits},
        list::Cursors,
        token::Tokens,
    },
    fault::Fault,
    oauth,
    record::{Kind, Store, stamp},
    webhook::Webhook,
    words,
};
use crate::{AnsweredQuery, App, Injection, RecordedRequest, World, random::of_name, wire::Front};

/// A handle to the Linear side of a [`World`]: one organisation.
///
/// Every change answers the webhook that Linear would send for it, and takes the time it happens at, to the millisecond.
///
/// # Panics
/// A change panics when it names what is not there: the scenario is wrong then.
#[derive(Clone, Debug)]
pub struct Linear {
    world: World,
}

/// The organisation's name in addresses.
pub(super) const URL_KEY: &str = "acme";
/// When the organisation and its teams were set up: before everything else.
pub(super) const LONG_AGO: i64 = 1_577_880_000;

/// The statuses of projects.
const STATUSES: [(&str, &str, &str); 6] = [
    ("Backlog", "backlog", "#bec2c8"),
    ("Planned", "planned", "#26b5ce"),
    ("In Progress", "started", "#f2c94c"),
    ("Paused", "paused", "#f2994a"),
    ("Completed", "completed", "#5e6ad2"),
    ("Canceled", "canceled", "#95a2b3"),
];

impl State {
    pub(crate) fn new(seed: u64) -> Self {
        let mut state = Self {
            seed,
            serial: 0,
            store: Store::default(),
            organization: String::new(),
            numbers: BTreeMap::new(),
            told: Vec::new(),
            front: Front::default(),
            queries: Vec::new(),
            budgets: Budgets::default(),
            tokens: Tokens::new(seed),
            desk: oauth::Desk::new(seed),
            cursors: Cursors::default(),
        };
        let organization = json!({ "name": "Acme", "urlKey": URL_KEY });
        state.organization = state.add(Kind::Organization, organization, long_ago());
        for (position, (name, kind, color)) in STATUSES.iter().enumerate() {
            let status = json!({
                "name": name,
                "type": kind,
                "color": color,
                "position": position,
                "indefinite": matches!(*kind, "backlog" | "paused"),
                "organizationId": state.organization,
            });
            state.add(Kind::ProjectStatus, status, long_ago());
        }
        state
    }

    /// A person's id, by handle; made when new.
    pub(super) fn person(&mut self, handle: &str) -> String {
        if let Some(known) = self.store.of(Kind::User).find(|user| user.text("displayName") == handle) {
            return known.id().to_owned();
        }
        let user = json!({
            "id": self.fixed_id(of_name(handle)),
            "name": words::full_name(handle),
            "displayName": handle,
            "email": format!("{handle}@{URL_KEY}.example"),
            "avatarUrl": of_name(handle).is_multiple_of(3).then(|| format!("https://public.linear.app/{handle}.png")),
            "url": format!("https://linear.app/{URL_KEY}/profiles/{handle}"),
            "active": true,
            "admin": false,
            "app": false,
            "guest": false,
            "organizationId": self.organization,
        });
        self.add(Kind::User, user, long_ago())
    }
}

pub(super) fn long_ago() -> Timestamp {
    Timestamp::from_second(LONG_AGO).unwrap_or_default()
}

impl Linear {
    pub(crate) fn new(world: World) -> Self {
        Self { world }
    }

    /// The organisation's id, which every webhook carries as `organizationId`.
    #[must_use]
    pub fn organization_id(&self) -> String {
        self.with(|state| state.organization.clone())
    }

    /// Adds a team with Linear's usual states, or answers the one of that key.
    #[must_use]
    pub fn add_team(&self, key: &str, name: &str) -> Team {
        let id = self.with(|state| super::team::add(state, key, name));
        Team::new(self.clone(), id, key)
    }

    /// The id of somebody, by handle; whoever is new joins the organisation.
    #[must_use]
    pub fn person(&self, handle: &str) -> String {
        self.with(|state| state.person(handle))
    }

    /// Somebody withdraws the grant of our app: `OAuthApp` `revoked`, and its tokens are refused.
    pub fn revoke_app(&self, at: Timestamp) -> Webhook {
        self.with(|state| {
            state.tokens.withdraw();
            state.desk.withdraw();
            state.tell_revocation(at)
        })
    }

    /// Every webhook that live delivery would have sent for what happened so far, in time order. The same fact always
    /// gives the same bytes and delivery id.
    #[must_use]
    pub fn history_webhooks(&self) -> Vec<Webhook> {
        let mut told = self.with(|state| state.told.clone());
        told.sort_by_key(|webhook| webhook.at);
        told
    }

    /// Registers our app, whose people are sent back to this address and to no other. Registering again makes new
    /// credentials, and the old ones are refused.
    #[must_use]
    pub fn register_app(&self, callback: &str) -> App {
        self.with(|state| state.desk.apps.register(state.seed, callback, None).app.clone())
    }

    /// Changes where the people of our registered app are sent back to.
    pub fn set_callback(&self, callback: &str) {
        self.with(|state| state.desk.apps.set_callback(callback));
    }

    /// Spends the codes that were given out and not exchanged, as though somebody else had been faster.
    pub fn spend_codes(&self) {
        self.with(|state| state.desk.codes.spend_all());
    }

    /// A new access token of our app. It works for 24 hours, sent as `Bearer`.
    #[must_use]
    pub fn mint_token(&self) -> String {
        let now = self.world.now();
        self.with(|state| state.tokens.mint(now))
    }

    /// Refuses a token or a key from now on.
    pub fn revoke_token(&self, token: &str) {
        self.with(|state| state.tokens.revoke(token));
    }

    /// Every request answered so far, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.with(|state| state.front.requests.clone())
    }

    /// What those asked that could be read.
    #[must_use]
    pub fn queries(&self) -> Vec<AnsweredQuery> {
        self.with(|state| state.queries.clone())
    }

    /// Forgets the requests answered so far.
    pub fn forget_requests(&self) {
        self.with(|state| {
            state.front.requests.clear();
            state.queries.clear();
        });
    }

    /// Makes a coming request fail: the next one, or the one an [`Injection`] describes.
    ///
    /// Injections are asked in the order they came; a request meets at most one of them.
    pub fn inject(&self, fault: impl Into<Injection<Fault>>) {
        self.with(|state| state.front.faults.push(fault.into()));
    }

    /// Changes how much an hour allows.
    pub fn set_limits(&self, limits: Limits) {
        self.with(|state| state.budgets.set_limits(limits));
    }

    /// Makes every answer take this long.
    pub fn set_latency(&self, latency: Duration) {
        self.with(|state| state.front.latency = latency);
    }

    /// Chooses what cursors are made of.
    pub fn set_cursors(&self, cursors: Cursors) {
        self.with(|state| state.cursors = cursors);
    }

    pub(super) fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.world.linear_state())
    }
}

/// The same moment as a field.
pub(super) fn time(at: Timestamp) -> serde_json::Value {
    stamp(at).into()
}

/// Stops a scenario that names what is not there.
#[expect(clippy::panic, reason = "a scenario that contradicts itself is a bug in the test, and must stop it")]
pub(super) fn complain(what: &str, name: &str) -> ! {
    panic!("there is no {what} {name}")
}
