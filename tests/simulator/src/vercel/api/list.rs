//! The list of deployments: parameters, defaults, and the items of one page
//! (<https://vercel.com/docs/rest-api/deployments/list-deployments>).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    super::{
        State,
        deployment::{Deployment, Phase, Target},
        fault::Fault,
        json::deployment::{is_rollback_candidate, listed},
        site::{Place, Site},
    },
    answer::Answer,
    query,
    scope::Scope,
    token::Caller,
};
use crate::wire::{Call, Content};

/// Whether `until` takes in the moment it names. Vercel's documents leave it open: "created before".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Until {
    /// Of several deployments made in one millisecond, those after the edge of a page are lost to who follows `next`.
    #[default]
    Exclusive,
    /// The last deployments of a page come again on the next, and who follows `next` never ends.
    Inclusive,
}

/// How the list of projects is paged: Vercel's specification allows both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProjectPaging {
    /// `next` is a time in milliseconds.
    #[default]
    Timestamps,
    /// `next` is an opaque text.
    Tokens,
}

const KNOWN: [&str; 14] = [
    "app",
    "from",
    "limit",
    "projectId",
    "projectIds",
    "target",
    "to",
    "users",
    "since",
    "until",
    "state",
    "rollbackCandidate",
    "branch",
    "sha",
];

/// What is asked for.
struct Wanted<'a> {
    projects: Vec<&'a Site>,
    after: Option<i64>,
    before: Option<i64>,
    until: Until,
    states: Vec<Phase>,
    users: Vec<&'a str>,
    call: &'a Call,
}

/// Answers one page.
pub(crate) fn deployments(
    state: &State,
    call: &Call,
    caller: &Caller,
    fault: Option<&Fault>,
    now: Timestamp,
) -> Result<Answer, Answer> {
    query::check(call, &KNOWN, &[])?;
    let scope = Scope::of(state, call, caller)?;
    let wanted = Wanted {
        projects: projects(state, call, caller, &scope, fault)?,
        after: query::number(call, "since")?.or(query::number(call, "from")?),
        before: query::number(call, "until")?.or(query::number(call, "to")?),
        until: state.until,
        states: states(call)?,
        users: query::listed(call, "users"),
        call,
    };
    let limit = query::limit(call)?;
    let mut found: Vec<(Place, &Site, &Deployment)> = Vec::new();
    for site in &wanted.projects {
        // No page needs more of one project than it has room for, and one to know that there are more.
        let fitting = site.listed(now.as_millisecond()).filter(|(_, held)| wanted.takes(site, held));
        found.extend(fitting.take(limit + 1).map(|(place, held)| (place, *site, held)));
    }
    found.sort_by(|(one, _, _), (other, _, _)| other.cmp(one));
    let more = found.len() > limit;
    found.truncate(limit);
    let created = |item: Option<&(Place, &Site, &Deployment)>| item.map(|(_, _, held)| held.created);
    let next = match fault {
        Some(Fault::Next(next)) => *next,
        _ => created(found.last()).filter(|_| more),
    };
    let pagination = pagination(found.len(), json!(next), created(found.first()));
    let items = found.iter().map(|(_, site, held)| listed(site, held).to_string()).collect();
    let after = format!("],\"pagination\":{pagination}}}");
    Ok(Answer::new(200, Content::List { before: "{\"deployments\":[", items, after }))
}

/// `pagination` of every list.
pub(super) fn pagination(count: usize, next: Value, prev: Option<i64>) -> Value {
    json!({ "count": count, "next": next, "prev": prev })
}

fn projects<'a>(
    state: &'a State,
    call: &'a Call,
    caller: &'a Caller,
    scope: &'a Scope,
    fault: Option<&Fault>,
) -> Result<Vec<&'a Site>, Answer> {
    let mut names = query::listed(call, "projectIds");
    match call.param("projectId") {
        Some(_) if !names.is_empty() => {
            return Err(Answer::bad_request("`projectIds` cannot be used with `projectId`."));
        }
        Some(name) => names.push(name),
        None => {}
    }
    if names.is_empty() || fault == Some(&Fault::Unfiltered) {
        return Ok(scope.sites(state, caller).collect());
    }
    names.into_iter().map(|name| scope.site(state, caller, name).ok_or_else(Answer::not_found)).collect()
}

fn states(call: &Call) -> Result<Vec<Phase>, Answer> {
    let phase = |name: &str| Phase::ALL.into_iter().find(|phase| phase.name() == name);
    let wrong = || Answer::bad_request("`state` should be a list of states.");
    query::listed(call, "state").into_iter().map(|name| phase(name).ok_or_else(wrong)).collect()
}

impl Wanted<'_> {
    fn takes(&self, site: &Site, held: &Deployment) -> bool {
        let before = |until| match self.until {
            Until::Exclusive => held.created < until,
            Until::Inclusive => held.created <= until,
        };
        let is = |name: &str, value: &str| self.call.param(name).is_none_or(|asked| asked == value);
        self.after.is_none_or(|since| held.created > since)
            && self.before.is_none_or(before)
            && (self.states.is_empty() || self.states.contains(&held.now.state))
            && (self.users.is_empty() || self.users.contains(&held.creator.id.as_str()))
            && is("app", &held.name)
            && is("branch", &held.draft.branch)
            && is("sha", &held.sha)
            && is("target", environment(&held.draft.target))
            && is("rollbackCandidate", if is_rollback_candidate(site, held) == Some(true) { "true" } else { "false" })
    }
}

/// As the `target` parameter names it.
fn environment(target: &Target) -> &str {
    match target {
        Target::Preview => "preview",
        Target::Custom(slug) => slug,
        Target::Production | Target::Staging => target.name().unwrap_or_default(),
    }
}
