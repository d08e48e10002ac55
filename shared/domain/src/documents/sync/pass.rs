//! One way through all files of a commit, and what a step of it comes to.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Hold, SyncState};
use crate::backfill::FailCode;
use crate::documents::Config;

/// Most failures that are kept by name.
pub const MAX_FAILURES: usize = 50;

/// A commit, and the tree of its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The commit.
    pub commit: String,
    /// Its tree.
    pub tree: String,
}

/// One way through all files of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    /// Of which commit.
    pub head: Head,
    /// Up to which path it has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Whether the tree is too large to be told at once, so that it is read folder by folder.
    #[serde(default)]
    pub by_folder: bool,
}

/// The configuration that a sync goes by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigFile {
    /// The file's path.
    pub path: String,
    /// The name of what it holds.
    pub blob: String,
    /// What it says.
    pub config: Config,
}

/// What was done in a pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Documents written.
    pub written: u64,
    /// Documents that were so already.
    pub unchanged: u64,
    /// Documents removed.
    pub removed: u64,
    /// Files of those written that have no text to keep, and files whose path is too long.
    pub skipped: u64,
    /// Files that could not be read.
    pub failed: u64,
}

impl Counts {
    /// Both together.
    #[must_use]
    pub const fn and(self, more: Self) -> Self {
        Self {
            written: self.written + more.written,
            unchanged: self.unchanged + more.unchanged,
            removed: self.removed + more.removed,
            skipped: self.skipped + more.skipped,
            failed: self.failed + more.failed,
        }
    }

    /// Files that are kept after it.
    #[must_use]
    pub const fn documents(&self) -> u64 {
        self.written + self.unchanged
    }
}

/// A file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFailure {
    /// Its path.
    pub path: String,
    /// Why.
    pub code: FailCode,
}

impl Step {
    /// What it did.
    #[must_use]
    pub fn counts(&self) -> Counts {
        match self {
            Self::Done { counts, .. } => *counts,
            Self::Cleared { removed, .. } => Counts { removed: *removed, ..Counts::default() },
            Self::Hold { .. } | Self::Fail { .. } => Counts::default(),
        }
    }
}

/// What a step came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A part of a pass is done.
    Done {
        /// How far it has come. Without a cursor, this was the last part.
        pass: Pass,
        /// By which configuration.
        config: ConfigFile,
        /// Whether the pass began with this step.
        first: bool,
        /// What was done.
        counts: Counts,
        /// Files that could not be read.
        failures: Vec<FileFailure>,
    },
    /// A part of what was kept is removed, because there is no configuration or no link any more.
    Cleared {
        /// The state that comes when nothing is left.
        to: SyncState,
        /// The commit that has no configuration.
        commit: Option<String>,
        /// What was removed.
        removed: u64,
        /// Whether more is left.
        more: bool,
    },
    /// It must wait.
    Hold {
        /// Why.
        reason: Hold,
        /// How long the provider says, where it does.
        after: Option<Duration>,
    },
    /// It cannot go on.
    Fail {
        /// Why.
        code: FailCode,
        /// For whoever can change it.
        detail: Option<String>,
    },
}
