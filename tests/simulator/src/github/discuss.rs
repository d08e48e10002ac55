//! Discussions: what is asked, what is said to it, and which answer is chosen.

use jiff::Timestamp;

use super::{
    Repository,
    draft::NewDiscussion,
    fact::What,
    json::user::User,
    populate::{Life, instant},
    repo::Repo,
    repository::{MAINTAINER, Wrong},
    webhook::Webhook,
    words,
};
use crate::clock::whole_second;

/// A discussion with what was said to it.
pub(crate) struct Discussion {
    pub(crate) number: u32,
    pub(crate) id: u64,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) author: User,
    pub(crate) category: String,
    pub(crate) created_at: Timestamp,
    /// Comments and replies, in time order.
    pub(crate) comments: Vec<Comment>,
    pub(crate) answer: Option<Chosen>,
}

/// A comment, or a reply to one.
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) parent: Option<u64>,
    pub(crate) by: User,
    pub(crate) body: String,
    pub(crate) at: Timestamp,
    pub(crate) deleted_at: Option<Timestamp>,
}

/// The comment that was chosen as the answer.
pub(crate) struct Chosen {
    /// Its index.
    pub(crate) comment: usize,
    pub(crate) at: Timestamp,
}

impl Discussion {
    /// When it last changed, up to then.
    pub(crate) fn updated_at(&self, until: Timestamp) -> Timestamp {
        let said = self.comments.iter().flat_map(|comment| [Some(comment.at), comment.deleted_at]).flatten();
        let all = said.chain(self.answer.as_ref().map(|chosen| chosen.at)).filter(|at| *at <= until);
        all.fold(self.created_at, Timestamp::max)
    }

    /// The answer and its comment.
    pub(crate) fn answered(&self) -> Option<(&Chosen, &Comment)> {
        let chosen = self.answer.as_ref()?;
        Some((chosen, self.comments.get(chosen.comment)?))
    }

    /// What was said to a comment or, with none, to the discussion itself, as lists show it: what was deleted is gone,
    /// unless there are replies to it.
    pub(crate) fn said_to(&self, parent: Option<u64>) -> impl Iterator<Item = &Comment> {
        let is_shown = |comment: &&Comment| comment.deleted_at.is_none() || self.replies(comment.id) > 0;
        self.comments.iter().filter(move |comment| comment.parent == parent).filter(is_shown)
    }

    fn replies(&self, id: u64) -> usize {
        self.comments.iter().filter(|comment| comment.parent == Some(id) && comment.deleted_at.is_none()).count()
    }
}

impl Repo {
    /// A discussion without a fact on the log yet. Answers its index.
    pub(crate) fn new_discussion(&mut self, draft: NewDiscussion, at: Timestamp) -> usize {
        let number = self.next_number();
        let author = self.person(&draft.author);
        self.discussions.push(Discussion {
            number,
            id: 5_000_000 + self.serial * 1_000 + u64::from(number),
            title: draft.title,
            body: draft.body,
            author,
            category: draft.category,
            created_at: whole_second(at),
            comments: Vec::new(),
            answer: None,
        });
        self.discussions.len() - 1
    }

    /// Something said to a discussion or, with a parent, to a comment of it, without a fact on the log yet. Answers both
    /// indexes.
    pub(crate) fn say(
        &mut self,
        number: u32,
        parent: Option<u64>,
        body: &str,
        by: User,
        at: Timestamp,
    ) -> Option<(usize, usize)> {
        let index = self.discussions.iter().position(|held| held.number == number)?;
        let said: usize = self.discussions.iter().map(|held| held.comments.len()).sum();
        let id = 12_000_000 + self.serial * 1_000_000 + said as u64 * 3 + 1;
        let held = self.discussions.get_mut(index)?;
        // There are no replies to replies.
        if !held.comments.iter().any(|comment| comment.parent.is_none() && Some(comment.id) == parent)
            && parent.is_some()
        {
            return None;
        }
        let comment = held.comments.len();
        let (body, at) = (body.to_owned(), whole_second(at));
        held.comments.push(Comment { id, parent, by, body, at, deleted_at: None });
        Some((index, comment))
    }

    /// Chooses a comment as the answer.
    pub(crate) fn choose(&mut self, index: usize, comment: usize, at: Timestamp) {
        if let Some(held) = self.discussions.get_mut(index) {
            held.answer = Some(Chosen { comment, at: whole_second(at) });
        }
    }

    /// Deletes a comment. Answers the indexes of its discussion and itself.
    fn unsay(&mut self, id: u64, at: Timestamp) -> Option<(usize, usize)> {
        let (index, comment) = self.said(id)?;
        let held = self.discussions.get_mut(index)?.comments.get_mut(comment)?;
        held.deleted_at = Some(whole_second(at));
        Some((index, comment))
    }

    /// Where the comment of this id is.
    fn said(&self, id: u64) -> Option<(usize, usize)> {
        self.discussions.iter().enumerate().find_map(|(index, held)| {
            let comment = held.comments.iter().position(|comment| comment.id == id && comment.deleted_at.is_none())?;
            Some((index, comment))
        })
    }
}

impl Life {
    /// A discussion: what is said to it, some replies, and for many an answer.
    pub(super) fn discussion(&mut self, repo: &mut Repo, at: i64) {
        let draft = NewDiscussion {
            body: words::remark(&mut self.random, repo.view()),
            author: self.person().to_owned(),
            category: self.random.pick(&["Q&A", "Ideas", "Show and tell"]).to_owned(),
            ..NewDiscussion::asking(words::issue_title(&mut self.random))
        };
        let index = repo.new_discussion(draft, instant(at));
        self.facts.push((instant(at), What::Discussed { index, answered: false }));
        let Some(number) = repo.discussions.get(index).map(|held| held.number) else { return };
        let mut first = None;
        let count = u32::try_from(self.random.below(6)).unwrap_or(0);
        for at in self.random.moments(count, at, (at + 5 * 86_400).min(self.until)) {
            let parent = first.filter(|_| self.random.chance(40));
            let by = repo.person(self.person());
            let body = words::remark(&mut self.random, repo.view());
            let Some((index, comment)) = repo.say(number, parent, &body, by, instant(at)) else { return };
            self.facts.push((instant(at), What::Said { index, comment }));
            if parent.is_none() && first.is_none() {
                first = repo.discussions.get(index).and_then(|held| held.comments.get(comment)).map(|held| held.id);
                if self.random.chance(60) && at < self.until {
                    repo.choose(index, comment, instant(at + 1));
                    self.facts.push((instant(at + 1), What::Discussed { index, answered: true }));
                }
            }
        }
    }
}

impl Repository {
    /// Opens a discussion.
    pub fn create_discussion(&self, draft: NewDiscussion, at: Timestamp) -> Webhook {
        self.tell(at, |repo| Ok(What::Discussed { index: repo.new_discussion(draft, at), answered: false }))
    }

    /// Comments on a discussion: `discussion_comment` `created`. Answers the comment's id as well.
    pub fn discuss(&self, number: u32, body: &str, by: &str, at: Timestamp) -> (u64, Webhook) {
        self.saying(number, None, body, by, at)
    }

    /// Replies to a comment of a discussion: `discussion_comment` `created`. Answers the reply's id as well.
    pub fn discuss_further(&self, comment: u64, body: &str, by: &str, at: Timestamp) -> (u64, Webhook) {
        let number =
            self.with(|repo| repo.said(comment).and_then(|(index, _)| Some(repo.discussions.get(index)?.number)));
        self.saying(number.unwrap_or(0), Some(comment), body, by, at)
    }

    /// Deletes a comment or a reply: `discussion_comment` `deleted`. A comment that has replies stays as an empty place.
    pub fn delete_discussion_comment(&self, id: u64, at: Timestamp) -> Webhook {
        self.tell(at, |repo| {
            let by = repo.person(MAINTAINER);
            let (index, comment) = repo.unsay(id, at).ok_or(Wrong::Nothing(id))?;
            Ok(What::Unsaid { index, comment, by })
        })
    }

    /// Somebody answers a discussion, and the asker accepts it: `discussion` `answered`. The comment itself is told
    /// first, which [`Self::history_webhooks`] has.
    pub fn answer_discussion(&self, number: u32, by: &str, at: Timestamp) -> Webhook {
        self.told(at, |repo| {
            let by = repo.person(by);
            let said = repo.say(number, None, "Yes: turn the valve before the pump.", by, at);
            let (index, comment) = said.ok_or(Wrong::NoItem(number))?;
            repo.choose(index, comment, at);
            Ok((vec![What::Said { index, comment }, What::Discussed { index, answered: true }], 1))
        })
    }

    fn saying(&self, number: u32, parent: Option<u64>, body: &str, by: &str, at: Timestamp) -> (u64, Webhook) {
        let mut made = 0;
        let webhook = self.tell(at, |repo| {
            let by = repo.person(by);
            let said = repo.say(number, parent, body, by, at);
            let (index, comment) = said.ok_or(parent.map_or(Wrong::NoItem(number), Wrong::Nothing))?;
            made = repo.discussions.get(index).and_then(|held| held.comments.get(comment)).map_or(0, |held| held.id);
            Ok(What::Said { index, comment })
        });
        (made, webhook)
    }
}
