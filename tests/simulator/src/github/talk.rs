//! What people say about issues and pull requests, and about the lines of pull requests.

use jiff::Timestamp;

use super::{
    draft::{NewReview, Verdict},
    item::{Change, Talk},
    json::user::User,
    repo::Repo,
};
use crate::{clock::whole_second, random::Random};

/// A comment under an issue or a pull request.
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) number: u32,
    pub(crate) by: User,
    /// What it said first, and after each edit, and since when.
    pub(crate) texts: Vec<(Timestamp, String)>,
    pub(crate) deleted: bool,
}

/// A review of a pull request.
pub(crate) struct Review {
    pub(crate) id: u64,
    pub(crate) number: u32,
    pub(crate) by: User,
    pub(crate) submitted_at: Timestamp,
    pub(crate) verdict: Verdict,
    pub(crate) body: String,
    pub(crate) sha: String,
    pub(crate) dismissed: bool,
}

/// A comment on a line of a pull request, which belongs to a review.
pub(crate) struct Remark {
    pub(crate) id: u64,
    pub(crate) number: u32,
    pub(crate) review: u64,
    /// The comment it replies to.
    pub(crate) reply_to: Option<u64>,
    pub(crate) by: User,
    pub(crate) at: Timestamp,
    pub(crate) text: String,
    pub(crate) sha: String,
    pub(crate) path: String,
    pub(crate) line: u32,
}

impl Comment {
    pub(crate) fn created_at(&self) -> Timestamp {
        self.texts.first().map_or(Timestamp::UNIX_EPOCH, |(at, _)| *at)
    }

    pub(crate) fn updated_at(&self) -> Timestamp {
        self.texts.last().map_or(Timestamp::UNIX_EPOCH, |(at, _)| *at)
    }
}

/// The steps that were made, in their order.
pub(crate) type Steps = Vec<usize>;

impl Repo {
    /// Comments without a fact on the log yet. Answers the comment's id, and the step; None where there is no item.
    pub(crate) fn comment(&mut self, number: u32, text: &str, by: User, at: Timestamp) -> Option<(u64, Steps)> {
        let index = self.comments.len();
        let id = 1_500_000_000 + self.serial * 1_000_000 + index as u64 * 3 + 1;
        let step = self.step(number, Change::Talked(Talk::Commented(index)), Some(by.clone()), at)?;
        let texts = vec![(whole_second(at), text.to_owned())];
        self.comments.push(Comment { id, number, by, texts, deleted: false });
        Some((id, vec![step]))
    }

    /// Edits a comment. Answers its item's number, and the step.
    pub(crate) fn edit_comment(&mut self, id: u64, text: &str, by: User, at: Timestamp) -> Option<(u32, Steps)> {
        let (index, held) = self.live_comment(id)?;
        let (number, version) = (held.number, held.texts.len());
        held.texts.push((whole_second(at), text.to_owned()));
        let step = self.step(number, Change::Talked(Talk::Edited(index, version)), Some(by), at)?;
        Some((number, vec![step]))
    }

    /// Deletes a comment: it leaves every list. Answers its item's number, and the step.
    pub(crate) fn delete_comment(&mut self, id: u64, by: User, at: Timestamp) -> Option<(u32, Steps)> {
        let (index, held) = self.live_comment(id)?;
        let number = held.number;
        held.deleted = true;
        let step = self.step(number, Change::Talked(Talk::Uncommented(index)), Some(by), at)?;
        Some((number, vec![step]))
    }

    fn live_comment(&mut self, id: u64) -> Option<(usize, &mut Comment)> {
        self.comments.iter_mut().enumerate().find(|(_, held)| held.id == id && !held.deleted)
    }

    /// Reviews without facts on the log yet, remarks included. Answers the review's id, and the steps.
    pub(crate) fn review(&mut self, number: u32, draft: NewReview, by: User, at: Timestamp) -> Option<(u64, Steps)> {
        let sha = self.item(number)?.pull.as_ref()?.head_sha.clone();
        let index = self.reviews.len();
        let id = 2_400_000_000 + self.serial * 1_000_000 + index as u64 * 3 + 2;
        let mut steps = vec![self.step(number, Change::Talked(Talk::Reviewed(index)), Some(by.clone()), at)?];
        self.reviews.push(Review {
            id,
            number,
            by: by.clone(),
            submitted_at: whole_second(at),
            verdict: draft.verdict,
            body: draft.body,
            sha,
            dismissed: false,
        });
        for text in draft.remarks {
            steps.extend(self.remark(id, None, text, by.clone(), at));
        }
        Some((id, steps))
    }

    /// A comment on a line in a review. Answers the step.
    fn remark(&mut self, review: u64, reply_to: Option<u64>, text: String, by: User, at: Timestamp) -> Option<usize> {
        let (number, sha) = self.reviews.iter().find(|held| held.id == review).map(|it| (it.number, it.sha.clone()))?;
        let index = self.remarks.len();
        let mut random = Random::new(self.seed, &[self.id, index as u64, 0x2E3A]);
        let step = self.step(number, Change::Talked(Talk::Remarked(index)), Some(by.clone()), at)?;
        self.remarks.push(Remark {
            id: 1_800_000_000 + self.serial * 1_000_000 + index as u64 * 3,
            number,
            review,
            reply_to,
            by,
            at: whole_second(at),
            text,
            sha,
            path: format!("src/{}.rs", random.pick(&["api", "engine", "launch", "queue"])),
            line: 1 + u32::try_from(random.below(300)).unwrap_or(0),
        });
        Some(step)
    }

    /// Replies to a comment on a line, which GitHub wraps in a review without a text. Answers the item's number, the
    /// reply's id, and the steps.
    pub(crate) fn reply(&mut self, to: u64, text: &str, by: User, at: Timestamp) -> Option<(u32, u64, Steps)> {
        let number = self.remarks.iter().find(|held| held.id == to)?.number;
        let (review, mut steps) = self.review(number, NewReview::saying(Verdict::Commented, ""), by.clone(), at)?;
        steps.extend(self.remark(review, Some(to), text.to_owned(), by, at));
        Some((number, self.remarks.last()?.id, steps))
    }

    /// Dismisses a review. Answers its pull request's number, and the step.
    pub(crate) fn dismiss(&mut self, id: u64, by: User, at: Timestamp) -> Option<(u32, Steps)> {
        let index = self.reviews.iter().position(|held| held.id == id)?;
        let held = self.reviews.get_mut(index).filter(|held| !held.dismissed && held.verdict != Verdict::Commented)?;
        held.dismissed = true;
        let number = held.number;
        let step = self.step(number, Change::Talked(Talk::Dismissed(index)), Some(by), at)?;
        Some((number, vec![step]))
    }
}
