//! The REST API: reads one request, finds its answer, and puts GitHub's headers on it.

use axum::{extract::State as Extract, http::Method, response::Response};
use jiff::Timestamp;

use super::{State, fault::Fault};
use crate::{World, budget::Budget, clock::whole_second, wire::pause};

mod activity;
pub(super) mod answer;
pub(crate) mod budget;
pub(super) mod call;
pub(super) mod cursor;
mod deployments;
mod git;
pub(super) mod header;
pub(crate) mod hooks;
mod list;
pub(crate) mod order;
pub(super) mod page;
mod paged;
mod routes;
mod talk;
pub(crate) mod token;

use answer::Answer;
use budget::Caller;
use call::Call;

/// Answers one request.
pub(crate) async fn answer(Extract(world): Extract<World>, request: axum::extract::Request) -> Response {
    let call = Call::receive(request).await;
    let (fault, mut wait) = {
        let state = &mut *world.github_state();
        let canonical = call.canonical_path(state);
        (state.front.due(&[call.target.as_str(), canonical.as_str()]), state.front.latency)
    };
    if let Some(Fault::Slow(longer)) = &fault {
        wait += *longer;
    }
    pause(wait).await;
    let now = whole_second(world.now());
    let state = &mut *world.github_state();
    let (answer, budget) = serve(state, &call, fault.as_ref(), now);
    let answer = match &fault {
        Some(Fault::Lost(status)) => Answer::server_error(*status),
        _ => answer,
    };
    let serial = state.front.record(&call, answer.status.as_u16());
    header::finish(answer, &call, &budget, now, serial, fault.as_ref())
}

/// The answer, and the budget to show with it.
fn serve(state: &mut State, call: &Call, fault: Option<&Fault>, now: Timestamp) -> (Answer, Budget) {
    let Ok(caller) = state.caller(call, now) else {
        return (Answer::bad_credentials(), state.budget(&Caller::Anonymous, now));
    };
    if !call.has_user_agent {
        return (Answer::no_user_agent(), state.budget(&caller, now));
    }
    if call.version.is_none() {
        return (Answer::unknown_version(), state.budget(&caller, now));
    }
    if call.method == Method::GET && call.path == "/rate_limit" {
        // Asking does not count.
        let budget = state.budget(&caller, now);
        return (routes::rate_limit(call, &budget), budget);
    }
    if state.budget(&caller, now).remaining() == 0 {
        let budget = state.budget(&caller, now);
        return (Answer::primary_limit(403, &caller), budget);
    }
    if let Some((answer, budget)) = fault.and_then(|fault| replaced(state, fault, &caller, now)) {
        return (answer, budget);
    }
    let mut answer = routes::route(state, call, &caller, now);
    if answer.matches(call.if_none_match.as_deref()) {
        answer = answer.into_not_modified();
        if caller != Caller::Anonymous {
            // A 304 costs nothing with a token:
            // https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
            return (answer, state.budget(&caller, now));
        }
    }
    (answer, state.spend(&caller, now))
}

/// The answer of a fault that replaces the right one.
fn replaced(state: &mut State, fault: &Fault, caller: &Caller, now: Timestamp) -> Option<(Answer, Budget)> {
    if let Fault::PrimaryLimit { status, reset_in } = fault {
        let budget = state.budget(caller, now).used_up(now, *reset_in);
        return Some((Answer::primary_limit(*status, caller), budget));
    }
    let answer = match fault {
        Fault::SecondaryLimit { status, retry_after } => Answer::secondary_limit(*status, *retry_after),
        Fault::ServerError(status) => Answer::server_error(*status),
        Fault::HtmlPage => Answer::html_page(200),
        Fault::Unauthorized => Answer::bad_credentials(),
        Fault::PermissionDenied => Answer::permission_denied(),
        Fault::NotFound => Answer::not_found(),
        Fault::EmptyRepository => Answer::error(409, "Git Repository is empty."),
        Fault::Gone => Answer::gone(),
        Fault::Unavailable => Answer::error(451, "Repository access blocked"),
        Fault::Redirect { status, location } => Answer::redirect(*status, location.clone()),
        Fault::PrimaryLimit { .. }
        | Fault::Lost(_)
        | Fault::Slow(_)
        | Fault::Truncated
        | Fault::Malformed
        | Fault::BadItem(_)
        | Fault::Partial
        | Fault::Link(_) => return None,
    };
    Some((answer, state.spend(caller, now)))
}
