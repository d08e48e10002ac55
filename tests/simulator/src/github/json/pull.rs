//! Pull requests: the short form of the list, and the long form of the single object and the webhook.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    super::item::{Head, Item, Pull, Standing},
    issue::Labels,
    node_id,
    repository::View,
    user::User,
};

/// A pull request, with `long` filled for the long form.
#[derive(Serialize)]
pub(crate) struct PullJson<'a> {
    url: String,
    id: u64,
    node_id: String,
    html_url: String,
    diff_url: String,
    patch_url: String,
    issue_url: String,
    number: u32,
    state: &'static str,
    locked: bool,
    title: &'a str,
    user: Option<&'a User>,
    body: Option<&'a str>,
    created_at: Timestamp,
    updated_at: Timestamp,
    closed_at: Option<Timestamp>,
    merged_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    merge_commit_sha: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee: Option<Option<&'a User>>,
    assignees: &'a [User],
    requested_reviewers: [(); 0],
    requested_teams: [(); 0],
    labels: Labels<'a>,
    milestone: (),
    draft: bool,
    commits_url: String,
    review_comments_url: String,
    review_comment_url: String,
    comments_url: String,
    statuses_url: String,
    head: Side<'a>,
    base: Side<'a>,
    #[serde(rename = "_links")]
    links: Links,
    author_association: &'static str,
    auto_merge: (),
    active_lock_reason: (),
    #[serde(flatten)]
    long: Option<Long<'a>>,
}

/// What the list leaves out.
#[derive(Serialize)]
struct Long<'a> {
    merged: bool,
    mergeable: Option<bool>,
    rebaseable: Option<bool>,
    mergeable_state: &'static str,
    merged_by: Option<&'a User>,
    comments: u32,
    review_comments: u32,
    maintainer_can_modify: bool,
    commits: u32,
    additions: u32,
    deletions: u32,
    changed_files: u32,
}

/// One end of a pull request.
#[derive(Serialize)]
struct Side<'a> {
    label: String,
    #[serde(rename = "ref")]
    branch: &'a str,
    sha: &'a str,
    user: Option<&'a User>,
    repo: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Links {
    #[serde(rename = "self")]
    this: Href,
    html: Href,
    issue: Href,
    comments: Href,
    review_comments: Href,
    review_comment: Href,
    commits: Href,
    statuses: Href,
}

#[derive(Serialize)]
struct Href {
    href: String,
}

/// Which form of a pull request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// An item of the list, in an API version that has the older single fields or not.
    Listed { older_fields: bool },
    /// The single object, and the webhook's.
    Long,
}

pub(crate) fn pull<'a>(
    view: &'a View,
    item: &'a Item,
    pull: &'a Pull,
    standing: &'a Standing,
    form: Form,
) -> PullJson<'a> {
    let number = item.number;
    let url = format!("{}/pulls/{number}", view.api);
    let html_url = format!("{}/pull/{number}", view.web);
    let issue_url = format!("{}/issues/{number}", view.api);
    let review_comment_url = format!("{}/pulls/comments{{/number}}", view.api);
    let statuses_url = format!("{}/statuses/{}", view.api, pull.head_sha);
    let older_fields = form != Form::Listed { older_fields: false };
    PullJson {
        id: pull.id,
        node_id: node_id("PR", &[view.id, pull.id]),
        diff_url: format!("{html_url}.diff"),
        patch_url: format!("{html_url}.patch"),
        number,
        state: if standing.open { "open" } else { "closed" },
        locked: false,
        title: &item.title,
        user: item.author.as_ref(),
        body: item.body.as_deref(),
        created_at: item.created_at(),
        updated_at: standing.updated_at,
        closed_at: standing.closed_at,
        merged_at: standing.merged_at,
        merge_commit_sha: older_fields.then_some(&pull.merge_sha),
        assignee: older_fields.then(|| item.assignees.first()),
        assignees: &item.assignees,
        requested_reviewers: [],
        requested_teams: [],
        labels: Labels { view, labels: &standing.labels },
        milestone: (),
        draft: standing.draft,
        commits_url: format!("{url}/commits"),
        review_comments_url: format!("{url}/comments"),
        review_comment_url: review_comment_url.clone(),
        comments_url: format!("{issue_url}/comments"),
        statuses_url: statuses_url.clone(),
        head: head(view, item, pull),
        base: Side {
            label: format!("{}:{}", view.owner.login(), pull.base_ref),
            branch: &pull.base_ref,
            sha: &pull.base_sha,
            user: Some(&view.owner),
            repo: Some(&view.json),
        },
        links: Links {
            this: Href { href: url.clone() },
            html: Href { href: html_url.clone() },
            issue: Href { href: issue_url.clone() },
            comments: Href { href: format!("{issue_url}/comments") },
            review_comments: Href { href: format!("{url}/comments") },
            review_comment: Href { href: review_comment_url },
            commits: Href { href: format!("{url}/commits") },
            statuses: Href { href: statuses_url },
        },
        author_association: item.association,
        auto_merge: (),
        active_lock_reason: (),
        long: (form == Form::Long).then(|| long(pull, standing)),
        issue_url,
        html_url,
        url,
    }
}

fn head<'a>(view: &'a View, item: &'a Item, pull: &'a Pull) -> Side<'a> {
    let (user, repo) = match &pull.head {
        Head::Same => (Some(&view.owner), Some(&*view.json)),
        Head::Fork(fork) => (Some(&fork.owner), Some(&*fork.json)),
        Head::Gone => (item.author.as_ref(), None),
    };
    let label = match user {
        Some(user) => format!("{}:{}", user.login(), pull.head_ref),
        None => pull.head_ref.clone(),
    };
    Side { label, branch: &pull.head_ref, sha: &pull.head_sha, user, repo }
}

fn long<'a>(pull: &Pull, standing: &'a Standing) -> Long<'a> {
    let mergeable = standing.open.then_some(true);
    Long {
        merged: standing.merged_at.is_some(),
        mergeable,
        rebaseable: mergeable,
        mergeable_state: if !standing.open {
            "unknown"
        } else if standing.draft {
            "draft"
        } else {
            "clean"
        },
        merged_by: standing.merged_by.as_ref(),
        comments: standing.comments,
        review_comments: standing.remarks,
        maintainer_can_modify: matches!(pull.head, Head::Fork(_)),
        commits: pull.commits,
        additions: pull.additions,
        deletions: pull.deletions,
        changed_files: pull.changed_files,
    }
}
