//! Sentry: projects, their issues and events, the API over them, and the webhooks of what happens.
//!
//! The API is that of <https://docs.sentry.io/api>, as far as a connector reads it: cursors in a `Link` header that
//! always has both directions, budgets per endpoint, an index that lags behind, and Sentry's own ways of failing.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{Router, routing::any};
use jiff::{SignedDuration, Timestamp};

use crate::{App, Injection, RecordedRequest, World, budget::Budgets, wire::Front};

mod act;
mod api;
mod draft;
mod event;
mod fact;
mod fault;
mod issue;
mod json;
mod oauth;
mod organization;
mod populate;
mod project;
mod tracker;
mod webhook;
mod words;

pub use api::budget::Limits;
pub use draft::{Assignee, Degree, NewIssue, Resolution};
pub use fault::Fault;
pub use populate::Populate;
pub use project::Project;
pub use webhook::Webhook;

use api::{budget::Key, token::Tokens};
use organization::Organization;
use tracker::Tracker;

/// A handle to the Sentry side of a [`World`].
#[derive(Clone, Debug)]
pub struct Sentry {
    world: World,
}

/// Everything Sentry knows.
pub(crate) struct State {
    seed: u64,
    /// By slug.
    organizations: BTreeMap<String, Arc<Organization>>,
    trackers: Vec<Tracker>,
    front: Front<Fault>,
    limits: Limits,
    budgets: Budgets<Key>,
    /// How many requests are under way.
    under_way: BTreeMap<Key, u32>,
    tokens: Tokens,
    desk: oauth::Desk,
    index: Index,
}

/// How the search index behaves, which all lists are read from.
#[derive(Clone, Copy)]
pub(crate) struct Index {
    /// How long after an event lists know of it.
    lag: SignedDuration,
    /// How long events are kept.
    retention: SignedDuration,
    /// More than this is never on one page, however many are asked for and follow.
    largest_page: usize,
    /// Whether the list of events looks at the asked-for time.
    dated_events: bool,
}

impl Index {
    /// Whether lists know, at `now`, of an event that happened then.
    pub(crate) fn shows(&self, at: Timestamp, now: Timestamp) -> bool {
        let lagging = at.checked_add(self.lag).unwrap_or(Timestamp::MAX) > now;
        !lagging && self.keeps(at, now)
    }

    /// Whether an event that happened then is kept at `now`.
    pub(crate) fn keeps(&self, at: Timestamp, now: Timestamp) -> bool {
        at.checked_add(self.retention).unwrap_or(Timestamp::MAX) > now
    }
}

impl State {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            organizations: BTreeMap::new(),
            trackers: Vec::new(),
            front: Front::default(),
            limits: Limits::default(),
            budgets: Budgets::default(),
            under_way: BTreeMap::new(),
            tokens: Tokens::new(seed),
            desk: oauth::Desk::new(seed),
            index: Index {
                lag: SignedDuration::ZERO,
                retention: SignedDuration::from_hours(90 * 24),
                largest_page: usize::MAX,
                dated_events: true,
            },
        }
    }

    /// The organization of that slug or id.
    fn organization(&self, name: &str) -> Option<&Arc<Organization>> {
        self.organizations.get(name).or_else(|| self.organizations.values().find(|held| held.id.to_string() == name))
    }
}

impl Sentry {
    pub(crate) fn new(world: World) -> Self {
        Self { world }
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// Adds a project to an organization, or answers the one of that slug. The organization is made when it is new,
    /// with one installation of our integration.
    pub fn add_project(&self, organization: &str, slug: &str) -> Project {
        let now = self.world.now();
        let state = &mut *self.world.sentry_state();
        let seed = state.seed;
        let known = state.organizations.entry(organization.to_owned());
        let organization = Arc::clone(known.or_insert_with(|| Arc::new(Organization::new(seed, organization))));
        let same = |held: &Tracker| held.organization.id == organization.id && held.slug() == slug;
        let index = state.trackers.iter().position(same).unwrap_or_else(|| {
            let serial = state.trackers.len() as u64;
            state.trackers.push(Tracker::new(seed, serial, organization, slug, now));
            state.trackers.len() - 1
        });
        Project::new(self.clone(), &state.trackers[index])
    }

    /// Registers our integration, whose people are sent back to this address. Registering again makes new credentials,
    /// and the old ones are refused.
    #[must_use]
    pub fn register_app(&self, callback: &str) -> App {
        let state = &mut *self.world.sentry_state();
        let app = state.desk.apps.register(state.seed, callback, Some(oauth::SLUG));
        app.app.clone()
    }

    /// Changes where the people of our registered app are sent back to.
    pub fn set_callback(&self, callback: &str) {
        self.world.sentry_state().desk.apps.set_callback(callback);
    }

    /// Spends the codes that were given out and not exchanged, as though somebody else had been faster.
    pub fn spend_codes(&self) {
        self.world.sentry_state().desk.codes.spend_all();
    }

    /// A token of our integration on this organization: it opens that one and no other, for eight hours.
    ///
    /// A token that was not made here counts as one of somebody who is a member of every organization.
    #[must_use]
    pub fn mint_token(&self, organization: &str) -> String {
        let now = self.world.now();
        self.world.sentry_state().tokens.mint(organization, now)
    }

    /// Ends a token, whoever made it.
    pub fn revoke_token(&self, token: &str) {
        self.world.sentry_state().tokens.revoke(token);
    }

    /// Makes lists know of an event only so long after it: a webhook comes before them.
    pub fn set_index_lag(&self, lag: SignedDuration) {
        self.world.sentry_state().index.lag = lag;
    }

    /// Changes for how many days events are kept: 90 unless said otherwise.
    pub fn set_retention_days(&self, days: u32) {
        self.world.sentry_state().index.retention = SignedDuration::from_hours(24 * i64::from(days));
    }

    /// Puts at most so many items on a page, though more are asked for and follow: Sentry filters after it has cut.
    pub fn set_largest_page(&self, items: usize) {
        self.world.sentry_state().index.largest_page = items.max(1);
    }

    /// Chooses whether the list of events looks at `start` and `end`: servers of some years ago do not.
    pub fn set_dated_events(&self, dated: bool) {
        self.world.sentry_state().index.dated_events = dated;
    }

    /// Every request answered so far, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.world.sentry_state().front.requests.clone()
    }

    /// Forgets the requests answered so far.
    pub fn forget_requests(&self) {
        self.world.sentry_state().front.requests.clear();
    }

    /// Makes a coming request fail: the next one, or the one an [`Injection`] describes.
    pub fn inject(&self, fault: impl Into<Injection<Fault>>) {
        self.world.sentry_state().front.faults.push(fault.into());
    }

    /// Changes how many requests an endpoint allows.
    pub fn set_limits(&self, limits: Limits) {
        self.world.sentry_state().limits = limits;
    }

    /// Makes every answer take this long.
    pub fn set_latency(&self, latency: Duration) {
        self.world.sentry_state().front.latency = latency;
    }
}

/// The routes below `/sentry`.
pub(crate) fn router(world: World) -> Router {
    Router::new().route("/sentry-apps/{*page}", any(oauth::answer)).fallback(api::answer).with_state(world)
}
