//! The API: reads one request, finds its answer, and puts Sentry's headers on it.

use axum::{
    extract::{Request, State as Extract},
    response::Response,
};
use jiff::Timestamp;

use super::{State, fault::Fault, oauth};
use crate::{
    World,
    wire::{Call, Spoil, http_date, pause, respond},
};

pub(super) mod answer;
pub(crate) mod budget;
mod cursor;
mod events;
mod issues;
mod one;
mod projects;
mod query;
mod routes;
pub(crate) mod token;

use answer::Answer;
use budget::{Key, Meter, UnderWay};

/// Answers one request.
pub(crate) async fn answer(Extract(world): Extract<World>, request: Request) -> Response {
    let call = Call::receive(request, "/sentry").await;
    let (fault, mut wait) = {
        let front = &mut world.sentry_state().front;
        (front.due(&[&call.target]), front.latency)
    };
    if let Some(Fault::Slow(longer)) = &fault {
        wait += *longer;
    }
    let held = UnderWay::enter(&world, &call);
    pause(wait).await;
    let now = world.now();
    let state = &mut *world.sentry_state();
    let (answer, meter) = serve(state, &call, held.key(), fault.as_ref(), now);
    let answer = match &fault {
        Some(Fault::Lost(status)) => Answer::server_error(*status),
        _ => answer,
    };
    state.front.record(&call, answer.status.as_u16());
    let link = match &fault {
        Some(Fault::Link(link)) if answer.status.is_success() => Some(link.clone()).filter(|link| !link.is_empty()),
        _ => answer.link,
    };
    let headers = [("server", "nginx".to_owned()), ("date", http_date(now))].into_iter();
    let headers = headers.chain(meter.iter().flat_map(Meter::headers)).chain(link.map(|link| ("link", link)));
    respond(answer.status, headers.chain(answer.extra), answer.content, fault.as_ref().and_then(spoil))
}

/// The answer, and the budget to show with it.
fn serve(
    state: &mut State,
    call: &Call,
    key: Result<&Key, token::Refusal>,
    fault: Option<&Fault>,
    now: Timestamp,
) -> (Answer, Option<Meter>) {
    if call.path.ends_with("/authorizations/") {
        let answer = fault.and_then(replaced).or_else(|| oauth::authorizations(state, call, now));
        return (answer.unwrap_or_else(Answer::not_found), None);
    }
    let key = match key {
        Ok(key) => key,
        Err(refusal) => return (Answer::unauthorized(refusal.detail()), None),
    };
    let meter = state.meter(key, now);
    if meter.budget.remaining() == 0 {
        return (Answer::limited(&meter), Some(meter));
    }
    if meter.is_crowded() {
        return (Answer::crowded(&meter), Some(meter));
    }
    if let Some(Fault::RateLimited { reset_in }) = fault {
        let meter = Meter { budget: meter.budget.used_up(now, *reset_in), ..meter };
        return (Answer::limited(&meter), Some(meter));
    }
    if let Some(Fault::TooManyAtOnce) = fault {
        let meter = Meter { under_way: meter.concurrent + 1, ..meter };
        return (Answer::crowded(&meter), Some(meter));
    }
    let meter = state.spend(key, now);
    let answer = fault.and_then(replaced).unwrap_or_else(|| routes::route(state, call, &key.caller, now));
    (answer, Some(meter))
}

/// The answer of a fault that replaces the right one.
fn replaced(fault: &Fault) -> Option<Answer> {
    Some(match fault {
        Fault::ServerError(status) => Answer::server_error(*status),
        Fault::HtmlPage => Answer::html_page(200),
        Fault::BadCursor => Answer::bad_request("Invalid cursor parameter."),
        Fault::Unauthorized => Answer::unauthorized(token::Refusal::Invalid.detail()),
        Fault::Forbidden => Answer::forbidden(),
        Fault::NotFound => Answer::not_found(),
        Fault::Redirect { status, location } => Answer::redirect(*status, location.clone()),
        Fault::RateLimited { .. }
        | Fault::TooManyAtOnce
        | Fault::Lost(_)
        | Fault::Slow(_)
        | Fault::Truncated
        | Fault::Malformed
        | Fault::BadItem(_)
        | Fault::Link(_) => return None,
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
const SPOILT: &str =
    r#"{"id":{"is":1},"eventID":2,"title":["three"],"firstSeen":"four","dateCreated":{},"project":5.5}"#;
