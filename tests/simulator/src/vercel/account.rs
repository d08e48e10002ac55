//! Who owns projects, and who makes deployments.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::random::{Random, of_name};

/// A team, or a person without one.
pub(crate) struct Account {
    /// `team_...`, or a user's bare id.
    pub(crate) id: String,
    pub(crate) slug: String,
    pub(crate) kind: Kind,
    /// Who installed our integration.
    pub(crate) installer: User,
    enabled: AtomicBool,
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Team,
    Person,
}

impl Account {
    pub(crate) fn new(seed: u64, slug: &str, kind: Kind) -> Self {
        let installer = User::named(if kind == Kind::Person { slug } else { "mira-holt" });
        let id = match kind {
            Kind::Team => format!("team_{}", Random::new(seed, &[of_name(slug), 0x7EA8]).alphanumeric(24)),
            Kind::Person => installer.id.clone(),
        };
        Self { id, slug: slug.to_owned(), kind, installer, enabled: AtomicBool::new(true) }
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.enabled.load(Ordering::SeqCst)
    }

    pub(crate) fn set_enabled(&self, enabled: bool) {
        self.enabled.store(enabled, Ordering::SeqCst);
    }

    /// `team` of a webhook: null for a person.
    pub(crate) fn team(&self) -> Value {
        match self.kind {
            Kind::Team => json!({ "id": self.id }),
            Kind::Person => Value::Null,
        }
    }

    pub(crate) fn plan(&self) -> &'static str {
        match self.kind {
            Kind::Team => "pro",
            Kind::Person => "hobby",
        }
    }
}

/// A Vercel user; the id follows from the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) name: String,
}

impl User {
    pub(crate) fn named(name: &str) -> Self {
        Self { id: Random::new(of_name(name), &[0x05E2]).alphanumeric(24), name: name.to_owned() }
    }

    /// `creator` of a listed deployment.
    pub(crate) fn creator(&self) -> Value {
        json!({
            "uid": self.id,
            "email": format!("{}@example.com", self.name),
            "username": self.name,
            "githubLogin": self.name,
        })
    }
}
