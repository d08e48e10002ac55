//! The GraphQL API: <https://docs.github.com/en/graphql>, as far as a connector reads it.

use std::sync::LazyLock;

use axum::{
    extract::{Request, State as Extract},
    response::Response,
};
use jiff::Timestamp;
use serde_json::json;

use super::{
    State,
    api::{answer::Answer, budget::Caller, call::Call, header},
    fault::Fault,
    json::user::User,
};
use crate::{
    World,
    budget::Budget,
    clock::whole_second,
    graphql::{Api, Question, Refusal},
    wire::pause,
};

mod answer;
mod cost;
mod deployment;
mod discussion;
mod item;
mod list;
mod object;
mod repository;
mod root;

use root::Root;

static API: LazyLock<Api> = LazyLock::new(|| {
    Api::new(&[
        ("query.graphql", include_str!("schema/query.graphql")),
        ("actor.graphql", include_str!("schema/actor.graphql")),
        ("repository.graphql", include_str!("schema/repository.graphql")),
        ("item.graphql", include_str!("schema/item.graphql")),
        ("discussion.graphql", include_str!("schema/discussion.graphql")),
        ("deployment.graphql", include_str!("schema/deployment.graphql")),
    ])
});

/// Answers one request.
pub(crate) async fn answer(Extract(world): Extract<World>, request: Request) -> Response {
    let call = Call::receive(request).await;
    let question = API.read(&call.body);
    let (fault, mut wait) = {
        let state = &mut *world.github_state();
        let operation = question.as_ref().ok().and_then(Question::operation_name).unwrap_or_default();
        (state.front.due(&["/graphql", &format!("/graphql#{operation}")]), state.front.latency)
    };
    if let Some(Fault::Slow(longer)) = &fault {
        wait += *longer;
    }
    pause(wait).await;
    let now = whole_second(world.now());
    let state = &mut *world.github_state();
    let (answer, budget, points) = serve(state, &call, &question, fault.as_ref(), now);
    let status = answer.status.as_u16();
    state.queries.extend(question.iter().map(|question| question.answered(status, points)));
    let serial = state.front.record(&call, status);
    header::finish(answer, &call, &budget, now, serial, fault.as_ref())
}

type Read<'a> = Result<Question<'a>, Refusal>;

/// The answer, the budget to show with it, and the points it cost.
fn serve(
    state: &mut State,
    call: &Call,
    question: &Read<'_>,
    fault: Option<&Fault>,
    now: Timestamp,
) -> (Answer, Budget, u64) {
    let caller = match state.caller(call, now) {
        Ok(Caller::Anonymous) => return (answer::anonymous(), state.points(&Caller::Anonymous, now), 0),
        Ok(caller) => caller,
        Err(()) => return (Answer::bad_credentials(), state.points(&Caller::Anonymous, now), 0),
    };
    let budget = state.points(&caller, now);
    if !call.has_user_agent {
        return (Answer::no_user_agent(), budget, 0);
    }
    if budget.remaining() == 0 {
        return (answer::used_up(&caller), budget, 0);
    }
    if let Some(Fault::PrimaryLimit { reset_in, .. }) = fault {
        return (answer::used_up(&caller), budget.used_up(now, *reset_in), 0);
    }
    let question = match admitted(question, fault) {
        Ok(question) => question,
        Err(refusal) => return (*refusal, state.spend_points(&caller, 1, now), 1),
    };
    let asked = question.asked();
    let (nodes, points) = (cost::nodes(&asked), cost::points(&asked));
    let budget = state.spend_points(&caller, points, now);
    let rate = json!({
        "cost": points,
        "limit": budget.limit,
        "nodeCount": nodes,
        "remaining": budget.remaining(),
        "resetAt": Timestamp::from_second(budget.resets_at).unwrap_or(now).to_string(),
        "used": budget.used,
    });
    let viewer = User::named("octavia");
    let mut body = answer::of(question.answer(&Root { state, viewer: &viewer, rate }));
    match fault {
        Some(Fault::Partial) => answer::halve(&mut body),
        Some(Fault::BadItem(place)) => answer::spoil(&mut body, *place),
        _ => {}
    }
    (answer::told(&body), budget, points)
}

/// The question, unless something keeps it from being answered.
fn admitted<'q, 'a>(question: &'q Read<'a>, fault: Option<&Fault>) -> Result<&'q Question<'a>, Box<Answer>> {
    if let Some(answer) = fault.and_then(replaced) {
        return Err(Box::new(answer));
    }
    let question = question.as_ref().map_err(|refusal| answer::refused(refusal.clone()))?;
    if question.changes() {
        return Err(Box::new(Answer::not_simulated("mutations")));
    }
    match cost::nodes(&question.asked()) {
        nodes if nodes > cost::MOST_NODES => Err(Box::new(answer::too_many_nodes(nodes, cost::MOST_NODES))),
        _ => Ok(question),
    }
}

/// The answer of a fault that replaces the right one. Most of what REST says by its status, GraphQL says under 200.
fn replaced(fault: &Fault) -> Option<Answer> {
    let none = |kind: &str, message: &str| Some(answer::without_repository(kind, message));
    match fault {
        Fault::SecondaryLimit { status, retry_after } => Some(Answer::secondary_limit(*status, *retry_after)),
        Fault::ServerError(status) => Some(Answer::server_error(*status)),
        Fault::HtmlPage => Some(Answer::html_page(200)),
        Fault::Unauthorized => Some(Answer::bad_credentials()),
        Fault::PermissionDenied => none("FORBIDDEN", "Resource not accessible by integration"),
        Fault::NotFound => none("NOT_FOUND", "Could not resolve to a Repository with the name 'acme/rocket'."),
        Fault::Redirect { status, location } => Some(Answer::redirect(*status, location.clone())),
        Fault::PrimaryLimit { .. }
        | Fault::EmptyRepository
        | Fault::Gone
        | Fault::Unavailable
        | Fault::Lost(_)
        | Fault::Slow(_)
        | Fault::Truncated
        | Fault::Malformed
        | Fault::BadItem(_)
        | Fault::Partial
        | Fault::Link(_) => None,
    }
}
