//! Which address answers what.

use axum::http::Method;
use jiff::Timestamp;

use super::{
    super::{State, fault::Fault},
    answer::Answer,
    list, projects,
    token::Caller,
};
use crate::wire::Call;

/// Finds the answer. What is not here is 404.
pub(crate) fn route(state: &State, call: &Call, caller: &Caller, fault: Option<&Fault>, now: Timestamp) -> Answer {
    let segments: Vec<&str> = call.path.split('/').skip(1).collect();
    let answer = match (&call.method, segments.as_slice()) {
        (&Method::GET, ["v6", "deployments"]) => list::deployments(state, call, caller, fault, now),
        (&Method::GET, ["v10", "projects"]) => projects::list(state, call, caller, now),
        (&Method::GET, ["v9", "projects", name]) => projects::one(state, call, caller, name, now),
        _ => Err(Answer::error(404, "not_found", "The requested API endpoint was not found.")),
    };
    answer.unwrap_or_else(|refusal| refusal)
}
