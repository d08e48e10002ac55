//! Discussions and what is said to them, as webhooks tell it: their history is in GraphQL.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    super::discuss::{Comment, Discussion},
    node_id, raw, reactions,
    repository::View,
};
use crate::random::of_name;

/// The `discussion` object as it was then, with its answer or before it had one.
pub(crate) fn discussion(view: &View, discussion: &Discussion, answered: bool, then: Timestamp) -> Value {
    let is_there = |comment: &&Comment| comment.at <= then && comment.deleted_at.is_none_or(|gone| gone > then);
    let answer = discussion.answered().filter(|_| answered);
    let number = discussion.number;
    let api = format!("{}/discussions/{number}", view.api);
    json!({
        "repository_url": view.api,
        "category": category(view, &discussion.category),
        "answer_html_url": answer.map(|(_, comment)| comment_url(view, number, comment)),
        "answer_chosen_at": answer.map(|(chosen, _)| chosen.at),
        "answer_chosen_by": answer.map(|_| &discussion.author),
        "html_url": url(view, number),
        "id": discussion.id,
        "node_id": node_id("D", &[view.id, discussion.id]),
        "number": number,
        "title": discussion.title,
        "user": discussion.author,
        "labels": [],
        "state": "open",
        "state_reason": null,
        "locked": false,
        "comments": discussion.comments.iter().filter(is_there).count(),
        "created_at": discussion.created_at,
        "updated_at": discussion.updated_at(then),
        "author_association": "CONTRIBUTOR",
        "active_lock_reason": null,
        "body": discussion.body,
        "reactions": raw(&reactions(format!("{api}/reactions"))),
        "timeline_url": format!("{api}/timeline"),
    })
}

/// The `comment` object of a comment's webhook, and the `answer` object of the `answered` one.
pub(crate) fn comment(view: &View, discussion: &Discussion, comment: &Comment) -> Value {
    let (number, id) = (discussion.number, comment.id);
    json!({
        "id": id,
        "node_id": node_id("DC", &[view.id, id]),
        "html_url": comment_url(view, number, comment),
        "parent_id": comment.parent,
        "child_comment_count": 0,
        "repository_url": view.full_name,
        "discussion_id": discussion.id,
        "author_association": "MEMBER",
        "user": comment.by,
        "created_at": comment.at,
        "updated_at": comment.at,
        "body": comment.body,
        "reactions": raw(&reactions(format!("{}/discussions/comments/{id}/reactions", view.api))),
    })
}

/// Where a discussion is to be read.
pub(crate) fn url(view: &View, number: u32) -> String {
    format!("{}/discussions/{number}", view.web)
}

/// Where something said to a discussion is to be read.
pub(crate) fn comment_url(view: &View, number: u32, comment: &Comment) -> String {
    format!("{}#discussioncomment-{}", url(view, number), comment.id)
}

/// The id of a category.
pub(crate) fn category_id(name: &str) -> u64 {
    30_000_000 + of_name(name) % 10_000_000
}

/// The name of a category as it stands in addresses.
pub(crate) fn slug(name: &str) -> String {
    let signs = name.chars().filter_map(|c| if c == ' ' { Some('-') } else { c.is_alphanumeric().then_some(c) });
    signs.collect::<String>().to_lowercase()
}

fn category(view: &View, name: &str) -> Value {
    let id = category_id(name);
    json!({
        "id": id,
        "node_id": node_id("DIC", &[view.id, id]),
        "repository_id": view.id,
        "emoji": ":pray:",
        "name": name,
        "description": "Ask the community for help",
        "created_at": "2026-01-01T09:00:00.000+00:00",
        "updated_at": "2026-01-01T09:00:00.000+00:00",
        "slug": slug(name),
        "is_answerable": true,
    })
}
