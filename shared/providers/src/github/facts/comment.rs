//! Comments: in the conversation of an issue or pull request, on a line of a pull request, in a discussion.
//!
//! A comment is told by its own words. What it is about is named by number, since no list of comments tells the title.

use connector_domain::event::Actor;
use connector_domain::{ProviderKind, Reference, ReferenceKind, SourceEvent, SourceId, SourceType};

use super::subject::Subject;
use super::{Missing, attributes, authored, commit, person};
use crate::github::payload::{Comment, Repo};
use crate::parts::{excerpt, filled};

/// Most of a comment that its title shows.
const MAX_EXCERPT_CHARS: usize = 60;

/// Where a comment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::github) enum Place {
    /// In the conversation of an issue or pull request.
    Conversation,
    /// On a line, or a file, of a pull request.
    Code,
    /// In a discussion, or below another comment there.
    Discussion,
}

impl Place {
    const fn source_type(self) -> SourceType {
        match self {
            Self::Conversation => SourceType::GithubIssueCommentCreated,
            Self::Code => SourceType::GithubReviewCommentCreated,
            Self::Discussion => SourceType::GithubDiscussionCommentCreated,
        }
    }

    /// The three are numbered apart.
    const fn entity(self) -> &'static str {
        match self {
            Self::Conversation => "issue_comment",
            Self::Code => "review_comment",
            Self::Discussion => "discussion_comment",
        }
    }
}

/// The fact that somebody commented.
pub(in crate::github) fn created(
    comment: &Comment,
    place: Place,
    subject: &Subject<'_>,
    repo: &Repo,
    actor: Option<Actor>,
) -> Result<SourceEvent, Missing> {
    let at = comment.created_at.ok_or(Missing("created_at"))?;
    let text = comment.body.as_deref().unwrap_or_default();
    let kind = place.source_type();
    let mut event = SourceEvent::new(
        kind,
        SourceId::once(ProviderKind::Github, place.entity(), format!("{}:{}", repo.id, comment.id), "created"),
        &headline(kind, subject, text),
        &match code(comment) {
            Some(code) => format!("{code}\n{text}"),
            None => text.to_owned(),
        },
        at,
    );
    event.actor = actor;
    event.references = references(comment, subject, repo);
    let facts = subject
        .told(attributes(repo))
        .with("action", "created")
        .with("commentId", comment.id.0)
        .maybe("commentUrl", filled(comment.html_url.as_deref()))
        .maybe("inReplyToId", comment.in_reply_to_id.or(comment.parent_id).map(|id| id.0))
        .maybe("reviewId", comment.pull_request_review_id.map(|id| id.0))
        .maybe("path", filled(comment.path.as_deref()))
        .maybe("line", comment.original_line)
        .maybe("commitSha", filled(comment.original_commit_id.as_deref()));
    event.metadata = authored(facts, comment.user.as_ref());
    Ok(event)
}

/// What the comment is about and the first line of its own: not a quote, nor a mark that a program left for itself.
fn headline(kind: SourceType, subject: &Subject<'_>, text: &str) -> String {
    let own = |line: &&str| !(line.is_empty() || line.starts_with('>') || line.starts_with("<!--"));
    let line = text.lines().map(str::trim).find(own).unwrap_or(text);
    match excerpt(line, MAX_EXCERPT_CHARS) {
        said if said.is_empty() => format!("[{}] #{}", kind.label(), subject.number),
        said => format!("[{}] #{}: {said}", kind.label(), subject.number),
    }
}

/// `src/main.rs:7`, where the comment is on a line.
fn code(comment: &Comment) -> Option<String> {
    let path = filled(comment.path.as_deref())?;
    Some(comment.original_line.map_or_else(|| path.to_owned(), |line| format!("{path}:{line}")))
}

fn references(comment: &Comment, subject: &Subject<'_>, repo: &Repo) -> Vec<Reference> {
    let mut all = Vec::new();
    all.extend(subject.reference(repo));
    all.extend(comment.original_commit_id.as_deref().and_then(|sha| commit(repo, sha)));
    all.extend(person(ReferenceKind::Author, &comment.user, repo));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::github::facts::subject::Kind;

    #[test]
    fn a_title_shows_the_first_line_that_is_the_commenters_own() {
        let subject = Subject { kind: Kind::Issue, number: 4, title: None };
        let shown = |text| headline(SourceType::GithubIssueCommentCreated, &subject, text);
        assert_eq!(shown("> Who?\r\n\r\nMe.\r\nAlways."), "[Comment Added] #4: Me.");
        assert_eq!(shown("<!-- bot -->\n## Report\n"), "[Comment Added] #4: ## Report");
        assert_eq!(shown("> Who?"), "[Comment Added] #4: > Who?");
        assert_eq!(shown("\n"), "[Comment Added] #4");
        assert_eq!(shown(&"é".repeat(61)), format!("[Comment Added] #4: {}...", "é".repeat(60)));
    }
}
