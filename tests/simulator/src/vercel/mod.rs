//! Vercel: projects and their deployments, the REST API over them, and the webhooks of what happens.
//!
//! The API is that of <https://vercel.com/docs/rest-api>, as far as a connector reads it: paging by time, budgets per
//! endpoint, scopes, and Vercel's own ways of failing.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::Router;

use crate::{App, Injection, RecordedRequest, World, budget::Budgets, wire::Front};

mod account;
mod api;
mod deployment;
mod draft;
mod fact;
mod fault;
mod json;
mod oauth;
mod populate;
mod project;
mod site;
mod webhook;

pub use api::{
    budget::Limits,
    list::{ProjectPaging, Until},
};
pub use deployment::Target;
pub use draft::{Git, NewDeployment};
pub use fault::Fault;
pub use populate::Populate;
pub use project::Project;
pub use webhook::Webhook;

use account::{Account, Kind};
use api::{budget::Key, token::Tokens};
use site::Site;

/// A handle to the Vercel side of a [`World`].
#[derive(Clone, Debug)]
pub struct Vercel {
    world: World,
}

/// Everything Vercel knows.
pub(crate) struct State {
    seed: u64,
    /// Teams and people, by id.
    accounts: BTreeMap<String, Arc<Account>>,
    sites: Vec<Site>,
    front: Front<Fault>,
    limits: Limits,
    budgets: Budgets<Key>,
    tokens: Tokens,
    desk: oauth::Desk,
    until: Until,
    project_paging: ProjectPaging,
}

impl State {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            accounts: BTreeMap::new(),
            sites: Vec::new(),
            front: Front::default(),
            limits: Limits::default(),
            budgets: Budgets::default(),
            tokens: Tokens::new(seed),
            desk: oauth::Desk::new(seed),
            until: Until::default(),
            project_paging: ProjectPaging::default(),
        }
    }

    /// The account of that id, or of that slug.
    fn account(&self, name: &str) -> Option<&Arc<Account>> {
        self.accounts.get(name).or_else(|| self.accounts.values().find(|account| account.slug == name))
    }

    fn add_account(&mut self, slug: &str, kind: Kind) -> Arc<Account> {
        if let Some(known) = self.account(slug) {
            return Arc::clone(known);
        }
        let account = Arc::new(Account::new(self.seed, slug, kind));
        self.accounts.insert(account.id.clone(), Arc::clone(&account));
        account
    }

    fn site(&mut self, id: &str) -> Option<&mut Site> {
        self.sites.iter_mut().find(|site| site.id == id)
    }
}

impl Vercel {
    pub(crate) fn new(world: World) -> Self {
        Self { world }
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// Adds a project to a team, or answers the one of that name. The team is made when it is new, with one
    /// installation of our integration that may read all its projects.
    pub fn add_project(&self, team: &str, name: &str) -> Project {
        self.add(team, Kind::Team, name)
    }

    /// The same for a person without a team: webhooks then name no team, and requests must not.
    pub fn add_personal_project(&self, user: &str, name: &str) -> Project {
        self.add(user, Kind::Person, name)
    }

    fn add(&self, owner: &str, kind: Kind, name: &str) -> Project {
        let now = self.world.now();
        let state = &mut *self.world.vercel_state();
        let owner = state.add_account(owner, kind);
        let known = state.sites.iter().position(|site| site.owner.id == owner.id && site.name() == name);
        let index = known.unwrap_or_else(|| {
            let serial = state.sites.len() as u64;
            state.sites.push(Site::new(state.seed, serial, owner, name, now));
            state.sites.len() - 1
        });
        Project::new(self.clone(), &state.sites[index])
    }

    /// Registers our integration, whose people are sent back to this address. Registering again makes new credentials,
    /// and the old ones are refused.
    #[must_use]
    pub fn register_app(&self, callback: &str) -> App {
        let state = &mut *self.world.vercel_state();
        let app = state.desk.apps.register(state.seed, callback, Some(oauth::SLUG));
        app.app.clone()
    }

    /// Changes where the people of our registered app are sent back to.
    pub fn set_callback(&self, callback: &str) {
        self.world.vercel_state().desk.apps.set_callback(callback);
    }

    /// Spends the codes that were given out and not exchanged, as though somebody else had been faster.
    pub fn spend_codes(&self) {
        self.world.vercel_state().desk.codes.spend_all();
    }

    /// A token of our integration on this account (a slug or an id): it opens this account and no other.
    ///
    /// A token that was not made here counts as one of somebody who is a member of every team.
    ///
    /// # Panics
    /// When there is no such account.
    #[must_use]
    #[expect(clippy::panic, reason = "a scenario that contradicts itself is a bug in the test, and must stop it")]
    pub fn mint_token(&self, owner: &str) -> String {
        let state = &mut *self.world.vercel_state();
        let Some(account) = state.account(owner).map(|account| account.id.clone()) else {
            panic!("Vercel has no account {owner}")
        };
        state.tokens.mint(&account)
    }

    /// Ends a token, whoever made it: from now on it is answered 403 with `invalidToken`.
    pub fn revoke_token(&self, token: &str) {
        self.world.vercel_state().tokens.revoke(token);
    }

    /// Switches our integration on this account (a slug or an id) off, as Vercel does when who installed it leaves the
    /// team, or on again. While it is off every request is 403 `integration_configuration_disabled`.
    pub fn set_integration_enabled(&self, owner: &str, enabled: bool) {
        let state = self.world.vercel_state();
        if let Some(account) = state.account(owner) {
            account.set_enabled(enabled);
        }
    }

    /// Every request answered so far, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.world.vercel_state().front.requests.clone()
    }

    /// Forgets the requests answered so far.
    pub fn forget_requests(&self) {
        self.world.vercel_state().front.requests.clear();
    }

    /// Makes a coming request fail: the next one, or the one an [`Injection`] describes.
    pub fn inject(&self, fault: impl Into<Injection<Fault>>) {
        self.world.vercel_state().front.faults.push(fault.into());
    }

    /// Changes how many requests an endpoint allows.
    pub fn set_limits(&self, limits: Limits) {
        self.world.vercel_state().limits = limits;
    }

    /// Makes every answer take this long.
    pub fn set_latency(&self, latency: Duration) {
        self.world.vercel_state().front.latency = latency;
    }

    /// Chooses whether `until` takes in the moment it names, which Vercel leaves open.
    pub fn set_until(&self, until: Until) {
        self.world.vercel_state().until = until;
    }

    /// Chooses how the list of projects is paged.
    pub fn set_project_paging(&self, paging: ProjectPaging) {
        self.world.vercel_state().project_paging = paging;
    }
}

/// The routes below `/vercel`.
pub(crate) fn router(world: World) -> Router {
    Router::new().fallback(api::answer).with_state(world)
}

/// The routes below `/vercel-web`: what is on vercel.com.
pub(crate) fn web(world: World) -> Router {
    Router::new().fallback(oauth::answer).with_state(world)
}
