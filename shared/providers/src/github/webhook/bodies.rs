//! The bodies of webhooks about one thing in one repository, and which fact each is.

use connector_domain::event::Actor;
use connector_domain::transformed::{IgnoreReason, Quarantined};
use serde::{Deserialize, de::DeserializeOwned};

use crate::github::facts::comment::{self, Place};
use crate::github::facts::{self, Missing, Told, deployment, discussion, issue, pull_request, release, review};
use crate::github::payload::{
    Answer, Comment, Deployment, DeploymentStatus, Discussion, Issue, PullRequest, Release, Repo, Repository, Review,
    User,
};
use crate::json;

/// A body about one thing in one repository.
trait Body: DeserializeOwned {
    /// The name of the thing in the body.
    const SUBJECT: &'static str;

    fn repository(&self) -> &Repository;
    fn sender(&self) -> Option<&User>;
}

macro_rules! body {
    ($name:ident { $subject:ident: $kind:ty $(, $also:ident: $also_kind:ty)* }) => {
        #[derive(Deserialize)]
        struct $name {
            $subject: $kind,
            $($also: $also_kind,)*
            repository: Repository,
            sender: Option<User>,
        }

        impl Body for $name {
            const SUBJECT: &'static str = stringify!($subject);

            fn repository(&self) -> &Repository {
                &self.repository
            }
            fn sender(&self) -> Option<&User> {
                self.sender.as_ref()
            }
        }
    };
}

body!(PullRequestBody { pull_request: PullRequest });
body!(ReviewBody { review: Review, pull_request: PullRequest });
body!(ReviewCommentBody { comment: Comment, pull_request: PullRequest });
body!(IssueBody { issue: Issue });
body!(IssueCommentBody { comment: Comment, issue: Issue });
body!(ReleaseBody { release: Release });
body!(DiscussionBody { discussion: Discussion, answer: Option<Answer> });
body!(DiscussionCommentBody { comment: Comment, discussion: Discussion });
body!(DeploymentStatusBody { deployment_status: DeploymentStatus, deployment: Deployment });

/// Reads a body and makes its fact; who sent it is who acted.
fn about<B: Body>(
    raw: &[u8],
    make: impl FnOnce(&B, &Repo, Option<Actor>) -> Result<Told, Missing>,
) -> Result<Told, Quarantined> {
    let body: B = json::parse(raw)?;
    let actor = body.sender().and_then(facts::actor);
    make(&body, &Repo::of(body.repository()), actor).map_err(|missing| json::within(B::SUBJECT, missing.into()))
}

pub(super) fn pull_request(
    raw: &[u8],
    transition: fn(&PullRequest) -> pull_request::Transition,
) -> Result<Told, Quarantined> {
    about(raw, |body: &PullRequestBody, repo, actor| {
        pull_request::event(&body.pull_request, transition(&body.pull_request), repo, actor).map(Ok)
    })
}

pub(super) fn review_submitted(raw: &[u8]) -> Result<Told, Quarantined> {
    about(raw, |body: &ReviewBody, repo, actor| {
        review::submitted(&body.review, &(&body.pull_request).into(), repo, actor)
    })
}

pub(super) fn review_dismissed(raw: &[u8]) -> Result<Told, Quarantined> {
    about(raw, |body: &ReviewBody, repo, actor| {
        let at = body.review.updated_at.or(body.pull_request.updated_at).ok_or(Missing("updated_at"))?;
        Ok(Ok(review::dismissed(&body.review, &(&body.pull_request).into(), at, repo, actor)))
    })
}

pub(super) fn review_comment(raw: &[u8]) -> Result<Told, Quarantined> {
    about(raw, |body: &ReviewCommentBody, repo, actor| {
        comment::created(&body.comment, Place::Code, &(&body.pull_request).into(), repo, actor).map(Ok)
    })
}

pub(super) fn issue(raw: &[u8], transition: issue::Transition) -> Result<Told, Quarantined> {
    about(raw, |body: &IssueBody, repo, actor| issue::event(&body.issue, transition, repo, actor).map(Ok))
}

pub(super) fn issue_comment(raw: &[u8]) -> Result<Told, Quarantined> {
    about(raw, |body: &IssueCommentBody, repo, actor| {
        comment::created(&body.comment, Place::Conversation, &(&body.issue).into(), repo, actor).map(Ok)
    })
}

pub(super) fn release(raw: &[u8]) -> Result<Told, Quarantined> {
    about(raw, |body: &ReleaseBody, repo, actor| release::published(&body.release, repo, actor).map(Ok))
}

/// A draft can be deleted too, and is no fact.
pub(super) fn release_or_draft(raw: &[u8]) -> Result<Told, Quarantined> {
    about(raw, |body: &ReleaseBody, repo, actor| match body.release.published_at {
        Some(_) => release::published(&body.release, repo, actor).map(Ok),
        None => Ok(Err(IgnoreReason::DRAFT)),
    })
}

pub(super) fn discussion(raw: &[u8], transition: discussion::Transition) -> Result<Told, Quarantined> {
    about(raw, |body: &DiscussionBody, repo, actor| {
        discussion::event(&body.discussion, body.answer.as_ref(), transition, repo, actor).map(Ok)
    })
}

pub(super) fn discussion_comment(raw: &[u8]) -> Result<Told, Quarantined> {
    about(raw, |body: &DiscussionCommentBody, repo, actor| {
        comment::created(&body.comment, Place::Discussion, &(&body.discussion).into(), repo, actor).map(Ok)
    })
}

/// Who acted is who made the status: the sender is the one on whose behalf it was made.
pub(super) fn deployment_status(raw: &[u8]) -> Result<Told, Quarantined> {
    about(raw, |body: &DeploymentStatusBody, repo, sender| {
        let status = &body.deployment_status;
        let actor = status.creator.as_ref().and_then(facts::actor).or(sender);
        deployment::event(&body.deployment, status, repo, actor)
    })
}
