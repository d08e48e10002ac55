//! Comments: on an issue, on an update of a project or an initiative, or on a document.

use connector_domain::{Reference, ReferenceKind, SourceType};

use super::{
    Attributes, MAX_EXCERPT_CHARS, Thing, Transition, filled, id_of, labelled, line, name_of, pointer, reference,
};
use crate::linear::payload::{Base, Comment, IssueName, Named, User};
use crate::parts::excerpt;

impl Thing for Comment {
    const ENTITY: &'static str = "comment";

    fn source_type(transition: Transition) -> Option<SourceType> {
        match transition {
            Transition::Created => Some(SourceType::LinearCommentCreated),
            Transition::Updated => Some(SourceType::LinearCommentUpdated),
            Transition::Deleted => Some(SourceType::LinearCommentDeleted),
            _ => None,
        }
    }

    fn subject(&self, base: &Base) -> String {
        let text = excerpt(self.body.as_deref().unwrap_or_default(), MAX_EXCERPT_CHARS);
        let on = issue_key(self.issue.as_ref(), base).or_else(|| self.on().map(str::to_owned));
        on.map_or_else(|| text.clone(), |on| format!("{on}: {text}"))
    }

    fn lines(&self) -> Vec<String> {
        let on = match &self.issue {
            Some(issue) => issue_line(issue),
            None => line("On", self.on()),
        };
        vec![self.body.clone().unwrap_or_default(), on]
    }

    fn references(&self, base: &Base) -> Vec<Option<Reference>> {
        let document = self.document_content.as_ref().and_then(|content| content.document.as_ref());
        vec![
            issue_reference(self.issue.as_ref(), self.issue_id.as_ref(), base),
            pointer(ReferenceKind::Project, self.project(), None),
            document.and_then(|document| {
                labelled(ReferenceKind::Document, document.id.as_deref(), document.title.as_deref(), None)
            }),
        ]
    }

    fn attributes(&self, base: &Base) -> Attributes {
        let issue = self.issue.as_ref();
        let update = self.project_update.as_ref().and_then(|update| update.id.as_deref());
        Attributes::default()
            .with("commentId", base.id.as_str())
            .maybe("issueId", filled(issue.and_then(|issue| issue.id.as_deref())).or(filled(self.issue_id.as_deref())))
            .maybe("issueIdentifier", issue_key(issue, base))
            .maybe("issueTitle", issue.and_then(|issue| filled(issue.title.as_deref())))
            .maybe("projectUpdateId", filled(update).or(filled(self.project_update_id.as_deref())))
            .maybe("initiativeUpdateId", filled(self.initiative_update_id.as_deref()))
            .maybe("projectName", name_of(self.project()))
            .maybe("parentCommentId", id_of(self.parent.as_ref(), self.parent_id.as_ref()))
            .maybe("editedAt", filled(self.edited_at.as_deref()))
    }

    fn author(&self) -> Option<&User> {
        self.user.as_ref()
    }
}

impl Comment {
    fn project(&self) -> Option<&Named> {
        let of_update = self.project_update.as_ref().and_then(|update| update.project.as_ref());
        of_update.or_else(|| self.document_content.as_ref()?.project.as_ref())
    }

    /// What it is on, other than an issue.
    fn on(&self) -> Option<&str> {
        let document = self.document_content.as_ref().and_then(|content| content.document.as_ref());
        let title = document.and_then(|document| document.title.as_deref());
        filled(title).or_else(|| name_of(self.project()))
    }
}

/// `TEAM-123`. Older bodies tell it in the address alone, which is below that of the issue.
pub(super) fn issue_key(issue: Option<&IssueName>, base: &Base) -> Option<String> {
    let told = filled(issue.and_then(|issue| issue.identifier.as_deref()));
    let key = told.or_else(|| {
        let (_, path) = base.url.as_deref()?.split_once("/issue/")?;
        let key = path.split(['/', '#', '?']).next()?;
        let (team, number) = key.rsplit_once('-')?;
        let known = !team.is_empty() && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        known.then_some(key)
    })?;
    Some(key.to_owned())
}

/// The issue that something is on; by its key where that is known.
pub(super) fn issue_reference(issue: Option<&IssueName>, id: Option<&String>, base: &Base) -> Option<Reference> {
    let id = filled(issue.and_then(|issue| issue.id.as_deref())).or(filled(id.map(String::as_str)))?;
    let key = issue_key(issue, base);
    let url = issue.and_then(|issue| issue.url.as_deref());
    reference(ReferenceKind::Issue, key.as_deref().unwrap_or(id), url)
}

pub(super) fn issue_line(issue: &IssueName) -> String {
    let (key, title) = (filled(issue.identifier.as_deref()), filled(issue.title.as_deref()));
    let both = [key, title].into_iter().flatten().collect::<Vec<_>>().join(" - ");
    line("On issue", Some(&both))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_says_what_it_is_on() {
        let subject = |comment: &str, url: &str| {
            let comment: Comment = serde_json::from_str(comment).unwrap();
            let base = serde_json::from_str(&format!(r#"{{"id":"1","url":"{url}"}}"#)).unwrap();
            comment.subject(&base)
        };
        assert_eq!(subject(r#"{"body":"a","issue":{"identifier":"ENG-1"}}"#, ""), "ENG-1: a");
        let old = "https://linear.app/acme/issue/KOR-12/title#comment-5081a82b";
        assert_eq!(subject(r#"{"body":"a","issue":{"id":"i"}}"#, old), "KOR-12: a");
        assert_eq!(subject(r#"{"body":"a","issueId":"i"}"#, "https://linear.app/acme/issue/x"), "a");
        assert_eq!(subject(r#"{"body":"a","projectUpdate":{"project":{"name":"Relaunch"}}}"#, ""), "Relaunch: a");
        let document = r#"{"body":"a","documentContent":{"document":{"title":"Plan"},"project":{"name":"P"}}}"#;
        assert_eq!(subject(document, ""), "Plan: a");
        assert_eq!(subject("{}", ""), "");
    }
}
