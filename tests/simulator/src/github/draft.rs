//! What a scenario says about a thing it opens; everything else is filled in.

/// A pull request to open. `Default` is a plain one from a branch of the repository.
#[derive(Clone, Debug)]
pub struct NewPullRequest {
    /// Its title.
    pub title: String,
    /// Its description; GitHub gives null for an empty one.
    pub body: Option<String>,
    /// The author's login; None for a deleted account that GitHub shows as null.
    pub author: Option<String>,
    /// The branch it wants to merge.
    pub branch: String,
    /// The branch it wants to merge into.
    pub base: String,
    /// Where that branch is.
    pub from: Origin,
    /// Whether it is opened as a draft.
    pub draft: bool,
    /// Label names.
    pub labels: Vec<String>,
    /// Logins.
    pub assignees: Vec<String>,
}

/// Where the branch of a pull request is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// In the repository itself.
    #[default]
    Repository,
    /// In the author's fork.
    Fork,
    /// In a fork that does not exist any more: `head.repo` is null.
    DeletedFork,
}

impl NewPullRequest {
    /// A pull request with this title.
    #[must_use]
    pub fn titled(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }
}

impl Default for NewPullRequest {
    fn default() -> Self {
        Self {
            title: "Update README.md".to_owned(),
            body: None,
            author: Some("octavia".to_owned()),
            branch: "patch-1".to_owned(),
            base: "main".to_owned(),
            from: Origin::Repository,
            draft: false,
            labels: Vec::new(),
            assignees: Vec::new(),
        }
    }
}

/// An issue to open.
#[derive(Clone, Debug)]
pub struct NewIssue {
    /// Its title.
    pub title: String,
    /// Its description.
    pub body: Option<String>,
    /// The author's login; None for a deleted account that GitHub shows as null.
    pub author: Option<String>,
    /// Label names.
    pub labels: Vec<String>,
    /// Logins.
    pub assignees: Vec<String>,
}

impl NewIssue {
    /// An issue with this title.
    #[must_use]
    pub fn titled(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }
}

impl Default for NewIssue {
    fn default() -> Self {
        Self {
            title: "It does not work".to_owned(),
            body: None,
            author: Some("octavia".to_owned()),
            labels: Vec::new(),
            assignees: Vec::new(),
        }
    }
}

/// A release to publish.
#[derive(Clone, Debug)]
pub struct NewRelease {
    /// The tag, such as `v1.2.0`.
    pub tag: String,
    /// Its name, which may be missing.
    pub name: Option<String>,
    /// Its notes.
    pub body: Option<String>,
    /// The login of who publishes it.
    pub author: String,
    /// Whether it is marked as not ready for production.
    pub prerelease: bool,
}

impl NewRelease {
    /// A release of this tag, named like it.
    #[must_use]
    pub fn tagged(tag: impl Into<String>) -> Self {
        let tag = tag.into();
        Self {
            name: Some(tag.clone()),
            tag,
            body: Some("Fixes and small changes.".to_owned()),
            author: "octavia".to_owned(),
            prerelease: false,
        }
    }
}

/// A commit to push.
#[derive(Clone, Debug)]
pub struct NewCommit {
    /// The whole message.
    pub message: String,
    /// The author's login.
    pub author: String,
    /// The files it is said to have changed, where it says nothing of what they hold.
    pub modified: Vec<String>,
    /// What it does to files.
    pub changes: Vec<FileChange>,
}

/// What a commit does to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileChange {
    /// It holds this now, whether or not it was there.
    Write {
        /// Its path.
        path: String,
        /// All of it.
        content: Vec<u8>,
    },
    /// It is a symbolic link now.
    Link {
        /// Its path.
        path: String,
        /// Where it leads.
        target: Vec<u8>,
    },
    /// It is gone.
    Delete {
        /// Its path.
        path: String,
    },
}

impl NewCommit {
    /// A commit with this message.
    #[must_use]
    pub fn saying(message: impl Into<String>) -> Self {
        let (author, modified) = ("octavia".to_owned(), vec!["src/lib.rs".to_owned()]);
        Self { message: message.into(), author, modified, changes: Vec::new() }
    }

    /// The same which writes a file.
    #[must_use]
    pub fn write(mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        self.changes.push(FileChange::Write { path: path.into(), content: content.into() });
        self
    }

    /// The same which deletes a file.
    #[must_use]
    pub fn delete(mut self, path: impl Into<String>) -> Self {
        self.changes.push(FileChange::Delete { path: path.into() });
        self
    }

    /// The same which makes a symbolic link.
    #[must_use]
    pub fn link(mut self, path: impl Into<String>, target: impl Into<Vec<u8>>) -> Self {
        self.changes.push(FileChange::Link { path: path.into(), target: target.into() });
        self
    }
}

/// A discussion to open.
#[derive(Clone, Debug)]
pub struct NewDiscussion {
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// The author's login.
    pub author: String,
    /// The name of its category, such as `Q&A`.
    pub category: String,
}

impl NewDiscussion {
    /// A question with this title.
    #[must_use]
    pub fn asking(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            body: "Has anybody tried this?".to_owned(),
            author: "octavia".to_owned(),
            category: "Q&A".to_owned(),
        }
    }
}

/// What a reviewer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It can be merged.
    Approved,
    /// It cannot be merged like this.
    ChangesRequested,
    /// Neither.
    Commented,
}

/// A review to submit.
#[derive(Clone, Debug)]
pub struct NewReview {
    /// What it says.
    pub verdict: Verdict,
    /// Its text, which may be empty.
    pub body: String,
    /// What it says about single lines.
    pub remarks: Vec<String>,
}

impl NewReview {
    /// A review without remarks.
    #[must_use]
    pub fn saying(verdict: Verdict, body: impl Into<String>) -> Self {
        Self { verdict, body: body.into(), remarks: Vec::new() }
    }
}

/// How a deployment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeploymentState {
    /// Waiting to begin.
    Queued,
    /// Begun.
    InProgress,
    /// Done.
    Success,
    /// Not done, because of what was deployed.
    Failure,
    /// Not done, for another reason.
    Error,
    /// Replaced by another one.
    Inactive,
}
