//! Issues; and pull requests where GitHub shows them as issues.

use jiff::Timestamp;
use serde::{Serialize, Serializer, ser::SerializeSeq};

use super::{
    super::item::{Item, Label, Standing},
    node_id, reactions,
    repository::View,
    user::User,
};

/// One item of `GET /repos/{owner}/{repo}/issues`, and `issue` of an `issues` webhook.
#[derive(Serialize)]
pub(crate) struct IssueJson<'a, R> {
    url: String,
    repository_url: &'a str,
    labels_url: String,
    comments_url: String,
    events_url: String,
    html_url: String,
    id: u64,
    node_id: String,
    number: u32,
    title: &'a str,
    user: Option<&'a User>,
    labels: Labels<'a>,
    state: &'static str,
    locked: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee: Option<Option<&'a User>>,
    assignees: &'a [User],
    milestone: (),
    comments: u32,
    created_at: Timestamp,
    updated_at: Timestamp,
    closed_at: Option<Timestamp>,
    author_association: &'static str,
    #[serde(rename = "type")]
    kind: (),
    active_lock_reason: (),
    #[serde(skip_serializing_if = "Option::is_none")]
    draft: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pull_request: Option<PullMark>,
    body: Option<&'a str>,
    reactions: R,
    timeline_url: String,
    performed_via_github_app: (),
    state_reason: Option<&'static str>,
}

/// The key by which an issue shows that it is a pull request.
#[derive(Serialize)]
struct PullMark {
    url: String,
    html_url: String,
    diff_url: String,
    patch_url: String,
    merged_at: Option<Timestamp>,
}

/// `single_assignee`: whether the API version still has the old `assignee` next to `assignees`.
pub(crate) fn issue<'a>(
    view: &'a View,
    item: &'a Item,
    standing: &'a Standing,
    single_assignee: bool,
) -> IssueJson<'a, impl Serialize + use<>> {
    let number = item.number;
    let url = format!("{}/issues/{number}", view.api);
    let page = if item.pull.is_some() { "pull" } else { "issues" };
    let html_url = format!("{}/{page}/{number}", view.web);
    let id_ends = [view.id, item.issue_id];
    IssueJson {
        repository_url: &view.api,
        labels_url: format!("{url}/labels{{/name}}"),
        comments_url: format!("{url}/comments"),
        events_url: format!("{url}/events"),
        id: item.issue_id,
        node_id: match &item.pull {
            Some(pull) => node_id("PR", &[view.id, pull.id]),
            None => node_id("I", &id_ends),
        },
        number,
        title: &item.title,
        user: item.author.as_ref(),
        labels: Labels { view, labels: &standing.labels },
        state: if standing.open { "open" } else { "closed" },
        locked: false,
        assignee: single_assignee.then(|| item.assignees.first()),
        assignees: &item.assignees,
        milestone: (),
        comments: standing.comments,
        created_at: item.created_at(),
        updated_at: standing.updated_at,
        closed_at: standing.closed_at,
        author_association: item.association,
        kind: (),
        active_lock_reason: (),
        draft: item.pull.as_ref().map(|_| standing.draft),
        pull_request: item.pull.as_ref().map(|_| PullMark {
            url: format!("{}/pulls/{number}", view.api),
            diff_url: format!("{html_url}.diff"),
            patch_url: format!("{html_url}.patch"),
            html_url: html_url.clone(),
            merged_at: standing.merged_at,
        }),
        body: item.body.as_deref(),
        reactions: reactions(format!("{url}/reactions")),
        timeline_url: format!("{url}/timeline"),
        performed_via_github_app: (),
        // A pull request has no reason, whatever closed it.
        state_reason: if item.pull.is_some() { None } else { standing.reason },
        html_url,
        url,
    }
}

/// The labels of an item.
pub(crate) struct Labels<'a> {
    pub(crate) view: &'a View,
    pub(crate) labels: &'a [Label],
}

impl Serialize for Labels<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(Some(self.labels.len()))?;
        for held in self.labels {
            sequence.serialize_element(&label(self.view, held))?;
        }
        sequence.end()
    }
}

/// One label of a repository.
pub(crate) fn label<'a>(view: &View, label: &'a Label) -> impl Serialize + use<'a> {
    #[derive(Serialize)]
    struct LabelJson<'a> {
        id: u64,
        node_id: String,
        url: String,
        name: &'a str,
        color: &'static str,
        default: bool,
        description: (),
    }
    LabelJson {
        id: label.id,
        node_id: node_id("LA", &[view.id, label.id]),
        url: format!("{}/labels/{}", view.api, label.name.replace(' ', "%20")),
        name: &label.name,
        color: label.color,
        default: matches!(&*label.name, "bug" | "documentation" | "enhancement" | "question"),
        description: (),
    }
}
