//! Which webhook events are captured, and how their bodies become facts.
//! <https://docs.github.com/en/webhooks/webhook-events-and-payloads>

use connector_domain::delivery::Origin;
use connector_domain::event::Actor;
use connector_domain::transformed::{IgnoreReason, Item, Quarantined, Transformed};
use connector_domain::{Delivery, SourceEvent, Verified};
use serde::{Deserialize, de::DeserializeOwned};

use super::facts::{self, Missing, discussion, issue, pull_request, push, release};
use super::lifecycle::Change;
use super::payload::{Answer, Discussion, Issue, PullRequest, Push, Release, Repo, Repository, User};
use crate::json;

/// What is done with an event.
#[derive(Clone, Copy)]
enum Policy {
    /// It is a fact.
    Fact(fn(&[u8]) -> Result<SourceEvent, Quarantined>),
    /// It changes a connection.
    Lifecycle(Change),
}

use Policy::{Fact, Lifecycle};

/// Every event and action that is taken, beside pushes. Other actions of these events are `action_not_captured`.
///
/// Of the three events that one release sends (created, published, released) only `published` counts.
const TAKEN: &[(&str, &str, Policy)] = &[
    ("pull_request", "opened", Fact(|raw| pull_request(raw, |_| pull_request::Transition::Opened))),
    ("pull_request", "closed", Fact(|raw| pull_request(raw, pull_request::closing))),
    ("pull_request", "reopened", Fact(|raw| pull_request(raw, |_| pull_request::Transition::Reopened))),
    ("pull_request", "ready_for_review", Fact(|raw| pull_request(raw, |_| pull_request::Transition::ReadyForReview))),
    ("issues", "opened", Fact(|raw| issue(raw, issue::Transition::Opened))),
    ("issues", "closed", Fact(|raw| issue(raw, issue::Transition::Closed))),
    ("issues", "reopened", Fact(|raw| issue(raw, issue::Transition::Reopened))),
    ("release", "published", Fact(release)),
    ("discussion", "created", Fact(|raw| discussion(raw, discussion::Transition::Created))),
    ("discussion", "answered", Fact(|raw| discussion(raw, discussion::Transition::Answered))),
    ("installation", "created", Lifecycle(Change::Installed)),
    ("installation", "new_permissions_accepted", Lifecycle(Change::Installed)),
    ("installation", "deleted", Lifecycle(Change::Uninstalled)),
    ("installation", "suspend", Lifecycle(Change::Suspended)),
    ("installation", "unsuspend", Lifecycle(Change::Unsuspended)),
    ("installation_repositories", "added", Lifecycle(Change::RepositoriesAdded)),
    ("installation_repositories", "removed", Lifecycle(Change::RepositoriesRemoved)),
    ("repository", "renamed", Lifecycle(Change::RepositoryRenamed)),
    ("repository", "deleted", Lifecycle(Change::RepositoryDeleted)),
    ("repository", "transferred", Lifecycle(Change::RepositoryTransferred)),
];

/// Events we know and leave out on purpose; any other one is new to us.
#[rustfmt::skip]
const LEFT_OUT: &[&str] = &[
    "branch_protection_rule", "check_run", "check_suite", "code_scanning_alert", "commit_comment", "create", "delete",
    "dependabot_alert", "deploy_key", "deployment", "deployment_status", "discussion_comment", "fork",
    "github_app_authorization", "gollum", "installation_target", "issue_comment", "label", "member", "membership",
    "merge_group", "meta", "milestone", "organization", "package", "page_build", "public", "pull_request_review",
    "pull_request_review_comment", "pull_request_review_thread", "repository_dispatch", "repository_ruleset",
    "secret_scanning_alert", "star", "status", "team", "team_add", "watch", "workflow_dispatch", "workflow_job",
    "workflow_run",
];

/// How [`LEFT_OUT`] events are counted.
const NOT_CAPTURED: IgnoreReason = IgnoreReason::fixed("event_not_captured");

#[derive(Deserialize)]
struct Envelope {
    action: String,
}

/// What a webhook became.
pub(super) fn transform(event: &str, delivery: &Delivery<Verified>) -> Transformed {
    read(event, delivery).unwrap_or_else(|error| Transformed::Items(vec![Item::Quarantined(error)]))
}

fn read(event: &str, delivery: &Delivery<Verified>) -> Result<Transformed, Quarantined> {
    if event == "push" {
        return pushed(delivery);
    }
    Ok(match policy(event, &delivery.raw)? {
        Err(reason) => Transformed::Ignored(reason),
        Ok(Lifecycle(change)) => Transformed::Lifecycle(change.read(&delivery.raw)?),
        Ok(Fact(make)) => told_by(delivery, make(&delivery.raw)?),
    })
}

fn policy(event: &str, raw: &[u8]) -> Result<Result<Policy, IgnoreReason>, Quarantined> {
    let mut actions = TAKEN.iter().filter(|(taken, ..)| *taken == event).peekable();
    if actions.peek().is_none() {
        return Ok(Err(match event {
            "ping" => IgnoreReason::PING,
            _ if LEFT_OUT.contains(&event) => NOT_CAPTURED,
            _ => IgnoreReason::unknown_event(event),
        }));
    }
    let Envelope { action } = json::parse(raw)?;
    let taken = actions.find(|(_, taken, _)| *taken == action);
    Ok(taken.map(|(.., policy)| *policy).ok_or_else(|| IgnoreReason::action(&action)))
}

/// Notes which delivery told the fact: for people, since the header is outside the signature.
fn told_by(delivery: &Delivery<Verified>, mut event: SourceEvent) -> Transformed {
    if let Origin::Webhook { transport_id: Some(id), .. } = &delivery.origin {
        event.metadata.insert("deliveryId".to_owned(), id.as_str().into());
    }
    Transformed::Items(vec![Item::Event(Box::new(event.bounded()))])
}

fn pushed(delivery: &Delivery<Verified>) -> Result<Transformed, Quarantined> {
    let push: Push = json::parse(&delivery.raw)?;
    Ok(match push::branch(&push)? {
        Err(reason) => Transformed::Ignored(reason),
        Ok(branch) => told_by(delivery, push::event(&push, branch)?),
    })
}

/// A body about one thing in one repository.
trait Body: DeserializeOwned {
    /// The name of the thing in the body.
    const SUBJECT: &'static str;

    fn repository(&self) -> &Repository;
    fn sender(&self) -> Option<&User>;
}

macro_rules! body {
    ($name:ident { $subject:ident: $kind:ty $(, $also:ident: $also_kind:ty)* }) => {
        #[derive(Deserialize)]
        struct $name {
            $subject: $kind,
            $($also: $also_kind,)*
            repository: Repository,
            sender: Option<User>,
        }

        impl Body for $name {
            const SUBJECT: &'static str = stringify!($subject);

            fn repository(&self) -> &Repository {
                &self.repository
            }
            fn sender(&self) -> Option<&User> {
                self.sender.as_ref()
            }
        }
    };
}

body!(PullRequestBody { pull_request: PullRequest });
body!(IssueBody { issue: Issue });
body!(ReleaseBody { release: Release });
body!(DiscussionBody { discussion: Discussion, answer: Option<Answer> });

/// Reads a body and makes its fact; who sent it is who acted.
fn about<B: Body>(
    raw: &[u8],
    make: impl FnOnce(&B, &Repo, Option<Actor>) -> Result<SourceEvent, Missing>,
) -> Result<SourceEvent, Quarantined> {
    let body: B = json::parse(raw)?;
    let actor = body.sender().and_then(facts::actor);
    make(&body, &Repo::of(body.repository()), actor).map_err(|missing| json::within(B::SUBJECT, missing.into()))
}

fn pull_request(
    raw: &[u8],
    transition: fn(&PullRequest) -> pull_request::Transition,
) -> Result<SourceEvent, Quarantined> {
    about(raw, |body: &PullRequestBody, repo, actor| {
        pull_request::event(&body.pull_request, transition(&body.pull_request), repo, actor)
    })
}

fn issue(raw: &[u8], transition: issue::Transition) -> Result<SourceEvent, Quarantined> {
    about(raw, |body: &IssueBody, repo, actor| issue::event(&body.issue, transition, repo, actor))
}

fn release(raw: &[u8]) -> Result<SourceEvent, Quarantined> {
    about(raw, |body: &ReleaseBody, repo, actor| release::published(&body.release, repo, actor))
}

fn discussion(raw: &[u8], transition: discussion::Transition) -> Result<SourceEvent, Quarantined> {
    about(raw, |body: &DiscussionBody, repo, actor| {
        discussion::event(&body.discussion, body.answer.as_ref(), transition, repo, actor)
    })
}

#[cfg(test)]
mod tests {
    use connector_domain::{ProviderKind, Timestamp};

    use super::*;

    fn outcome(event: &str, body: &str) -> Transformed {
        let webhook = Delivery::webhook(ProviderKind::Github, event.into(), None, body.into(), Timestamp::UNIX_EPOCH);
        transform(event, &webhook.verify(|_| Ok::<(), ()>(())).unwrap())
    }

    fn quarantined(path: &str, reason: &str) -> Transformed {
        Transformed::Items(vec![Item::Quarantined(json::quarantined(path, reason))])
    }

    #[test]
    fn an_event_is_taken_left_out_or_unknown() {
        for (event, _, _) in TAKEN {
            let odd = IgnoreReason::action("polished");
            assert_eq!(outcome(event, r#"{"action":"polished"}"#), Transformed::Ignored(odd), "{event}");
            assert!(!LEFT_OUT.contains(event));
        }
        for event in LEFT_OUT {
            assert_eq!(outcome(event, "not json"), Transformed::Ignored(NOT_CAPTURED), "{event}");
        }
        let unknown = IgnoreReason::unknown_event("toString");
        assert_eq!(outcome("toString", "{}"), Transformed::Ignored(unknown));
    }

    #[test]
    fn what_is_missing_is_named_by_its_place() {
        let closed = r#"{"action":"closed","issue":{"number":7,"title":"x"},"repository":{"id":1,"full_name":"a/b"}}"#;
        assert_eq!(outcome("issues", closed), quarantined("issue", "missing field closed_at"));
        let nameless = r#"{"action":"closed","issue":{"number":7},"repository":{"id":1,"full_name":"a/b"}}"#;
        assert_eq!(outcome("issues", nameless), quarantined("issue", "missing field title"));
        assert_eq!(outcome("issues", "{}"), quarantined("", "missing field action"));
        let timeless =
            r#"{"ref":"refs/heads/main","after":"a1","repository":{"id":1,"full_name":"a/b","default_branch":"main"}}"#;
        assert_eq!(outcome("push", timeless), quarantined("", "missing field repository.pushed_at"));
    }

    #[test]
    fn a_push_without_commits_is_told_by_its_branch() {
        let push = r#"{"ref":"refs/heads/main","after":"a1","head_commit":null,"sender":{"login":"ghost"},
            "repository":{"id":1,"full_name":"a/b","default_branch":"main","pushed_at":"2026-01-01T00:00:00Z"}}"#;
        let Transformed::Items(items) = outcome("push", push) else { panic!("no items") };
        let [Item::Event(event)] = &items[..] else { panic!("{items:?}") };
        assert_eq!(event.title, "[Push] Push to main");
        assert_eq!((&event.actor, event.metadata.contains_key("commitCount")), (&None, false));
    }
}
