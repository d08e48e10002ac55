//! What a review or a comment is about.

use connector_domain::{Reference, ReferenceKind};

use crate::github::payload::{Discussion, Issue, PullRequest, Repo};
use crate::parts::{Attributes, filled, reference};

/// A pull request, issue or discussion, as far as a webhook and a list both know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::github) struct Subject<'a> {
    pub(in crate::github) kind: Kind,
    pub(in crate::github) number: u64,
    /// Lists of comments do not tell it.
    pub(in crate::github) title: Option<&'a str>,
}

/// What kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::github) enum Kind {
    PullRequest,
    Issue,
    Discussion,
}

impl Kind {
    const ALL: [Self; 3] = [Self::PullRequest, Self::Issue, Self::Discussion];

    /// The part of an address that stands before the number.
    const fn page(self) -> &'static str {
        match self {
            Self::PullRequest => "pull",
            Self::Issue => "issues",
            Self::Discussion => "discussions",
        }
    }

    const fn reference(self) -> ReferenceKind {
        match self {
            Self::PullRequest => ReferenceKind::Pr,
            Self::Issue => ReferenceKind::Issue,
            Self::Discussion => ReferenceKind::Discussion,
        }
    }

    /// The attribute that holds the number, as in the facts of the thing itself.
    const fn attribute(self) -> &'static str {
        match self {
            Self::PullRequest => "prNumber",
            Self::Issue => "issueNumber",
            Self::Discussion => "discussionNumber",
        }
    }
}

impl Subject<'static> {
    /// From the address of a comment, which begins with that of the thing: `.../pull/7#issuecomment-5`.
    /// `None` when it is not of that form.
    pub(in crate::github) fn listed(comment_url: Option<&str>) -> Option<Self> {
        let url = comment_url?.split('#').next()?;
        let (path, number) = url.rsplit_once('/')?;
        let kind = Kind::ALL.into_iter().find(|kind| path.rsplit('/').next() == Some(kind.page()))?;
        Some(Self { kind, number: number.parse().ok()?, title: None })
    }
}

impl Subject<'_> {
    /// The thing itself.
    pub(super) fn reference(&self, repo: &Repo) -> Option<Reference> {
        let number = self.number.to_string();
        reference(self.kind.reference(), format!("#{number}"), Some(&repo.page(self.kind.page(), &number)))
    }

    /// Its number and, where it is known, its title.
    pub(super) fn told(&self, attributes: Attributes) -> Attributes {
        attributes.with(self.kind.attribute(), self.number).maybe("subject", filled(self.title))
    }
}

impl<'a> From<&'a PullRequest> for Subject<'a> {
    fn from(pull: &'a PullRequest) -> Self {
        Self { kind: Kind::PullRequest, number: pull.number.0, title: Some(&pull.title) }
    }
}

impl<'a> From<&'a Issue> for Subject<'a> {
    /// To GitHub a pull request is an issue, too, and its conversation is one of an issue.
    fn from(issue: &'a Issue) -> Self {
        let kind = if issue.pull_request.is_some() { Kind::PullRequest } else { Kind::Issue };
        Self { kind, number: issue.number.0, title: Some(&issue.title) }
    }
}

impl<'a> From<&'a Discussion> for Subject<'a> {
    fn from(discussion: &'a Discussion) -> Self {
        Self { kind: Kind::Discussion, number: discussion.number.0, title: Some(&discussion.title) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comments_address_tells_what_it_is_about() {
        let listed = |url: &str| Subject::listed(Some(url)).map(|subject| (subject.kind, subject.number));
        let shop = "https://github.com/acme/shop";
        assert_eq!(listed(&format!("{shop}/pull/7#issuecomment-5")), Some((Kind::PullRequest, 7)));
        assert_eq!(listed(&format!("{shop}/issues/21#issuecomment-5")), Some((Kind::Issue, 21)));
        assert_eq!(listed(&format!("{shop}/discussions/31#discussioncomment-5")), Some((Kind::Discussion, 31)));
        for other in ["", "7", "/7", "https://github.com/acme/pull", "https://github.com/acme/shop/commit/1#r5"] {
            assert_eq!(listed(other), None, "{other}");
        }
        assert_eq!(Subject::listed(None), None);
    }

    #[test]
    fn an_issue_that_is_a_pull_request_is_referenced_as_one() {
        let issue: Issue = serde_json::from_str(r#"{"number":7,"title":"x","pull_request":{}}"#).unwrap();
        assert_eq!(Subject::from(&issue).kind, Kind::PullRequest);
        let issue: Issue = serde_json::from_str(r#"{"number":7,"title":"x"}"#).unwrap();
        assert_eq!(Subject::from(&issue).kind, Kind::Issue);
    }
}
