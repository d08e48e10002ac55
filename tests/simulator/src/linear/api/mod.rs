//! The API: reads one request, finds its answer, and puts Linear's headers on it.

use std::sync::LazyLock;

use axum::{
    extract::{Request, State as Extract},
    http::Method,
    response::Response,
};
use jiff::{SignedDuration, Timestamp};

use super::{
    State,
    fault::{Budget, Fault},
    oauth,
};
use crate::{
    World,
    graphql::{Api, Question, Refusal},
    wire::{Call, pause},
};

pub(super) mod answer;
pub(crate) mod budget;
mod cost;
mod filter;
mod header;
pub(crate) mod list;
mod resolve;
pub(crate) mod token;

use answer::{Answer, Body};
use budget::Standing;
use header::Shown;
use resolve::{Root, Scene};
use token::Caller;

static API: LazyLock<Api> = LazyLock::new(|| Api::new(&SCHEMA));

const SCHEMA: [(&str, &str); 6] = [
    ("query.graphql", include_str!("../schema/query.graphql")),
    ("organization.graphql", include_str!("../schema/organization.graphql")),
    ("issue.graphql", include_str!("../schema/issue.graphql")),
    ("project.graphql", include_str!("../schema/project.graphql")),
    ("initiative.graphql", include_str!("../schema/initiative.graphql")),
    ("filter.graphql", include_str!("../schema/filter.graphql")),
];

/// Answers one request.
pub(crate) async fn answer(Extract(world): Extract<World>, request: Request) -> Response {
    let call = Call::receive(request, "/linear").await;
    let asks = call.method == Method::POST && call.path == "/graphql";
    let question = if asks { API.read(&call.body) } else { Err(Refusal::Unreadable) };
    let (fault, mut wait) = {
        let state = &mut *world.linear_state();
        let roots = question.as_ref().map(Question::roots).unwrap_or_default();
        let known_by: Vec<&str> = roots.iter().map(String::as_str).chain([call.path.as_str()]).collect();
        (state.front.due(&known_by), state.front.latency)
    };
    if let Some(Fault::Slow(longer)) = &fault {
        wait += *longer;
    }
    pause(wait).await;
    let now = world.now();
    let state = &mut *world.linear_state();
    let (answer, budgets) = serve(state, &call, &question, fault.as_ref(), now);
    let answer = match &fault {
        Some(Fault::Lost(status)) => Answer::new(*status, Body::Html),
        _ => answer,
    };
    let status = answer.status.as_u16();
    state.queries.extend(question.iter().map(|question| question.answered(status, answer.points)));
    let serial = state.front.record(&call, status);
    let shown = Shown { now, serial, budgets, points: answer.points };
    header::finish(answer, &shown, fault.as_ref())
}

type Asked<'a> = Result<Question<'a>, Refusal>;

/// The answer, and the budgets of whoever was let in.
fn serve(
    state: &mut State,
    call: &Call,
    question: &Asked<'_>,
    fault: Option<&Fault>,
    now: Timestamp,
) -> (Answer, Option<(Standing, Standing)>) {
    if call.path.starts_with("/oauth/") {
        let answer = fault.and_then(Answer::replaced).or_else(|| oauth::serve(state, call, now));
        return (answer.unwrap_or_else(|| Answer::new(404, Body::Html)), None);
    }
    if call.path != "/graphql" {
        return (Answer::new(404, Body::Html), None);
    }
    match state.tokens.caller(call.authorization.as_deref(), now) {
        Err(turned) => (Answer::turned(turned), None),
        Ok(caller) => {
            let answer = answer_to(state, &caller, question, fault, now);
            (answer, Some(standing(state, &caller, fault, now)))
        }
    }
}

fn answer_to(
    state: &mut State,
    caller: &Caller,
    question: &Asked<'_>,
    fault: Option<&Fault>,
    now: Timestamp,
) -> Answer {
    let spent = |budget| state.budgets.look(caller, budget, now).remaining == 0;
    if spent(Budget::Requests) || spent(Budget::Complexity) {
        return Answer::rate_limited(400);
    }
    state.budgets.spend(caller, Budget::Requests, 1, now);
    if let Some(answer) = fault.and_then(Answer::replaced) {
        return answer;
    }
    let question = match question {
        Ok(question) if question.changes() => return Answer::not_simulated(),
        Ok(question) => question,
        Err(refusal) => return Answer::refused(refusal.clone()),
    };
    let asked = question.asked();
    let most = cost::most(&asked);
    if most > cost::MOST {
        return Answer::too_complex(most, cost::MOST);
    }
    let points = cost::charged(&asked);
    state.budgets.spend(caller, Budget::Complexity, points, now);
    let viewer = state.person(VIEWER);
    let scene = Scene::new(state, viewer, now);
    Answer { points, ..Answer::of(question.answer(&Root(&scene))) }
}

/// Whose tokens all are.
const VIEWER: &str = "octavia";

/// The budgets as the headers tell them.
fn standing(state: &State, caller: &Caller, fault: Option<&Fault>, now: Timestamp) -> (Standing, Standing) {
    let look = |budget| {
        let standing = state.budgets.look(caller, budget, now);
        match fault {
            Some(Fault::RateLimited { budget: spent, reset_in, .. }) if *spent == budget => {
                let wait = SignedDuration::try_from(*reset_in).unwrap_or(SignedDuration::MAX);
                let resets_at = now.checked_add(wait).unwrap_or(Timestamp::MAX).as_millisecond();
                Standing { remaining: 0, resets_at, ..standing }
            }
            _ => standing,
        }
    };
    (look(Budget::Requests), look(Budget::Complexity))
}
