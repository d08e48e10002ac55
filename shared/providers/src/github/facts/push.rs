//! Pushes to the default branch.

use connector_domain::event::Actor;
use connector_domain::transformed::IgnoreReason;
use connector_domain::{ProviderKind, Reference, ReferenceKind, SourceEvent, SourceId, SourceType, text};

use super::{Missing, actor, attributes, commit, title};
use crate::github::payload::{Commit, Push, Repo};
use crate::parts::{filled, reference};

/// A push of a tag; the release tells more.
const TAG_PUSH: IgnoreReason = IgnoreReason::fixed("tag_push");
/// A push of neither branch nor tag, such as `refs/notes`.
const OTHER_REF: IgnoreReason = IgnoreReason::fixed("other_ref_push");
/// The end of a branch.
const BRANCH_DELETED: IgnoreReason = IgnoreReason::fixed("branch_deleted");
/// Work in progress: it comes again when it is merged.
const NOT_DEFAULT_BRANCH: IgnoreReason = IgnoreReason::fixed("not_default_branch");

/// The branch, or why the push is not one to remember.
pub(in crate::github) fn branch(push: &Push) -> Result<Result<&str, IgnoreReason>, Missing> {
    let Some(branch) = push.reference.strip_prefix("refs/heads/") else {
        return Ok(Err(if push.reference.starts_with("refs/tags/") { TAG_PUSH } else { OTHER_REF }));
    };
    // The name of no commit: 40 zeros, or 64 in a SHA-256 repository.
    if push.after.bytes().all(|b| b == b'0') {
        return Ok(Err(BRANCH_DELETED));
    }
    let default = push.repository.default_branch.as_deref().ok_or(Missing("repository.default_branch"))?;
    Ok(if branch == default { Ok(branch) } else { Err(NOT_DEFAULT_BRANCH) })
}

/// The fact that commits were pushed to `branch`.
pub(in crate::github) fn event(push: &Push, branch: &str) -> Result<SourceEvent, Missing> {
    let repo = Repo::of(&push.repository);
    let head = push.head_commit.as_ref();
    // GitHub's clock when the push came in; a commit's own clock may be years off.
    let at =
        push.repository.pushed_at.map(|at| at.0).or_else(|| head?.timestamp).ok_or(Missing("repository.pushed_at"))?;
    let message = head.and_then(|head| head.message.as_deref()).unwrap_or_default();
    let kind = SourceType::GithubPush;
    let mut event = SourceEvent::new(
        kind,
        SourceId::once(ProviderKind::Github, "push", format!("{}:{}", repo.id, push.reference), &push.after),
        &match filled(text::trim(message).lines().next()) {
            Some(line) => title(kind, line),
            None => title(kind, &format!("Push to {branch}")),
        },
        message,
        at,
    );
    event.actor = pusher(push);
    event.references = references(push, branch, &repo);
    let commits = push.commits.as_ref();
    event.metadata = attributes(&repo)
        .with("branch", branch)
        .maybe("beforeSha", push.before.as_deref())
        .with("afterSha", push.after.as_str())
        .maybe("commitCount", commits.map(Vec::len))
        .maybe("fileCount", commits.map(|commits| commits.iter().map(files).sum::<usize>()))
        .maybe("forced", push.forced)
        .0;
    Ok(event)
}

/// Who pushed: the account, with the address git knows.
fn pusher(push: &Push) -> Option<Actor> {
    let email = push.pusher.as_ref().and_then(|pusher| filled(pusher.email.as_deref()));
    Some(Actor { email: email.map(str::to_owned), ..actor(push.sender.as_ref()?)? })
}

/// Files that a commit touches.
fn files(commit: &Commit) -> usize {
    [&commit.added, &commit.modified, &commit.removed].into_iter().flatten().map(Vec::len).sum()
}

/// The head, the branch, then the other commits.
fn references(push: &Push, branch: &str, repo: &Repo) -> Vec<Reference> {
    let mut all = Vec::new();
    all.extend(commit(repo, &push.after));
    all.extend(reference(ReferenceKind::Branch, branch, Some(&repo.page("tree", branch))));
    let others = push.commits.iter().flatten().filter_map(|commit| commit.id.as_deref());
    all.extend(others.filter(|sha| *sha != push.after).filter_map(|sha| commit(repo, sha)));
    all
}
