//! Deployments and their statuses.

use serde_json::{Value, json};

use super::{
    super::{
        deploy::{Deployment, Status},
        draft::DeploymentState,
    },
    node_id,
    repository::View,
};

/// A deployment after so many reports.
pub(crate) fn deployment(view: &View, deployment: &Deployment, statuses: usize) -> Value {
    let id = deployment.id;
    let url = format!("{}/deployments/{id}", view.api);
    json!({
        "url": url,
        "id": id,
        "node_id": node_id("DE", &[view.id, id]),
        "task": "deploy",
        "original_environment": deployment.environment,
        "environment": deployment.environment,
        "description": null,
        "created_at": deployment.created_at,
        "updated_at": deployment.updated_at(statuses),
        "statuses_url": format!("{url}/statuses"),
        "repository_url": view.api,
        "creator": deployment.by,
        "sha": deployment.sha,
        "ref": deployment.branch,
        "payload": {},
        "transient_environment": deployment.environment != "production",
        "production_environment": deployment.environment == "production",
        "performed_via_github_app": null,
    })
}

/// One report.
pub(crate) fn status(view: &View, deployment: &Deployment, status: &Status) -> Value {
    let url = format!("{}/deployments/{}", view.api, deployment.id);
    let log = log_url(view, status);
    json!({
        "url": format!("{url}/statuses/{}", status.id),
        "id": status.id,
        "node_id": node_id("DES", &[view.id, status.id]),
        "state": state(status.state),
        "creator": status.by,
        "description": "",
        "environment": deployment.environment,
        "target_url": log,
        "created_at": status.at,
        "updated_at": status.at,
        "deployment_url": url,
        "repository_url": view.api,
        "environment_url": environment_url(deployment),
        "log_url": log,
        "performed_via_github_app": null,
    })
}

pub(crate) fn environment_url(deployment: &Deployment) -> String {
    format!("https://{}.example.com", deployment.environment)
}

pub(crate) fn log_url(view: &View, status: &Status) -> String {
    format!("{}/actions/runs/{}/job/1", view.web, status.id)
}

/// As REST spells it.
pub(crate) fn state(state: DeploymentState) -> &'static str {
    match state {
        DeploymentState::Queued => "queued",
        DeploymentState::InProgress => "in_progress",
        DeploymentState::Success => "success",
        DeploymentState::Failure => "failure",
        DeploymentState::Error => "error",
        DeploymentState::Inactive => "inactive",
    }
}
