//! One constructor for all facts, and beside it what each kind of thing says about itself: both paths tell the same fact
//! in the same words.

pub(super) mod comment;
pub(super) mod cycle;
pub(super) mod document;
pub(super) mod initiative;
pub(super) mod issue;
pub(super) mod label;
pub(super) mod post;
pub(super) mod project;
pub(super) mod reaction;

use connector_domain::event::Actor;
use connector_domain::transformed::Quarantined;
use connector_domain::{ProviderKind, Reference, ReferenceKind, SourceEvent, SourceId, SourceType, Timestamp, text};
use serde::de::DeserializeOwned;

use super::changes::Changes;
use super::payload::{Base, Named, User};
use crate::json;
use crate::parts::{Attributes, filled, minute, reference};

/// Longest part of a title that is taken from a title of Linear's.
const MAX_SUBJECT_CHARS: usize = 80;
/// Longest part of a title that is taken from a text.
const MAX_EXCERPT_CHARS: usize = 60;
/// Longest name of a thing or a person that is kept beside an id.
const MAX_NAME_CHARS: usize = 200;

/// What can happen to a thing that is worth remembering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transition {
    Created,
    /// Something of it is different now.
    Updated,
    Deleted,
    /// Work on it began.
    Started,
    Completed,
    Canceled,
    /// It was completed or canceled and is not any more.
    Reopened,
    /// It is in another state, and none of the above says so.
    Moved,
}

impl Transition {
    /// The word in identities.
    const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
            Self::Started => "started",
            Self::Completed => "completed",
            Self::Canceled => "canceled",
            Self::Reopened => "reopened",
            Self::Moved => "moved",
        }
    }

    /// Linear's word, which knows three only.
    const fn action(self) -> &'static str {
        match self {
            Self::Created => "create",
            Self::Deleted => "remove",
            _ => "update",
        }
    }
}

/// What a kind of thing says about itself.
pub(super) trait Thing: DeserializeOwned {
    /// Its name in identities.
    const ENTITY: &'static str;
    /// Whether a deleted one can be taken out of the trash, and deleted again.
    const TRASH: bool = false;

    /// What kind of fact a transition of it is; `None` when it knows no such transition.
    fn source_type(transition: Transition) -> Option<SourceType>;
    /// What the title tells, after the words in brackets.
    fn subject(&self, base: &Base) -> String;
    /// The paragraphs of the body.
    fn lines(&self) -> Vec<String>;
    /// What it points at, itself first.
    fn references(&self, base: &Base) -> Vec<Option<Reference>>;
    /// What only Linear knows. What webhooks do not tell, lists must not tell either.
    fn attributes(&self, base: &Base) -> Attributes;
    /// Who made it.
    fn author(&self) -> Option<&User> {
        None
    }
}

/// The fact that something happened to a thing; `None` when that is no fact of this kind of thing.
pub(super) fn event<T: Thing>(
    thing: &T,
    base: &Base,
    transition: Transition,
    at: Timestamp,
    actor: Option<Actor>,
) -> Option<SourceEvent> {
    let kind = T::source_type(transition)?;
    let title = format!("[{}] {}", kind.label(), thing.subject(base));
    let mut event = SourceEvent::new(kind, source_id::<T>(base, transition, at), &title, &paragraphs(thing), at);
    event.actor = actor;
    event.references = thing.references(base).into_iter().flatten().collect();
    let mut attributes = thing.attributes(base).with("action", transition.action());
    // What came later is not known yet when it happens, so a list that knows it must not tell it either.
    for (name, time) in
        [("startedAt", base.started_at), ("completedAt", base.completed_at), ("canceledAt", base.canceled_at)]
    {
        attributes = attributes.maybe(name, time.filter(|time| *time <= at).map(|time| time.to_string()));
    }
    event.metadata = attributes.0;
    Some(event)
}

/// The fact that something of a thing is different now, and what.
pub(super) fn update<T: Thing>(
    thing: &T,
    base: &Base,
    at: Timestamp,
    actor: Option<Actor>,
    changes: &Changes,
) -> Option<SourceEvent> {
    let mut event = event(thing, base, Transition::Updated, at, actor)?;
    let body = format!("{}\nChanged: {}", paragraphs(thing), changes.words());
    event.body = text::body(&body);
    let changed = changes.names.iter().map(String::as_str).collect::<Vec<_>>();
    event.metadata.insert("changed".to_owned(), changed.into());
    event.metadata.insert("updatedFrom".to_owned(), changes.from.clone().into());
    Some(event)
}

fn paragraphs<T: Thing>(thing: &T) -> String {
    let mut lines = thing.lines();
    lines.retain(|line| !line.trim().is_empty());
    lines.join("\n")
}

/// Linear times one move of a thing differently in the webhook, in the thing and in its history, some milliseconds apart,
/// and folds moves that follow each other closely into one. So the minute tells two of them apart, and no less.
fn source_id<T: Thing>(base: &Base, transition: Transition, at: Timestamp) -> SourceId {
    let word = transition.word();
    match transition {
        Transition::Created => SourceId::once(ProviderKind::Linear, T::ENTITY, &base.id, word),
        Transition::Deleted if !T::TRASH => SourceId::once(ProviderKind::Linear, T::ENTITY, &base.id, word),
        Transition::Updated => SourceId::at_ms(ProviderKind::Linear, T::ENTITY, &base.id, word, at),
        _ => SourceId::at(ProviderKind::Linear, T::ENTITY, &base.id, word, minute(at)),
    }
}

/// What the thing itself proves to have happened to it, and when.
pub(super) fn proven(base: &Base) -> Result<Vec<(Transition, Timestamp)>, Quarantined> {
    let created = base.created_at.ok_or_else(|| missing("createdAt"))?;
    let deleted = base.archived_at.filter(|_| base.trashed == Some(true));
    let rest = [
        (Transition::Started, base.started_at),
        (Transition::Completed, base.completed_at),
        (Transition::Canceled, base.canceled_at),
        (Transition::Deleted, deleted),
    ];
    let rest = rest.into_iter().filter_map(|(transition, at)| Some((transition, at?)));
    Ok(std::iter::once((Transition::Created, created)).chain(rest).collect())
}

/// An attribute that a fact cannot be made without.
pub(super) fn missing(field: &str) -> Quarantined {
    json::quarantined("", format!("missing field {field}"))
}

/// Who acted; `None` when there is no telling who.
pub(super) fn actor(user: &User) -> Option<Actor> {
    let name = filled(user.name.as_deref()).or(filled(user.service.as_deref()))?;
    Some(Actor {
        id: filled(user.id.as_deref())?.to_owned(),
        name: text::cut(name, MAX_NAME_CHARS).to_owned(),
        email: filled(user.email.as_deref()).map(str::to_owned),
        avatar_url: filled(user.avatar_url.as_deref()).map(str::to_owned),
    })
}

/// `Name: value`, or nothing.
fn line(name: &str, value: Option<&str>) -> String {
    filled(value).map(|value| format!("{name}: {value}")).unwrap_or_default()
}

/// The id of a thing that is named by object or by id alone.
fn id_of<'a>(named: Option<&'a Named>, id: Option<&'a String>) -> Option<&'a str> {
    filled(named.and_then(|named| named.id.as_deref())).or(filled(id.map(String::as_str)))
}

fn name_of(named: Option<&Named>) -> Option<&str> {
    shown(named?.name.as_deref())
}

/// A name that is not blank, and not too long.
fn shown(name: Option<&str>) -> Option<&str> {
    filled(name).map(|name| text::cut(name, MAX_NAME_CHARS))
}

/// A reference by id, with a name or a relation beside it.
fn labelled(kind: ReferenceKind, id: Option<&str>, label: Option<&str>, url: Option<&str>) -> Option<Reference> {
    let reference = reference(kind, id?, url)?;
    Some(match shown(label) {
        Some(label) => reference.label(label),
        None => reference,
    })
}

/// A reference to a thing that is named by object or by id alone.
fn pointer(kind: ReferenceKind, named: Option<&Named>, id: Option<&String>) -> Option<Reference> {
    labelled(kind, id_of(named, id), name_of(named), named.and_then(|named| named.url.as_deref()))
}

/// A person's id.
fn person_id<'a>(user: Option<&'a User>, id: Option<&'a String>) -> Option<&'a str> {
    filled(user.and_then(|user| user.id.as_deref())).or(filled(id.map(String::as_str)))
}

fn person_name(user: Option<&User>) -> Option<&str> {
    shown(user?.name.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_has_an_id_and_a_name() {
        let actor = |json: &str| actor(&serde_json::from_str(json).unwrap()).map(|actor| actor.name);
        assert_eq!(actor(r#"{"id":"1","name":"Jane","service":"x"}"#).as_deref(), Some("Jane"));
        assert_eq!(actor(r#"{"id":"1","service":"slack","type":"integration"}"#).as_deref(), Some("slack"));
        assert_eq!(actor(r#"{"id":"1"}"#), None);
        assert_eq!(actor(r#"{"name":"Jane"}"#), None);
    }
}
