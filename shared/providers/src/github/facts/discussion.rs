//! Discussions.

use connector_domain::event::Actor;
use connector_domain::{
    Metadata, ProviderKind, Reference, ReferenceKind, SourceEvent, SourceId, SourceType, Timestamp,
};

use super::{Attributes, Missing, attributes, authored, body, person, title};
use crate::github::payload::{Answer, Discussion, Repo};
use crate::parts::{filled, reference};

/// What can happen to a discussion that is worth remembering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::github) enum Transition {
    Created,
    /// A comment was chosen as the answer.
    Answered,
}

impl Transition {
    const fn source_type(self) -> SourceType {
        match self {
            Self::Created => SourceType::GithubDiscussionCreated,
            Self::Answered => SourceType::GithubDiscussionAnswered,
        }
    }

    const fn action(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Answered => "answered",
        }
    }

    /// When it happened.
    fn at(self, discussion: &Discussion) -> Result<Timestamp, Missing> {
        match self {
            Self::Created => discussion.created_at.ok_or(Missing("created_at")),
            Self::Answered => discussion.answer_chosen_at.or(discussion.updated_at).ok_or(Missing("answer_chosen_at")),
        }
    }

    fn source_id(self, id: &str, at: Timestamp) -> SourceId {
        match self {
            Self::Created => SourceId::once(ProviderKind::Github, "discussion", id, self.action()),
            // An answer can be taken back and another one chosen.
            Self::Answered => SourceId::at(ProviderKind::Github, "discussion", id, self.action(), at),
        }
    }
}

/// The fact that `transition` happened to a discussion.
pub(in crate::github) fn event(
    discussion: &Discussion,
    answer: Option<&Answer>,
    transition: Transition,
    repo: &Repo,
    actor: Option<Actor>,
) -> Result<SourceEvent, Missing> {
    let at = transition.at(discussion)?;
    let id = format!("{}#{}", repo.id, discussion.number);
    let kind = transition.source_type();
    let mut event = SourceEvent::new(
        kind,
        transition.source_id(&id, at),
        &title(kind, &discussion.title),
        &body(&discussion.title, discussion.body.as_deref()),
        at,
    );
    event.actor = actor;
    event.references = references(discussion, repo);
    let facts = attributes(repo)
        .with("discussionNumber", discussion.number.0)
        .with("action", transition.action())
        .maybe("category", category(discussion))
        .with("answered", transition == Transition::Answered);
    event.metadata = authored(facts, discussion.user.as_ref());
    if let Some(answer) = answer.filter(|_| transition == Transition::Answered) {
        event.metadata.append(&mut answered(answer));
    }
    Ok(event)
}

/// Who gave the answer, and where: the actor is who chose it.
fn answered(answer: &Answer) -> Metadata {
    let user = answer.user.as_ref();
    Attributes::default()
        .maybe("answerUrl", answer.html_url.as_deref())
        .maybe("answerAuthorLogin", user.and_then(|user| filled(user.login.as_deref())))
        .maybe("answerAuthorId", user.and_then(|user| user.id).map(|id| id.0))
        .0
}

fn references(discussion: &Discussion, repo: &Repo) -> Vec<Reference> {
    let mut all = Vec::new();
    let own = filled(discussion.html_url.as_deref()).map(str::to_owned);
    let own = own.unwrap_or_else(|| repo.page("discussions", &discussion.number.to_string()));
    all.extend(reference(ReferenceKind::Discussion, format!("#{}", discussion.number), Some(&own)));
    all.extend(category(discussion).and_then(|name| Reference::new(ReferenceKind::Label, name)));
    all.extend(person(ReferenceKind::Author, &discussion.user, repo));
    all
}

fn category(discussion: &Discussion) -> Option<&str> {
    discussion.category.as_ref()?.name.as_deref()
}
