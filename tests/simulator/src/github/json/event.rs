//! Issue events: who closed, reopened, merged or labelled what, and when.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    super::{
        item::{Change, Item, Label, Step},
        talk::Review,
    },
    issue::issue,
    node_id,
    repository::View,
    talk::state,
    user::User,
};

#[derive(Serialize)]
struct EventJson<'a, I> {
    id: u64,
    node_id: String,
    url: String,
    actor: Option<&'a User>,
    event: &'static str,
    commit_id: Option<&'a str>,
    commit_url: Option<String>,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<Named<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dismissed_review: Option<Dismissed>,
    issue: I,
    performed_via_github_app: (),
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
    color: &'static str,
}

/// The review that no longer counts, as it was before.
#[derive(Serialize)]
struct Dismissed {
    state: &'static str,
    review_id: u64,
    dismissal_message: &'static str,
}

/// Which of the events of one step: a merge gives `merged` and `closed` in the same second.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    First,
    /// The `closed` that follows a `merged`.
    Close,
}

pub(crate) fn event<'a>(
    view: &'a View,
    item: &'a Item,
    step: &'a Step,
    id: u64,
    part: Part,
    dismissed: Option<&'a Review>,
    single_assignee: bool,
) -> impl Serialize + use<'a> {
    let commit = match (&step.change, &item.pull) {
        (Change::Merged, Some(pull)) if part == Part::First => Some(pull.merge_sha.as_str()),
        _ => None,
    };
    EventJson {
        id,
        node_id: node_id("LE", &[view.id, id]),
        url: format!("{}/issues/events/{id}", view.api),
        actor: step.by.as_ref(),
        event: name(&step.change, part),
        commit_id: commit,
        commit_url: commit.map(|sha| format!("{}/commits/{sha}", view.api)),
        created_at: step.at,
        label: match &step.change {
            Change::Labeled(Label { name, color, .. }) => Some(Named { name, color }),
            _ => None,
        },
        state_reason: match &step.change {
            Change::Closed(reason) if item.pull.is_none() => Some(reason.name()),
            _ => None,
        },
        dismissed_review: dismissed.map(|review| Dismissed {
            state: state(review.verdict),
            review_id: review.id,
            dismissal_message: "Outdated",
        }),
        issue: issue(view, item, &item.now, single_assignee),
        performed_via_github_app: (),
    }
}

fn name(change: &Change, part: Part) -> &'static str {
    match change {
        Change::Opened => "opened",
        Change::Closed(_) => "closed",
        Change::Merged if part == Part::Close => "closed",
        Change::Merged => "merged",
        Change::Reopened => "reopened",
        Change::ReadyForReview => "ready_for_review",
        Change::Labeled(_) => "labeled",
        Change::Talked(_) => "review_dismissed",
    }
}
