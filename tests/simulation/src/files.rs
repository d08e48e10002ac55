//! The files of a repository as they are pushed, and which of them are to be documents at each commit.

use std::collections::{BTreeMap, BTreeSet};

use connector_domain::Timestamp;
use connector_domain::documents::content_hash;
use connector_simulator::github::{NewCommit, Repository, Webhook};

use crate::Chance;

/// Documents by path, each with the hash of its text.
pub(crate) type Wanted = BTreeMap<String, String>;

/// Text by path, now; and what was wanted after each push.
#[derive(Default)]
pub(crate) struct Files {
    now: BTreeMap<String, String>,
    wanted: Vec<Wanted>,
    texts: u64,
}

const CONFIG: &str = "connectors.yml";
/// The last is named by no configuration.
const PATHS: [&str; 5] = ["docs/a.md", "docs/b.md", "docs/deep/c.md", "README.md", "src/main.rs"];
/// What a configuration names: its patterns, and of which paths they are.
const CONFIGS: [(&str, &[&str]); 3] = [
    ("'docs/*.md'", &["docs/a.md", "docs/b.md"]),
    ("'docs/**/*.md', README.md", &["docs/a.md", "docs/b.md", "docs/deep/c.md", "README.md"]),
    ("README.md", &["README.md"]),
];

impl Files {
    /// How many pushes there were.
    pub(crate) fn pushes(&self) -> usize {
        self.wanted.len()
    }

    /// What was wanted after a push and after each later one; before the first there is nothing to want.
    pub(crate) fn wanted_from(&self, pushes: usize) -> impl Iterator<Item = Wanted> {
        let before = (pushes == 0).then(Wanted::new);
        before.into_iter().chain(self.wanted.iter().skip(pushes.saturating_sub(1)).cloned())
    }

    /// Somebody pushes a commit that changes a few files.
    pub(crate) fn push(&mut self, repository: &Repository, chance: &Chance, at: Timestamp) -> Webhook {
        let mut commit = NewCommit::saying("Write it down");
        // What is said to have changed is not what decides.
        commit.modified.clear();
        if self.pushes() == 0 || chance.percent(20) {
            commit = match self.now.contains_key(CONFIG) && chance.percent(30) {
                true => self.delete(commit, CONFIG),
                false => {
                    let (patterns, _) = chance.pick(CONFIGS);
                    self.write(commit, CONFIG, format!("version: 1\nstore: docs\ninclude: [{patterns}]\n"))
                }
            };
        }
        // A commit says one thing of a path.
        let touched: BTreeSet<_> = (0..chance.between(1, 3)).map(|_| chance.pick(PATHS)).collect();
        for path in touched {
            commit = match self.now.contains_key(path) && chance.percent(30) {
                true => self.delete(commit, path),
                false => {
                    self.texts += 1;
                    // A text that was there before is the same file again.
                    let text = format!("# Part {}\n\nThe tank is filled before the start.\n", self.texts % 4);
                    self.write(commit, path, text)
                }
            };
        }
        let webhook = repository.push("main", &[commit], at);
        self.wanted.push(self.wanted());
        webhook
    }

    fn write(&mut self, commit: NewCommit, path: &str, text: String) -> NewCommit {
        self.now.insert(path.to_owned(), text.clone());
        commit.write(path, text)
    }

    fn delete(&mut self, commit: NewCommit, path: &str) -> NewCommit {
        self.now.remove(path);
        commit.delete(path)
    }

    fn wanted(&self) -> Wanted {
        let config = self.now.get(CONFIG);
        let named =
            CONFIGS.iter().find(|(patterns, _)| config.is_some_and(|text| text.contains(&format!("[{patterns}]"))));
        let paths = named.map_or(&[][..], |(_, paths)| paths);
        let text = |path: &&str| Some(((*path).to_owned(), content_hash(self.now.get(*path)?)));
        paths.iter().filter_map(text).collect()
    }
}
