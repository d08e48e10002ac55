//! What a repository's commits hold: blobs and trees under the names that Git gives them.
//! <https://git-scm.com/book/en/v2/Git-Internals-Git-Objects>

use std::collections::{BTreeMap, BTreeSet};

use sha1::{Digest, Sha1};

use super::draft::FileChange;

/// The files of all commits that hold any.
#[derive(Default)]
pub(crate) struct Files {
    /// By commit: the paths with their blobs.
    commits: BTreeMap<String, Snapshot>,
    trees: BTreeMap<String, Vec<Node>>,
    blobs: BTreeMap<String, Vec<u8>>,
    /// Most entries of a whole tree that are told; GitHub's own bound is 100,000.
    pub(crate) told_at_once: Option<usize>,
    /// How many more times the head is shown as it was before the last push.
    pub(crate) behind: u32,
}

type Snapshot = BTreeMap<String, (String, Mode)>;

/// What kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    File,
    Link,
}

/// An entry of a tree.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) mode: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) sha: String,
    pub(crate) size: Option<u64>,
}

/// What a commit did, as a webhook tells it.
#[derive(Clone, Default)]
pub(crate) struct Touched {
    pub(crate) added: Vec<String>,
    pub(crate) modified: Vec<String>,
    pub(crate) removed: Vec<String>,
}

impl Files {
    /// Makes what a commit holds out of what the one before it held. Answers its tree, and what it did; `None` when no
    /// commit so far has held anything.
    pub(crate) fn commit(
        &mut self,
        sha: &str,
        parent: Option<&str>,
        changes: &[FileChange],
    ) -> Option<(String, Touched)> {
        let mut held = parent.and_then(|parent| self.commits.get(parent)).cloned().unwrap_or_default();
        let mut touched = Touched::default();
        for change in changes {
            let (path, put) = match change {
                FileChange::Write { path, content } => (path, Some((content, Mode::File))),
                FileChange::Link { path, target } => (path, Some((target, Mode::Link))),
                FileChange::Delete { path } => (path, None),
            };
            match put {
                Some((content, mode)) => {
                    let blob = object("blob", content);
                    self.blobs.insert(blob.clone(), content.clone());
                    let known = held.insert(path.clone(), (blob, mode)).is_some();
                    if known { &mut touched.modified } else { &mut touched.added }.push(path.clone());
                }
                None => {
                    held.remove(path);
                    touched.removed.push(path.clone());
                }
            }
        }
        if held.is_empty() && self.commits.is_empty() {
            return None;
        }
        let tree = self.tree_of(&held, "");
        self.commits.insert(sha.to_owned(), held);
        Some((tree, touched))
    }

    pub(crate) fn blob(&self, sha: &str) -> Option<&[u8]> {
        self.blobs.get(sha).map(Vec::as_slice)
    }

    pub(crate) fn tree(&self, sha: &str) -> Option<&[Node]> {
        self.trees.get(sha).map(Vec::as_slice)
    }

    /// All entries below a tree, each folder before what is in it.
    pub(crate) fn whole(&self, sha: &str) -> Option<Vec<(String, Node)>> {
        let mut all = Vec::new();
        for node in self.trees.get(sha)? {
            all.push((node.name.clone(), node.clone()));
            if node.kind == "tree" {
                let below = self.whole(&node.sha)?;
                all.extend(below.into_iter().map(|(path, below)| (format!("{}/{path}", node.name), below)));
            }
        }
        Some(all)
    }

    /// Makes the tree of a folder, and those below it.
    fn tree_of(&mut self, held: &Snapshot, folder: &str) -> String {
        let mut folders = BTreeSet::new();
        let mut nodes = Vec::new();
        for (path, (blob, mode)) in held {
            let Some(rest) = path.strip_prefix(folder) else { continue };
            match rest.split_once('/') {
                Some((name, _)) => _ = folders.insert(name.to_owned()),
                None => nodes.push(Node {
                    name: rest.to_owned(),
                    mode: if *mode == Mode::Link { "120000" } else { "100644" },
                    kind: "blob",
                    sha: blob.clone(),
                    size: self.blobs.get(blob).map(|blob| blob.len() as u64),
                }),
            }
        }
        for name in folders {
            let sha = self.tree_of(held, &format!("{folder}{name}/"));
            nodes.push(Node { name, mode: "040000", kind: "tree", sha, size: None });
        }
        let place = |node: &Node| format!("{}{}", node.name, if node.kind == "tree" { "/" } else { "" });
        nodes.sort_by_key(place);
        let mut body = Vec::new();
        for node in &nodes {
            body.extend_from_slice(format!("{} {}\0", node.mode.trim_start_matches('0'), node.name).as_bytes());
            body.extend_from_slice(&hex::decode(&node.sha).unwrap_or_default());
        }
        let sha = object("tree", &body);
        self.trees.insert(sha.clone(), nodes);
        sha
    }
}

/// The name of an object.
fn object(kind: &str, body: &[u8]) -> String {
    let mut hash = Sha1::new();
    hash.update(format!("{kind} {}\0", body.len()));
    hash.update(body);
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `git` itself says of these.
    #[test]
    fn objects_have_the_names_that_git_gives_them() {
        assert_eq!(object("blob", b""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(object("blob", b"hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
        let write = |path: &str| FileChange::Write { path: path.to_owned(), content: b"hello\n".to_vec() };
        let mut files = Files::default();
        let (tree, touched) = files.commit("c", None, &[write("a.md"), write("docs/b.md")]).unwrap_or_default();
        assert_eq!(tree, "395224cf31e4983b36729c8d151bcc1dbce6bbc1");
        assert_eq!(touched.added, ["a.md", "docs/b.md"]);
    }
}
