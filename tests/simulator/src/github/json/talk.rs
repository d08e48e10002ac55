//! Comments and reviews.

use serde_json::{Value, json};

use super::{
    super::{
        draft::Verdict,
        talk::{Comment, Remark, Review},
    },
    node_id, raw, reactions,
    repository::View,
};

/// A comment under an issue or a pull request, with one of its texts; `is_pull` decides on its page.
pub(crate) fn comment(view: &View, comment: &Comment, version: usize, is_pull: bool) -> Value {
    let (id, number) = (comment.id, comment.number);
    let url = format!("{}/issues/comments/{id}", view.api);
    let page = if is_pull { "pull" } else { "issues" };
    let said = comment.texts.get(version);
    json!({
        "id": id,
        "node_id": node_id("IC", &[view.id, id]),
        "url": url,
        "html_url": format!("{}/{page}/{number}#issuecomment-{id}", view.web),
        "issue_url": format!("{}/issues/{number}", view.api),
        "user": comment.by,
        "created_at": comment.created_at(),
        "updated_at": said.map(|(at, _)| at),
        "author_association": "MEMBER",
        "body": said.map(|(_, text)| text),
        "reactions": raw(&reactions(format!("{url}/reactions"))),
        "performed_via_github_app": null,
    })
}

/// Webhooks and lists spell the state of a review in different cases.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Lower,
    Upper,
}

/// A review of a pull request, before or after it was dismissed. Its text is null in webhooks and empty in lists.
pub(crate) fn review(view: &View, review: &Review, dismissed: bool, case: Case) -> Value {
    let (id, number) = (review.id, review.number);
    let html_url = format!("{}/pull/{number}#pullrequestreview-{id}", view.web);
    let pull_url = format!("{}/pulls/{number}", view.api);
    let state = if dismissed { "dismissed" } else { state(review.verdict) };
    let (state, body) = match case {
        Case::Lower => (state.to_owned(), Some(review.body.as_str()).filter(|body| !body.is_empty())),
        Case::Upper => (state.to_uppercase(), Some(review.body.as_str())),
    };
    json!({
        "id": id,
        "node_id": node_id("PRR", &[view.id, id]),
        "user": review.by,
        "body": body,
        "state": state,
        "html_url": html_url,
        "pull_request_url": pull_url,
        "author_association": "MEMBER",
        "_links": { "html": { "href": html_url }, "pull_request": { "href": pull_url } },
        "submitted_at": review.submitted_at,
        "commit_id": review.sha,
    })
}

/// As webhooks and issue events spell it.
pub(crate) fn state(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approved => "approved",
        Verdict::ChangesRequested => "changes_requested",
        Verdict::Commented => "commented",
    }
}

/// A comment on a line.
pub(crate) fn remark(view: &View, remark: &Remark) -> Value {
    let (id, number, line) = (remark.id, remark.number, remark.line);
    let url = format!("{}/pulls/comments/{id}", view.api);
    let html_url = format!("{}/pull/{number}#discussion_r{id}", view.web);
    let pull_url = format!("{}/pulls/{number}", view.api);
    let mut json = json!({
        "id": id,
        "node_id": node_id("PRRC", &[view.id, id]),
        "url": url,
        "html_url": html_url,
        "pull_request_url": pull_url,
        "pull_request_review_id": remark.review,
        "diff_hunk": format!("@@ -{line},3 +{line},4 @@ fn launch() {{\n-    ignite();\n+    ignite()?;"),
        "path": remark.path,
        "position": 2,
        "original_position": 2,
        "commit_id": remark.sha,
        "original_commit_id": remark.sha,
        "user": remark.by,
        "body": remark.text,
        "created_at": remark.at,
        "updated_at": remark.at,
        "author_association": "MEMBER",
        "_links": {
            "self": { "href": url },
            "html": { "href": html_url },
            "pull_request": { "href": pull_url },
        },
        "start_line": null,
        "original_start_line": null,
        "start_side": null,
        "line": line,
        "original_line": line,
        "side": "RIGHT",
        "subject_type": "line",
        "reactions": raw(&reactions(format!("{url}/reactions"))),
    });
    if let Some(to) = remark.reply_to {
        json["in_reply_to_id"] = json!(to);
    }
    json
}
