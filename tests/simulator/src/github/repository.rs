//! A repository as a scenario handles it: fill it, change it, and get the webhooks of what happened.

use std::fmt;

use jiff::Timestamp;

use super::{
    GitHub,
    draft::{NewCommit, NewIssue, NewPullRequest, NewRelease},
    fact::What,
    item::{Change, CloseReason, Label},
    json::push,
    populate::{Populate, populate},
    repo::Repo,
    webhook::Webhook,
};

/// A handle to one repository. Clones share it.
///
/// Every change answers the webhook that GitHub would send for it, and takes the time it happens at; times are
/// cut to whole seconds as GitHub's are.
///
/// # Panics
/// A change panics when it names an item that is not there or cannot change so: the scenario is wrong then.
#[derive(Clone)]
pub struct Repository {
    github: GitHub,
    /// The numeric id that no rename changes.
    pub id: u64,
    /// The id of our App's installation on the owner's account.
    pub installation_id: u64,
}

impl Repository {
    pub(crate) fn new(github: GitHub, id: u64, installation_id: u64) -> Self {
        Self { github, id, installation_id }
    }

    /// `owner/name`, as it is now.
    #[must_use]
    pub fn full_name(&self) -> String {
        self.with(|repo| repo.view().full_name.clone())
    }

    /// The owner's login.
    #[must_use]
    pub fn owner(&self) -> String {
        self.with(|repo| repo.view().owner.login().to_owned())
    }

    /// The name without the owner, as it is now.
    #[must_use]
    pub fn name(&self) -> String {
        self.with(|repo| repo.view().name.clone())
    }

    /// Fills the repository with a history that ends at `spec.until`.
    pub fn populate(&self, spec: Populate) {
        self.with(|repo| populate(repo, &spec));
    }

    /// Opens a pull request: `pull_request` `opened`.
    pub fn open_pull_request(&self, draft: NewPullRequest, at: Timestamp) -> Webhook {
        self.tell(at, |repo| {
            let number = repo.new_pull(draft, at);
            Ok(What::Step { number, step: 0 })
        })
    }

    /// Merges an open pull request: `pull_request` `closed` with `merged: true`. The push that a merge makes is
    /// not told; say so with [`Self::push`].
    pub fn merge_pull_request(&self, number: u32, by: &str, at: Timestamp) -> Webhook {
        self.step(number, Of::Pull, Needs::Open, Change::Merged, by, at)
    }

    /// Closes a pull request without merging it.
    pub fn close_pull_request(&self, number: u32, by: &str, at: Timestamp) -> Webhook {
        self.step(number, Of::Pull, Needs::Open, Change::Closed(CloseReason::NotPlanned), by, at)
    }

    /// Opens a closed pull request again.
    pub fn reopen_pull_request(&self, number: u32, by: &str, at: Timestamp) -> Webhook {
        self.step(number, Of::Pull, Needs::Closed, Change::Reopened, by, at)
    }

    /// Makes a draft a proper pull request.
    pub fn ready_for_review(&self, number: u32, by: &str, at: Timestamp) -> Webhook {
        self.step(number, Of::Pull, Needs::Draft, Change::ReadyForReview, by, at)
    }

    /// Opens an issue: `issues` `opened`.
    pub fn open_issue(&self, draft: NewIssue, at: Timestamp) -> Webhook {
        self.tell(at, |repo| {
            let number = repo.new_issue(draft, at);
            Ok(What::Step { number, step: 0 })
        })
    }

    /// Closes an issue as completed.
    pub fn close_issue(&self, number: u32, by: &str, at: Timestamp) -> Webhook {
        self.close_issue_as(number, CloseReason::Completed, by, at)
    }

    /// Closes an issue for this reason.
    pub fn close_issue_as(&self, number: u32, reason: CloseReason, by: &str, at: Timestamp) -> Webhook {
        self.step(number, Of::Issue, Needs::Open, Change::Closed(reason), by, at)
    }

    /// Opens a closed issue again.
    pub fn reopen_issue(&self, number: u32, by: &str, at: Timestamp) -> Webhook {
        self.step(number, Of::Issue, Needs::Closed, Change::Reopened, by, at)
    }

    /// Labels an issue, which moves its `updated_at` and so its place in lists: `issues` `labeled`.
    pub fn touch_issue(&self, number: u32, at: Timestamp) -> Webhook {
        self.step(number, Of::Issue, Needs::Nothing, touched(at), MAINTAINER, at)
    }

    /// Labels a pull request, as [`Self::touch_issue`] does an issue: `pull_request` `labeled`.
    pub fn touch_pull_request(&self, number: u32, at: Timestamp) -> Webhook {
        self.step(number, Of::Pull, Needs::Nothing, touched(at), MAINTAINER, at)
    }

    /// Deletes an issue: it leaves every list and later ones move up. `issues` `deleted`.
    pub fn delete_issue(&self, number: u32, at: Timestamp) -> Webhook {
        self.tell(at, |repo| {
            let by = repo.person(MAINTAINER);
            repo.delete(number).ok_or(Wrong::NoItem(number))?;
            Ok(What::Deleted { number, by })
        })
    }

    /// Publishes a release and answers the `published` webhook; GitHub tells `created` and `released` (or
    /// `prereleased`) as well, which [`Self::history_webhooks`] has.
    pub fn publish_release(&self, draft: NewRelease, at: Timestamp) -> Webhook {
        self.told(at, |repo| {
            let index = repo.new_release(draft, at, at);
            let facts = release_facts(repo, index);
            Ok((facts, 1))
        })
    }

    /// Pushes commits to a branch, which is made when it is new.
    pub fn push(&self, branch: &str, commits: &[NewCommit], at: Timestamp) -> Webhook {
        self.tell(at, |repo| Ok(What::Push { index: repo.new_push(branch, commits, push::Kind::Forward, at) }))
    }

    /// The commit that a branch points to.
    #[must_use]
    pub fn head(&self, branch: &str) -> Option<String> {
        self.with(|repo| repo.head(branch).map(str::to_owned))
    }

    /// Chooses how many entries of a whole tree are told; the rest is said to be truncated.
    pub fn tell_of_trees(&self, entries: usize) {
        self.with(|repo| repo.files.told_at_once = Some(entries));
    }

    /// Shows the head as it was before the last push, so many more times: not all of GitHub learns of a push at once.
    pub fn lag_behind(&self, times: u32) {
        self.with(|repo| repo.files.behind = times);
    }

    /// Renames the repository. Its old address then answers 301 with the address by id.
    pub fn rename(&self, new_name: &str, at: Timestamp) -> Webhook {
        let webhook = self.tell(at, |repo| {
            let by = repo.person(MAINTAINER);
            let from = repo.rename(new_name);
            Ok(What::Renamed { from, by })
        });
        let full_name = self.full_name();
        self.github.world().github_state().learn_name(&full_name, self.id);
        webhook
    }

    /// Every webhook that live delivery would have sent for what happened so far, in time order. The same fact
    /// always gives the same bytes and delivery id.
    #[must_use]
    pub fn history_webhooks(&self) -> Vec<Webhook> {
        self.with(|repo| {
            let mut order: Vec<usize> = (0..repo.facts.len()).collect();
            order.sort_by_key(|&index| repo.facts.get(index).map(|fact| fact.at));
            order.into_iter().filter_map(|index| repo.webhook(index)).collect()
        })
    }

    fn step(&self, number: u32, of: Of, needs: Needs, change: Change, by: &str, at: Timestamp) -> Webhook {
        self.tell(at, |repo| {
            let by = repo.person(by);
            let item = repo.item(number).filter(|item| !item.deleted).ok_or(Wrong::NoItem(number))?;
            if item.pull.is_some() != (of == Of::Pull) {
                return Err(Wrong::OtherKind(number));
            }
            let fits = match needs {
                Needs::Nothing => true,
                Needs::Open => item.now.open,
                Needs::Closed => !item.now.open && item.now.merged_at.is_none(),
                Needs::Draft => item.now.open && item.now.draft,
            };
            if !fits {
                return Err(Wrong::NotNow(number));
            }
            let step = repo.step(number, change, Some(by), at).ok_or(Wrong::NoItem(number))?;
            Ok(What::Step { number, step })
        })
    }

    pub(super) fn tell(&self, at: Timestamp, change: impl FnOnce(&mut Repo) -> Result<What, Wrong>) -> Webhook {
        self.told(at, |repo| Ok((vec![change(repo)?], 0)))
    }

    /// Makes a change, logs its facts, and answers the webhook of one of them.
    pub(super) fn told(
        &self,
        at: Timestamp,
        change: impl FnOnce(&mut Repo) -> Result<(Vec<What>, usize), Wrong>,
    ) -> Webhook {
        let at = crate::clock::whole_second(at);
        let made = self.with(|repo| {
            let (facts, chosen) = change(repo)?;
            let first = repo.record(at, facts.into_iter().map(|what| (at, what)).collect());
            Ok(repo.webhook(first + chosen))
        });
        match made {
            Ok(Some(webhook)) => webhook,
            Ok(None) => unreachable!("a fact that was just logged has a webhook"),
            Err(wrong) => complain(&wrong, &self.full_name()),
        }
    }

    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Repo) -> T) -> T {
        let mut state = self.github.world().github_state();
        match state.repos.get_mut(&self.id) {
            Some(repo) => act(repo),
            None => unreachable!("repositories are never removed, and handles are made for existing ones"),
        }
    }
}

impl fmt::Debug for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repository").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The three facts of one publication, in GitHub's order.
pub(super) fn release_facts(repo: &Repo, index: usize) -> Vec<What> {
    let prerelease = repo.releases.get(index).is_some_and(|release| release.prerelease);
    let last = if prerelease { "prereleased" } else { "released" };
    ["created", "published", last].into_iter().map(|action| What::Release { index, action }).collect()
}

/// Who does what nobody in particular does.
pub(super) const MAINTAINER: &str = "mira-holt";

/// A label that says when it was put on, so that each touch is a change.
fn touched(at: Timestamp) -> Change {
    Change::Labeled(Label::named(&format!("triaged {}", at.strftime("%Y-%m-%d %H.%M.%S"))))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Issue,
    Pull,
}

#[derive(Clone, Copy)]
enum Needs {
    Nothing,
    Open,
    Closed,
    Draft,
}

/// What is wrong with a scenario.
pub(super) enum Wrong {
    NoItem(u32),
    OtherKind(u32),
    NotNow(u32),
    /// No comment, review or deployment of that id, or it cannot change so.
    Nothing(u64),
}

#[expect(clippy::panic, reason = "a scenario that contradicts itself is a bug in the test, and must stop it")]
fn complain(wrong: &Wrong, repository: &str) -> ! {
    match wrong {
        Wrong::NoItem(number) => panic!("{repository} has no item #{number}"),
        Wrong::OtherKind(number) => panic!("{repository}#{number} is of the other kind (issue, pull request)"),
        Wrong::NotNow(number) => panic!("{repository}#{number} is not in a state that can change so"),
        Wrong::Nothing(id) => panic!("{repository} has nothing of the id {id} that can change so"),
    }
}
