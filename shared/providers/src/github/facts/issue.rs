//! Issues.

use connector_domain::event::Actor;
use connector_domain::{ProviderKind, Reference, ReferenceKind, SourceEvent, SourceId, SourceType, Timestamp};

use super::{Missing, actor, attributes, authored, body, labels, person, title};
use crate::github::payload::{Issue, Repo};
use crate::parts::{filled, minute, reference};

/// What can happen to an issue that is worth remembering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::github) enum Transition {
    Opened,
    Closed,
    Reopened,
}

impl Transition {
    const fn source_type(self) -> SourceType {
        match self {
            Self::Opened => SourceType::GithubIssueOpened,
            Self::Closed => SourceType::GithubIssueClosed,
            Self::Reopened => SourceType::GithubIssueReopened,
        }
    }

    const fn action(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
        }
    }

    /// The state that it leads to; a listed item knows only the state of today.
    const fn state(self) -> &'static str {
        match self {
            Self::Opened | Self::Reopened => "open",
            Self::Closed => "closed",
        }
    }

    /// When it happened.
    fn at(self, issue: &Issue) -> Result<Timestamp, Missing> {
        match self {
            Self::Opened => issue.created_at.ok_or(Missing("created_at")),
            Self::Closed => issue.closed_at.ok_or(Missing("closed_at")),
            // The item has no time of its own for it; the webhook is sent for the update itself, which can be a second off.
            Self::Reopened => issue.updated_at.ok_or(Missing("updated_at")),
        }
    }

    fn source_id(self, id: &str, at: Timestamp) -> SourceId {
        match self {
            Self::Opened => SourceId::once(ProviderKind::Github, "issue", id, self.action()),
            Self::Closed => SourceId::at(ProviderKind::Github, "issue", id, self.action(), at),
            Self::Reopened => SourceId::at(ProviderKind::Github, "issue", id, self.action(), minute(at)),
        }
    }
}

/// What a listed item proves to have happened, and who is known to have done it.
pub(in crate::github) fn proven(issue: &Issue) -> Vec<(Transition, Option<Actor>)> {
    let mut proven = vec![(Transition::Opened, issue.user.as_ref().and_then(actor))];
    if issue.closed_at.is_some() {
        proven.push((Transition::Closed, issue.closed_by.as_ref().and_then(actor)));
    }
    proven
}

/// The fact that `transition` happened to an issue.
pub(in crate::github) fn event(
    issue: &Issue,
    transition: Transition,
    repo: &Repo,
    actor: Option<Actor>,
) -> Result<SourceEvent, Missing> {
    let at = transition.at(issue)?;
    let id = format!("{}#{}", repo.id, issue.number);
    let kind = transition.source_type();
    let mut event = SourceEvent::new(
        kind,
        transition.source_id(&id, at),
        &title(kind, &issue.title),
        &body(&issue.title, issue.body.as_deref()),
        at,
    );
    event.actor = actor;
    event.references = references(issue, repo);
    let facts = attributes(repo)
        .with("issueNumber", issue.number.0)
        .with("action", transition.action())
        .with("state", transition.state());
    event.metadata = authored(facts, issue.user.as_ref());
    Ok(event)
}

fn references(issue: &Issue, repo: &Repo) -> Vec<Reference> {
    let mut all = Vec::new();
    let own = filled(issue.html_url.as_deref()).map(str::to_owned);
    let own = own.unwrap_or_else(|| repo.page("issues", &issue.number.to_string()));
    all.extend(reference(ReferenceKind::Issue, format!("#{}", issue.number), Some(&own)));
    all.extend(person(ReferenceKind::Assignee, issue.assignees.iter().flatten(), repo));
    all.extend(labels(issue.labels.as_ref()));
    all.extend(person(ReferenceKind::Author, &issue.user, repo));
    all
}
