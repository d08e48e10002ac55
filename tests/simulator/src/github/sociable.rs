//! The part of a history that people make by talking, pushing and deploying.

use super::{
    draft::{DeploymentState, NewCommit, NewReview, Verdict},
    fact::What,
    json::push,
    populate::{Life, instant},
    repo::Repo,
    talk::Steps,
    words,
};

impl Life {
    /// What is said about an item between two of its steps.
    pub(super) fn talk(&mut self, repo: &mut Repo, number: u32, from: i64, to: i64) {
        let count = u32::try_from(self.random.below(4)).unwrap_or(0);
        let is_pull = repo.item(number).is_some_and(|item| item.pull.is_some());
        let mut now = from;
        for at in self.random.moments(count, from, to) {
            now = at.max(now + 1);
            if now >= to {
                return;
            }
            if is_pull && self.random.chance(50) {
                now = self.review(repo, number, now, to);
            } else {
                now = self.comment(repo, number, now, to);
            }
        }
    }

    /// Some comments are edited a little later, and a few taken back. Answers when the last of it was.
    fn comment(&mut self, repo: &mut Repo, number: u32, at: i64, to: i64) -> i64 {
        let by = if self.random.chance(12) { "github-actions[bot]" } else { self.person() };
        let by = repo.person(by);
        let text = words::remark(&mut self.random, repo.view());
        let Some((id, steps)) = repo.comment(number, &text, by.clone(), instant(at)) else { return at };
        self.said(number, at, steps);
        let later = at + 40;
        if later >= to {
            return at;
        }
        let again = match self.random.below(100) {
            0..8 => repo.edit_comment(id, &format!("{text} (edited)"), by, instant(later)),
            8..11 => repo.delete_comment(id, by, instant(later)),
            _ => return at,
        };
        if let Some((number, steps)) = again {
            self.said(number, later, steps);
        }
        later
    }

    /// Reviews with remarks on lines; some remarks are replied to, and some verdicts taken back.
    fn review(&mut self, repo: &mut Repo, number: u32, at: i64, to: i64) -> i64 {
        let by = repo.person(self.person());
        let verdict = match self.random.below(10) {
            0..5 => Verdict::Approved,
            5..8 => Verdict::ChangesRequested,
            _ => Verdict::Commented,
        };
        let remarks = self.random.below(if verdict == Verdict::Approved { 2 } else { 4 });
        let remarks: Vec<String> = (0..remarks).map(|_| words::remark(&mut self.random, repo.view())).collect();
        let silent = self.random.chance(40) && (verdict == Verdict::Approved || !remarks.is_empty());
        let body = if silent { String::new() } else { words::remark(&mut self.random, repo.view()) };
        let Some((id, steps)) = repo.review(number, NewReview { verdict, body, remarks }, by, instant(at)) else {
            return at;
        };
        self.said(number, at, steps);
        let later = at + 120;
        if later >= to {
            return at;
        }
        let by = repo.person(self.person());
        let remark = repo.remarks.last().filter(|held| held.review == id).map(|held| held.id);
        let again = match (verdict, remark) {
            (Verdict::ChangesRequested, _) if self.random.chance(30) => repo.dismiss(id, by, instant(later)),
            (_, Some(remark)) if self.random.chance(40) => {
                let text = words::remark(&mut self.random, repo.view());
                repo.reply(remark, &text, by, instant(later)).map(|(number, _, steps)| (number, steps))
            }
            _ => return at,
        };
        if let Some((number, steps)) = again {
            self.said(number, later, steps);
        }
        later
    }

    fn said(&mut self, number: u32, at: i64, steps: Steps) {
        self.facts.extend(steps.into_iter().map(|step| (instant(at), What::Step { number, step })));
    }

    /// Pushes to the main branch and to others, and those that merges make, in the order of time: each begins where the
    /// one before it ended.
    pub(super) fn pushes(&mut self, repo: &mut Repo, count: u32) {
        let (since, until) = (self.since, self.until);
        let own = self.random.moments(count, since, until).into_iter().map(|at| (at, None));
        let mut all: Vec<(i64, Option<u32>)> =
            self.merges.iter().map(|(at, number)| (*at, Some(*number))).chain(own).collect();
        all.sort_unstable();
        for (at, merged) in all {
            let index = match merged {
                Some(number) => repo.new_merge(number, instant(at)),
                None => Some(self.push(repo, at)),
            };
            self.facts.extend(index.map(|index| (instant(at), What::Push { index })));
        }
    }

    fn push(&mut self, repo: &mut Repo, at: i64) -> usize {
        let branch = match self.random.below(10) {
            0..5 => "main".to_owned(),
            5..7 => "release/1.x".to_owned(),
            _ => words::branch(&mut self.random),
        };
        let count = 1 + self.random.below(3);
        let commits: Vec<NewCommit> = (0..count)
            .map(|_| NewCommit {
                author: self.person().to_owned(),
                ..NewCommit::saying(words::commit_message(&mut self.random))
            })
            .collect();
        let known = repo.head(&branch).is_some();
        match self.random.below(100) {
            0..12 if known => repo.new_push(&branch, &commits, push::Kind::Forced, instant(at)),
            12..20 if known && branch != "main" => repo.new_push(&branch, &[], push::Kind::Deleted, instant(at)),
            _ => repo.new_push(&branch, &commits, push::Kind::Forward, instant(at)),
        }
    }

    /// A deployment and its reports. What succeeded is replaced some time later.
    pub(super) fn deployment(&mut self, repo: &mut Repo, at: i64) {
        let by = repo.person("github-actions[bot]");
        let environment = self.random.pick(&["production", "staging", "preview"]);
        let index = repo.deploy("main", environment, by, instant(at));
        self.facts.push((instant(at), What::Deployed { index }));
        let Some(id) = repo.deployments.get(index).map(|held| held.id) else { return };
        let end = match self.random.below(10) {
            0 => DeploymentState::Failure,
            1 => DeploymentState::Error,
            _ => DeploymentState::Success,
        };
        let mut at = at;
        for (state, within) in [
            (DeploymentState::Queued, 20),
            (DeploymentState::InProgress, 60),
            (end, 600),
            (DeploymentState::Inactive, 172_800),
        ] {
            at += 1 + i64::try_from(self.random.below(within)).unwrap_or(0);
            let over = state == DeploymentState::Inactive && end != DeploymentState::Success;
            if at > self.until || over {
                return;
            }
            if let Some((index, status)) = repo.report(id, state, instant(at)) {
                self.facts.push((instant(at), What::Reported { index, status }));
            }
        }
    }
}
