//! Deployments and the reports on them.

use super::{
    super::{
        deploy::{Deployment, Status},
        json::deployment::{environment_url, log_url, state},
        repo::Repo,
    },
    object::{Field, Object, database_id, time, value},
};

pub(super) fn field<'a>(this: Object<'a>, repo: &'a Repo, held: &'a Deployment, name: &str) -> Field<'a> {
    let latest = held.statuses.last();
    match name {
        "databaseId" => database_id(held.id),
        "commitOid" => value(held.sha.as_str()),
        "creator" => Field::One(Some(Object::Actor(&held.by))),
        "description" => value(""),
        "environment" | "originalEnvironment" => value(held.environment.as_str()),
        "task" => value("deploy"),
        "ref" => Field::One(Some(Object::Ref(repo, &held.branch))),
        "state" => value(latest.map_or_else(|| "PENDING".to_owned(), active)),
        "latestStatus" => Field::One(latest.map(|status| Object::Status(repo, held, status))),
        "statuses" => Field::Many(held.statuses.iter().map(|status| Object::Status(repo, held, status)).collect()),
        "createdAt" => time(this.times().0),
        "updatedAt" => time(this.times().1),
        _ => Field::Unknown,
    }
}

/// A deployment that succeeded is said to be active until the next one.
fn active(status: &Status) -> String {
    match state(status.state) {
        "success" => "ACTIVE".to_owned(),
        other => other.to_uppercase(),
    }
}

pub(super) fn status<'a>(
    this: Object<'a>,
    repo: &'a Repo,
    deployment: &'a Deployment,
    held: &'a Status,
    name: &str,
) -> Field<'a> {
    match name {
        "state" => value(state(held.state).to_uppercase()),
        "creator" => Field::One(Some(Object::Actor(&held.by))),
        "deployment" => Field::One(Some(Object::Deployment(repo, deployment))),
        "description" => value(""),
        "environment" => value(deployment.environment.as_str()),
        "environmentUrl" => value(environment_url(deployment)),
        "logUrl" => value(log_url(repo.view(), held)),
        "createdAt" => time(this.times().0),
        "updatedAt" => time(this.times().1),
        _ => Field::Unknown,
    }
}
