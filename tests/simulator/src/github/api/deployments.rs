//! Deployments and their statuses, the newest first (<https://docs.github.com/en/rest/deployments>).

use super::{
    super::{
        deploy::{Deployment, Status},
        json::{
            deployment::{deployment, status},
            text,
        },
        repo::Repo,
    },
    answer::Answer,
    call::Call,
    paged::paged,
};

pub(crate) fn list(repo: &Repo, call: &Call) -> Answer {
    let is = |name: &str, value: &str| call.param(name).is_none_or(|asked| asked == value);
    let mut sorted: Vec<&Deployment> = repo
        .deployments
        .iter()
        .filter(|held| is("sha", &held.sha) && is("ref", &held.branch))
        .filter(|held| is("environment", &held.environment) && is("task", "deploy"))
        .collect();
    sorted.sort_by_key(|held| std::cmp::Reverse((held.created_at, held.id)));
    let address = format!("{}/repositories/{}/deployments", call.base, repo.id);
    paged(call, &address, &sorted, |held| text(&deployment(repo.view(), held, held.statuses.len())))
}

pub(crate) fn statuses(repo: &Repo, call: &Call, id: &str) -> Answer {
    let Some(held) = repo.deployments.iter().find(|held| held.id.to_string() == id) else { return Answer::not_found() };
    let sorted: Vec<&Status> = held.statuses.iter().rev().collect();
    let address = format!("{}/repositories/{}/deployments/{id}/statuses", call.base, repo.id);
    paged(call, &address, &sorted, |one| text(&status(repo.view(), held, one)))
}
