//! What a transform can answer. It always answers: a payload we do not know is an outcome, not an error.

use std::borrow::Cow;

use crate::lifecycle::LifecycleChange;
use crate::{SourceEvent, SourceId, Timestamp};

/// What a delivery became.
#[derive(Debug, Clone, PartialEq)]
pub enum Transformed {
    /// Nothing to capture, by design or because the event is unknown.
    Ignored(IgnoreReason),
    /// A change to a connection or its resources.
    Lifecycle(LifecycleChange),
    /// Facts, and items that could not be read; in the order of the payload.
    Items(Vec<Item>),
}

/// One item of a delivery.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A fact.
    Event(Box<SourceEvent>),
    /// A fact that webhooks tell apart by what a later look may not know any more.
    History {
        /// The fact, under an identity that never changes. It is that of the time before the link, when no webhook came.
        event: Box<SourceEvent>,
        /// The identity that a webhook gave it since, where it is still known.
        live: Option<SourceId>,
    },
    /// A thing is gone for good. Its facts stay, and nobody is shown any more what they said.
    Deleted(Deletion),
    /// An item left out by design, such as a draft release or a fact outside the run's window.
    Ignored(IgnoreReason),
    /// An item that could not be read. The rest of its page goes on; the raw delivery keeps it.
    Quarantined(Quarantined),
}

/// That a thing was deleted at its provider. It holds nothing of what the thing said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// `{provider}:{entity}:{id}`, as the identities of its facts begin.
    pub subject: String,
    /// When it was, or when we heard of it.
    pub at: Timestamp,
}

impl Deletion {
    /// A thing by the identity of any of its facts.
    #[must_use]
    pub fn of(fact: &SourceId, at: Timestamp) -> Self {
        Self { subject: fact.subject().to_owned(), at }
    }
}

/// Why an item could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Where in the payload, as a JSON path such as `[3].user.id`.
    pub path: String,
    /// What was wrong there. Never holds payload text.
    pub reason: String,
}

/// Why something is not captured, as a stable code such as `action_not_captured:labeled`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IgnoreReason(Cow<'static, str>);

impl IgnoreReason {
    /// The event was a test of the webhook itself.
    pub const PING: Self = Self(Cow::Borrowed("ping"));
    /// The fact happened outside the run's window.
    pub const OUTSIDE_WINDOW: Self = Self(Cow::Borrowed("outside_window"));
    /// The list holds another entity that has a list of its own.
    pub const OTHER_ENTITY: Self = Self(Cow::Borrowed("other_entity"));
    /// A draft is not public yet.
    pub const DRAFT: Self = Self(Cow::Borrowed("draft"));

    /// A reason of one provider.
    #[must_use]
    pub const fn fixed(code: &'static str) -> Self {
        Self(Cow::Borrowed(code))
    }

    /// The provider sent an event that we do not know.
    #[must_use]
    pub fn unknown_event(event: &str) -> Self {
        Self::of("unknown_event", event)
    }

    /// The event is known and this action of it is not captured.
    #[must_use]
    pub fn action(action: &str) -> Self {
        Self::of("action_not_captured", action)
    }

    /// The event is known and this action of it is new to us.
    #[must_use]
    pub fn unknown_action(action: &str) -> Self {
        Self::of("unknown_action", action)
    }

    /// The thing came to a state that is known and not captured.
    #[must_use]
    pub fn state(state: &str) -> Self {
        Self::of("state_not_captured", state)
    }

    /// The thing came to a state that is new to us.
    #[must_use]
    pub fn unknown_state(state: &str) -> Self {
        Self::of("unknown_state", state)
    }

    fn of(code: &str, foreign: &str) -> Self {
        Self(format!("{code}:{}", word(foreign)).into())
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for IgnoreReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A sender's word, made safe for logs and for use as a counter's name: 40 characters of `[a-z0-9_.-]`.
fn word(text: &str) -> String {
    text.chars()
        .take(40)
        .map(|c| match c.to_ascii_lowercase() {
            c @ ('a'..='z' | '0'..='9' | '_' | '.' | '-') => c,
            _ => '?',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_hold_no_foreign_text() {
        assert_eq!(IgnoreReason::action("La\nbel\u{1b}[31m").as_str(), "action_not_captured:la?bel??31m");
        assert!(IgnoreReason::unknown_event(&"x".repeat(999)).as_str().len() < 60);
    }
}
