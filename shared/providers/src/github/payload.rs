//! Lenient views of GitHub's objects, the same for webhooks and list items: required is only what identity needs.
//!
//! GitHub's own schemas reject true payloads: accounts vanish (`user: null`), forks are deleted (`head.repo: null`),
//! a timestamp is text in one event and a number in another.

mod repo;
mod user;

use connector_domain::Timestamp;
use serde::Deserialize;

use crate::json::{Moment, NumericId};

pub(super) use repo::{Repo, page};
pub(super) use user::User;

/// <https://docs.github.com/en/rest/repos/repos#get-a-repository>
#[derive(Debug, Deserialize)]
pub(super) struct Repository {
    pub(super) id: NumericId,
    pub(super) full_name: String,
    pub(super) html_url: Option<String>,
    pub(super) default_branch: Option<String>,
    /// When GitHub took in the last push: in a push event a number, elsewhere text.
    pub(super) pushed_at: Option<Moment>,
}

/// An app's installation on an account.
#[derive(Debug, Deserialize)]
pub(super) struct Installation {
    pub(super) id: NumericId,
}

/// A label: an object, or in old payloads its bare name.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Label {
    Name(String),
    Object { name: Option<String> },
}

impl Label {
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            Self::Object { name } => name.as_deref(),
        }
    }
}

/// <https://docs.github.com/en/rest/pulls/pulls#list-pull-requests>
#[derive(Debug, Deserialize)]
pub(super) struct PullRequest {
    pub(super) number: NumericId,
    pub(super) title: String,
    pub(super) body: Option<String>,
    pub(super) html_url: Option<String>,
    pub(super) user: Option<User>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) updated_at: Option<Timestamp>,
    pub(super) closed_at: Option<Timestamp>,
    pub(super) merged_at: Option<Timestamp>,
    /// Webhooks only; lists tell by `merged_at`.
    pub(super) merged: Option<bool>,
    pub(super) merged_by: Option<User>,
    pub(super) merge_commit_sha: Option<String>,
    pub(super) draft: Option<bool>,
    pub(super) additions: Option<u64>,
    pub(super) deletions: Option<u64>,
    pub(super) changed_files: Option<u64>,
    pub(super) head: Option<Branch>,
    pub(super) base: Option<Branch>,
    pub(super) requested_reviewers: Option<Vec<User>>,
    pub(super) assignees: Option<Vec<User>>,
    pub(super) labels: Option<Vec<Label>>,
}

/// One end of a pull request.
#[derive(Debug, Deserialize)]
pub(super) struct Branch {
    #[serde(rename = "ref")]
    pub(super) name: Option<String>,
    pub(super) sha: Option<String>,
    /// Null when the fork is deleted.
    pub(super) repo: Option<BranchRepository>,
}

/// The repository of a [`Branch`].
#[derive(Debug, Deserialize)]
pub(super) struct BranchRepository {
    pub(super) html_url: Option<String>,
}

/// <https://docs.github.com/en/rest/pulls/reviews#list-reviews-for-a-pull-request>
#[derive(Debug, Deserialize)]
pub(super) struct Review {
    pub(super) id: NumericId,
    pub(super) user: Option<User>,
    pub(super) body: Option<String>,
    pub(super) state: Option<String>,
    pub(super) html_url: Option<String>,
    pub(super) commit_id: Option<String>,
    pub(super) submitted_at: Option<Timestamp>,
    /// In newer webhooks only.
    pub(super) updated_at: Option<Timestamp>,
}

/// A comment, wherever it stands.
/// <https://docs.github.com/en/rest/issues/comments>, <https://docs.github.com/en/rest/pulls/comments>,
/// <https://docs.github.com/en/webhooks/webhook-events-and-payloads#discussion_comment>
#[derive(Debug, Deserialize)]
pub(super) struct Comment {
    pub(super) id: NumericId,
    pub(super) user: Option<User>,
    pub(super) body: Option<String>,
    pub(super) html_url: Option<String>,
    pub(super) created_at: Option<Timestamp>,
    /// On a line: the file, and line and commit as they were. Those without `original_` move with every push.
    pub(super) path: Option<String>,
    pub(super) original_line: Option<u64>,
    pub(super) original_commit_id: Option<String>,
    pub(super) pull_request_review_id: Option<NumericId>,
    /// On a line: the comment that it answers.
    pub(super) in_reply_to_id: Option<NumericId>,
    /// In a discussion: the comment that it answers.
    pub(super) parent_id: Option<NumericId>,
}

/// <https://docs.github.com/en/rest/issues/issues#list-repository-issues>
#[derive(Debug, Deserialize)]
pub(super) struct Issue {
    pub(super) number: NumericId,
    pub(super) title: String,
    pub(super) body: Option<String>,
    pub(super) html_url: Option<String>,
    pub(super) user: Option<User>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) updated_at: Option<Timestamp>,
    pub(super) closed_at: Option<Timestamp>,
    pub(super) closed_by: Option<User>,
    pub(super) assignees: Option<Vec<User>>,
    pub(super) labels: Option<Vec<Label>>,
    /// Present when the issue is a pull request, which has a list of its own.
    pub(super) pull_request: Option<serde::de::IgnoredAny>,
}

/// Something that happened to an issue or pull request.
/// <https://docs.github.com/en/rest/issues/events#list-issue-events-for-a-repository>
#[derive(Debug, Deserialize)]
pub(super) struct IssueEvent {
    pub(super) event: String,
    pub(super) actor: Option<User>,
    pub(super) commit_id: Option<String>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) dismissed_review: Option<DismissedReview>,
}

/// The review that was dismissed, of which an [`IssueEvent`] tells no more.
#[derive(Debug, Deserialize)]
pub(super) struct DismissedReview {
    review_id: NumericId,
}

impl DismissedReview {
    pub(super) const fn review(&self) -> Review {
        Review {
            id: self.review_id,
            user: None,
            body: None,
            state: None,
            html_url: None,
            commit_id: None,
            submitted_at: None,
            updated_at: None,
        }
    }
}

/// <https://docs.github.com/en/rest/releases/releases#list-releases>
#[derive(Debug, Deserialize)]
pub(super) struct Release {
    pub(super) id: NumericId,
    pub(super) tag_name: String,
    pub(super) name: Option<String>,
    pub(super) body: Option<String>,
    pub(super) html_url: Option<String>,
    pub(super) author: Option<User>,
    pub(super) target_commitish: Option<String>,
    #[serde(default)]
    pub(super) draft: bool,
    pub(super) prerelease: Option<bool>,
    pub(super) published_at: Option<Timestamp>,
}

/// <https://docs.github.com/en/webhooks/webhook-events-and-payloads#discussion>
#[derive(Debug, Deserialize)]
pub(super) struct Discussion {
    pub(super) number: NumericId,
    pub(super) title: String,
    pub(super) body: Option<String>,
    pub(super) html_url: Option<String>,
    pub(super) user: Option<User>,
    pub(super) category: Option<Category>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) updated_at: Option<Timestamp>,
    pub(super) answer_chosen_at: Option<Timestamp>,
}

/// The comment that was chosen as the answer.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    pub(super) html_url: Option<String>,
    pub(super) user: Option<User>,
}

/// The section that a discussion stands in.
#[derive(Debug, Deserialize)]
pub(super) struct Category {
    pub(super) name: Option<String>,
}

/// <https://docs.github.com/en/rest/deployments/deployments>
#[derive(Debug, Deserialize)]
pub(super) struct Deployment {
    pub(super) id: NumericId,
    pub(super) sha: String,
    /// A branch, a tag or a commit.
    #[serde(rename = "ref")]
    pub(super) reference: Option<String>,
    pub(super) task: Option<String>,
    pub(super) environment: Option<String>,
    pub(super) production_environment: Option<bool>,
    pub(super) description: Option<String>,
}

/// <https://docs.github.com/en/rest/deployments/statuses>
#[derive(Debug, Deserialize)]
pub(super) struct DeploymentStatus {
    pub(super) state: String,
    pub(super) creator: Option<User>,
    pub(super) description: Option<String>,
    pub(super) environment: Option<String>,
    pub(super) environment_url: Option<String>,
    pub(super) log_url: Option<String>,
    pub(super) created_at: Option<Timestamp>,
}

/// <https://docs.github.com/en/webhooks/webhook-events-and-payloads#push>
#[derive(Debug, Deserialize)]
pub(super) struct Push {
    #[serde(rename = "ref")]
    pub(super) reference: String,
    pub(super) before: Option<String>,
    pub(super) after: String,
    pub(super) forced: Option<bool>,
    pub(super) commits: Option<Vec<Commit>>,
    /// Null when a branch is deleted.
    pub(super) head_commit: Option<Commit>,
    pub(super) pusher: Option<Pusher>,
    pub(super) repository: Repository,
    pub(super) sender: Option<User>,
}

/// A push, as the list of a repository's activity tells it.
/// <https://docs.github.com/en/rest/repos/repos#list-repository-activities>
#[derive(Debug, Deserialize)]
pub(super) struct Activity {
    #[serde(rename = "ref")]
    pub(super) reference: String,
    pub(super) before: Option<String>,
    pub(super) after: String,
    pub(super) timestamp: Option<Moment>,
    pub(super) activity_type: String,
    pub(super) actor: Option<User>,
}

/// A commit in a push.
#[derive(Debug, Deserialize)]
pub(super) struct Commit {
    pub(super) id: Option<String>,
    pub(super) message: Option<String>,
    pub(super) timestamp: Option<Timestamp>,
    pub(super) added: Option<Vec<serde::de::IgnoredAny>>,
    pub(super) modified: Option<Vec<serde::de::IgnoredAny>>,
    pub(super) removed: Option<Vec<serde::de::IgnoredAny>>,
}

/// Who pushed, as git knows them.
#[derive(Debug, Deserialize)]
pub(super) struct Pusher {
    pub(super) email: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_objects_or_names() {
        let labels: Vec<Label> = serde_json::from_str(r#"["a",{"name":"b","color":null},{}]"#).unwrap();
        assert_eq!(labels.iter().map(Label::name).collect::<Vec<_>>(), [Some("a"), Some("b"), None]);
    }
}
