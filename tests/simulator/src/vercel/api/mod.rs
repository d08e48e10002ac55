//! The REST API: reads one request, finds its answer, and puts Vercel's headers on it.

use axum::{
    extract::{Request, State as Extract},
    http::Method,
    response::Response,
};
use jiff::Timestamp;

use super::{State, fault::Fault, oauth};
use crate::{
    World,
    budget::Budget,
    random::Random,
    wire::{Call, Spoil, http_date, pause, respond},
};

pub(super) mod answer;
pub(crate) mod budget;
pub(crate) mod list;
mod projects;
mod query;
mod routes;
mod scope;
pub(crate) mod token;

use answer::Answer;
use budget::Key;

/// Answers one request.
pub(crate) async fn answer(Extract(world): Extract<World>, request: Request) -> Response {
    let call = Call::receive(request, "/vercel").await;
    let (fault, mut wait) = {
        let front = &mut world.vercel_state().front;
        (front.due(&[&call.target]), front.latency)
    };
    if let Some(Fault::Slow(longer)) = &fault {
        wait += *longer;
    }
    pause(wait).await;
    let now = world.now();
    let state = &mut *world.vercel_state();
    let (answer, budget) = serve(state, &call, fault.as_ref(), now);
    let answer = match &fault {
        Some(Fault::Lost(status)) => Answer::server_error(*status),
        _ => answer,
    };
    let serial = state.front.record(&call, answer.status.as_u16());
    let headers = headers(budget.as_ref(), now, serial).into_iter().chain(answer.extra);
    respond(answer.status, headers, answer.content, fault.as_ref().and_then(spoil))
}

/// The answer, and the budget to show with it.
fn serve(state: &mut State, call: &Call, fault: Option<&Fault>, now: Timestamp) -> (Answer, Option<Budget>) {
    if call.method == Method::POST && call.path == "/v2/oauth/access_token" {
        let answer = fault.and_then(replaced).unwrap_or_else(|| oauth::exchange(state, call, now));
        return (answer, None);
    }
    let caller = match state.tokens.caller(call) {
        Ok(caller) => caller,
        Err(refusal) => return (refusal.answer(), None),
    };
    let key = Key { caller: caller.clone(), endpoint: budget::endpoint(&call.path) };
    let budget = state.budget(&key, now);
    if budget.remaining() == 0 {
        return (Answer::limited("rate_limited", &budget, now), Some(budget));
    }
    if let Some(Fault::RateLimited { code, reset_in }) = fault {
        let budget = budget.used_up(now, *reset_in);
        return (Answer::limited(code, &budget, now), Some(budget));
    }
    let budget = state.spend(&key, now);
    let answer = fault.and_then(replaced).unwrap_or_else(|| routes::route(state, call, &caller, fault, now));
    (answer, Some(budget))
}

/// The answer of a fault that replaces the right one.
fn replaced(fault: &Fault) -> Option<Answer> {
    Some(match fault {
        Fault::ServerError(status) => Answer::server_error(*status),
        Fault::HtmlPage => Answer::html_page(200),
        Fault::InvalidToken => Answer::invalid_token(),
        Fault::Unauthorized => Answer::error(401, "unauthorized", "The request is not authorized."),
        Fault::Forbidden => Answer::forbidden(),
        Fault::IntegrationDisabled => Answer::integration_disabled(),
        Fault::PaymentRequired => Answer::error(402, "payment_required", "The account was soft-blocked."),
        Fault::NotFound => Answer::not_found(),
        Fault::Redirect { status, location } => Answer::redirect(*status, location.clone()),
        Fault::RateLimited { .. }
        | Fault::Lost(_)
        | Fault::Slow(_)
        | Fault::Truncated
        | Fault::Malformed
        | Fault::BadItem(_)
        | Fault::Next(_)
        | Fault::Unfiltered => return None,
    })
}

fn spoil(fault: &Fault) -> Option<Spoil> {
    match fault {
        Fault::Truncated => Some(Spoil::Truncated),
        Fault::Malformed => Some(Spoil::Malformed),
        Fault::BadItem(place) => Some(Spoil::Item(*place, SPOILT)),
        _ => None,
    }
}

/// An item in which nothing has the type it should have.
const SPOILT: &str = r#"{"uid":1,"id":2,"name":[3],"projectId":{"id":4},"created":"five","createdAt":"six","state":7}"#;

/// The headers every answer has. `serial` counts the requests answered.
fn headers(budget: Option<&Budget>, now: Timestamp, serial: u64) -> Vec<(&'static str, String)> {
    let hex = Random::new(serial, &[0x1D]).hex(17);
    let (start, end) = hex.split_at(5);
    let mut headers = vec![
        ("server", "Vercel".to_owned()),
        ("date", http_date(now)),
        ("cache-control", "private, no-cache, no-store, must-revalidate".to_owned()),
        ("x-vercel-id", format!("iad1::{start}-{}-{end}", now.as_millisecond())),
    ];
    if let Some(budget) = budget {
        headers.extend([
            ("x-ratelimit-limit", budget.limit.to_string()),
            ("x-ratelimit-remaining", budget.remaining().to_string()),
            ("x-ratelimit-reset", budget.resets_at.to_string()),
        ]);
    }
    headers
}
