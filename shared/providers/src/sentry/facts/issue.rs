//! Issues: errors that Sentry takes for one and the same.

use connector_domain::event::Actor;
use connector_domain::transformed::Quarantined;
use connector_domain::{ProviderKind, Reference, ReferenceKind, SourceEvent, SourceId, SourceType, Timestamp, text};

use super::{line, lines, missing};
use crate::parts::{Attributes, filled, reference};
use crate::sentry::payload::{Assignee, Commit, Issue, Repository, Summary, TextId};

/// Longest part of a title that is taken from what an error says.
const MAX_VALUE_CHARS: usize = 80;

/// What can happen to an issue that is worth remembering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sentry) enum Transition {
    Created,
    Assigned,
    Resolved,
    /// Somebody took a resolution or an archiving back.
    Unresolved,
    /// It was seen again after it was resolved.
    Regressed,
    /// It is seen more often than when it was archived.
    Escalated,
    /// Formerly: ignored.
    Archived,
}

impl Transition {
    const fn source_type(self) -> SourceType {
        match self {
            Self::Created => SourceType::SentryIssueCreated,
            Self::Assigned => SourceType::SentryIssueAssigned,
            Self::Resolved => SourceType::SentryIssueResolved,
            Self::Unresolved => SourceType::SentryIssueUnresolved,
            Self::Regressed => SourceType::SentryIssueRegressed,
            Self::Escalated => SourceType::SentryIssueEscalated,
            Self::Archived => SourceType::SentryIssueArchived,
        }
    }

    const fn action(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Assigned => "assigned",
            Self::Resolved => "resolved",
            Self::Unresolved => "unresolved",
            Self::Regressed => "regressed",
            Self::Escalated => "escalated",
            Self::Archived => "archived",
        }
    }

    /// When it happened, as far as a webhook knows. `told` is when it told.
    ///
    /// It does not have the time at which somebody changed an issue. For a resolution it has when the issue was last seen,
    /// which stands still while it is resolved. A regression is an event, so it is when that was seen. The others are
    /// told within moments.
    fn at(self, issue: &Issue, told: Option<Timestamp>) -> Option<Timestamp> {
        match self {
            Self::Created => issue.first_seen(),
            Self::Resolved | Self::Regressed => issue.last_seen(),
            Self::Assigned | Self::Unresolved | Self::Escalated | Self::Archived => told,
        }
    }

    /// What the change is told apart by from others of its kind: when the issue was last seen before it. It is signed, as
    /// the time of telling is not, and Sentry's second attempt at a webhook tells the same.
    fn source_id(
        self,
        issue: &Issue,
        assignee: Option<&Assignee>,
        seen: Option<Timestamp>,
    ) -> Result<SourceId, Quarantined> {
        let seen = || seen.ok_or_else(|| missing("lastSeen"));
        let assignee = assignee.and_then(|who| Some((filled(who.kind.as_deref())?, who.id.as_ref()?)));
        Ok(match (self, assignee) {
            (Self::Created, _) => SourceId::once(ProviderKind::Sentry, "issue", issue.id, "created"),
            (Self::Assigned, Some((kind, id))) => {
                let transition = format!("assigned:{kind}:{id}");
                SourceId::at(ProviderKind::Sentry, "issue", issue.id, &transition, seen()?)
            }
            _ => SourceId::at(ProviderKind::Sentry, "issue", issue.id, self.action(), seen()?),
        })
    }
}

/// Why an issue is unresolved again.
pub(in crate::sentry) fn unresolving(issue: &Issue) -> Transition {
    match issue.substatus.as_deref() {
        Some("regressed") => Transition::Regressed,
        Some("escalating") => Transition::Escalated,
        _ => Transition::Unresolved,
    }
}

/// The fact that `transition` happened to an issue, as a webhook or, for its creation, a list tells it.
pub(in crate::sentry) fn event(
    issue: &Issue,
    transition: Transition,
    actor: Option<Actor>,
    told: Option<Timestamp>,
) -> Result<SourceEvent, Quarantined> {
    let seen = if transition == Transition::Created { "firstSeen" } else { "lastSeen" };
    let at = transition.at(issue, told).ok_or_else(|| missing(seen))?;
    let id = transition.source_id(issue, issue.assigned_to.as_ref(), issue.last_seen())?;
    let mut event = made(issue, transition, id, at);
    event.actor = actor;
    event.references = references(issue, issue.assigned_to.as_ref(), true);
    if transition == Transition::Created {
        return Ok(event);
    }
    // It cannot have been resolved before it was seen last, and that is all that is known of when it was.
    let earliest = (transition == Transition::Resolved).then(|| ("occurredAtIsEarliest".to_owned(), true.into()));
    event.metadata.extend(earliest);
    Ok(event.with_stand_in(&["occurredAt"]))
}

/// The fact that `transition` happened to an issue, as the issue itself tells it later: with its own time. And the identity
/// that a webhook gave it.
///
/// Where the issue was not seen since, it was seen last when the webhook was sent. Else there is no telling when that was.
pub(in crate::sentry) fn changed(
    issue: &Issue,
    transition: Transition,
    assignee: Option<&Assignee>,
    actor: Option<Actor>,
    at: Timestamp,
) -> Result<(SourceEvent, Option<SourceId>), Quarantined> {
    let seen = issue.last_seen().filter(|seen| *seen <= at);
    let live = seen.map(|_| transition.source_id(issue, assignee, seen)).transpose()?;
    let mut event = made(issue, transition, transition.source_id(issue, assignee, Some(at))?, at);
    event.actor = actor;
    let resolved = live.is_some() && transition == Transition::Resolved;
    event.references = references(issue, assignee.or(issue.assigned_to.as_ref()), resolved);
    Ok((event, live))
}

fn made(issue: &Issue, transition: Transition, id: SourceId, at: Timestamp) -> SourceEvent {
    let kind = transition.source_type();
    let title = format!("[{}] {}", kind.label(), subject(issue));
    let mut event = SourceEvent::new(kind, id, &title, &body(issue), at);
    event.metadata = about(issue).with("action", transition.action()).0;
    event
}

/// How the issue stood when it changed, which a later list cannot know.
pub(in crate::sentry) fn at_the_time(issue: &Issue) -> Attributes {
    let number = |count: &Option<TextId>| count.as_ref().and_then(|count| count.to_string().parse::<u64>().ok());
    Attributes::default()
        .maybe("status", filled(issue.status.as_deref()))
        .maybe("substatus", filled(issue.substatus.as_deref()))
        .maybe("lastSeen", issue.last_seen().map(|at| at.to_string()))
        .maybe("count", number(&issue.count))
        .maybe("userCount", number(&issue.user_count))
}

fn about(issue: &Issue) -> Attributes {
    let project = issue.project.as_ref();
    Attributes::default()
        .with("issueId", issue.id.to_string())
        .maybe("shortId", filled(issue.short_id.as_deref()))
        .maybe("projectId", project.and_then(|project| project.id()).map(|id| id.to_string()))
        .maybe("projectSlug", project.and_then(|project| project.slug()))
        .maybe("projectName", project.and_then(|project| project.name()))
        .maybe("level", filled(issue.level.as_deref()))
        .maybe("platform", filled(issue.platform.as_deref()))
        .maybe("errorType", said(issue, |said| said.kind.as_deref()))
        .maybe("errorValue", said(issue, |said| said.value.as_deref()))
        .maybe("filename", said(issue, |said| said.filename.as_deref()))
        .maybe("function", said(issue, |said| said.function.as_deref()))
        .maybe("culprit", filled(issue.culprit.as_deref()))
        .maybe("firstSeen", issue.first_seen().map(|at| at.to_string()))
}

fn said(issue: &Issue, part: impl Fn(&Summary) -> Option<&str>) -> Option<&str> {
    filled(issue.metadata.as_ref().and_then(part))
}

/// What went wrong: the error with what it says, or else the title that Sentry found.
fn subject(issue: &Issue) -> String {
    let error = (said(issue, |said| said.kind.as_deref()), said(issue, |said| said.value.as_deref()));
    match error {
        (Some(kind), Some(value)) => format!("{kind}: {}", text::cut(value, MAX_VALUE_CHARS)),
        _ => issue.title.clone(),
    }
}

fn body(issue: &Issue) -> String {
    let place = said(issue, |said| said.filename.as_deref()).or(filled(issue.culprit.as_deref()));
    lines([
        filled(Some(&issue.title)).map(str::to_owned),
        said(issue, |said| said.value.as_deref()).map(str::to_owned),
        line("Location", place.map(|place| format!("in {place}"))),
        line("Function", said(issue, |said| said.function.as_deref())),
        line("Level", issue.level.as_ref()),
        line("Platform", issue.platform.as_ref()),
    ])
}

/// `resolved` is whether the commit that resolves it is the one of this change.
fn references(issue: &Issue, assigned: Option<&Assignee>, resolved: bool) -> Vec<Reference> {
    let mut all = Vec::new();
    let page = filled(issue.permalink.as_deref()).or(filled(issue.web_url.as_deref()));
    let short = filled(issue.short_id.as_deref());
    all.extend(short.and_then(|id| reference(ReferenceKind::Issue, id, page)));
    // By this one, its events and comments name it.
    all.extend(reference(ReferenceKind::Issue, issue.id.to_string(), page));
    all.extend(issue.project.as_ref().and_then(|project| Reference::new(ReferenceKind::Project, project.slug()?)));
    all.extend(assigned.and_then(assignee));
    let details = issue.status_details.as_ref().filter(|_| resolved);
    all.extend(details.and_then(|details| commit(details.in_commit.as_ref()?)));
    all
}

fn assignee(who: &Assignee) -> Option<Reference> {
    let name = filled(who.email.as_deref()).or(filled(who.name.as_deref()))?;
    let kind = if who.kind.as_deref() == Some("team") { ReferenceKind::Team } else { ReferenceKind::Assignee };
    Reference::new(kind, name)
}

fn commit(commit: &Commit) -> Option<Reference> {
    let sha = filled(commit.id.as_deref())?;
    let url = commit.repository.as_ref().and_then(|repository| match repository {
        // The address of a commit below its repository's is GitHub's way; others have theirs.
        Repository::Object { url } => url.as_deref().filter(|url| url.starts_with("https://github.com/")),
        Repository::Name(_) => None,
    });
    let page = url.map(|url| format!("{}/commit/{sha}", url.trim_end_matches('/')));
    Some(reference(ReferenceKind::Commit, sha, page.as_deref())?.label("resolved_by"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issue(more: &str) -> Issue {
        let json = format!(
            r#"{{"id":"7","title":"t","firstSeen":"2026-01-01T00:00:00Z","lastSeen":"2026-01-02T00:00:00.7Z"{more}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn changes_are_told_apart_by_when_the_issue_was_seen_before() {
        let id = |issue: &Issue, transition| {
            event(issue, transition, None, Some(Timestamp::UNIX_EPOCH)).unwrap().source_id.as_str().to_owned()
        };
        let plain = issue("");
        assert_eq!(id(&plain, Transition::Created), "sentry:issue:7:created");
        assert_eq!(id(&plain, Transition::Resolved), "sentry:issue:7:resolved@2026-01-02T00:00:00Z");
        assert_eq!(id(&plain, Transition::Assigned), "sentry:issue:7:assigned@2026-01-02T00:00:00Z");
        let assigned = issue(r#","assignedTo":{"type":"team","id":5}"#);
        assert_eq!(id(&assigned, Transition::Assigned), "sentry:issue:7:assigned:team:5@2026-01-02T00:00:00Z");
    }

    #[test]
    fn a_change_is_dated_by_what_is_known_about_it() {
        let at = |transition| {
            let told = Timestamp::from_second(1_770_000_000).ok();
            event(&issue(""), transition, None, told).unwrap().occurred_at.to_string()
        };
        assert_eq!(at(Transition::Created), "2026-01-01T00:00:00Z");
        assert_eq!(at(Transition::Resolved), "2026-01-02T00:00:00Z");
        assert_eq!(at(Transition::Regressed), "2026-01-02T00:00:00Z");
        assert_eq!(at(Transition::Archived), "2026-02-02T02:40:00Z");
    }

    #[test]
    fn a_change_is_known_as_the_webhook_s_where_nothing_was_seen_since() {
        let changed = |transition, at: &str| {
            let who: Assignee = serde_json::from_str(r#"{"type":"user","id":"5"}"#).unwrap();
            let (event, live) = changed(&issue(""), transition, Some(&who), None, at.parse().unwrap()).unwrap();
            assert_eq!(event.occurred_at.to_string(), at);
            (event.source_id.as_str().to_owned(), live.map(|id| id.as_str().to_owned()))
        };
        let of = |word: &str, at: &str, seen: Option<&str>| {
            let id = |at: &str| format!("sentry:issue:7:{word}@{at}");
            (id(at), seen.map(id))
        };
        let (before, seen, later) = ("2026-01-01T08:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T08:00:00Z");
        assert_eq!(changed(Transition::Resolved, later), of("resolved", later, Some(seen)));
        assert_eq!(changed(Transition::Assigned, later), of("assigned:user:5", later, Some(seen)));
        assert_eq!(changed(Transition::Regressed, seen), of("regressed", seen, Some(seen)));
        // It was seen since, and no list tells when it had been seen before.
        assert_eq!(changed(Transition::Resolved, before), of("resolved", before, None));
    }

    #[test]
    fn a_message_has_no_made_up_error_type() {
        let titled = |more: &str| event(&issue(more), Transition::Created, None, None).unwrap().title;
        assert_eq!(titled(""), "[Issue Created] t");
        assert_eq!(titled(r#","metadata":{"type":"","value":"v"}"#), "[Issue Created] t");
        let long = format!(r#","metadata":{{"type":"E","value":"{}"}}"#, "v".repeat(99));
        assert_eq!(titled(&long), format!("[Issue Created] E: {}", "v".repeat(80)));
    }

    #[test]
    fn only_a_commit_on_github_has_an_address() {
        let commit = |repository: &str| {
            let details = format!(r#","statusDetails":{{"inCommit":{{"id":"abc","repository":{repository}}}}}"#);
            references(&issue(&details), None, true)
                .into_iter()
                .find(|one| one.kind == ReferenceKind::Commit)
                .unwrap()
                .url
        };
        let page = Some("https://github.com/acme/shop/commit/abc".to_owned());
        assert_eq!(commit(r#"{"name":"acme/shop","url":"https://github.com/acme/shop"}"#), page);
        for none in ["null", "\"acme/shop\"", "{}", r#"{"url":"https://gitlab.example/acme/shop"}"#] {
            assert_eq!(commit(none), None, "{none}");
        }
    }
}
