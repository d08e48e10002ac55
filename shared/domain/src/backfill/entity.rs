//! What a provider can list.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A list of a provider. Which ones a provider has, its `BackfillSource` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityType {
    /// Pull requests.
    PullRequest,
    /// Issues.
    Issue,
    /// What happened to issues and pull requests after they were opened.
    IssueEvent,
    /// Releases.
    Release,
    /// Pushes.
    Push,
    /// Deployments.
    Deployment,
    /// Reviews.
    Review,
    /// Comments on lines of code.
    ReviewComment,
    /// Comments.
    Comment,
    /// Discussions with their comments.
    Discussion,
    /// Projects.
    Project,
    /// Posts on how a project goes.
    ProjectUpdate,
    /// Cycles.
    Cycle,
    /// Single occurrences of errors.
    Error,
}

impl EntityType {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::PullRequest,
        Self::Issue,
        Self::IssueEvent,
        Self::Release,
        Self::Push,
        Self::Deployment,
        Self::Review,
        Self::ReviewComment,
        Self::Comment,
        Self::Discussion,
        Self::Project,
        Self::ProjectUpdate,
        Self::Cycle,
        Self::Error,
    ];

    /// The name in keys, messages and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PullRequest => "pull_request",
            Self::Issue => "issue",
            Self::IssueEvent => "issue_event",
            Self::Release => "release",
            Self::Push => "push",
            Self::Deployment => "deployment",
            Self::Review => "review",
            Self::ReviewComment => "review_comment",
            Self::Comment => "comment",
            Self::Discussion => "discussion",
            Self::Project => "project",
            Self::ProjectUpdate => "project_update",
            Self::Cycle => "cycle",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for EntityType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no entity type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown entity type")]
pub struct UnknownEntityType;

impl FromStr for EntityType {
    type Err = UnknownEntityType;

    fn from_str(text: &str) -> Result<Self, UnknownEntityType> {
        Self::ALL.into_iter().find(|entity| entity.as_str() == text).ok_or(UnknownEntityType)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back_and_equal_their_json() {
        for entity in EntityType::ALL {
            assert_eq!(entity.as_str().parse(), Ok(entity));
            assert_eq!(serde_json::to_string(&entity).unwrap(), format!("\"{entity}\""));
        }
    }
}
