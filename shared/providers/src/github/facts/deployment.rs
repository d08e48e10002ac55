//! Deployments, by what became of them.
//! <https://docs.github.com/en/rest/deployments/statuses>

use connector_domain::event::Actor;
use connector_domain::transformed::IgnoreReason;
use connector_domain::{ProviderKind, Reference, ReferenceKind, SourceEvent, SourceId, SourceType, text};

use super::{Missing, Told, attributes, commit};
use crate::github::payload::{Deployment, DeploymentStatus, Repo};
use crate::parts::filled;

/// A commit is shown by so many digits.
const SHORT_SHA: usize = 7;

/// States that are left out: steps on the way to one of the others, and `inactive`, by which GitHub itself marks what
/// the next deployment replaced.
const ON_THE_WAY: [&str; 5] = ["in_progress", "inactive", "pending", "queued", "waiting"];

/// The fact that a deployment came to a state.
///
/// It can come to one again, which its time tells: the id of the status would too, but GraphQL has none.
pub(in crate::github) fn event(
    deployment: &Deployment,
    status: &DeploymentStatus,
    repo: &Repo,
    actor: Option<Actor>,
) -> Result<Told, Missing> {
    // GraphQL spells it in upper case.
    let state = status.state.to_lowercase();
    let kind = match state.as_str() {
        "success" => SourceType::GithubDeploymentSucceeded,
        "failure" => SourceType::GithubDeploymentFailed,
        "error" => SourceType::GithubDeploymentError,
        other if ON_THE_WAY.contains(&other) => return Ok(Err(IgnoreReason::state(other))),
        other => return Ok(Err(IgnoreReason::unknown_state(other))),
    };
    let at = status.created_at.ok_or(Missing("created_at"))?;
    // A status may name an environment of its own.
    let environment = filled(status.environment.as_deref()).or(filled(deployment.environment.as_deref()));
    let said = filled(status.description.as_deref()).or(filled(deployment.description.as_deref()));
    let mut event = SourceEvent::new(
        kind,
        SourceId::at(ProviderKind::Github, "deployment", format!("{}:{}", repo.id, deployment.id), &state, at),
        &format!(
            "[{}] {} at {}",
            kind.label(),
            environment.unwrap_or("deployment"),
            text::cut(&deployment.sha, SHORT_SHA)
        ),
        said.unwrap_or_default(),
        at,
    );
    event.actor = actor;
    event.references = references(deployment, repo);
    event.metadata = attributes(repo)
        .with("deploymentId", deployment.id.0)
        .with("state", state)
        .with("commitSha", deployment.sha.as_str())
        .maybe("environment", environment)
        .maybe("production", deployment.production_environment)
        .maybe("ref", filled(deployment.reference.as_deref()))
        .maybe("task", filled(deployment.task.as_deref()))
        .maybe("environmentUrl", filled(status.environment_url.as_deref()))
        .maybe("logUrl", filled(status.log_url.as_deref()))
        .0;
    Ok(Ok(event))
}

/// The deployment and what it brought; `ref` may name a branch, a tag or a commit, and does not say which.
fn references(deployment: &Deployment, repo: &Repo) -> Vec<Reference> {
    let mut all = Vec::new();
    all.extend(Reference::new(ReferenceKind::Deployment, deployment.id.to_string()));
    all.extend(commit(repo, &deployment.sha));
    all
}

#[cfg(test)]
mod tests {
    use connector_domain::ResourceId;
    use connector_domain::connection::ResourceRef;

    use super::*;

    fn told(state: &str) -> Told {
        let resource = ResourceRef { id: ResourceId::parse("7").unwrap(), name: "acme/shop".into() };
        let deployment = serde_json::from_str(r#"{"id":9,"sha":"abcdef0123","environment":"production"}"#).unwrap();
        let status = format!(r#"{{"state":"{state}","environment":"","created_at":"2026-01-01T00:00:00Z"}}"#);
        let repo = Repo::listed(&resource, None).unwrap();
        event(&deployment, &serde_json::from_str(&status).unwrap(), &repo, None).unwrap()
    }

    #[test]
    fn the_end_of_a_deployment_is_a_fact_in_either_case() {
        for (state, title) in [
            ("success", "[Deployment Succeeded] production at abcdef0"),
            ("failure", "[Deployment Failed] production at abcdef0"),
            ("error", "[Deployment Error] production at abcdef0"),
        ] {
            let event = told(state).unwrap();
            assert_eq!(event.title, title);
            assert_eq!(event.source_id.as_str(), format!("github:deployment:7:9:{state}@2026-01-01T00:00:00Z"));
            assert_eq!(told(&state.to_uppercase()).unwrap(), event);
        }
    }

    #[test]
    fn what_comes_before_the_end_is_left_out_and_what_is_new_to_us_is_named() {
        for state in ON_THE_WAY {
            assert_eq!(told(state).unwrap_err(), IgnoreReason::state(state));
        }
        assert_eq!(told("IN_PROGRESS").unwrap_err(), IgnoreReason::state("in_progress"));
        assert_eq!(told("blessed").unwrap_err(), IgnoreReason::unknown_state("blessed"));
    }
}
