//! Lists of what people say (<https://docs.github.com/en/rest/issues/comments>,
//! <https://docs.github.com/en/rest/pulls/comments>, <https://docs.github.com/en/rest/pulls/reviews>).

use jiff::Timestamp;

use super::{
    super::{
        json::{
            talk::{self, Case},
            text,
        },
        repo::Repo,
        talk::{Comment, Remark, Review},
    },
    answer::Answer,
    call::Call,
    paged::paged,
};

/// What the two lists of comments have in common.
trait Said {
    fn id(&self) -> u64;
    fn created_at(&self) -> Timestamp;
    fn updated_at(&self) -> Timestamp;
}

impl Said for &Comment {
    fn id(&self) -> u64 {
        self.id
    }

    fn created_at(&self) -> Timestamp {
        Comment::created_at(self)
    }

    fn updated_at(&self) -> Timestamp {
        Comment::updated_at(self)
    }
}

impl Said for &Remark {
    fn id(&self) -> u64 {
        self.id
    }

    fn created_at(&self) -> Timestamp {
        self.at
    }

    fn updated_at(&self) -> Timestamp {
        self.at
    }
}

/// Comments under all items, or under one.
pub(crate) fn comments(repo: &Repo, call: &Call, path: &str, of: Option<u32>) -> Result<Answer, Box<Answer>> {
    let all = repo.comments.iter().filter(|held| !held.deleted && of.is_none_or(|number| held.number == number));
    let shown = |held: &&Comment| repo.item(held.number).is_some_and(|item| !item.deleted);
    let sorted = sorted(all.filter(shown), call, of)?;
    Ok(paged(call, &address(repo, call, path), &sorted, |held| {
        let is_pull = repo.item(held.number).is_some_and(|item| item.pull.is_some());
        text(&talk::comment(repo.view(), held, held.texts.len() - 1, is_pull))
    }))
}

/// Comments on lines of all pull requests, or of one.
pub(crate) fn remarks(repo: &Repo, call: &Call, path: &str, of: Option<u32>) -> Result<Answer, Box<Answer>> {
    let all = repo.remarks.iter().filter(|held| of.is_none_or(|number| held.number == number));
    let sorted = sorted(all, call, of)?;
    Ok(paged(call, &address(repo, call, path), &sorted, |held| text(&talk::remark(repo.view(), held))))
}

/// The reviews of one pull request, in the order they came.
pub(crate) fn reviews(repo: &Repo, call: &Call, path: &str, of: u32) -> Answer {
    let mut sorted: Vec<&Review> = repo.reviews.iter().filter(|held| held.number == of).collect();
    sorted.sort_by_key(|held| (held.submitted_at, held.id));
    paged(call, &address(repo, call, path), &sorted, |held| {
        text(&talk::review(repo.view(), held, held.dismissed, Case::Upper))
    })
}

fn address(repo: &Repo, call: &Call, path: &str) -> String {
    format!("{}/repositories/{}/{path}", call.base, repo.id)
}

/// By id unless a sort is given, and only then is a direction looked at. Under one issue there is no sort at all.
fn sorted<T: Said>(all: impl Iterator<Item = T>, call: &Call, of: Option<u32>) -> Result<Vec<T>, Box<Answer>> {
    let since = match call.param("since") {
        None => None,
        Some(text) => match text.parse::<Timestamp>() {
            Ok(since) => Some(since),
            Err(_) => return Err(Box::new(Answer::error(422, "The since parameter is not a time."))),
        },
    };
    let mut sorted: Vec<T> = all.filter(|held| since.is_none_or(|since| held.updated_at() >= since)).collect();
    match call.param("sort").filter(|_| of.is_none()) {
        Some("created") => sorted.sort_by_key(|held| (held.created_at(), held.id())),
        Some("updated") => sorted.sort_by_key(|held| (held.updated_at(), held.id())),
        _ => {
            sorted.sort_by_key(Said::id);
            return Ok(sorted);
        }
    }
    // https://docs.github.com/en/rest/issues/comments#list-issue-comments-for-a-repository: asc is the default.
    if call.param("direction") == Some("desc") {
        sorted.reverse();
    }
    Ok(sorted)
}
