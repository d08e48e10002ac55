//! Reviews of pull requests.
//! <https://docs.github.com/en/rest/pulls/reviews>

use connector_domain::event::Actor;
use connector_domain::transformed::IgnoreReason;
use connector_domain::{ProviderKind, Reference, ReferenceKind, SourceEvent, SourceId, SourceType, Timestamp};

use super::subject::Subject;
use super::{Missing, Told, attributes, authored, body, commit, person, title};
use crate::github::payload::{Repo, Review};
use crate::parts::filled;

/// A review that says nothing itself: GitHub wraps every comment on a line, and every reply to one, in a review.
/// The comments are facts of their own.
const WITHOUT_TEXT: IgnoreReason = IgnoreReason::fixed("review_without_text");

/// The fact that a review was submitted, whatever it said: its state is an attribute and no type, because a review that is
/// dismissed later keeps its time and loses its state, and must still be known as the one that was submitted.
pub(in crate::github) fn submitted(
    review: &Review,
    subject: &Subject<'_>,
    repo: &Repo,
    actor: Option<Actor>,
) -> Result<Told, Missing> {
    // Webhooks and REST spell it in different cases.
    let state = review.state.as_deref().map(str::to_lowercase).filter(|state| state != "dismissed");
    match state.as_deref() {
        Some("pending") => return Ok(Err(IgnoreReason::DRAFT)),
        Some("commented") if filled(review.body.as_deref()).is_none() => return Ok(Err(WITHOUT_TEXT)),
        _ => {}
    }
    let at = review.submitted_at.ok_or(Missing("submitted_at"))?;
    let about = about(subject);
    let subject_line = match state.as_deref().and_then(word) {
        Some(word) => format!("{word}: {about}"),
        None => about,
    };
    let mut event = event(review, SourceType::GithubReviewSubmitted, &subject_line, subject, at, repo);
    event.actor = actor;
    if let Some(state) = state {
        event.metadata.insert("state".to_owned(), state.into());
    }
    Ok(Ok(event))
}

/// The fact that a review was dismissed: by hand, or because new commits made it stale. It cannot be taken back.
///
/// `at` is not the review's own: its only time of its own is that of the submission.
pub(in crate::github) fn dismissed(
    review: &Review,
    subject: &Subject<'_>,
    at: Timestamp,
    repo: &Repo,
    actor: Option<Actor>,
) -> SourceEvent {
    let mut event = event(review, SourceType::GithubReviewDismissed, &about(subject), subject, at, repo);
    event.actor = actor;
    event
}

fn event(
    review: &Review,
    kind: SourceType,
    subject_line: &str,
    subject: &Subject<'_>,
    at: Timestamp,
    repo: &Repo,
) -> SourceEvent {
    let action = if kind == SourceType::GithubReviewDismissed { "dismissed" } else { "submitted" };
    let mut event = SourceEvent::new(
        kind,
        SourceId::once(ProviderKind::Github, "review", format!("{}:{}", repo.id, review.id), action),
        &title(kind, subject_line),
        &body(subject.title.unwrap_or_default(), review.body.as_deref()),
        at,
    );
    event.references = references(review, subject, repo);
    let facts = subject
        .told(attributes(repo))
        .with("action", action)
        .with("reviewId", review.id.0)
        .maybe("reviewUrl", filled(review.html_url.as_deref()))
        .maybe("commitSha", filled(review.commit_id.as_deref()));
    event.metadata = authored(facts, review.user.as_ref());
    event
}

fn about(subject: &Subject<'_>) -> String {
    filled(subject.title).map_or_else(|| format!("#{}", subject.number), str::to_owned)
}

/// What the reviewer said, in a word or two; nothing for a state that is new to us.
fn word(state: &str) -> Option<&'static str> {
    match state {
        "approved" => Some("Approved"),
        "changes_requested" => Some("Changes requested"),
        "commented" => Some("Commented"),
        _ => None,
    }
}

fn references(review: &Review, subject: &Subject<'_>, repo: &Repo) -> Vec<Reference> {
    let mut all = Vec::new();
    all.extend(subject.reference(repo));
    all.extend(review.commit_id.as_deref().and_then(|sha| commit(repo, sha)));
    all.extend(person(ReferenceKind::Reviewer, &review.user, repo));
    all
}

#[cfg(test)]
mod tests {
    use connector_domain::ResourceId;
    use connector_domain::connection::ResourceRef;

    use super::*;
    use crate::github::facts::subject::Kind;

    fn told(json: &str) -> Result<Told, Missing> {
        let resource = ResourceRef { id: ResourceId::parse("7").unwrap(), name: "acme/shop".into() };
        let subject = Subject { kind: Kind::PullRequest, number: 4, title: Some("Add login") };
        submitted(&serde_json::from_str(json).unwrap(), &subject, &Repo::listed(&resource, None).unwrap(), None)
    }

    fn with_state(state: &str, text: &str) -> Told {
        told(&format!(r#"{{"id":9,"state":"{state}","body":"{text}","submitted_at":"2026-01-01T00:00:00Z"}}"#)).unwrap()
    }

    #[test]
    fn the_state_reads_the_same_in_either_case() {
        for state in ["changes_requested", "CHANGES_REQUESTED"] {
            let event = with_state(state, "").unwrap();
            assert_eq!(event.title, "[PR Reviewed] Changes requested: Add login");
            assert_eq!(event.metadata["state"], "changes_requested");
        }
        assert_eq!(with_state("approved", "").unwrap().title, "[PR Reviewed] Approved: Add login");
        assert_eq!(with_state("waved_through", "").unwrap().title, "[PR Reviewed] Add login");
    }

    #[test]
    fn a_review_that_was_dismissed_since_is_the_same_one_and_its_state_is_not_told() {
        let (then, now) = (with_state("APPROVED", "").unwrap(), with_state("DISMISSED", "").unwrap());
        assert_eq!(
            (&now.source_id, now.source_type, now.occurred_at),
            (&then.source_id, then.source_type, then.occurred_at)
        );
        assert_eq!((now.title.as_str(), now.metadata.get("state")), ("[PR Reviewed] Add login", None));
    }

    #[test]
    fn what_says_nothing_or_is_not_sent_yet_is_left_out() {
        assert_eq!(with_state("commented", " ").unwrap_err(), WITHOUT_TEXT);
        assert!(with_state("commented", "Nice.").is_ok());
        assert_eq!(with_state("PENDING", "Nice.").unwrap_err(), IgnoreReason::DRAFT);
        assert_eq!(told(r#"{"id":9,"state":"approved"}"#).unwrap_err(), Missing("submitted_at"));
    }
}
