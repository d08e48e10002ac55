//! Pushes: the webhook, and the entry in the list of a repository's activity.

use jiff::{Timestamp, tz};
use serde_json::{Value, json};

use super::{super::files::Touched, node_id, repository::View, user::User};

/// Commits that arrived on a branch, or went away from it.
pub(crate) struct Push {
    pub(crate) id: u64,
    pub(crate) branch: String,
    pub(crate) before: String,
    pub(crate) commits: Vec<Commit>,
    pub(crate) by: User,
    pub(crate) at: Timestamp,
    pub(crate) kind: Kind,
}

/// Which way a branch went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Forward,
    /// What it had before is not in it any more.
    Forced,
    /// GitHub merged a pull request into it.
    Merge,
    Deleted,
}

/// One commit of a push.
pub(crate) struct Commit {
    pub(crate) sha: String,
    pub(crate) tree: String,
    pub(crate) message: String,
    pub(crate) author: User,
    pub(crate) touched: Touched,
}

/// The sha that stands for "there was no branch".
pub(crate) const NO_COMMIT: &str = "0000000000000000000000000000000000000000";

impl Push {
    /// The commit the branch points to afterwards.
    pub(crate) fn after(&self) -> &str {
        match self.kind {
            Kind::Deleted => NO_COMMIT,
            _ => self.commits.last().map_or(&self.before, |commit| &commit.sha),
        }
    }

    /// As the list of activities calls it.
    pub(crate) fn activity_type(&self) -> &'static str {
        match self.kind {
            Kind::Deleted => "branch_deletion",
            Kind::Forced => "force_push",
            Kind::Merge => "pr_merge",
            Kind::Forward if self.before == NO_COMMIT => "branch_creation",
            Kind::Forward => "push",
        }
    }
}

/// One entry of `GET /repos/{owner}/{repo}/activity`: it tells neither the commits nor what they say.
pub(crate) fn activity(view: &View, push: &Push) -> Value {
    json!({
        "id": push.id,
        "node_id": node_id("PSH", &[view.id, push.id]),
        "before": push.before,
        "after": push.after(),
        "ref": format!("refs/heads/{}", push.branch),
        "timestamp": push.at,
        "activity_type": push.activity_type(),
        "actor": push.by,
    })
}

/// The whole body of a `push` webhook.
pub(crate) fn push(view: &View, push: &Push, installation: &Value) -> Value {
    let created = push.before == NO_COMMIT;
    let after = push.after();
    let deleted = push.kind == Kind::Deleted;
    let compare = if created {
        format!("{}/compare/{}", view.web, push.branch)
    } else {
        format!("{}/compare/{}...{}", view.web, short(&push.before), short(after))
    };
    let commits: Vec<Value> = push.commits.iter().map(|held| commit(view, held, push.at)).collect();
    json!({
        "ref": format!("refs/heads/{}", push.branch),
        "before": push.before,
        "after": after,
        "repository": view.push_form(push.at),
        "pusher": { "name": push.by.login(), "email": push.by.email() },
        "organization": view.owner.as_organization(),
        "sender": push.by,
        "installation": installation,
        "created": created,
        "deleted": deleted,
        "forced": push.kind == Kind::Forced,
        "base_ref": null,
        "compare": compare,
        "head_commit": commits.last(),
        "commits": commits,
    })
}

fn commit(view: &View, commit: &Commit, at: Timestamp) -> Value {
    // Git keeps the author's own offset, and so does the webhook.
    let local = tz::offset(2).to_datetime(at).strftime("%Y-%m-%dT%H:%M:%S+02:00").to_string();
    let author = json!({
        "name": commit.author.login(),
        "email": commit.author.email(),
        "date": local,
        "username": commit.author.login(),
    });
    json!({
        "id": commit.sha,
        "tree_id": commit.tree,
        "distinct": true,
        "message": commit.message,
        "timestamp": local,
        "url": format!("{}/commit/{}", view.web, commit.sha),
        "author": author,
        "committer": author,
        "added": commit.touched.added,
        "removed": commit.touched.removed,
        "modified": commit.touched.modified,
    })
}

/// One entry of `GET /repos/{owner}/{repo}/commits`.
pub(crate) fn listed(view: &View, commit: &Commit, at: Timestamp) -> Value {
    let signature = json!({ "name": commit.author.login(), "email": commit.author.email(), "date": at });
    let tree = format!("{}/git/trees/{}", view.api, commit.tree);
    json!({
        "sha": commit.sha,
        "node_id": node_id("C", &[view.id]),
        "commit": {
            "author": signature,
            "committer": signature,
            "message": commit.message,
            "tree": { "sha": commit.tree, "url": tree },
            "comment_count": 0,
        },
        "html_url": format!("{}/commit/{}", view.web, commit.sha),
        "author": commit.author,
        "committer": commit.author,
        "parents": [],
    })
}

fn short(sha: &str) -> &str {
    sha.get(..12).unwrap_or(sha)
}
