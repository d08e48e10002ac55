//! One repository's state: its items, its releases, and the log of what happened.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use super::{
    api::order::Orders,
    deploy::Deployment,
    discuss::Discussion,
    draft::{NewCommit, NewIssue, NewPullRequest, NewRelease, Origin},
    fact::{Fact, What},
    files::{Files, Touched},
    item::{Change, Head, Item, Label, Pull, Step},
    json::{
        push::{self, Commit, NO_COMMIT, Push},
        release::Release,
        repository::{Facets, View},
        user::User,
    },
    talk::{Comment, Remark, Review},
};
use crate::{
    clock::whole_second,
    random::{Random, mix},
};

/// The state of one repository.
pub(crate) struct Repo {
    pub(crate) seed: u64,
    /// Counts the repositories; keeps the ids of their items apart.
    pub(crate) serial: u64,
    pub(crate) id: u64,
    pub(crate) installation_id: u64,
    owner: User,
    name: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    pushed_at: Timestamp,
    /// By number; a discussion's number is a hole here.
    items: BTreeMap<u32, Item>,
    last_number: u32,
    pub(crate) releases: Vec<Release>,
    pub(crate) pushes: Vec<Push>,
    pub(crate) discussions: Vec<Discussion>,
    pub(crate) comments: Vec<Comment>,
    pub(crate) reviews: Vec<Review>,
    pub(crate) remarks: Vec<Remark>,
    pub(crate) deployments: Vec<Deployment>,
    heads: BTreeMap<String, String>,
    people: BTreeMap<String, User>,
    forks: BTreeMap<String, Arc<View>>,
    pub(crate) facts: Vec<Fact>,
    open: usize,
    view: Arc<View>,
    /// Grows with every change.
    pub(crate) revision: u64,
    /// Sorted lists, thrown away by every change.
    pub(crate) orders: Orders,
    /// What its commits hold.
    pub(crate) files: Files,
}

impl Repo {
    pub(crate) fn new(seed: u64, serial: u64, installation_id: u64, owner: User, name: &str, at: Timestamp) -> Self {
        let id = 500_000_000 + mix(seed, &[serial, 0x12E9]) % 400_000_000;
        let view = Arc::new(View::new(&Facets {
            id,
            owner: &owner,
            name,
            created_at: at,
            updated_at: at,
            pushed_at: at,
            open_issues: 0,
            fork: false,
        }));
        Self {
            seed,
            serial,
            id,
            installation_id,
            owner,
            name: name.to_owned(),
            created_at: at,
            updated_at: at,
            pushed_at: at,
            items: BTreeMap::new(),
            last_number: 0,
            releases: Vec::new(),
            pushes: Vec::new(),
            discussions: Vec::new(),
            comments: Vec::new(),
            reviews: Vec::new(),
            remarks: Vec::new(),
            deployments: Vec::new(),
            heads: BTreeMap::new(),
            people: BTreeMap::new(),
            forks: BTreeMap::new(),
            facts: Vec::new(),
            open: 0,
            view,
            revision: 0,
            orders: Orders::default(),
            files: Files::default(),
        }
    }

    /// The repository as it stands.
    pub(crate) fn view(&self) -> &Arc<View> {
        &self.view
    }

    pub(crate) fn owner(&self) -> &User {
        &self.owner
    }

    /// When it was made, last changed, and last pushed to.
    pub(crate) fn times(&self) -> (Timestamp, Timestamp, Timestamp) {
        (self.created_at, self.updated_at, self.pushed_at)
    }

    /// A repository is at least as old as its history.
    pub(crate) fn born_by(&mut self, at: Timestamp) {
        self.created_at = self.created_at.min(at);
    }

    /// An item, deleted or not.
    pub(crate) fn item(&self, number: u32) -> Option<&Item> {
        self.items.get(&number)
    }

    /// The items that lists show.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &Item> {
        self.items.values().filter(|item| !item.deleted)
    }

    pub(crate) fn person(&mut self, login: &str) -> User {
        if let Some(known) = self.people.get(login) {
            return known.clone();
        }
        let user = User::named(login);
        self.people.insert(login.to_owned(), user.clone());
        user
    }

    /// Puts facts on the log, in time order, and renews what depends on them. Answers the first one's index.
    pub(crate) fn record(&mut self, at: Timestamp, what: Vec<(Timestamp, What)>) -> usize {
        self.revision += 1;
        self.orders.clear();
        self.updated_at = self.updated_at.max(at);
        self.view = Arc::new(View::new(&Facets {
            id: self.id,
            owner: &self.owner,
            name: &self.name,
            created_at: self.created_at,
            updated_at: self.updated_at,
            pushed_at: self.pushed_at,
            open_issues: self.open,
            fork: false,
        }));
        let first = self.facts.len();
        let view = &self.view;
        self.facts.extend(what.into_iter().map(|(at, what)| Fact { at, what, view: Arc::clone(view) }));
        first
    }

    /// A pull request without a fact on the log yet. Answers its number.
    pub(crate) fn new_pull(&mut self, draft: NewPullRequest, at: Timestamp) -> u32 {
        let number = self.next_number();
        let mut random = self.random(number, 0x9011);
        let author = draft.author.as_deref().map(|login| self.person(login));
        let head = match (draft.from, &author) {
            (Origin::Fork, Some(author)) => Head::Fork(self.fork(author)),
            (Origin::DeletedFork, _) => Head::Gone,
            _ => Head::Same,
        };
        let pull = Pull {
            id: 1_400_000_000 + self.serial * 1_000_000 + u64::from(number) * 3 + 1,
            draft: draft.draft,
            head_ref: draft.branch,
            head_sha: random.hex(40),
            head,
            base_ref: draft.base,
            base_sha: random.hex(40),
            merge_sha: random.hex(40),
            commits: 1 + small(random.below(8)),
            additions: 1 + small(random.below(400)),
            deletions: small(random.below(150)),
            changed_files: 1 + small(random.below(20)),
        };
        self.add(number, draft.title, draft.body, author, &draft.labels, &draft.assignees, Some(pull), at);
        number
    }

    /// An issue without a fact on the log yet. Answers its number.
    pub(crate) fn new_issue(&mut self, draft: NewIssue, at: Timestamp) -> u32 {
        let number = self.next_number();
        let author = draft.author.as_deref().map(|login| self.person(login));
        self.add(number, draft.title, draft.body, author, &draft.labels, &draft.assignees, None, at);
        number
    }

    #[expect(clippy::too_many_arguments, reason = "the two kinds of item have these in common and nothing else")]
    fn add(
        &mut self,
        number: u32,
        title: String,
        body: Option<String>,
        author: Option<User>,
        labels: &[String],
        assignees: &[String],
        pull: Option<Pull>,
        at: Timestamp,
    ) {
        const ASSOCIATIONS: [&str; 4] = ["MEMBER", "CONTRIBUTOR", "NONE", "COLLABORATOR"];
        let association = self.random(number, 0xA550).pick(&ASSOCIATIONS);
        let mut item = Item {
            number,
            issue_id: 2_000_000_000 + self.serial * 1_000_000 + u64::from(number) * 5 + 2,
            title,
            body,
            author: author.clone(),
            assignees: assignees.iter().map(|login| self.person(login)).collect(),
            association,
            labels: labels.iter().map(|name| Label::named(name)).collect(),
            pull,
            steps: Vec::with_capacity(2),
            now: Item::unborn(),
            deleted: false,
            revision: self.revision + 1,
        };
        item.step(Step { at: whole_second(at), by: author, change: Change::Opened });
        self.items.insert(number, item);
        self.open += 1;
    }

    /// Adds a step to an item without a fact on the log yet. Answers the step's index.
    pub(crate) fn step(&mut self, number: u32, change: Change, by: Option<User>, at: Timestamp) -> Option<usize> {
        let item = self.items.get_mut(&number).filter(|item| !item.deleted)?;
        let was_open = item.now.open;
        if matches!(change, Change::Merged) {
            self.pushed_at = self.pushed_at.max(at);
        }
        let index = item.step(Step { at: whole_second(at), by, change });
        item.revision = self.revision + 1;
        match (was_open, item.now.open) {
            (true, false) => self.open -= 1,
            (false, true) => self.open += 1,
            _ => {}
        }
        Some(index)
    }

    /// Takes an issue out of every list.
    pub(crate) fn delete(&mut self, number: u32) -> Option<()> {
        let item = self.items.get_mut(&number).filter(|item| !item.deleted && item.pull.is_none())?;
        item.deleted = true;
        if item.now.open {
            self.open -= 1;
        }
        Some(())
    }

    /// A release without facts on the log yet. Answers its index.
    pub(crate) fn new_release(&mut self, draft: NewRelease, committed_at: Timestamp, at: Timestamp) -> usize {
        let index = self.releases.len();
        let author = self.person(&draft.author);
        self.releases.push(Release {
            id: 90_000_000 + self.serial * 100_000 + index as u64 * 7 + 3,
            tag: draft.tag,
            name: draft.name,
            body: draft.body,
            author,
            prerelease: draft.prerelease,
            created_at: whole_second(committed_at),
            published_at: whole_second(at),
            revision: self.revision + 1,
        });
        index
    }

    /// The commit a branch points to.
    pub(crate) fn head(&self, branch: &str) -> Option<&str> {
        self.heads.get(branch).map(String::as_str)
    }

    /// A push without a fact on the log yet. Answers its index.
    pub(crate) fn new_push(&mut self, branch: &str, commits: &[NewCommit], kind: push::Kind, at: Timestamp) -> usize {
        let mut random = Random::new(self.seed, &[self.id, self.pushes.len() as u64, 0x9054]);
        let mut parent = self.head(branch).map(str::to_owned);
        let commits: Vec<Commit> = commits
            .iter()
            .map(|commit| {
                let (sha, tree) = (random.hex(40), random.hex(40));
                let held = self.files.commit(&sha, parent.as_deref(), &commit.changes);
                parent = Some(sha.clone());
                let said = || (tree, Touched { modified: commit.modified.clone(), ..Touched::default() });
                let (tree, touched) = held.unwrap_or_else(said);
                Commit { sha, tree, message: commit.message.clone(), author: self.person(&commit.author), touched }
            })
            .collect();
        let by = match commits.last() {
            Some(commit) => commit.author.clone(),
            None => self.person("octavia"),
        };
        self.add_push(branch, commits, by, kind, at)
    }

    /// The push that merging a pull request makes, without a fact on the log yet; None where it is not merged.
    pub(crate) fn new_merge(&mut self, number: u32, at: Timestamp) -> Option<usize> {
        let mut random = self.random(number, 0x3E26);
        let item = self.item(number)?;
        let (pull, by) = (item.pull.as_ref()?, item.now.merged_by.clone()?);
        let message = format!("Merge pull request #{number} from {}\n\n{}", pull.head_ref, item.title);
        let (branch, base, sha) = (pull.base_ref.clone(), pull.base_sha.clone(), pull.merge_sha.clone());
        // What is merged into was there before, whether or not that push is told.
        self.heads.entry(branch.clone()).or_insert(base);
        let tree = random.hex(40);
        let (tree, touched) = self
            .files
            .commit(&sha, self.heads.get(&branch).map(String::as_str), &[])
            .unwrap_or((tree, Touched::default()));
        let commit = Commit { sha, tree, message, author: by.clone(), touched };
        Some(self.add_push(&branch, vec![commit], by, push::Kind::Merge, at))
    }

    fn add_push(&mut self, branch: &str, commits: Vec<Commit>, by: User, kind: push::Kind, at: Timestamp) -> usize {
        let index = self.pushes.len();
        let id = 20_000_000_000 + self.serial * 10_000_000 + index as u64 * 5 + 4;
        let before = self.heads.remove(branch).unwrap_or_else(|| NO_COMMIT.to_owned());
        let push = Push { id, branch: branch.to_owned(), before, commits, by, at: whole_second(at), kind };
        if kind != push::Kind::Deleted {
            self.heads.insert(branch.to_owned(), push.after().to_owned());
        }
        self.pushed_at = self.pushed_at.max(at);
        self.pushes.push(push);
        index
    }

    /// Gives the repository another name and answers the old one.
    pub(crate) fn rename(&mut self, name: &str) -> String {
        std::mem::replace(&mut self.name, name.to_owned())
    }

    pub(super) fn next_number(&mut self) -> u32 {
        self.last_number += 1;
        self.last_number
    }

    fn random(&self, number: u32, purpose: u64) -> Random {
        Random::new(self.seed, &[self.id, u64::from(number), purpose])
    }

    fn fork(&mut self, owner: &User) -> Arc<View> {
        if let Some(known) = self.forks.get(owner.login()) {
            return Arc::clone(known);
        }
        let fork = Arc::new(View::new(&Facets {
            id: 300_000_000 + mix(self.id, &[owner.id()]) % 400_000_000,
            owner,
            name: &self.name,
            created_at: self.created_at,
            updated_at: self.created_at,
            pushed_at: self.created_at,
            open_issues: 0,
            fork: true,
        }));
        self.forks.insert(owner.login().to_owned(), Arc::clone(&fork));
        fork
    }
}

fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
