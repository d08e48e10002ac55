//! Projects, alone and in their list (<https://vercel.com/docs/rest-api/projects/retrieve-a-list-of-projects>).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    super::{State, json::project::project, site::Site},
    answer::Answer,
    list::{ProjectPaging, pagination},
    query,
    scope::Scope,
    token::Caller,
};
use crate::wire::{Call, Content};

/// Real parameters of the list that are not simulated.
const NOT_SIMULATED: [&str; 11] = [
    "gitForkProtection",
    "repo",
    "repoId",
    "repoUrl",
    "excludeRepos",
    "edgeConfigId",
    "edgeConfigTokenId",
    "deprecated",
    "elasticConcurrencyEnabled",
    "staticIpsEnabled",
    "buildMachineTypes",
];

pub(crate) fn one(state: &State, call: &Call, caller: &Caller, name: &str, now: Timestamp) -> Result<Answer, Answer> {
    query::check(call, &[], &[])?;
    let scope = Scope::of(state, call, caller)?;
    let site = scope.site(state, caller, name).ok_or_else(Answer::not_found)?;
    Ok(Answer::json(200, &project(site, now.as_millisecond())))
}

/// One page, the project touched last first.
pub(crate) fn list(state: &State, call: &Call, caller: &Caller, now: Timestamp) -> Result<Answer, Answer> {
    query::check(call, &["from", "limit", "search"], &NOT_SIMULATED)?;
    let limit = query::limit(call)?;
    let before = match call.param("from") {
        Some(text) => Some(
            before(state.project_paging, text)
                .ok_or_else(|| Answer::bad_request("`from` should be a timestamp or a continuation token."))?,
        ),
        None => None,
    };
    let scope = Scope::of(state, call, caller)?;
    let mut found: Vec<&Site> = scope
        .sites(state, caller)
        .filter(|site| call.param("search").is_none_or(|part| site.name().contains(part)))
        .filter(|site| before.is_none_or(|before| site.updated_at < before))
        .collect();
    found.sort_by_key(|site| std::cmp::Reverse(site.updated_at));
    let more = found.len() > limit;
    found.truncate(limit);
    let next = match found.last().filter(|_| more) {
        Some(last) => next(state.project_paging, last.updated_at),
        None => Value::Null,
    };
    let pagination = pagination(found.len(), next, found.first().map(|site| site.updated_at));
    let items = found.iter().map(|site| project(site, now.as_millisecond()).to_string()).collect();
    let after = format!("],\"pagination\":{pagination}}}");
    Ok(Answer::new(200, Content::List { before: "{\"projects\":[", items, after }))
}

fn next(paging: ProjectPaging, updated_at: i64) -> Value {
    match paging {
        ProjectPaging::Timestamps => json!(updated_at),
        ProjectPaging::Tokens => json!(URL_SAFE_NO_PAD.encode(format!("updatedAt:{updated_at}"))),
    }
}

fn before(paging: ProjectPaging, from: &str) -> Option<i64> {
    match paging {
        ProjectPaging::Timestamps => from.parse().ok(),
        ProjectPaging::Tokens => {
            let text = String::from_utf8(URL_SAFE_NO_PAD.decode(from).ok()?).ok()?;
            text.strip_prefix("updatedAt:")?.parse().ok()
        }
    }
}
