//! Comments on issues.

use connector_domain::event::Actor;
use connector_domain::transformed::Quarantined;
use connector_domain::{ProviderKind, Reference, ReferenceKind, SourceEvent, SourceId, SourceType};

use super::missing;
use crate::parts::{Attributes, excerpt, filled};
use crate::sentry::payload::Comment;

/// Longest part of a title that is taken from a comment.
const MAX_SUBJECT_CHARS: usize = 80;

/// The fact that a comment was written.
pub(in crate::sentry) fn created(comment: &Comment, actor: Option<Actor>) -> Result<SourceEvent, Quarantined> {
    let at = comment.timestamp.second().ok_or_else(|| missing("timestamp"))?;
    let kind = SourceType::SentryCommentCreated;
    let slug = filled(comment.project_slug.as_deref());
    let mut event = SourceEvent::new(
        kind,
        SourceId::once(ProviderKind::Sentry, "comment", comment.id, "created"),
        &format!("[{}] {}", kind.label(), excerpt(&comment.text, MAX_SUBJECT_CHARS)),
        &comment.text,
        at,
    );
    event.actor = actor;
    let issue = Reference::new(ReferenceKind::Issue, comment.issue_id.to_string());
    let project = slug.and_then(|slug| Reference::new(ReferenceKind::Project, slug));
    event.references = issue.into_iter().chain(project).collect();
    event.metadata = Attributes::default()
        .with("commentId", comment.id.to_string())
        .with("issueId", comment.issue_id.to_string())
        .maybe("projectSlug", slug)
        .with("action", "created")
        .0;
    Ok(event)
}
