//! Instant rollbacks: an older deployment gets the production domains back.

use connector_domain::{ProviderKind, Reference, ReferenceKind, SourceEvent, SourceId, SourceType, Timestamp};

use super::title;
use crate::parts::{Attributes, reference};

/// What went where.
pub(in crate::vercel) struct Rollback<'a> {
    /// The deployment that is restored.
    pub(in crate::vercel) to: &'a str,
    /// The one that is replaced.
    pub(in crate::vercel) from: Option<&'a str>,
    pub(in crate::vercel) project: &'a str,
    pub(in crate::vercel) project_name: Option<&'a str>,
}

/// The fact that Vercel accepted a rollback. No event tells when it is done, and history does not tell of it: a project
/// keeps its last request only, with a time of its own.
pub(in crate::vercel) fn event(rollback: &Rollback<'_>, at: Timestamp) -> SourceEvent {
    let Rollback { to, from, project, project_name } = rollback;
    let kind = SourceType::VercelDeploymentRollback;
    let subject = project_name.map_or_else(|| format!("to {to}"), |name| format!("{name} to {to}"));
    let mut event = SourceEvent::new(
        kind,
        SourceId::at(ProviderKind::Vercel, "deployment", to, "rollback", at),
        &title(kind, &subject),
        &format!("> {}", kind.label()),
        at,
    );
    event.references = references(rollback);
    event.metadata = Attributes::default()
        .with("deploymentId", *to)
        .maybe("replacedDeploymentId", *from)
        .with("projectId", *project)
        .maybe("projectName", *project_name)
        .with("environment", "production")
        .0;
    event
}

fn references(rollback: &Rollback<'_>) -> Vec<Reference> {
    let deployment = |id: &str, relation: &str| {
        reference(ReferenceKind::Deployment, id, None).map(|reference| reference.label(relation))
    };
    let mut all = Vec::new();
    all.extend(deployment(rollback.to, "restores"));
    all.extend(rollback.from.and_then(|from| deployment(from, "replaces")));
    all.extend(reference(ReferenceKind::Project, rollback.project, None));
    all
}
