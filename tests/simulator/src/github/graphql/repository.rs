//! A repository and its lists; its releases.

use serde_json::Value;

use super::{
    super::{json::release::Release, repo::Repo},
    object::{Field, Object, database_id, time, value, who},
};

pub(super) fn field<'a>(repo: &'a Repo, name: &str, arguments: &Value) -> Field<'a> {
    let view = repo.view();
    let (created_at, updated_at, pushed_at) = repo.times();
    let number = || arguments["number"].as_u64();
    let is = |held: u32| number() == Some(u64::from(held));
    match name {
        "databaseId" => database_id(repo.id),
        "name" => value(view.name.as_str()),
        "nameWithOwner" => value(view.full_name.as_str()),
        "owner" => Field::One(Some(Object::Actor(repo.owner()))),
        "url" => value(view.web.as_str()),
        "createdAt" => time(created_at),
        "updatedAt" => time(updated_at),
        "pushedAt" => time(pushed_at),
        "isArchived" | "isFork" | "isPrivate" => value(false),
        "hasDiscussionsEnabled" | "hasIssuesEnabled" => value(true),
        "defaultBranchRef" => Field::One(repo.head("main").map(|_| Object::Ref(repo, "main"))),
        "discussion" => {
            Field::One(discussions(repo).find(|held| matches!(held, Object::Discussion(_, held) if is(held.number))))
        }
        "issue" => Field::One(issues(repo).find(|held| matches!(held, Object::Issue(_, item) if is(item.number)))),
        "pullRequest" => {
            Field::One(pulls(repo).find(|held| matches!(held, Object::Pull(_, item, _) if is(item.number))))
        }
        "discussions" => {
            let answered = arguments["answered"].as_bool();
            let wanted = |held: &Object<'_>| match (answered, held) {
                (Some(answered), Object::Discussion(_, held)) => held.answer.is_some() == answered,
                _ => true,
            };
            Field::Many(discussions(repo).filter(wanted).collect())
        }
        "issues" => Field::Many(issues(repo).filter(|held| is_in(held, &arguments["states"])).collect()),
        "pullRequests" => Field::Many(pulls(repo).filter(|held| is_in(held, &arguments["states"])).collect()),
        "releases" => Field::Many(repo.releases.iter().map(|held| Object::Release(repo, held)).collect()),
        "deployments" => {
            let environments = arguments["environments"].as_array();
            let wanted = |environment: &str| {
                environments.is_none_or(|all| all.iter().any(|one| one.as_str() == Some(environment)))
            };
            let held = repo.deployments.iter().filter(|held| wanted(&held.environment));
            Field::Many(held.map(|held| Object::Deployment(repo, held)).collect())
        }
        _ => Field::Unknown,
    }
}

/// Whether an item is in one of these states; null means any.
fn is_in(held: &Object<'_>, states: &Value) -> bool {
    let (Some(states), Object::Issue(_, item) | Object::Pull(_, item, _)) = (states.as_array(), held) else {
        return true;
    };
    states.iter().any(|state| *state == super::item::state(item))
}

pub(super) fn discussions<'a>(repo: &'a Repo) -> impl Iterator<Item = Object<'a>> {
    repo.discussions.iter().map(move |held| Object::Discussion(repo, held))
}

pub(super) fn issues<'a>(repo: &'a Repo) -> impl Iterator<Item = Object<'a>> {
    repo.listed().filter(|item| item.pull.is_none()).map(move |item| Object::Issue(repo, item))
}

pub(super) fn pulls<'a>(repo: &'a Repo) -> impl Iterator<Item = Object<'a>> {
    repo.listed().filter_map(move |item| Some(Object::Pull(repo, item, item.pull.as_ref()?)))
}

pub(super) fn release<'a>(this: Object<'a>, repo: &'a Repo, held: &'a Release, name: &str) -> Field<'a> {
    match name {
        "databaseId" => database_id(held.id),
        "name" => value(held.name.clone()),
        "tagName" => value(held.tag.as_str()),
        "description" => value(held.body.clone()),
        "isDraft" => value(false),
        "isPrerelease" => value(held.prerelease),
        // Only users are authors here: https://docs.github.com/en/graphql/reference/objects#release
        "author" => who(Some(&held.author).filter(|user| user.kind() == "User")),
        "url" => value(format!("{}/releases/tag/{}", repo.view().web, held.tag)),
        "createdAt" => time(this.times().0),
        "updatedAt" | "publishedAt" => time(held.published_at),
        _ => Field::Unknown,
    }
}
