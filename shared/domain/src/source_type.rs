//! Every kind of fact, in one table: filter, transform and score read the same row.

use std::fmt;

use crate::ProviderKind;

macro_rules! source_types {
    ($($variant:ident: $provider:ident, $name:literal, $weight:literal, $subscription:literal, $label:literal;)*) => {
        /// What kind of fact a [`SourceEvent`](crate::SourceEvent) is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum SourceType {
            $(#[doc = concat!("`", $name, "` of ", stringify!($provider), ".")] $variant,)*
        }

        impl SourceType {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Whose fact it is.
            #[must_use]
            pub const fn provider(self) -> ProviderKind {
                match self { $(Self::$variant => ProviderKind::$provider,)* }
            }

            /// The name without the provider, such as `pull-request.merged`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The base of the significance score, 0 to 100.
            #[must_use]
            pub const fn weight(self) -> i32 {
                match self { $(Self::$variant => $weight,)* }
            }

            /// The name under which a workspace subscribes to it.
            #[must_use]
            pub const fn subscription(self) -> &'static str {
                match self { $(Self::$variant => $subscription,)* }
            }

            /// The words in brackets at the start of a title.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }
        }
    };
}

source_types! {
    GithubPush: Github, "push", 30, "push", "Push";
    GithubPullRequestOpened: Github, "pull-request.opened", 50, "pull_request", "PR Opened";
    GithubPullRequestClosed: Github, "pull-request.closed", 45, "pull_request", "PR Closed";
    GithubPullRequestMerged: Github, "pull-request.merged", 60, "pull_request", "PR Merged";
    GithubPullRequestReopened: Github, "pull-request.reopened", 40, "pull_request", "PR Reopened";
    GithubPullRequestReadyForReview: Github, "pull-request.ready-for-review", 45, "pull_request", "Ready for Review";
    GithubReviewSubmitted: Github, "pull-request-review.submitted", 45, "pull_request_review", "PR Reviewed";
    GithubReviewDismissed: Github, "pull-request-review.dismissed", 40, "pull_request_review", "Review Dismissed";
    GithubReviewCommentCreated: Github, "pull-request-review-comment.created", 30, "pull_request_review_comment", "Review Comment Added";
    GithubIssueOpened: Github, "issue.opened", 45, "issues", "Issue Opened";
    GithubIssueClosed: Github, "issue.closed", 40, "issues", "Issue Closed";
    GithubIssueReopened: Github, "issue.reopened", 40, "issues", "Issue Reopened";
    GithubIssueCommentCreated: Github, "issue-comment.created", 35, "issue_comment", "Comment Added";
    GithubReleasePublished: Github, "release.published", 75, "release", "Release Published";
    GithubDiscussionCreated: Github, "discussion.created", 35, "discussion", "Discussion Created";
    GithubDiscussionAnswered: Github, "discussion.answered", 40, "discussion", "Discussion Answered";
    GithubDiscussionCommentCreated: Github, "discussion-comment.created", 30, "discussion_comment", "Discussion Comment Added";
    GithubDeploymentSucceeded: Github, "deployment.success", 40, "deployment_status", "Deployment Succeeded";
    GithubDeploymentFailed: Github, "deployment.failure", 70, "deployment_status", "Deployment Failed";
    GithubDeploymentError: Github, "deployment.error", 70, "deployment_status", "Deployment Error";
    VercelDeploymentCreated: Vercel, "deployment.created", 30, "deployment.created", "Deployment Started";
    VercelDeploymentReady: Vercel, "deployment.ready", 40, "deployment.ready", "Deployment Ready";
    VercelDeploymentSucceeded: Vercel, "deployment.succeeded", 40, "deployment.succeeded", "Deployment Succeeded";
    VercelDeploymentError: Vercel, "deployment.error", 70, "deployment.error", "Deployment Failed";
    VercelDeploymentCanceled: Vercel, "deployment.canceled", 65, "deployment.canceled", "Deployment Canceled";
    VercelDeploymentPromoted: Vercel, "deployment.promoted", 35, "deployment.promoted", "Deployment Promoted";
    VercelDeploymentRollback: Vercel, "deployment.rollback", 35, "deployment.rollback", "Rollback Started";
    VercelProjectCreated: Vercel, "project.created", 35, "project.created", "Project Created";
    LinearIssueCreated: Linear, "issue.created", 35, "Issue", "Issue Created";
    LinearIssueUpdated: Linear, "issue.updated", 35, "Issue", "Issue Updated";
    LinearIssueStarted: Linear, "issue.started", 35, "Issue", "Issue Started";
    LinearIssueCompleted: Linear, "issue.completed", 45, "Issue", "Issue Completed";
    LinearIssueCanceled: Linear, "issue.canceled", 40, "Issue", "Issue Canceled";
    LinearIssueReopened: Linear, "issue.reopened", 40, "Issue", "Issue Reopened";
    LinearIssueStateChanged: Linear, "issue.state-changed", 30, "Issue", "Issue State Changed";
    LinearIssueDeleted: Linear, "issue.deleted", 35, "Issue", "Issue Deleted";
    LinearIssueSlaSet: Linear, "issue.sla-set", 25, "IssueSLA", "SLA Set";
    LinearIssueSlaHighRisk: Linear, "issue.sla-high-risk", 50, "IssueSLA", "SLA at Risk";
    LinearIssueSlaBreached: Linear, "issue.sla-breached", 65, "IssueSLA", "SLA Breached";
    LinearCommentCreated: Linear, "comment.created", 35, "Comment", "Comment Added";
    LinearCommentUpdated: Linear, "comment.updated", 35, "Comment", "Comment Updated";
    LinearCommentDeleted: Linear, "comment.deleted", 35, "Comment", "Comment Deleted";
    LinearProjectCreated: Linear, "project.created", 35, "Project", "Project Created";
    LinearProjectUpdated: Linear, "project.updated", 35, "Project", "Project Updated";
    LinearProjectStarted: Linear, "project.started", 40, "Project", "Project Started";
    LinearProjectCompleted: Linear, "project.completed", 60, "Project", "Project Completed";
    LinearProjectCanceled: Linear, "project.canceled", 55, "Project", "Project Canceled";
    LinearProjectReopened: Linear, "project.reopened", 45, "Project", "Project Reopened";
    LinearProjectStatusChanged: Linear, "project.status-changed", 35, "Project", "Project Status Changed";
    LinearProjectDeleted: Linear, "project.deleted", 35, "Project", "Project Deleted";
    LinearCycleCreated: Linear, "cycle.created", 35, "Cycle", "Cycle Created";
    LinearCycleUpdated: Linear, "cycle.updated", 35, "Cycle", "Cycle Updated";
    LinearCycleCompleted: Linear, "cycle.completed", 45, "Cycle", "Cycle Completed";
    LinearCycleDeleted: Linear, "cycle.deleted", 35, "Cycle", "Cycle Deleted";
    LinearProjectUpdateCreated: Linear, "project-update.created", 35, "ProjectUpdate", "Project Update Posted";
    LinearProjectUpdateUpdated: Linear, "project-update.updated", 35, "ProjectUpdate", "Project Update Edited";
    LinearProjectUpdateDeleted: Linear, "project-update.deleted", 35, "ProjectUpdate", "Project Update Deleted";
    LinearLabelCreated: Linear, "label.created", 20, "IssueLabel", "Label Created";
    LinearLabelUpdated: Linear, "label.updated", 20, "IssueLabel", "Label Updated";
    LinearLabelDeleted: Linear, "label.deleted", 20, "IssueLabel", "Label Deleted";
    LinearReactionAdded: Linear, "reaction.created", 15, "Reaction", "Reaction Added";
    LinearReactionRemoved: Linear, "reaction.deleted", 10, "Reaction", "Reaction Removed";
    LinearInitiativeCreated: Linear, "initiative.created", 45, "Initiative", "Initiative Created";
    LinearInitiativeUpdated: Linear, "initiative.updated", 35, "Initiative", "Initiative Updated";
    LinearInitiativeDeleted: Linear, "initiative.deleted", 40, "Initiative", "Initiative Deleted";
    LinearInitiativeUpdateCreated: Linear, "initiative-update.created", 40, "InitiativeUpdate", "Initiative Update Posted";
    LinearInitiativeUpdateUpdated: Linear, "initiative-update.updated", 35, "InitiativeUpdate", "Initiative Update Edited";
    LinearInitiativeUpdateDeleted: Linear, "initiative-update.deleted", 35, "InitiativeUpdate", "Initiative Update Deleted";
    LinearDocumentCreated: Linear, "document.created", 40, "Document", "Document Created";
    LinearDocumentUpdated: Linear, "document.updated", 30, "Document", "Document Updated";
    LinearDocumentDeleted: Linear, "document.deleted", 35, "Document", "Document Deleted";
    SentryIssueCreated: Sentry, "issue.created", 35, "issue", "Issue Created";
    SentryIssueAssigned: Sentry, "issue.assigned", 35, "issue", "Issue Assigned";
    SentryIssueResolved: Sentry, "issue.resolved", 35, "issue", "Issue Resolved";
    SentryIssueUnresolved: Sentry, "issue.unresolved", 35, "issue", "Issue Unresolved";
    SentryIssueRegressed: Sentry, "issue.regressed", 50, "issue", "Issue Regressed";
    SentryIssueEscalated: Sentry, "issue.escalated", 50, "issue", "Issue Escalated";
    SentryIssueArchived: Sentry, "issue.archived", 35, "issue", "Issue Archived";
    SentryError: Sentry, "error", 35, "error", "Error";
    SentryEventAlert: Sentry, "event_alert", 35, "event_alert", "Alert Triggered";
    SentryMetricAlertOpen: Sentry, "metric_alert.open", 45, "metric_alert", "Metric Alert Opened";
    SentryMetricAlertWarning: Sentry, "metric_alert.warning", 45, "metric_alert", "Metric Alert Warning";
    SentryMetricAlertCritical: Sentry, "metric_alert.critical", 65, "metric_alert", "Metric Alert Critical";
    SentryMetricAlertResolved: Sentry, "metric_alert.resolved", 40, "metric_alert", "Metric Alert Resolved";
    SentryCommentCreated: Sentry, "comment.created", 35, "comment", "Comment Added";
}

impl SourceType {
    /// Finds a type by provider and name, exactly.
    #[must_use]
    pub fn find(provider: ProviderKind, name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.provider() == provider && kind.name() == name)
    }

    /// The subscription names of a provider, each once, in table order.
    #[must_use]
    pub fn subscriptions(provider: ProviderKind) -> Vec<&'static str> {
        let mut names = Vec::new();
        for kind in Self::ALL.iter().filter(|kind| kind.provider() == provider) {
            if !names.contains(&kind.subscription()) {
                names.push(kind.subscription());
            }
        }
        names
    }
}

impl fmt::Display for SourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_by_its_name_alone() {
        for kind in SourceType::ALL.iter().copied() {
            assert_eq!(SourceType::find(kind.provider(), kind.name()), Some(kind));
            assert!((0..=100).contains(&kind.weight()), "{kind}");
            assert!(SourceType::subscriptions(kind.provider()).contains(&kind.subscription()));
        }
        assert_eq!(SourceType::find(ProviderKind::Github, "toString"), None);
        assert_eq!(SourceType::find(ProviderKind::Sentry, "push"), None);
    }
}
