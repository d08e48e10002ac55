//! What the items of lists prove.

use std::time::Duration;

use connector_domain::Timestamp;
use connector_domain::transformed::{IgnoreReason, Item, Quarantined};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Page;
use crate::github::facts::comment::{self, Place};
use crate::github::facts::subject::Subject;
use crate::github::facts::{self, issue, pull_request, push, release, review};
use crate::github::payload::{Activity, Comment, Issue, IssueEvent, PullRequest, Push, Release, Repository};
use crate::json::{self, NumericId};
use crate::parts::filled;

/// How far GitHub's two times of one closing lie apart: that of the issue, and that of the event.
const SLACK: Duration = Duration::from_secs(2);

/// A merge is two events, and one fact.
const CLOSED_BY_MERGE: IgnoreReason = IgnoreReason::fixed("closed_by_merge");

pub(super) fn pull_request(page: &Page<'_>, raw: &[u8]) -> Result<Vec<Item>, Quarantined> {
    let pull: PullRequest = json::parse(raw)?;
    let repo = page.repo(pull.html_url.as_deref())?;
    let proven = pull_request::proven(&pull).into_iter();
    proven.map(|(what, who)| page.fact(pull_request::event(&pull, what, &repo, who))).collect()
}

pub(super) fn issue(page: &Page<'_>, raw: &[u8]) -> Result<Vec<Item>, Quarantined> {
    let issue: Issue = json::parse(raw)?;
    if issue.pull_request.is_some() {
        return Ok(vec![Item::Ignored(IgnoreReason::OTHER_ENTITY)]);
    }
    let repo = page.repo(issue.html_url.as_deref())?;
    let proven = issue::proven(&issue).into_iter();
    proven.map(|(what, who)| page.fact(issue::event(&issue, what, &repo, who))).collect()
}

pub(super) fn release(page: &Page<'_>, raw: &[u8]) -> Result<Vec<Item>, Quarantined> {
    let release: Release = json::parse(raw)?;
    if release.draft {
        return Ok(vec![Item::Ignored(IgnoreReason::DRAFT)]);
    }
    // A list names the author of a release, who need not be the one who published it.
    let repo = page.repo(release.html_url.as_deref())?;
    Ok(vec![page.fact(release::published(&release, &repo, None))?])
}

/// What happened to an issue or pull request, with the thing as it is today.
pub(super) fn issue_event(page: &Page<'_>, raw: &[u8]) -> Result<Vec<Item>, Quarantined> {
    #[derive(Deserialize)]
    struct About<'a> {
        #[serde(borrow)]
        issue: &'a RawValue,
    }
    #[derive(Deserialize)]
    struct Kinded {
        pull_request: Option<Merge>,
    }

    let event: IssueEvent = json::parse(raw)?;
    let left_out = || Ok(vec![Item::Ignored(IgnoreReason::action(&event.event))]);
    if !matches!(event.event.as_str(), "closed" | "reopened" | "merged" | "ready_for_review" | "review_dismissed") {
        return left_out();
    }
    let at = event.created_at.ok_or_else(|| json::quarantined("", "missing field created_at"))?;
    let about = json::parse::<About<'_>>(raw)?.issue.get().as_bytes();
    let within = |error| json::within("issue", error);
    let fact = match json::parse::<Kinded>(about).map_err(within)?.pull_request {
        None => {
            let what = match event.event.as_str() {
                "closed" => issue::Transition::Closed,
                "reopened" => issue::Transition::Reopened,
                _ => return left_out(),
            };
            of_issue(page, json::parse(about).map_err(within)?, what, &event, at)
        }
        Some(merge) => of_pull_request(page, json::parse(about).map_err(within)?, &merge, &event, at),
    };
    Ok(vec![fact?])
}

/// When a pull request was merged, if it was.
#[derive(Deserialize)]
struct Merge {
    merged_at: Option<Timestamp>,
}

fn of_issue(
    page: &Page<'_>,
    mut issue: Issue,
    what: issue::Transition,
    event: &IssueEvent,
    at: Timestamp,
) -> Result<Item, Quarantined> {
    issue.closed_at = Some(own(issue.closed_at, at));
    issue.updated_at = Some(at);
    let actor = event.actor.as_ref().and_then(facts::actor);
    page.fact(issue::event(&issue, what, &page.repo(issue.html_url.as_deref())?, actor))
}

fn of_pull_request(
    page: &Page<'_>,
    mut pull: PullRequest,
    merge: &Merge,
    event: &IssueEvent,
    at: Timestamp,
) -> Result<Item, Quarantined> {
    use pull_request::Transition::{Closed, Merged, ReadyForReview, Reopened};
    let repo = page.repo(pull.html_url.as_deref())?;
    let actor = event.actor.as_ref().and_then(facts::actor);
    let what = match event.event.as_str() {
        "closed" if merge.merged_at.is_some_and(|merged| near(merged, at)) => {
            return Ok(Item::Ignored(CLOSED_BY_MERGE));
        }
        "closed" => Closed,
        "merged" => Merged,
        "reopened" => Reopened,
        "ready_for_review" => ReadyForReview,
        _ => {
            let missing = || json::quarantined("", "missing field dismissed_review");
            let review = event.dismissed_review.as_ref().ok_or_else(missing)?.review();
            let event = review::dismissed(&review, &(&pull).into(), at, &repo, actor);
            // The list does not tell what the review said.
            return page.fact(Ok(event.with_stand_in(&["body"])));
        }
    };
    pull.merged_at = Some(own(merge.merged_at, at));
    pull.closed_at = Some(own(pull.closed_at, at));
    pull.updated_at = Some(at);
    pull.merge_commit_sha.clone_from(&event.commit_id);
    // Today's, which it need not have been.
    pull.draft = None;
    page.fact(pull_request::event(&pull, what, &repo, actor))
}

fn near(one: Timestamp, other: Timestamp) -> bool {
    one.duration_since(other).unsigned_abs() <= SLACK
}

/// The thing's own time of what happened, which webhooks tell, where it is of this event and not of a later one.
fn own(of_thing: Option<Timestamp>, of_event: Timestamp) -> Timestamp {
    of_thing.filter(|at| near(*at, of_event)).unwrap_or(of_event)
}

/// A comment in a conversation or on code.
pub(super) fn comment(page: &Page<'_>, raw: &[u8], place: Place) -> Result<Vec<Item>, Quarantined> {
    let comment: Comment = json::parse(raw)?;
    let url = comment.html_url.as_deref();
    let subject =
        Subject::listed(url).ok_or_else(|| json::quarantined("html_url", "does not tell what it is about"))?;
    let author = comment.user.as_ref().and_then(facts::actor);
    Ok(vec![page.fact(comment::created(&comment, place, &subject, &page.repo(url)?, author))?])
}

/// A push to the default branch; or the repository, which was asked for its name.
pub(super) fn push(page: &Page<'_>, raw: &[u8]) -> Result<Vec<Item>, Quarantined> {
    let activity: Activity = match json::parse(raw) {
        Ok(activity) => activity,
        Err(_) if json::parse::<Repository>(raw).is_ok() => return Ok(vec![Item::Ignored(IgnoreReason::OTHER_ENTITY)]),
        Err(error) => return Err(error),
    };
    let forced = match activity.activity_type.as_str() {
        "push" | "pr_merge" | "merge_queue_merge" | "branch_creation" => false,
        "force_push" => true,
        other => return Ok(vec![Item::Ignored(IgnoreReason::action(other))]),
    };
    let branch = activity.reference.strip_prefix("refs/heads/").unwrap_or_default().to_owned();
    if filled(Some(&branch)).is_none() {
        return Err(json::quarantined("ref", "not a branch"));
    }
    let repo = page.repo(None)?;
    let pushed = Push {
        reference: activity.reference,
        before: activity.before,
        after: activity.after,
        forced: Some(forced),
        commits: None,
        head_commit: None,
        pusher: None,
        repository: Repository {
            id: NumericId(repo.id),
            full_name: repo.name,
            html_url: None,
            default_branch: None,
            pushed_at: activity.timestamp,
        },
        sender: activity.actor,
    };
    // The list does not tell the message of a commit.
    let event = push::event(&pushed, &branch).map(|event| event.with_stand_in(&["title", "body"]));
    Ok(vec![page.fact(event)?])
}
