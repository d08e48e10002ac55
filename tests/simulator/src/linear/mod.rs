//! Linear: an organisation with its teams and their issues, the GraphQL API over them, and the webhooks of what happens.
//!
//! The API is that of <https://linear.app/developers/graphql>, as far as a connector reads it: the fields and filters of
//! `schema/`, paging, budgets, and Linear's own ways of failing.

use std::collections::BTreeMap;

use axum::Router;

use crate::{AnsweredQuery, World, wire::Front};

mod api;
mod body;
mod change;
mod document;
mod draft;
mod fault;
mod history;
mod issue;
mod oauth;
mod organization;
mod populate;
mod project;
mod record;
mod relation;
mod team;
mod webhook;
mod words;

pub use api::{budget::Limits, list::Cursors};
pub use draft::{Edit, Health, NewComment, NewDocument, NewIssue, NewProject};
pub use fault::{Budget, Fault};
pub use issue::Sla;
pub use organization::Linear;
pub use populate::Populate;
pub use team::Team;
pub use webhook::Webhook;

use api::{budget::Budgets, token::Tokens};
use record::Store;

/// Everything Linear knows.
pub(crate) struct State {
    seed: u64,
    serial: u64,
    store: Store,
    organization: String,
    /// The last issue's number, by team.
    numbers: BTreeMap<String, u32>,
    told: Vec<Webhook>,
    front: Front<Fault>,
    queries: Vec<AnsweredQuery>,
    budgets: Budgets,
    tokens: Tokens,
    desk: oauth::Desk,
    cursors: Cursors,
}

/// The routes below `/linear`.
pub(crate) fn router(world: World) -> Router {
    Router::new().fallback(api::answer).with_state(world)
}

/// The routes below `/linear-web`: what is on linear.app.
pub(crate) fn web(world: World) -> Router {
    Router::new().fallback(oauth::answer).with_state(world)
}
