//! Projects. Only history tells of their creation: when the webhook comes, nobody has linked the project yet, so there
//! it is news about what can be linked.

use connector_domain::{ProviderKind, ReferenceKind, SourceEvent, SourceId, SourceType};

use super::{Missing, title};
use crate::parts::{Attributes, filled, reference};
use crate::vercel::payload::ListedProject;

/// The fact that a project was created.
pub(in crate::vercel) fn created(project: &ListedProject) -> Result<SourceEvent, Missing> {
    let at = project.created_at.ok_or(Missing("createdAt"))?.0;
    let kind = SourceType::VercelProjectCreated;
    let id = SourceId::once(ProviderKind::Vercel, "project", &project.id, "created");
    let mut event = SourceEvent::new(kind, id, &title(kind, &project.name), &project.name, at);
    event.references = reference(ReferenceKind::Project, project.id.as_str(), None).into_iter().collect();
    event.metadata = Attributes::default()
        .with("projectId", project.id.as_str())
        .with("projectName", project.name.as_str())
        .maybe("framework", filled(project.framework.as_deref()))
        .0;
    Ok(event)
}
