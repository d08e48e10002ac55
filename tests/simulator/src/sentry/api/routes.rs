//! Which address answers what.

use axum::http::Method;
use jiff::Timestamp;

use super::{
    super::{State, issue::Issue, json::project::project, oauth, organization::Organization, tracker::Tracker},
    answer::Answer,
    events, issues, one, projects,
    token::Caller,
};
use crate::wire::Call;

/// The endpoint whose budget a path is paid from.
pub(crate) fn endpoint(path: &str) -> &'static str {
    match segments(path).as_deref() {
        Some(["organizations", _, "issues"]) => "issues",
        Some(["projects", _, _, "events"]) => "events",
        Some(["organizations", _, "issues", _, ..] | ["issues", ..]) => "issue",
        Some(["projects", ..] | ["organizations", _, "projects"]) => "project",
        _ => "other",
    }
}

/// The parts below `/api/0`; every address ends in a slash.
fn segments(path: &str) -> Option<Vec<&str>> {
    Some(path.strip_prefix("/api/0/")?.strip_suffix('/')?.split('/').collect())
}

/// Finds the answer. What is not here is 404.
pub(crate) fn route(state: &mut State, call: &Call, caller: &Caller, now: Timestamp) -> Answer {
    if let Some(answer) = oauth::verify(state, call, caller) {
        return answer;
    }
    let state = &*state;
    let segments = segments(&call.path).filter(|_| call.method == Method::GET);
    let answer = match segments.as_deref() {
        Some(["organizations", organization, "issues"]) => {
            visible(state, caller, organization).and_then(|organization| issues::list(state, call, organization, now))
        }
        Some(["organizations", organization, "issues", id, rest @ ..]) => visible(state, caller, organization)
            .and_then(|organization| of_issue(state, call, caller, Some(organization), id, rest)),
        Some(["organizations", organization, "projects"]) => {
            visible(state, caller, organization).and_then(|organization| projects::list(state, call, organization))
        }
        Some(["issues", id, rest @ ..]) => of_issue(state, call, caller, None, id, rest),
        Some(["projects", organization, name, rest @ ..]) => visible(state, caller, organization)
            .and_then(|organization| of_project(state, call, organization, name, rest, now)),
        _ => Err(Answer::not_found()),
    };
    answer.unwrap_or_else(|refusal| refusal)
}

fn visible<'a>(state: &'a State, caller: &Caller, name: &str) -> Result<&'a Organization, Answer> {
    let organization = state.organization(name).ok_or_else(Answer::not_found)?;
    if caller.may_see(&organization.slug) { Ok(organization) } else { Err(Answer::forbidden()) }
}

fn of_issue(
    state: &State,
    call: &Call,
    caller: &Caller,
    organization: Option<&Organization>,
    id: &str,
    rest: &[&str],
) -> Result<Answer, Answer> {
    let id: u64 = id.parse().map_err(|_| Answer::not_found())?;
    let found: Option<(&Tracker, &Issue)> = state.trackers.iter().find_map(|tracker| {
        let inside = organization.is_none_or(|organization| tracker.organization.id == organization.id);
        Some((tracker, tracker.issue(id).filter(|issue| inside && !issue.deleted)?))
    });
    let (tracker, issue) = found.ok_or_else(Answer::not_found)?;
    if !caller.may_see(&tracker.organization.slug) {
        return Err(Answer::forbidden());
    }
    match rest {
        [] => Ok(one::issue(tracker, issue)),
        ["comments" | "notes"] => one::notes(issue, call),
        ["activities"] => Ok(one::activities(issue)),
        _ => Err(Answer::not_found()),
    }
}

fn of_project(
    state: &State,
    call: &Call,
    organization: &Organization,
    name: &str,
    rest: &[&str],
    now: Timestamp,
) -> Result<Answer, Answer> {
    let mut all = state.trackers.iter().filter(|tracker| tracker.organization.id == organization.id);
    let is = |tracker: &&Tracker| tracker.slug() == name || tracker.id.to_string() == name;
    let Some(tracker) = all.clone().find(is) else {
        let moved = all.find(|tracker| tracker.was(name)).ok_or_else(Answer::not_found)?;
        return Err(Answer::moved(moved.slug(), moved_to(call, name, moved.slug())));
    };
    match rest {
        [] => Ok(Answer::json(200, &project(tracker))),
        ["events"] => events::list(tracker, call, state.index, now),
        ["events", id] => events::one(tracker, id, state.index, now),
        _ => Err(Answer::not_found()),
    }
}

/// The same address with the present slug, parameters included, and no host.
fn moved_to(call: &Call, from: &str, to: &str) -> String {
    let target = call.target.replacen(&format!("/{from}/"), &format!("/{to}/"), 1);
    format!("/sentry{target}")
}
