//! Deployments.
//!
//! A webhook tells when its event came about, a listed deployment when it reached a state. Both are Vercel's clock at the
//! same moment, give or take what it needs to send the event; so no identity here rests on a time that both paths tell.

use connector_domain::event::Actor;
use connector_domain::{ProviderKind, Reference, ReferenceKind, SourceEvent, SourceId, SourceType, Timestamp};

use super::{Missing, title};
use crate::parts::{Attributes, filled, reference};
use crate::vercel::git::Commit;
use crate::vercel::payload::{Creator, Deployment};

/// What can happen to a deployment that is worth remembering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::vercel) enum Transition {
    Created,
    /// Built; checks may still hold it back.
    Ready,
    /// Built and checked.
    Succeeded,
    Error,
    Canceled,
    /// It got the production domains.
    Promoted,
}

impl Transition {
    const fn source_type(self) -> SourceType {
        match self {
            Self::Created => SourceType::VercelDeploymentCreated,
            Self::Ready => SourceType::VercelDeploymentReady,
            Self::Succeeded => SourceType::VercelDeploymentSucceeded,
            Self::Error => SourceType::VercelDeploymentError,
            Self::Canceled => SourceType::VercelDeploymentCanceled,
            Self::Promoted => SourceType::VercelDeploymentPromoted,
        }
    }

    fn source_id(self, id: &str, at: Timestamp) -> SourceId {
        let once = |transition| SourceId::once(ProviderKind::Vercel, "deployment", id, transition);
        match self {
            Self::Created => once("created"),
            Self::Ready => once("ready"),
            Self::Succeeded => once("succeeded"),
            Self::Error => once("error"),
            Self::Canceled => once("canceled"),
            // After a rollback it can be promoted again.
            Self::Promoted => SourceId::at(ProviderKind::Vercel, "deployment", id, "promoted", at),
        }
    }

    /// The first character of the text.
    const fn sign(self) -> char {
        match self {
            Self::Ready | Self::Succeeded => '+',
            Self::Error => 'x',
            Self::Canceled => '!',
            Self::Created | Self::Promoted => '>',
        }
    }
}

/// When a transition happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::vercel) struct Moment {
    pub(in crate::vercel) at: Timestamp,
    /// Whether it may have been later.
    pub(in crate::vercel) earliest: bool,
}

impl Moment {
    /// Then and no later.
    pub(in crate::vercel) const fn exactly(at: Timestamp) -> Self {
        Self { at, earliest: false }
    }
}

/// What a listed deployment proves to have happened.
///
/// A promotion is not among it: the list tells that one took place, and neither when nor how often.
pub(in crate::vercel) fn proven(deployment: &Deployment) -> Result<Vec<(Transition, Moment)>, Missing> {
    let created = deployment.created.or(deployment.created_at).ok_or(Missing("created"))?.0;
    let mut proven = vec![(Transition::Created, Moment::exactly(created))];
    let ended = deployment.ready.map(|at| Moment::exactly(at.0));
    // Where the list does not say when the build ended, it was not before it began.
    let begun = Moment { at: deployment.building_at.map_or(created, |at| at.0), earliest: true };
    match deployment.state.as_deref().or(deployment.ready_state.as_deref()) {
        Some("READY") => {
            proven.extend(ended.map(|ended| (Transition::Ready, ended)));
            proven.extend(succeeded(deployment).map(|at| (Transition::Succeeded, at)));
        }
        Some("ERROR") => proven.push((Transition::Error, ended.unwrap_or(begun))),
        Some("CANCELED") => proven.push((Transition::Canceled, ended.unwrap_or(begun))),
        // Still on its way, deleted, or in a state that is new to us.
        _ => {}
    }
    Ok(proven)
}

/// When a built deployment had passed its checks: at once where none were registered. Of the older kind of checks the
/// list tells the conclusion and not the time.
fn succeeded(deployment: &Deployment) -> Option<Moment> {
    let ready = deployment.ready?.0;
    let check = deployment.checks.as_ref().and_then(|checks| checks.alias.as_ref());
    match check {
        Some(check) if check.state.as_deref() == Some("succeeded") => {
            Some(Moment::exactly(check.completed_at?.0.max(ready)))
        }
        None if deployment.checks_state.is_none() => Some(Moment::exactly(ready)),
        _ => None,
    }
}

/// The fact that `transition` happened to a deployment.
pub(in crate::vercel) fn event(
    deployment: &Deployment,
    transition: Transition,
    moment: Moment,
) -> Result<SourceEvent, Missing> {
    let id = id(deployment).ok_or(Missing("id"))?;
    let name = filled(deployment.name.as_deref()).ok_or(Missing("name"))?;
    let project = filled(deployment.project_id.as_deref()).ok_or(Missing("projectId"))?;
    let commit = Commit::of(deployment.meta.as_ref());
    let kind = transition.source_type();
    let subject = match &commit.branch {
        Some(branch) => format!("{name} from {branch}"),
        None => name.to_owned(),
    };
    let mut event = SourceEvent::new(
        kind,
        transition.source_id(id, moment.at),
        &title(kind, &subject),
        &format!("{} {}\n{}", transition.sign(), kind.label(), commit.message.as_deref().unwrap_or_default()),
        moment.at,
    );
    event.actor = actor(deployment, transition, &commit);
    event.references = references(deployment, id, project, &commit);
    event.metadata = Attributes::default()
        .with("deploymentId", id)
        .maybe("deploymentUrl", filled(deployment.url.as_deref()))
        .maybe("inspectorUrl", filled(deployment.inspector_url.as_deref()))
        .with("projectId", project)
        .with("projectName", name)
        .maybe("environment", environment(deployment))
        .maybe("branch", commit.branch.as_deref())
        .maybe("gitCommitSha", commit.sha)
        .maybe("gitCommitRef", commit.branch.as_deref())
        .maybe("gitCommitMessage", commit.message)
        .maybe("gitCommitAuthor", commit.author)
        .maybe("gitOrg", commit.org)
        .maybe("gitRepo", commit.repo)
        .maybe("errorCode", of_failure(transition, deployment.error_code.as_deref()))
        .maybe("errorMessage", of_failure(transition, deployment.error_message.as_deref()))
        .maybe("occurredAtIsEarliest", moment.earliest.then_some(true))
        .0;
    Ok(event)
}

fn id(deployment: &Deployment) -> Option<&str> {
    filled(deployment.uid.as_deref()).or(filled(deployment.id.as_deref()))
}

/// Whose deployment it is: the commit's author, or the Vercel user who made it without git. Who canceled or promoted
/// it may be someone else, of whom Vercel tells an id and no name.
fn actor(deployment: &Deployment, transition: Transition, commit: &Commit) -> Option<Actor> {
    match transition {
        Transition::Canceled | Transition::Promoted => None,
        Transition::Created | Transition::Ready | Transition::Succeeded | Transition::Error => {
            commit.actor().or_else(|| user(deployment.creator.as_ref()?))
        }
    }
}

fn user(creator: &Creator) -> Option<Actor> {
    Some(Actor {
        id: filled(creator.uid.as_deref())?.to_owned(),
        name: filled(creator.username.as_deref())?.to_owned(),
        email: None,
        avatar_url: None,
    })
}

/// `production`, `staging`, the name of a custom environment, or `preview`; `None` where nothing is said.
fn environment(deployment: &Deployment) -> Option<&str> {
    let custom = deployment.custom_environment.as_ref();
    match &deployment.target {
        Some(Some(target)) => filled(Some(target)),
        _ if custom.is_some() => filled(custom?.slug.as_deref()),
        _ if deployment.custom_environment_id.is_some() => None,
        Some(None) => Some("preview"),
        None => None,
    }
}

fn of_failure(transition: Transition, text: Option<&str>) -> Option<&str> {
    matches!(transition, Transition::Error | Transition::Canceled).then_some(text).and_then(filled)
}

fn references(deployment: &Deployment, id: &str, project: &str, commit: &Commit) -> Vec<Reference> {
    let mut all: Vec<Reference> = commit.references().collect();
    let url = filled(deployment.url.as_deref()).map(|host| format!("https://{host}"));
    all.extend(reference(ReferenceKind::Deployment, id, url.as_deref()));
    all.extend(reference(ReferenceKind::Project, project, None));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(json: &str) -> Vec<(Transition, i64, bool)> {
        let deployment = serde_json::from_str(json).unwrap();
        let proven = proven(&deployment).unwrap().into_iter();
        proven.map(|(what, moment)| (what, moment.at.as_millisecond(), moment.earliest)).collect()
    }

    const CREATED: (Transition, i64, bool) = (Transition::Created, 1, false);

    #[test]
    fn a_finished_build_was_ready_and_without_checks_it_succeeded_then() {
        let both = [CREATED, (Transition::Ready, 9, false), (Transition::Succeeded, 9, false)];
        assert_eq!(told(r#"{"created":1,"buildingAt":2,"ready":9,"state":"READY"}"#), both);
        assert_eq!(told(r#"{"createdAt":1,"ready":9,"readyState":"READY"}"#), both);
        assert_eq!(told(r#"{"created":1,"state":"READY"}"#), [CREATED]);
    }

    #[test]
    fn with_checks_it_succeeded_when_they_were_done_or_nobody_knows_when() {
        let ready = (Transition::Ready, 9, false);
        let build = |checks: &str| told(&format!(r#"{{"created":1,"ready":9,"state":"READY",{checks}}}"#));
        assert_eq!(build(r#""checksState":"completed","checksConclusion":"succeeded""#), [CREATED, ready]);
        let done = r#""checks":{"deployment-alias":{"state":"succeeded","startedAt":8,"completedAt":12}}"#;
        assert_eq!(build(done), [CREATED, ready, (Transition::Succeeded, 12, false)]);
        assert_eq!(build(r#""checks":{"deployment-alias":{"state":"pending","startedAt":8}}"#), [CREATED, ready]);
    }

    #[test]
    fn a_failure_is_told_at_the_end_of_the_build_or_at_the_earliest() {
        for (state, failed) in [("ERROR", Transition::Error), ("CANCELED", Transition::Canceled)] {
            let build = |times: &str| told(&format!(r#"{{"created":1,"state":"{state}"{times}}}"#));
            assert_eq!(build(r#","buildingAt":2,"ready":9"#), [CREATED, (failed, 9, false)]);
            assert_eq!(build(r#","buildingAt":2"#), [CREATED, (failed, 2, true)]);
            assert_eq!(build(""), [CREATED, (failed, 1, true)]);
        }
    }

    #[test]
    fn any_other_state_proves_the_creation_only() {
        for state in ["QUEUED", "INITIALIZING", "BUILDING", "DELETED", "BLOCKED", ""] {
            assert_eq!(told(&format!(r#"{{"created":1,"ready":9,"state":"{state}"}}"#)), [CREATED], "{state}");
        }
        assert_eq!(proven(&serde_json::from_str(r#"{"state":"READY"}"#).unwrap()), Err(Missing("created")));
    }

    #[test]
    fn the_environment_is_told_by_the_target_never_by_the_address() {
        let of = |json: &str| environment(&serde_json::from_str::<Deployment>(json).unwrap()).map(str::to_owned);
        assert_eq!(of(r#"{"target":"production","url":"shop-git-x.vercel.app"}"#).as_deref(), Some("production"));
        assert_eq!(of(r#"{"target":null}"#).as_deref(), Some("preview"));
        assert_eq!(of(r#"{"target":null,"customEnvironment":{"id":"env_1","slug":"qa"}}"#).as_deref(), Some("qa"));
        assert_eq!(of(r#"{"target":null,"customEnvironmentId":"env_1"}"#), None);
        assert_eq!(of("{}"), None);
    }

    #[test]
    fn only_a_promotion_can_happen_again() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(Transition::Ready.source_id("dpl_1", at(1)), Transition::Ready.source_id("dpl_1", at(2)));
        assert_ne!(Transition::Promoted.source_id("dpl_1", at(1)), Transition::Promoted.source_id("dpl_1", at(2)));
    }

    #[test]
    fn a_deployment_without_git_is_its_makers() {
        let json = r#"{"uid":"dpl_1","name":"shop","projectId":"prj_1","creator":{"uid":"u1","username":"jane"}}"#;
        let deployment = serde_json::from_str(json).unwrap();
        let made = |what| event(&deployment, what, Moment::exactly(Timestamp::UNIX_EPOCH)).unwrap();
        let created = made(Transition::Created);
        assert_eq!(created.actor.map(|actor| (actor.id, actor.name)), Some(("u1".into(), "jane".into())));
        assert_eq!(created.title, "[Deployment Started] shop");
        assert_eq!(created.body, "> Deployment Started");
        assert_eq!(made(Transition::Canceled).actor, None);
    }
}
