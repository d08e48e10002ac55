//! What is done with every event and every action of GitHub's: nothing is left out by accident.
//! <https://docs.github.com/en/webhooks/webhook-events-and-payloads>

use connector_domain::transformed::{IgnoreReason, Quarantined};

use super::bodies::{
    deployment_status, discussion, discussion_comment, issue, issue_comment, pull_request, release, release_or_draft,
    review_comment, review_dismissed, review_submitted,
};
use crate::github::facts::{Told, discussion, issue, pull_request};
use crate::github::lifecycle::Change;

/// What is done with an event.
#[derive(Clone, Copy)]
pub(super) enum Policy {
    /// It is a fact, if its body says so.
    Fact(fn(&[u8]) -> Result<Told, Quarantined>),
    /// What it is about is gone; its body repeats it whole, so that the fact that it came tells which one it was.
    Gone(fn(&[u8]) -> Result<Told, Quarantined>),
    /// It changes a connection.
    Lifecycle(Change),
}

use Policy::{Fact, Gone, Lifecycle};

/// Every event and action that is taken, beside pushes.
const TAKEN: &[(&str, &str, Policy)] = &[
    ("pull_request", "opened", Fact(|raw| pull_request(raw, |_| pull_request::Transition::Opened))),
    ("pull_request", "closed", Fact(|raw| pull_request(raw, pull_request::closing))),
    ("pull_request", "reopened", Fact(|raw| pull_request(raw, |_| pull_request::Transition::Reopened))),
    ("pull_request", "ready_for_review", Fact(|raw| pull_request(raw, |_| pull_request::Transition::ReadyForReview))),
    ("pull_request_review", "submitted", Fact(review_submitted)),
    ("pull_request_review", "dismissed", Fact(review_dismissed)),
    ("pull_request_review_comment", "created", Fact(review_comment)),
    ("issues", "opened", Fact(|raw| issue(raw, issue::Transition::Opened))),
    ("issues", "closed", Fact(|raw| issue(raw, issue::Transition::Closed))),
    ("issues", "reopened", Fact(|raw| issue(raw, issue::Transition::Reopened))),
    ("issue_comment", "created", Fact(issue_comment)),
    ("release", "published", Fact(release)),
    ("discussion", "created", Fact(|raw| discussion(raw, discussion::Transition::Created))),
    ("discussion", "answered", Fact(|raw| discussion(raw, discussion::Transition::Answered))),
    ("discussion_comment", "created", Fact(discussion_comment)),
    ("deployment_status", "created", Fact(deployment_status)),
    ("pull_request_review_comment", "deleted", Gone(review_comment)),
    ("issues", "deleted", Gone(|raw| issue(raw, issue::Transition::Opened))),
    ("issue_comment", "deleted", Gone(issue_comment)),
    ("release", "deleted", Gone(release_or_draft)),
    ("discussion", "deleted", Gone(|raw| discussion(raw, discussion::Transition::Created))),
    ("discussion_comment", "deleted", Gone(discussion_comment)),
    ("installation", "created", Lifecycle(Change::Installed)),
    ("installation", "new_permissions_accepted", Lifecycle(Change::Installed)),
    ("installation", "deleted", Lifecycle(Change::Uninstalled)),
    ("installation", "suspend", Lifecycle(Change::Suspended)),
    ("installation", "unsuspend", Lifecycle(Change::Unsuspended)),
    ("installation_target", "renamed", Lifecycle(Change::AccountRenamed)),
    ("installation_repositories", "added", Lifecycle(Change::RepositoriesAdded)),
    ("installation_repositories", "removed", Lifecycle(Change::RepositoriesRemoved)),
    ("repository", "renamed", Lifecycle(Change::RepositoryRenamed)),
    ("repository", "deleted", Lifecycle(Change::RepositoryDeleted)),
    ("repository", "transferred", Lifecycle(Change::RepositoryTransferred)),
];

/// Actions that we know and leave out, of events of which others are taken.
#[rustfmt::skip]
const LEFT_OUT_ACTIONS: &[(&str, &[&str])] = &[
    // How a thing is sorted, and who looks after it, stands in each of its facts.
    ("pull_request", &["assigned", "demilestoned", "labeled", "milestoned", "review_request_removed",
                       "review_requested", "unassigned", "unlabeled"]),
    ("issues", &["assigned", "demilestoned", "labeled", "milestoned", "typed", "unassigned", "unlabeled", "untyped"]),
    ("discussion", &["category_changed", "labeled", "unlabeled"]),
    // Who may speak and what stands on top is housekeeping.
    ("pull_request", &["locked", "unlocked"]),
    ("issues", &["locked", "pinned", "unlocked", "unpinned"]),
    ("discussion", &["locked", "pinned", "unlocked", "unpinned"]),
    // Steps on the way to a merge, which ends them; `synchronize` comes with every push to the branch.
    ("pull_request", &["auto_merge_disabled", "auto_merge_enabled", "converted_to_draft", "dequeued", "enqueued",
                       "synchronize"]),
    // A text is told as it was written; a correction of a letter is no news, and a list has the last text anyway.
    ("pull_request", &["edited"]),
    ("pull_request_review", &["edited"]),
    ("pull_request_review_comment", &["edited"]),
    ("issues", &["edited"]),
    ("issue_comment", &["edited"]),
    ("release", &["edited"]),
    ("discussion", &["edited"]),
    ("discussion_comment", &["edited"]),
    // A release may be published again, and a question answered again.
    ("release", &["unpublished"]),
    ("discussion", &["unanswered"]),
    // The repository where it is now tells that it was opened.
    ("issues", &["transferred"]),
    ("discussion", &["transferred"]),
    // One release sends three of these; `published` alone comes once, and never for a draft.
    ("release", &["created", "prereleased", "released"]),
    // A question is at its end when it is answered.
    ("discussion", &["closed", "reopened"]),
    // A new repository is not linked yet, and its description and default branch are read where they are needed.
    ("repository", &["created", "edited"]),
    // An archived one sends nothing until it is `unarchived`; its history can still be read, and its link waits.
    ("repository", &["archived", "unarchived"]),
    // Who else may see it changes nothing for the installation, which can see it before and after.
    ("repository", &["privatized", "publicized"]),
];

/// Events that we know and leave out whole; any other one is new to us.
#[rustfmt::skip]
const LEFT_OUT: &[&str] = &[
    // What machines check on the way. Where it matters, a merge or a deployment ends it.
    "check_run", "check_suite", "deployment", "deployment_protection_rule", "deployment_review", "merge_group", "status",
    "workflow_dispatch", "workflow_job", "workflow_run",
    // Branches, tags, built pages and packages: pushes and releases tell what is in them.
    "create", "delete", "fork", "gollum", "package", "page_build", "public", "registry_package", "repository_import",
    // Parts of things that have facts of their own, and the marks these are sorted by.
    "commit_comment", "issue_dependencies", "label", "milestone", "projects_v2", "projects_v2_item",
    "projects_v2_status_update", "pull_request_review_thread", "sub_issues",
    // Weaknesses and secrets that were found. Few may see these at GitHub; everybody in a workspace would.
    "code_scanning_alert", "dependabot_alert", "repository_advisory", "repository_vulnerability_alert",
    "secret_scanning_alert", "secret_scanning_alert_location", "secret_scanning_scan", "security_advisory",
    // Who may do what.
    "branch_protection_configuration", "branch_protection_rule", "custom_property", "custom_property_values",
    "deploy_key", "github_app_authorization", "member", "membership", "meta", "org_block", "organization",
    "personal_access_token_request", "repository_ruleset", "security_and_analysis", "team", "team_add",
    // Nothing that anybody worked on.
    "marketplace_purchase", "repository_dispatch", "sponsorship", "star", "watch",
];

/// How [`LEFT_OUT`] events are counted.
const NOT_CAPTURED: IgnoreReason = IgnoreReason::fixed("event_not_captured");

/// What is done with an event. The action is asked for only where it matters: not every event has one.
pub(super) fn policy(
    event: &str,
    action: impl FnOnce() -> Result<String, Quarantined>,
) -> Result<Result<Policy, IgnoreReason>, Quarantined> {
    let mut taken = TAKEN.iter().filter(|(taken, ..)| *taken == event).peekable();
    if taken.peek().is_none() {
        return Ok(Err(match event {
            "ping" => IgnoreReason::PING,
            _ if LEFT_OUT.contains(&event) => NOT_CAPTURED,
            _ => IgnoreReason::unknown_event(event),
        }));
    }
    let action = action()?;
    let known = |(of, actions): &(&str, &[&str])| *of == event && actions.contains(&action.as_str());
    Ok(match taken.find(|(_, taken, _)| *taken == action) {
        Some((.., policy)) => Ok(*policy),
        None if LEFT_OUT_ACTIONS.iter().any(known) => Err(IgnoreReason::action(&action)),
        None => Err(IgnoreReason::unknown_action(&action)),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::github::app;

    fn decided(event: &str, action: &str) -> Result<(), IgnoreReason> {
        policy(event, || Ok(action.to_owned())).unwrap().map(|_| ())
    }

    #[test]
    fn an_action_is_taken_left_out_or_unknown() {
        for (event, action, _) in TAKEN {
            assert_eq!(decided(event, action), Ok(()), "{event} {action}");
            assert_eq!(decided(event, "polished"), Err(IgnoreReason::unknown_action("polished")), "{event}");
        }
        for (event, actions) in LEFT_OUT_ACTIONS {
            for action in *actions {
                assert_eq!(decided(event, action), Err(IgnoreReason::action(action)), "{event} {action}");
            }
        }
        assert_eq!(decided("toString", "opened"), Err(IgnoreReason::unknown_event("toString")));
    }

    /// GitHub sends these to every app, and nobody can subscribe to them.
    const ALWAYS_SENT: [&str; 3] = ["installation", "installation_repositories", "installation_target"];

    #[test]
    fn what_is_taken_is_what_the_app_subscribes_to() {
        let mut taken: BTreeSet<_> = TAKEN.iter().map(|(event, ..)| *event).chain(["push"]).collect();
        taken.retain(|event| !ALWAYS_SENT.contains(event));
        assert_eq!(app::events().collect::<BTreeSet<_>>(), taken);
        assert_eq!(app::events().count(), taken.len(), "twice");
    }

    #[test]
    fn nothing_is_decided_twice() {
        let taken = TAKEN.iter().map(|(event, action, _)| (*event, *action));
        let left_out =
            LEFT_OUT_ACTIONS.iter().flat_map(|(event, actions)| actions.iter().map(|action| (*event, *action)));
        let events = LEFT_OUT.iter().map(|event| (*event, ""));
        let mut seen = BTreeSet::new();
        for one in taken.clone().chain(left_out.clone()).chain(events) {
            assert!(seen.insert(one), "{one:?}");
        }
        for (event, action) in taken.chain(left_out) {
            assert!(!LEFT_OUT.contains(&event), "{event} {action}");
        }
    }

    #[test]
    fn an_event_that_is_left_out_whole_is_not_looked_into() {
        for event in LEFT_OUT {
            let decided = policy(event, || panic!("{event} need not have an action")).unwrap();
            assert_eq!(decided.map(|_| ()), Err(NOT_CAPTURED));
        }
    }
}
