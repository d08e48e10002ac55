//! What there is to do: the files of a commit beside the documents that are kept.
//!
//! Both are in the order of their paths as bytes, in which a git tree is, too. A plan says what to do up to a place and
//! where that is; the next one goes on there. So a sync may stop after any of them, and doing one again finds nothing to do.

use super::{Document, is_storable_path};

/// A file of a commit that is to be a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path.
    pub path: String,
    /// The name of what it holds.
    pub blob: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// How far lists of paths are complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Up to this path, itself included.
    To(String),
    /// To the end.
    End,
}

impl Reach {
    /// Whether a path is within it.
    #[must_use]
    pub fn covers(&self, path: &str) -> bool {
        match self {
            Self::To(last) => path <= last.as_str(),
            Self::End => true,
        }
    }

    /// The shorter of two.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        match (self, other) {
            (Self::To(one), Self::To(other)) => Self::To(one.min(other)),
            (Self::To(one), Self::End) | (Self::End, Self::To(one)) => Self::To(one),
            (Self::End, Self::End) => Self::End,
        }
    }
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// A file is new or holds something else.
    Write(File),
    /// A document's file is gone, or not meant any more.
    Remove(String),
}

/// What to do, in the order of paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The things to do.
    pub work: Vec<Work>,
    /// Files that are kept as they are.
    pub unchanged: u64,
    /// Files whose path cannot be kept.
    pub unstorable: u64,
    /// How far it goes.
    pub reach: Reach,
}

/// What to do about `files` and `documents`, both complete as far as `reach`, as far as bounds allow.
#[must_use]
pub fn plan(
    files: &[File],
    documents: &[Document],
    reach: &Reach,
    config_hash: &str,
    max_work: usize,
    max_bytes: u64,
) -> Plan {
    let mut plan = Plan { work: Vec::new(), unchanged: 0, unstorable: 0, reach: reach.clone() };
    let mut files = files.iter().filter(|file| reach.covers(&file.path)).peekable();
    let mut documents = documents.iter().filter(|document| reach.covers(&document.path)).peekable();
    let (mut bytes, mut last) = (0_u64, None::<&str>);
    loop {
        let file = files.peek().map(|file| file.path.as_str());
        let document = documents.peek().map(|document| document.path.as_str());
        let Some(path) = file.into_iter().chain(document).min() else { return plan };
        // What there is no room for is left to the next plan, with all after it; one thing always has room.
        let size = files.peek().filter(|one| one.path == path).map_or(0, |one| one.bytes);
        if plan.work.len() == max_work || (!plan.work.is_empty() && bytes.saturating_add(size) > max_bytes) {
            plan.reach = last.map_or_else(|| Reach::To(String::new()), |last| Reach::To(last.to_owned()));
            return plan;
        }
        let file = files.next_if(|one| one.path == path);
        let known = documents.next_if(|one| one.path == path);
        last = Some(path);
        match (file, known) {
            (Some(file), _) if !is_storable_path(&file.path) => plan.unstorable += 1,
            (Some(file), Some(known)) if is_same(file, known, config_hash) => plan.unchanged += 1,
            (Some(file), _) => {
                bytes = bytes.saturating_add(file.bytes);
                plan.work.push(Work::Write(file.clone()));
            }
            (None, Some(known)) => plan.work.push(Work::Remove(known.path.clone())),
            (None, None) => {}
        }
    }
}

fn is_same(file: &File, known: &Document, config_hash: &str) -> bool {
    known.blob.as_deref() == Some(file.blob.as_str()) && known.config_hash == config_hash
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::Timestamp;

    fn file(path: &str, blob: &str) -> File {
        File { path: path.to_owned(), blob: blob.to_owned(), bytes: 10 }
    }

    fn document(path: &str, blob: Option<&str>) -> Document {
        Document {
            path: path.to_owned(),
            blob: blob.map(str::to_owned),
            commit: "c".to_owned(),
            bytes: 10,
            content_hash: None,
            config_hash: "h".to_owned(),
            skipped: None,
            chunks: 0,
            model: "m".to_owned(),
            fence: 1,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn only_what_differs_is_work() {
        let files = [file("a", "1"), file("b", "2"), file("c", "3"), file("e", "5")];
        let known = [document("a", Some("1")), document("b", Some("1")), document("c", None), document("d", Some("4"))];
        let all = plan(&files, &known, &Reach::End, "h", 50, 1_000);
        let write = |n: usize| Work::Write(files[n].clone());
        assert_eq!(all.work, [write(1), write(2), Work::Remove("d".to_owned()), write(3)]);
        assert_eq!((all.unchanged, all.reach), (1, Reach::End));
        assert_eq!(plan(&files, &known, &Reach::End, "other", 50, 1_000).unchanged, 0, "cut otherwise is changed");
    }

    #[test]
    fn bounds_stop_a_plan_where_the_next_one_goes_on() {
        let files = [file("a", "1"), file("b", "2"), file("c", "3")];
        let two = plan(&files, &[], &Reach::End, "h", 2, 1_000);
        assert_eq!((two.work.len(), two.reach), (2, Reach::To("b".to_owned())));
        let one = plan(&files, &[], &Reach::End, "h", 9, 5);
        assert_eq!((one.work.len(), one.reach), (1, Reach::To("a".to_owned())));
        let part = plan(&files, &[document("z", Some("9"))], &Reach::To("b".to_owned()), "h", 9, 1_000);
        assert_eq!((part.work.len(), part.reach), (2, Reach::To("b".to_owned())), "beyond the reach nothing is known");
        let exact = plan(&files, &[], &Reach::End, "h", 3, 1_000);
        assert_eq!(exact.reach, Reach::End);
    }

    proptest! {
        #[test]
        fn plan_after_plan_makes_the_documents_those_of_the_commit(
            wanted in proptest::collection::btree_map("[ab/.-]{1,4}", 0_u8..3, 0..30),
            known in proptest::collection::btree_map("[ab/.-]{1,4}", 0_u8..3, 0..30),
            max_work in 1_usize..5, max_bytes in 1_u64..40,
        ) {
            let files: Vec<_> = wanted.iter().map(|(path, blob)| file(path, &blob.to_string())).collect();
            let mut kept: BTreeMap<String, String> =
                known.iter().map(|(path, blob)| (path.clone(), blob.to_string())).collect();
            let mut cursor = None::<String>;
            for _ in 0..200 {
                let after = |path: &str| cursor.as_deref().is_none_or(|cursor| path > cursor);
                let files: Vec<_> = files.iter().filter(|file| after(&file.path)).cloned().collect();
                let documents: Vec<_> = kept
                    .iter()
                    .filter(|(path, _)| after(path))
                    .map(|(path, blob)| document(path, Some(blob)))
                    .collect();
                let step = plan(&files, &documents, &Reach::End, "h", max_work, max_bytes);
                prop_assert!(step.work.len() <= max_work);
                for work in step.work {
                    match work {
                        Work::Write(file) => { kept.insert(file.path, file.blob); }
                        Work::Remove(path) => { kept.remove(&path); }
                    }
                }
                match step.reach {
                    Reach::End => { cursor = Some("end".to_owned()); break; }
                    Reach::To(path) => cursor = Some(path),
                }
            }
            prop_assert_eq!(cursor.as_deref(), Some("end"));
            let wanted: BTreeMap<_, _> = wanted.into_iter().map(|(path, blob)| (path, blob.to_string())).collect();
            prop_assert_eq!(kept, wanted);
        }
    }
}
