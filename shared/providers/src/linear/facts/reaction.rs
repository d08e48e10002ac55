//! Reactions: an emoji under a comment, an issue or an update.

use connector_domain::{Reference, SourceType};

use super::comment::{issue_key, issue_line, issue_reference};
use super::{Attributes, MAX_EXCERPT_CHARS, Thing, Transition, filled, line};
use crate::linear::payload::{Base, Reaction, User};
use crate::parts::excerpt;

impl Thing for Reaction {
    const ENTITY: &'static str = "reaction";

    fn source_type(transition: Transition) -> Option<SourceType> {
        match transition {
            Transition::Created => Some(SourceType::LinearReactionAdded),
            Transition::Deleted => Some(SourceType::LinearReactionRemoved),
            _ => None,
        }
    }

    fn subject(&self, base: &Base) -> String {
        let emoji = excerpt(self.emoji.as_deref().unwrap_or_default(), MAX_EXCERPT_CHARS);
        match issue_key(self.issue.as_ref(), base) {
            Some(key) => format!("{emoji} on {key}"),
            None => emoji,
        }
    }

    fn lines(&self) -> Vec<String> {
        let text = self.comment.as_ref().or(self.project_update.as_ref()).and_then(|on| on.body.as_deref());
        vec![
            self.emoji.clone().unwrap_or_default(),
            line("On", text),
            self.issue.as_ref().map(issue_line).unwrap_or_default(),
        ]
    }

    fn references(&self, base: &Base) -> Vec<Option<Reference>> {
        vec![issue_reference(self.issue.as_ref(), self.issue_id(), base)]
    }

    fn attributes(&self, base: &Base) -> Attributes {
        let issue = self.issue.as_ref().and_then(|issue| issue.id.as_deref());
        Attributes::default()
            .with("reactionId", base.id.as_str())
            .maybe("emoji", filled(self.emoji.as_deref()))
            .maybe("issueId", filled(issue).or(filled(self.issue_id().map(String::as_str))))
            .maybe("issueIdentifier", issue_key(self.issue.as_ref(), base))
            .maybe("commentId", filled(self.comment_id.as_deref()))
            .maybe("projectUpdateId", filled(self.project_update_id.as_deref()))
    }

    fn author(&self) -> Option<&User> {
        self.user.as_ref()
    }
}

impl Reaction {
    /// The issue that it is on, or that the comment is on.
    fn issue_id(&self) -> Option<&String> {
        self.issue_id.as_ref().or_else(|| self.comment.as_ref()?.issue_id.as_ref())
    }
}
