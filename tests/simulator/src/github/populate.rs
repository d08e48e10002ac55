//! A repository's history out of a seed: varied, plausible, and the same every time.

use jiff::Timestamp;

use super::{
    draft::{NewIssue, NewPullRequest, NewRelease, Origin},
    fact::What,
    item::{Change, CloseReason, Label},
    json::user::GHOST,
    repo::Repo,
    repository::release_facts,
    words,
};
use crate::{clock::days_before, random::Random};

/// How much history to make, and over which time.
#[derive(Clone, Copy, Debug)]
pub struct Populate {
    /// Pull requests, which share numbers with the issues.
    pub pull_requests: u32,
    /// Issues that are not pull requests.
    pub issues: u32,
    /// Discussions, which share their numbers, too.
    pub discussions: u32,
    /// Published releases.
    pub releases: u32,
    /// Whether people comment and review.
    pub conversations: bool,
    /// Pushes besides those of merges; with none of them, merges make none either.
    pub pushes: u32,
    /// Deployments.
    pub deployments: u32,
    /// The earliest creation.
    pub since: Timestamp,
    /// Nothing happens after this.
    pub until: Timestamp,
}

impl Populate {
    /// A small history over the `days` before `until`: 40 pull requests, 25 issues, 5 releases, and nothing else.
    #[must_use]
    pub fn ending(until: Timestamp, days: u32) -> Self {
        let since = days_before(until, days);
        let (discussions, conversations, pushes, deployments) = (0, false, 0, 0);
        Self {
            pull_requests: 40,
            issues: 25,
            discussions,
            releases: 5,
            conversations,
            pushes,
            deployments,
            since,
            until,
        }
    }

    /// The same with all that people say, push and deploy.
    #[must_use]
    pub fn lively(until: Timestamp, days: u32) -> Self {
        Self { discussions: 8, conversations: true, pushes: 30, deployments: 12, ..Self::ending(until, days) }
    }
}

/// Adds the history of `spec` to `repo`.
pub(crate) fn populate(repo: &mut Repo, spec: &Populate) {
    let mut life = Life {
        random: Random::new(repo.seed, &[repo.id, repo.facts.len() as u64, 0x9093]),
        since: spec.since.as_second(),
        until: spec.until.as_second().max(spec.since.as_second()),
        conversations: spec.conversations,
        merges: Vec::new(),
        facts: Vec::new(),
    };
    repo.born_by(instant(life.since - 86_400));
    let begin: [(u32, Beginning); 3] =
        [(spec.pull_requests, Life::pull_request), (spec.issues, Life::issue), (spec.discussions, Life::discussion)];
    let mut begin: Vec<_> = begin.into_iter().flat_map(|(count, begin)| (0..count).map(move |_| begin)).collect();
    life.random.shuffle(&mut begin);
    let count = u32::try_from(begin.len()).unwrap_or(u32::MAX);
    let moments = life.random.moments(count, life.since, life.until);
    for (begin, at) in begin.into_iter().zip(moments) {
        begin(&mut life, repo, at);
    }
    for (index, at) in life.random.moments(spec.releases, life.since, life.until).into_iter().enumerate() {
        life.release(repo, index, at);
    }
    if spec.pushes > 0 {
        life.pushes(repo, spec.pushes);
    }
    for at in life.random.moments(spec.deployments, life.since, life.until) {
        life.deployment(repo, at);
    }
    let mut facts = life.facts;
    facts.sort_by_key(|(at, _)| *at);
    repo.record(instant(life.until), facts);
}

/// How something begins at a moment; its whole life follows.
type Beginning = fn(&mut Life, &mut Repo, i64);

/// The making of one history.
pub(super) struct Life {
    pub(super) random: Random,
    pub(super) since: i64,
    pub(super) until: i64,
    conversations: bool,
    /// Which pull request was merged when.
    pub(super) merges: Vec<(i64, u32)>,
    pub(super) facts: Vec<(Timestamp, What)>,
}

impl Life {
    fn pull_request(&mut self, repo: &mut Repo, at: i64) {
        let bot = self.random.chance(9);
        let author = if bot { Some("dependabot[bot]".to_owned()) } else { self.author() };
        let fork = !bot && self.random.chance(30);
        let draft = NewPullRequest {
            title: if bot { words::bump(&mut self.random) } else { words::pull_title(&mut self.random) },
            body: if bot { Some(words::bump_notes()) } else { words::body(&mut self.random, repo.view()) },
            author,
            branch: words::branch(&mut self.random),
            base: if self.random.chance(95) { "main" } else { "release/1.x" }.to_owned(),
            from: match fork {
                true if self.random.chance(25) => Origin::DeletedFork,
                true => Origin::Fork,
                false => Origin::Repository,
            },
            draft: self.random.chance(12),
            labels: words::labels(&mut self.random),
            assignees: self.assignees(),
        };
        let was_draft = draft.draft;
        let number = repo.new_pull(draft, instant(at));
        self.opened(number, at);
        let mut at = at;
        if was_draft {
            if self.random.chance(25) {
                return;
            }
            if !self.then(repo, number, &mut at, 2, Change::ReadyForReview) {
                return;
            }
        }
        match self.random.below(100) {
            0..62 => {
                self.then(repo, number, &mut at, 6, Change::Merged);
            }
            62..78 => {
                self.then(repo, number, &mut at, 20, Change::Closed(CloseReason::NotPlanned));
            }
            78..84 => {
                let _open_again = self.then(repo, number, &mut at, 8, Change::Closed(CloseReason::NotPlanned))
                    && self.then(repo, number, &mut at, 4, Change::Reopened)
                    && self.then(repo, number, &mut at, 4, Change::Merged);
            }
            _ => {}
        }
        self.maybe_label(repo, number, &mut at);
        self.aftermath(repo, number, at);
    }

    fn issue(&mut self, repo: &mut Repo, at: i64) {
        let draft = NewIssue {
            title: words::issue_title(&mut self.random),
            body: words::body(&mut self.random, repo.view()),
            author: self.author(),
            labels: words::labels(&mut self.random),
            assignees: self.assignees(),
        };
        let number = repo.new_issue(draft, instant(at));
        self.opened(number, at);
        let mut at = at;
        let reason = match self.random.below(20) {
            0..15 => CloseReason::Completed,
            15..19 => CloseReason::NotPlanned,
            _ => CloseReason::Duplicate,
        };
        match self.random.below(100) {
            0..55 => {
                self.then(repo, number, &mut at, 15, Change::Closed(reason));
            }
            55..65 => {
                let open_again = self.then(repo, number, &mut at, 10, Change::Closed(reason))
                    && self.then(repo, number, &mut at, 5, Change::Reopened);
                if open_again && self.random.chance(50) {
                    self.then(repo, number, &mut at, 5, Change::Closed(CloseReason::Completed));
                }
            }
            _ => {}
        }
        self.maybe_label(repo, number, &mut at);
        self.aftermath(repo, number, at);
    }

    fn release(&mut self, repo: &mut Repo, index: usize, at: i64) {
        let prerelease = self.random.chance(20);
        let tag = words::tag(index, prerelease);
        let published = (at + i64::try_from(self.random.below(900)).unwrap_or(0)).min(self.until);
        let draft = NewRelease {
            name: self.random.chance(80).then(|| format!("Rocket {}", tag.trim_start_matches('v'))),
            body: self.random.chance(90).then(|| words::notes(&mut self.random, repo.view())),
            author: if self.random.chance(50) { "github-actions[bot]".to_owned() } else { self.person().to_owned() },
            tag,
            prerelease,
        };
        let index = repo.new_release(draft, instant(at), instant(published));
        self.facts.extend(release_facts(repo, index).into_iter().map(|what| (instant(published), what)));
    }

    fn opened(&mut self, number: u32, at: i64) {
        self.facts.push((instant(at), What::Step { number, step: 0 }));
    }

    /// Takes the next step within `days`, unless that is after the end of the history.
    fn then(&mut self, repo: &mut Repo, number: u32, at: &mut i64, days: u64, change: Change) -> bool {
        let next = *at + 60 + i64::try_from(self.random.below(days * 86_400)).unwrap_or(0);
        if next > self.until {
            return false;
        }
        if self.conversations {
            self.talk(repo, number, *at, next);
        }
        *at = next;
        if matches!(change, Change::Merged) {
            self.merges.push((next, number));
        }
        let by = repo.person(self.person());
        if let Some(step) = repo.step(number, change, Some(by), instant(next)) {
            self.facts.push((instant(next), What::Step { number, step }));
        }
        true
    }

    /// Some items are labelled long after they were closed, which moves `updated_at` far from what happened.
    fn maybe_label(&mut self, repo: &mut Repo, number: u32, at: &mut i64) {
        if self.random.chance(15) {
            let label = Label::named(self.random.pick(&["triaged", "stale", "needs changelog", "backported"]));
            self.then(repo, number, at, 40, Change::Labeled(label));
        }
    }

    /// People go on talking for a while.
    fn aftermath(&mut self, repo: &mut Repo, number: u32, at: i64) {
        if self.conversations {
            self.talk(repo, number, at, (at + 3 * 86_400).min(self.until));
        }
    }

    pub(super) fn person(&mut self) -> &'static str {
        self.random.pick(&words::PEOPLE)
    }

    /// Mostly a person; sometimes an account that was deleted, in both ways GitHub shows that.
    fn author(&mut self) -> Option<String> {
        match self.random.below(100) {
            0..3 => None,
            3..6 => Some(GHOST.to_owned()),
            _ => Some(self.person().to_owned()),
        }
    }

    fn assignees(&mut self) -> Vec<String> {
        let mut logins: Vec<String> = Vec::new();
        while self.random.chance(30) && logins.len() < 3 {
            let login = self.person();
            if logins.iter().all(|held| held != login) {
                logins.push(login.to_owned());
            }
        }
        logins
    }
}

pub(super) fn instant(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}
