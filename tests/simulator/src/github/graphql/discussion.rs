//! Discussions: <https://docs.github.com/en/graphql/guides/using-the-graphql-api-for-discussions>.

use super::{
    super::{
        discuss::{Comment, Discussion},
        json::discussion::{comment_url, slug, url},
        repo::Repo,
    },
    object::{Field, Object, database_id, time, value, who},
};

pub(super) fn field<'a>(this: Object<'a>, repo: &'a Repo, held: &'a Discussion, name: &str) -> Field<'a> {
    let answer = held.answered();
    match name {
        "databaseId" => database_id(held.id),
        "number" => value(held.number),
        "title" => value(held.title.as_str()),
        "body" => value(held.body.as_str()),
        "url" => value(url(repo.view(), held.number)),
        "author" => who(Some(&held.author)),
        "authorAssociation" => value("CONTRIBUTOR"),
        "category" => Field::One(Some(Object::Category(repo, &held.category))),
        "answer" => Field::One(answer.map(|(_, comment)| Object::Said(repo, held, comment))),
        "answerChosenAt" => time(answer.map(|(chosen, _)| chosen.at)),
        "answerChosenBy" => who(answer.map(|_| &held.author)),
        "isAnswered" => value(answer.is_some()),
        "closed" | "locked" => value(false),
        "createdAt" => time(this.times().0),
        "updatedAt" => time(this.times().1),
        "comments" => Field::Many(held.said_to(None).map(|said| Object::Said(repo, held, said)).collect()),
        _ => Field::Unknown,
    }
}

/// Of a comment that was deleted and has replies, only the place is left.
pub(super) fn comment<'a>(
    this: Object<'a>,
    repo: &'a Repo,
    discussion: &'a Discussion,
    held: &'a Comment,
    name: &str,
) -> Field<'a> {
    let gone = held.deleted_at.is_some();
    let by_id = |id: u64| discussion.comments.iter().find(|comment| comment.id == id);
    match name {
        "databaseId" => database_id(held.id),
        "body" => value(if gone { "" } else { held.body.as_str() }),
        "author" => who(Some(&held.by).filter(|_| !gone)),
        "authorAssociation" => value("MEMBER"),
        "url" => value(comment_url(repo.view(), discussion.number, held)),
        "discussion" => Field::One(Some(Object::Discussion(repo, discussion))),
        "isAnswer" => value(discussion.answered().is_some_and(|(_, comment)| comment.id == held.id)),
        "replyTo" => Field::One(held.parent.and_then(by_id).map(|to| Object::Said(repo, discussion, to))),
        "replies" => {
            Field::Many(discussion.said_to(Some(held.id)).map(|said| Object::Said(repo, discussion, said)).collect())
        }
        "createdAt" => time(held.at),
        "updatedAt" => time(this.times().1),
        "deletedAt" => time(held.deleted_at),
        _ => Field::Unknown,
    }
}

pub(super) fn category<'a>(held: &'a str, name: &str) -> Field<'a> {
    match name {
        "name" => value(held),
        "slug" => value(slug(held)),
        "emoji" => value(":pray:"),
        "isAnswerable" => value(held == "Q&A"),
        _ => Field::Unknown,
    }
}
