//! GitHub: repositories and their history, the REST and GraphQL APIs over it, and the webhooks of what happens.
//!
//! The API is that of <https://docs.github.com/en/rest>, as far as a connector reads it: paging by `Link`
//! header, budgets, conditional requests, redirects after a rename, and GitHub's own ways of failing.

use std::{collections::BTreeMap, time::Duration};

use axum::{Router, routing::post};

use crate::{
    AnsweredQuery, App, Injection, RecordedRequest, World, budget::Budgets, clock::whole_second, random::mix,
    wire::Front,
};

mod acts;
mod api;
mod deploy;
mod discuss;
mod draft;
mod fact;
mod fault;
mod files;
mod graphql;
mod item;
mod json;
mod oauth;
mod populate;
mod repo;
mod repository;
mod sociable;
mod talk;
mod tell;
mod webhook;
pub(crate) mod words;

pub use api::{budget::Limits, order::IssuePaging};
pub use draft::{
    DeploymentState, FileChange, NewCommit, NewDiscussion, NewIssue, NewPullRequest, NewRelease, NewReview, Origin,
    Verdict,
};
pub use fault::Fault;
pub use item::CloseReason;
pub use populate::Populate;
pub use repository::Repository;
pub use webhook::Webhook;

pub use crate::SignedWebhook;

use api::{budget::Caller, hooks::Hooks, token::Tokens};
use json::user::User;
use repo::Repo;

/// A handle to the GitHub side of a [`World`].
#[derive(Clone, Debug)]
pub struct GitHub {
    world: World,
}

/// Everything GitHub knows.
pub(crate) struct State {
    pub(crate) seed: u64,
    pub(crate) repos: BTreeMap<u64, Repo>,
    /// Present and former full names in lower case: GitHub does not tell cases apart.
    names: BTreeMap<String, u64>,
    pub(crate) front: Front<Fault>,
    pub(crate) limits: Limits,
    pub(crate) budgets: Budgets<Caller>,
    /// Those of GraphQL, in points.
    pub(crate) points: Budgets<Caller>,
    pub(crate) queries: Vec<AnsweredQuery>,
    pub(crate) tokens: Tokens,
    pub(crate) desk: oauth::Desk,
    pub(crate) issue_paging: IssuePaging,
    pub(crate) hooks: Hooks,
}

impl State {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            repos: BTreeMap::new(),
            names: BTreeMap::new(),
            front: Front::default(),
            limits: Limits::default(),
            budgets: Budgets::default(),
            points: Budgets::default(),
            queries: Vec::new(),
            tokens: Tokens::new(seed),
            desk: oauth::Desk::new(seed),
            issue_paging: IssuePaging::default(),
            hooks: Hooks::default(),
        }
    }

    /// The repository that has or had this full name.
    pub(crate) fn named(&self, full_name: &str) -> Option<u64> {
        self.names.get(&full_name.to_lowercase()).copied()
    }

    pub(crate) fn learn_name(&mut self, full_name: &str, id: u64) {
        self.names.insert(full_name.to_lowercase(), id);
    }

    /// One installation per owner, as on GitHub.
    fn installation_of(&self, owner: &str) -> u64 {
        10_000_000 + mix(self.seed, &[crate::random::of_name(&owner.to_lowercase()), 0x1257]) % 60_000_000
    }
}

impl GitHub {
    pub(crate) fn new(world: World) -> Self {
        Self { world }
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// Adds an empty repository, or answers the one of that name. Its owner becomes an organisation with one
    /// installation of our App, shared by all its repositories.
    pub fn add_repository(&self, owner: &str, name: &str) -> Repository {
        let now = whole_second(self.world.now());
        let mut state = self.world.github_state();
        let full_name = format!("{owner}/{name}");
        let installation_id = state.installation_of(owner);
        let id = match state.named(&full_name) {
            Some(known) => known,
            None => {
                let seed = state.seed;
                let serial = state.repos.len() as u64;
                let repo = Repo::new(seed, serial, installation_id, User::organization(owner), name, now);
                let id = repo.id;
                state.repos.insert(id, repo);
                state.learn_name(&full_name, id);
                id
            }
        };
        drop(state);
        Repository::new(self.clone(), id, installation_id)
    }

    /// The repository that has this full name (`owner/name`), or had it before a rename.
    #[must_use]
    pub fn repository(&self, full_name: &str) -> Option<Repository> {
        let state = self.world.github_state();
        let id = state.named(full_name)?;
        let installation_id = state.repos.get(&id)?.installation_id;
        drop(state);
        Some(Repository::new(self.clone(), id, installation_id))
    }

    /// Registers our App, whose people are sent back to this address. Registering again makes new credentials, and the
    /// old ones are refused. Until then whatever has the shape of an App's token is taken for one.
    #[must_use]
    pub fn register_app(&self, callback: &str) -> App {
        let state = &mut *self.world.github_state();
        let app = state.desk.apps.register(state.seed, callback, Some(oauth::SLUG));
        app.add_key();
        app.app.clone()
    }

    /// Chooses whether people's tokens end: an App may opt out of that, and then nothing renews them either.
    pub fn set_expiring_user_tokens(&self, expiring: bool) {
        self.world.github_state().desk.people.expiring = expiring;
    }

    /// Leaves our person without a part in an owner's installation: it is there, and not theirs.
    pub fn make_stranger_to(&self, owner: &str) {
        self.world.github_state().desk.strangers.insert(owner.to_owned());
    }

    /// Changes where the people of our registered app are sent back to.
    pub fn set_callback(&self, callback: &str) {
        self.world.github_state().desk.apps.set_callback(callback);
    }

    /// Spends the codes that were given out and not exchanged, as though somebody else had been faster.
    pub fn spend_codes(&self) {
        self.world.github_state().desk.codes.spend_all();
    }

    /// Ends all tokens of people, as they do in their settings.
    pub fn revoke_user_tokens(&self) {
        self.world.github_state().desk.people.end_all();
    }

    /// Every request answered so far, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.world.github_state().front.requests.clone()
    }

    /// What those to GraphQL asked that could be read.
    #[must_use]
    pub fn queries(&self) -> Vec<AnsweredQuery> {
        self.world.github_state().queries.clone()
    }

    /// Forgets the requests answered so far.
    pub fn forget_requests(&self) {
        let mut state = self.world.github_state();
        state.front.requests.clear();
        state.queries.clear();
    }

    /// Makes a coming request fail: the next one, or the one an [`Injection`] describes.
    ///
    /// Injections are asked in the order they came; a request meets at most one of them.
    pub fn inject(&self, fault: impl Into<Injection<Fault>>) {
        self.world.github_state().front.faults.push(fault.into());
    }

    /// Changes how many requests an hour allows.
    pub fn set_limits(&self, limits: Limits) {
        self.world.github_state().limits = limits;
    }

    /// Makes every answer take this long.
    pub fn set_latency(&self, latency: Duration) {
        self.world.github_state().front.latency = latency;
    }

    /// Notes in the log of the App's webhooks that this one was answered with `status`, or with nothing for 0. GitHub does
    /// not send it again by itself.
    pub fn fail_webhook(&self, webhook: &Webhook, status: u16) {
        let now = whole_second(self.world.now());
        self.world.github_state().hooks.fail(webhook.clone(), status, now);
    }

    /// The webhooks that were asked for again since the last time.
    #[must_use]
    pub fn sent_again(&self) -> Vec<Webhook> {
        std::mem::take(&mut self.world.github_state().hooks.sent_again)
    }

    /// Chooses how `/issues` is paged.
    pub fn set_issue_paging(&self, paging: IssuePaging) {
        self.world.github_state().issue_paging = paging;
    }
}

/// The routes below `/github`.
pub(crate) fn router(world: World) -> Router {
    Router::new().route("/graphql", post(graphql::answer)).fallback(api::answer).with_state(world)
}

/// The routes below `/github-web`: what is on github.com.
pub(crate) fn web(world: World) -> Router {
    Router::new().fallback(oauth::answer).with_state(world)
}
