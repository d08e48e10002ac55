//! Pull requests.

use connector_domain::event::Actor;
use connector_domain::{ProviderKind, Reference, ReferenceKind, SourceEvent, SourceId, SourceType, Timestamp};

use super::{Missing, actor, attributes, authored, body, commit, labels, person, title};
use crate::github::links;
use crate::github::payload::{Branch, PullRequest, Repo, page};
use crate::parts::{filled, minute, reference};

/// What can happen to a pull request that is worth remembering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::github) enum Transition {
    Opened,
    Merged,
    /// Closed without being merged.
    Closed,
    Reopened,
    ReadyForReview,
}

impl Transition {
    const fn source_type(self) -> SourceType {
        match self {
            Self::Opened => SourceType::GithubPullRequestOpened,
            Self::Merged => SourceType::GithubPullRequestMerged,
            Self::Closed => SourceType::GithubPullRequestClosed,
            Self::Reopened => SourceType::GithubPullRequestReopened,
            Self::ReadyForReview => SourceType::GithubPullRequestReadyForReview,
        }
    }

    /// GitHub's word: a merge is a closing, too.
    const fn action(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Merged | Self::Closed => "closed",
            Self::Reopened => "reopened",
            Self::ReadyForReview => "ready_for_review",
        }
    }

    /// When it happened.
    fn at(self, pull: &PullRequest) -> Result<Timestamp, Missing> {
        match self {
            Self::Opened => pull.created_at.ok_or(Missing("created_at")),
            Self::Merged => pull.merged_at.or(pull.closed_at).ok_or(Missing("merged_at")),
            Self::Closed => pull.closed_at.ok_or(Missing("closed_at")),
            // The item has no time of its own for these; the webhook is sent for the update itself, which can be a second
            // off.
            Self::Reopened | Self::ReadyForReview => pull.updated_at.ok_or(Missing("updated_at")),
        }
    }

    fn source_id(self, id: &str, at: Timestamp) -> SourceId {
        match self {
            Self::Opened => SourceId::once(ProviderKind::Github, "pr", id, "opened"),
            Self::Merged => SourceId::once(ProviderKind::Github, "pr", id, "merged"),
            Self::Closed => SourceId::at(ProviderKind::Github, "pr", id, self.action(), at),
            Self::Reopened | Self::ReadyForReview => {
                SourceId::at(ProviderKind::Github, "pr", id, self.action(), minute(at))
            }
        }
    }
}

/// What `closed` means for this one.
pub(in crate::github) fn closing(pull: &PullRequest) -> Transition {
    if pull.merged_at.is_some() || pull.merged == Some(true) { Transition::Merged } else { Transition::Closed }
}

/// What a listed item proves to have happened, and who is known to have done it.
pub(in crate::github) fn proven(pull: &PullRequest) -> Vec<(Transition, Option<Actor>)> {
    let mut proven = vec![(Transition::Opened, pull.user.as_ref().and_then(actor))];
    match closing(pull) {
        Transition::Merged => proven.push((Transition::Merged, pull.merged_by.as_ref().and_then(actor))),
        closed if pull.closed_at.is_some() => proven.push((closed, None)),
        _ => {}
    }
    proven
}

/// The fact that `transition` happened to a pull request.
pub(in crate::github) fn event(
    pull: &PullRequest,
    transition: Transition,
    repo: &Repo,
    actor: Option<Actor>,
) -> Result<SourceEvent, Missing> {
    let at = transition.at(pull)?;
    let id = format!("{}#{}", repo.id, pull.number);
    let kind = transition.source_type();
    let mut event = SourceEvent::new(
        kind,
        transition.source_id(&id, at),
        &title(kind, &pull.title),
        &body(&pull.title, pull.body.as_deref()),
        at,
    );
    let head = pull.head.as_ref();
    event.actor = actor;
    event.references = references(pull, transition, repo);
    let facts = attributes(repo)
        .with("prNumber", pull.number.0)
        .with("action", transition.action())
        .with("merged", transition == Transition::Merged)
        .maybe("draft", pull.draft)
        .maybe("additions", pull.additions)
        .maybe("deletions", pull.deletions)
        .maybe("changedFiles", pull.changed_files)
        .maybe("headRef", head.and_then(|head| head.name.as_deref()))
        .maybe("baseRef", pull.base.as_ref().and_then(|base| base.name.as_deref()))
        .maybe("headSha", head.and_then(|head| head.sha.as_deref()));
    event.metadata = authored(facts, pull.user.as_ref());
    Ok(event)
}

fn references(pull: &PullRequest, transition: Transition, repo: &Repo) -> Vec<Reference> {
    let mut all = Vec::new();
    let own = filled(pull.html_url.as_deref()).map(str::to_owned);
    let own = own.unwrap_or_else(|| repo.page("pull", &pull.number.to_string()));
    all.extend(reference(ReferenceKind::Pr, format!("#{}", pull.number), Some(&own)));
    if let Some(head) = &pull.head {
        all.extend(
            head.name
                .as_deref()
                .and_then(|name| reference(ReferenceKind::Branch, name, branch_page(head, name).as_deref())),
        );
        all.extend(head.sha.as_deref().and_then(|sha| commit(repo, sha)));
    }
    // Before the merge, `merge_commit_sha` is a throw-away test merge.
    if transition == Transition::Merged {
        let merge = pull.merge_commit_sha.as_deref().and_then(|sha| commit(repo, sha));
        all.extend(merge.map(|merge| merge.label("merge")));
    }
    all.extend(links::closing(pull.body.as_deref().unwrap_or_default(), repo));
    all.extend(person(ReferenceKind::Reviewer, pull.requested_reviewers.iter().flatten(), repo));
    all.extend(person(ReferenceKind::Assignee, pull.assignees.iter().flatten(), repo));
    all.extend(labels(pull.labels.as_ref()));
    all.extend(person(ReferenceKind::Author, &pull.user, repo));
    all
}

/// The branch of a fork is in the fork, and nowhere once the fork is deleted.
fn branch_page(head: &Branch, name: &str) -> Option<String> {
    let fork = filled(head.repo.as_ref()?.html_url.as_deref())?;
    Some(page(fork, "tree", name))
}
