//! Issues and pull requests, and what is said about them.

use serde_json::Value;

use super::{
    super::{
        item::Item,
        json::talk::state as verdict,
        repo::Repo,
        talk::{Comment, Review},
    },
    object::{Field, Object, database_id, time, value, who},
};

pub(super) fn field<'a>(this: Object<'a>, repo: &'a Repo, item: &'a Item, name: &str, arguments: &Value) -> Field<'a> {
    let now = &item.now;
    match name {
        "databaseId" => database_id(this.number()),
        "fullDatabaseId" => value(this.number().to_string()),
        "number" => value(item.number),
        "title" => value(item.title.as_str()),
        "body" => value(item.body.clone().unwrap_or_default()),
        "url" => value(page(repo, item)),
        "author" => who(item.author.as_ref()),
        "authorAssociation" => value(item.association),
        "createdAt" => time(item.created_at()),
        "updatedAt" => time(now.updated_at),
        "closed" => value(!now.open),
        "closedAt" => time(now.closed_at),
        "state" => value(state(item)),
        "stateReason" => value(now.reason.map(str::to_uppercase)),
        "labels" => Field::Many(now.labels.iter().map(|label| Object::Label(repo, label)).collect()),
        "comments" => {
            let held = repo.comments.iter().filter(|held| held.number == item.number && !held.deleted);
            Field::Many(held.map(|held| Object::Comment(repo, held)).collect())
        }
        "reviews" => {
            let held = repo.reviews.iter().filter(|held| held.number == item.number);
            Field::Many(held.filter(|held| is_wanted(held, arguments)).map(|held| Object::Review(repo, held)).collect())
        }
        _ => of_pull(repo, item, name),
    }
}

fn of_pull<'a>(repo: &'a Repo, item: &'a Item, name: &str) -> Field<'a> {
    let (Some(pull), now) = (&item.pull, &item.now) else { return Field::Unknown };
    match name {
        "isDraft" => value(now.draft),
        "merged" => value(now.merged_at.is_some()),
        "mergedAt" => time(now.merged_at),
        "mergedBy" => who(now.merged_by.as_ref()),
        "mergeCommit" => Field::One(now.merged_at.map(|_| Object::Commit(repo, &pull.merge_sha))),
        "baseRefName" => value(pull.base_ref.as_str()),
        "baseRefOid" => value(pull.base_sha.as_str()),
        "headRefName" => value(pull.head_ref.as_str()),
        "headRefOid" => value(pull.head_sha.as_str()),
        "additions" => value(pull.additions),
        "deletions" => value(pull.deletions),
        "changedFiles" => value(pull.changed_files),
        _ => Field::Unknown,
    }
}

/// As GraphQL spells it: a merged pull request is not closed.
pub(super) fn state(item: &Item) -> &'static str {
    match (item.now.open, item.now.merged_at) {
        (true, _) => "OPEN",
        (false, Some(_)) => "MERGED",
        (false, None) => "CLOSED",
    }
}

fn page(repo: &Repo, item: &Item) -> String {
    let kind = if item.pull.is_some() { "pull" } else { "issues" };
    format!("{}/{kind}/{}", repo.view().web, item.number)
}

fn is_wanted(review: &Review, arguments: &Value) -> bool {
    let author = arguments["author"].as_str().is_none_or(|login| login == review.by.login());
    let states = arguments["states"].as_array();
    author && states.is_none_or(|states| states.iter().any(|state| *state == review_state(review)))
}

fn review_state(review: &Review) -> String {
    if review.dismissed { "DISMISSED".to_owned() } else { verdict(review.verdict).to_uppercase() }
}

pub(super) fn review<'a>(this: Object<'a>, repo: &'a Repo, held: &'a Review, name: &str) -> Field<'a> {
    let item = repo.item(held.number);
    match name {
        "databaseId" => database_id(held.id),
        "fullDatabaseId" => value(held.id.to_string()),
        "body" => value(held.body.as_str()),
        "state" => value(review_state(held)),
        "author" => who(Some(&held.by)),
        "authorAssociation" => value("MEMBER"),
        "commit" => Field::One(Some(Object::Commit(repo, &held.sha))),
        "pullRequest" => {
            Field::One(item.and_then(|item| item.pull.as_ref().map(|pull| Object::Pull(repo, item, pull))))
        }
        "url" => value(format!("{}/pull/{}#pullrequestreview-{}", repo.view().web, held.number, held.id)),
        "createdAt" | "submittedAt" => time(held.submitted_at),
        "updatedAt" => time(this.times().1),
        _ => Field::Unknown,
    }
}

pub(super) fn comment<'a>(this: Object<'a>, repo: &'a Repo, held: &'a Comment, name: &str) -> Field<'a> {
    match name {
        "databaseId" => database_id(held.id),
        "fullDatabaseId" => value(held.id.to_string()),
        "body" => value(held.texts.last().map(|(_, text)| text.as_str())),
        "author" => who(Some(&held.by)),
        "authorAssociation" => value("MEMBER"),
        "url" => {
            let page = repo.item(held.number).map(|item| page(repo, item)).unwrap_or_default();
            value(format!("{page}#issuecomment-{}", held.id))
        }
        "createdAt" => time(this.times().0),
        "updatedAt" => time(this.times().1),
        _ => Field::Unknown,
    }
}
