//! Commits, trees and blobs: <https://docs.github.com/en/rest/git>.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    super::{
        files::Node,
        json::{
            push::{self, Commit, Kind},
            text,
        },
        repo::Repo,
    },
    answer::Answer,
    call::Call,
    paged::paged,
};
use crate::wire::Content;

/// A whole tree has no more entries than these.
/// <https://docs.github.com/en/rest/git/trees#get-a-tree>
const MAX_ENTRIES: usize = 100_000;

/// The branch that counts where none is named.
const DEFAULT_BRANCH: &str = "main";

/// The commits of a branch, the newest first.
pub(crate) fn commits(repo: &mut Repo, call: &Call) -> Answer {
    if repo.pushes.is_empty() {
        return Answer::error(409, "Git Repository is empty.");
    }
    let branch = call.param("sha").unwrap_or(DEFAULT_BRANCH).to_owned();
    let mut pushes: Vec<_> = repo.pushes.iter().filter(|push| push.branch == branch).collect();
    if let Some(start) = pushes.iter().rposition(|push| matches!(push.kind, Kind::Forced | Kind::Deleted)) {
        pushes.drain(..start);
    }
    let behind = repo.files.behind > 0 && pushes.len() > 1;
    if behind {
        pushes.pop();
    }
    let held: Vec<_> =
        pushes.iter().flat_map(|push| push.commits.iter().map(|commit| (commit, push.at))).rev().collect();
    if held.is_empty() {
        return Answer::not_found();
    }
    let address = format!("{}/repositories/{}/commits", call.base, repo.id);
    let answer = paged(call, &address, &held, |(commit, at)| text(&push::listed(repo.view(), commit, *at)));
    repo.files.behind = repo.files.behind.saturating_sub(u32::from(behind));
    answer
}

/// A branch with its head.
pub(crate) fn branch(repo: &Repo, name: &str) -> Answer {
    let head: Option<&Commit> = repo.head(name).and_then(|sha| {
        let mut commits = repo.pushes.iter().flat_map(|push| &push.commits);
        commits.rfind(|commit| commit.sha == sha)
    });
    let Some(head) = head else { return Answer::error(404, "Branch not found") };
    let body = json!({
        "name": name,
        "commit": { "sha": head.sha, "commit": { "message": head.message, "tree": { "sha": head.tree } } },
        "protected": false,
    });
    Answer::json(200, text(&body))
}

/// The entries of a tree; with `recursive`, all below it. Any value of that parameter counts, as on GitHub.
pub(crate) fn tree(repo: &Repo, call: &Call, sha: &str) -> Answer {
    let whole = call.param("recursive").is_some();
    let nodes: Option<Vec<(String, Node)>> = if whole {
        repo.files.whole(sha)
    } else {
        repo.files.tree(sha).map(|nodes| nodes.iter().map(|node| (node.name.clone(), node.clone())).collect())
    };
    let Some(mut nodes) = nodes else { return Answer::not_found() };
    let bound = repo.files.told_at_once.filter(|_| whole).unwrap_or(MAX_ENTRIES);
    let truncated = nodes.len() > bound;
    nodes.truncate(bound);
    let entries: Vec<Value> = nodes.iter().map(|(path, node)| entry(call, repo, path, node)).collect();
    let url = format!("{}/repositories/{}/git/trees/{sha}", call.base, repo.id);
    Answer::json(200, text(&json!({ "sha": sha, "url": url, "tree": entries, "truncated": truncated })))
}

fn entry(call: &Call, repo: &Repo, path: &str, node: &Node) -> Value {
    let Node { mode, kind, sha, size, .. } = node;
    let url = format!("{}/repositories/{}/git/{kind}s/{sha}", call.base, repo.id);
    let mut entry = json!({ "path": path, "mode": mode, "type": kind, "sha": sha, "url": url });
    if let Some(size) = size {
        entry["size"] = (*size).into();
    }
    entry
}

/// What a file holds: raw where that is asked for, and otherwise in JSON.
pub(crate) fn blob(repo: &Repo, call: &Call, sha: &str) -> Answer {
    let Some(held) = repo.files.blob(sha) else { return Answer::not_found() };
    if call.accept.as_deref().is_some_and(|accept| accept.contains("raw")) {
        return Answer::new(200, Content::Raw(held.to_vec()));
    }
    let url = format!("{}/repositories/{}/git/blobs/{sha}", call.base, repo.id);
    let content = STANDARD.encode(held);
    let body = json!({ "sha": sha, "size": held.len(), "url": url, "content": content, "encoding": "base64" });
    Answer::json(200, text(&body))
}
