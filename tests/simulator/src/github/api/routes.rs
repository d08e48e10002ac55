//! Which address answers what.

use std::collections::BTreeSet;

use axum::http::Method;
use jiff::Timestamp;
use serde_json::json;

use super::{
    super::{
        State,
        json::{
            issue::issue,
            pull::{Form, pull},
            text,
        },
        oauth,
        repo::Repo,
    },
    activity,
    answer::Answer,
    budget::Caller,
    call::Call,
    deployments, git, hooks,
    list::list,
    order::Listing,
    page::{self, Page},
    talk,
    token::{app, narrowed, secret},
};
use crate::budget::Budget;

/// Finds the answer. What is not here is 404, as a wrong address is on GitHub; so is one that ends in a slash.
pub(crate) fn route(state: &mut State, call: &Call, caller: &Caller, now: Timestamp) -> Answer {
    let segments: Vec<&str> = call.path.split('/').skip(1).collect();
    match (&call.method, segments.as_slice()) {
        (&Method::GET, ["user"]) if *caller != Caller::Anonymous => oauth::user(),
        (&Method::GET, ["user", "installations"]) => {
            oauth::installations(state, call, call.authorization.as_deref().and_then(secret), now)
        }
        (&Method::DELETE, ["applications", client_id, "token"]) => oauth::delete_token(state, call, client_id),
        (&Method::GET, ["installation", "repositories"]) => installation_repositories(state, call, caller),
        (&Method::POST, ["app", "installations", id, "access_tokens"]) => access_token(state, call, id, now),
        (&Method::GET, ["app", "hook", "deliveries"]) => hooks::list(state, call, now),
        (&Method::POST, ["app", "hook", "deliveries", id, "attempts"]) => hooks::again(state, call, id, now),
        (&Method::GET, ["repos", owner, name, rest @ ..]) => {
            let full_name = format!("{owner}/{name}");
            let Some(id) = state.named(&full_name) else { return Answer::not_found() };
            let moved = state.repos.get(&id).is_some_and(|repo| !is_named(repo, &full_name));
            if moved {
                return Answer::redirect(301, moved_to(call, id, rest));
            }
            of_repository(state, call, id, rest, now)
        }
        (&Method::GET, ["repositories", id, rest @ ..]) => match id.parse() {
            Ok(id) => of_repository(state, call, id, rest, now),
            Err(_) => Answer::not_found(),
        },
        _ => Answer::not_found(),
    }
}

fn is_named(repo: &Repo, full_name: &str) -> bool {
    repo.view().full_name.eq_ignore_ascii_case(full_name)
}

/// The same address by id, parameters included.
fn moved_to(call: &Call, id: u64, rest: &[&str]) -> String {
    let mut location = format!("{}/repositories/{id}", call.base);
    for segment in rest {
        location.push('/');
        location.push_str(segment);
    }
    if let Some((_, query)) = call.target.split_once('?') {
        location.push('?');
        location.push_str(query);
    }
    location
}

fn of_repository(state: &mut State, call: &Call, id: u64, rest: &[&str], now: Timestamp) -> Answer {
    let paging = state.issue_paging;
    if state.tokens.leaves_out(call.authorization.as_deref(), id) {
        return Answer::not_found();
    }
    let Some(repo) = state.repos.get_mut(&id) else { return Answer::not_found() };
    match rest {
        [] => single(call, repo, repo.revision, repo.view().json.get().to_owned()),
        ["pulls"] => list(repo, call, Listing::Pulls, paging, now),
        ["issues"] => list(repo, call, Listing::Issues, paging, now),
        ["releases"] => list(repo, call, Listing::Releases, paging, now),
        ["issues", "events"] => list(repo, call, Listing::Events, paging, now),
        ["issues", "comments"] => either(talk::comments(repo, call, "issues/comments", None)),
        ["pulls", "comments"] => either(talk::remarks(repo, call, "pulls/comments", None)),
        ["commits"] => git::commits(repo, call),
        ["branches", rest @ ..] => git::branch(repo, &rest.join("/")),
        ["git", "trees", sha] => git::tree(repo, call, sha),
        ["git", "blobs", sha] => git::blob(repo, call, sha),
        ["activity"] => either(activity::list(repo, call, now)),
        ["deployments"] => deployments::list(repo, call),
        ["deployments", id, "statuses"] => deployments::statuses(repo, call, id),
        ["pulls", number] => one_pull(call, repo, number),
        ["issues", number] => one_issue(call, repo, number),
        [kind @ ("pulls" | "issues"), number, rest @ ("comments" | "reviews")] => {
            of_item(call, repo, kind, number, rest)
        }
        _ => Answer::not_found(),
    }
}

fn either(answer: Result<Answer, Box<Answer>>) -> Answer {
    answer.unwrap_or_else(|refusal| *refusal)
}

/// What is said about one item.
fn of_item(call: &Call, repo: &Repo, kind: &str, number: &str, rest: &str) -> Answer {
    let path = format!("{kind}/{number}/{rest}");
    let item = number.parse().ok().and_then(|number| repo.item(number));
    match item.map(|item| (item, kind, rest)) {
        Some((item, _, _)) if item.deleted => Answer::gone(),
        Some((item, "issues", "comments")) => either(talk::comments(repo, call, &path, Some(item.number))),
        Some((item, "pulls", "comments")) if item.pull.is_some() => {
            either(talk::remarks(repo, call, &path, Some(item.number)))
        }
        Some((item, "pulls", "reviews")) if item.pull.is_some() => talk::reviews(repo, call, &path, item.number),
        _ => Answer::not_found(),
    }
}

fn one_pull(call: &Call, repo: &Repo, number: &str) -> Answer {
    let item = number.parse().ok().and_then(|number| repo.item(number));
    match item.and_then(|item| item.pull.as_ref().map(|held| (item, held))) {
        Some((item, held)) => {
            let body = text(&pull(repo.view(), item, held, &item.now, Form::Long));
            single(call, repo, repo.revision, body)
        }
        None => Answer::not_found(),
    }
}

fn one_issue(call: &Call, repo: &Repo, number: &str) -> Answer {
    match number.parse().ok().and_then(|number| repo.item(number)) {
        Some(item) if item.deleted => Answer::gone(),
        Some(item) => {
            let body = text(&issue(repo.view(), item, &item.now, call.older_fields()));
            single(call, repo, item.revision, body)
        }
        None => Answer::not_found(),
    }
}

/// One object, with a validator out of what it depends on.
fn single(call: &Call, repo: &Repo, revision: u64, body: String) -> Answer {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    hash.update(repo.view().full_name.as_bytes());
    hash.update(call.target.as_bytes());
    hash.update([u8::from(call.older_fields())]);
    hash.update(revision.to_be_bytes());
    let mut answer = Answer::json(200, body);
    answer.etag = Some(format!("\"{}\"", hex::encode(hash.finalize())));
    answer
}

fn installation_repositories(state: &State, call: &Call, caller: &Caller) -> Answer {
    let Caller::Installation(installation) = caller else {
        return Answer::error(
            403,
            "You must authenticate with an installation access token in order to list repositories for an installation.",
        );
    };
    let authorization = call.authorization.as_deref();
    let reaches =
        |repo: &&Repo| repo.installation_id == *installation && !state.tokens.leaves_out(authorization, repo.id);
    let held: Vec<&Repo> = state.repos.values().filter(reaches).collect();
    let page = Page::of(call);
    let shown = held.get(page.range(held.len())).unwrap_or_default();
    let mut answer = Answer::json(
        200,
        text(&json!({
            "total_count": held.len(),
            "repository_selection": "all",
            "repositories": shown.iter().map(|repo| &repo.view().json).collect::<Vec<_>>(),
        })),
    );
    answer.link = page::numbered(call, &format!("{}/installation/repositories", call.base), page, held.len());
    answer
}

fn access_token(state: &mut State, call: &Call, id: &str, now: Timestamp) -> Answer {
    if let Err(refusal) = app(state.desk.apps.current(), call.authorization.as_deref(), now) {
        return *refusal;
    }
    let Ok(installation) = id.parse::<u64>() else { return Answer::not_found() };
    let of_it = state.repos.values().filter(|repo| repo.installation_id == installation);
    let held: BTreeSet<u64> = of_it.map(|repo| repo.id).collect();
    if held.is_empty() {
        return Answer::not_found();
    }
    let repositories = match narrowed(&call.body, &held) {
        Ok(repositories) => repositories,
        Err(refusal) => return *refusal,
    };
    let selection = if repositories.is_some() { "selected" } else { "all" };
    let (token, expires_at) = state.tokens.mint(installation, repositories, now);
    let body = json!({
        "token": token,
        "expires_at": expires_at,
        "permissions": { "contents": "read", "issues": "read", "metadata": "read", "pull_requests": "read" },
        "repository_selection": selection,
    });
    Answer::json(201, text(&body))
}

/// The budget, which costs nothing to ask for.
pub(crate) fn rate_limit(call: &Call, budget: &Budget) -> Answer {
    let core = json!({
        "limit": budget.limit,
        "used": budget.used,
        "remaining": budget.remaining(),
        "reset": budget.resets_at,
    });
    let mut body = json!({ "resources": { "core": core } });
    if call.older_fields() {
        body["rate"] = core;
    }
    Answer::json(200, text(&body))
}
