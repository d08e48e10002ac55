//! Discussions, which GitHub tells of by webhook only: their history is in GraphQL.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{node_id, raw, reactions, repository::View, user::User};
use crate::random::of_name;

/// A discussion and, once given, its answer.
pub(crate) struct Discussion {
    pub(crate) number: u32,
    pub(crate) id: u64,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) author: User,
    pub(crate) category: String,
    pub(crate) created_at: Timestamp,
    pub(crate) answer: Option<Answer>,
}

/// The comment chosen as the answer.
pub(crate) struct Answer {
    pub(crate) id: u64,
    pub(crate) by: User,
    pub(crate) body: String,
    pub(crate) at: Timestamp,
}

/// The `discussion` object, with its answer or as it was before it had one.
pub(crate) fn discussion(view: &View, discussion: &Discussion, answered: bool) -> Value {
    let answer = discussion.answer.as_ref().filter(|_| answered);
    let number = discussion.number;
    let api = format!("{}/discussions/{number}", view.api);
    json!({
        "repository_url": view.api,
        "category": category(view, &discussion.category),
        "answer_html_url": answer.map(|answer| answer_url(view, number, answer)),
        "answer_chosen_at": answer.map(|answer| answer.at),
        "answer_chosen_by": answer.map(|_| &discussion.author),
        "html_url": format!("{}/discussions/{number}", view.web),
        "id": discussion.id,
        "node_id": node_id("D", &[view.id, discussion.id]),
        "number": number,
        "title": discussion.title,
        "user": discussion.author,
        "labels": [],
        "state": "open",
        "state_reason": null,
        "locked": false,
        "comments": u32::from(answered),
        "created_at": discussion.created_at,
        "updated_at": answer.map_or(discussion.created_at, |answer| answer.at),
        "author_association": "CONTRIBUTOR",
        "active_lock_reason": null,
        "body": discussion.body,
        "reactions": raw(&reactions(format!("{api}/reactions"))),
        "timeline_url": format!("{api}/timeline"),
    })
}

/// The `answer` object of the `answered` webhook.
pub(crate) fn answer(view: &View, discussion: &Discussion, answer: &Answer) -> Value {
    let (number, id) = (discussion.number, answer.id);
    json!({
        "id": id,
        "node_id": node_id("DC", &[view.id, id]),
        "html_url": answer_url(view, number, answer),
        "parent_id": null,
        "child_comment_count": 0,
        "repository_url": view.api,
        "discussion_id": discussion.id,
        "author_association": "MEMBER",
        "user": answer.by,
        "created_at": answer.at,
        "updated_at": answer.at,
        "body": answer.body,
        "reactions": raw(&reactions(format!("{}/discussions/comments/{id}/reactions", view.api))),
    })
}

fn answer_url(view: &View, number: u32, answer: &Answer) -> String {
    format!("{}/discussions/{number}#discussioncomment-{}", view.web, answer.id)
}

fn category(view: &View, name: &str) -> Value {
    let id = 30_000_000 + of_name(name) % 10_000_000;
    let slug: String =
        name.chars().filter_map(|c| if c == ' ' { Some('-') } else { c.is_alphanumeric().then_some(c) }).collect();
    json!({
        "id": id,
        "node_id": node_id("DIC", &[view.id, id]),
        "repository_id": view.id,
        "emoji": ":pray:",
        "name": name,
        "description": "Ask the community for help",
        "created_at": "2026-01-01T09:00:00.000+00:00",
        "updated_at": "2026-01-01T09:00:00.000+00:00",
        "slug": slug.to_lowercase(),
        "is_answerable": true,
    })
}
