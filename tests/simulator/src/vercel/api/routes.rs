//! Which address answers what.

use axum::http::Method;
use jiff::Timestamp;

use super::{
    super::{State, fault::Fault, oauth},
    answer::Answer,
    list, projects,
    token::Caller,
};
use crate::wire::Call;

/// Finds the answer. What is not here is 404.
pub(crate) fn route(state: &mut State, call: &Call, caller: &Caller, fault: Option<&Fault>, now: Timestamp) -> Answer {
    let segments: Vec<&str> = call.path.split('/').skip(1).collect();
    let answer = match (&call.method, segments.as_slice()) {
        (&Method::GET, ["v6", "deployments"]) => list::deployments(state, call, caller, fault, now),
        (&Method::GET, ["v10", "projects"]) => projects::list(state, call, caller, now),
        (&Method::GET, ["v9", "projects", name]) => projects::one(state, call, caller, name, now),
        (&Method::GET, ["v1", "integrations", "configuration", id]) => oauth::configuration(state, call, caller, id),
        (&Method::DELETE, ["v1", "integrations", "configuration", id]) => oauth::uninstall(state, call, caller, id),
        (&Method::GET, ["v2", "teams", id]) => oauth::team(state, caller, id),
        (&Method::GET, ["v2", "user"]) => oauth::user(state, caller),
        _ => Err(Answer::error(404, "not_found", "The requested API endpoint was not found.")),
    };
    answer.unwrap_or_else(|refusal| refusal)
}
