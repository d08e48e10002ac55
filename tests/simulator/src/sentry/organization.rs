//! Organizations and the people in them.

use serde_json::{Value, json};

use crate::random::{Random, of_name};

/// An organization with our integration installed.
pub(crate) struct Organization {
    pub(crate) id: u64,
    pub(crate) slug: String,
    /// The installation's uuid, by which webhooks are routed.
    pub(crate) installation: String,
}

impl Organization {
    pub(crate) fn new(seed: u64, slug: &str) -> Self {
        let mut random = Random::new(seed, &[of_name(slug), 0x0465]);
        Self {
            id: 4_500_000_000_000_000 + random.below(9_000_000_000),
            slug: slug.to_owned(),
            installation: random.uuid(),
        }
    }

    /// The site's address of it.
    pub(crate) fn web(&self) -> String {
        format!("https://{}.sentry.io", self.slug)
    }
}

/// A member of an organization; the id follows from the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) id: u64,
    pub(crate) name: String,
}

impl Person {
    pub(crate) fn named(name: &str) -> Self {
        Self { id: 100_000 + of_name(name) % 3_000_000, name: name.to_owned() }
    }

    pub(crate) fn email(&self) -> String {
        format!("{}@example.com", self.name)
    }

    /// As activity and comments show a user.
    pub(crate) fn user(&self) -> Value {
        json!({
            "id": self.id.to_string(),
            "name": self.name,
            "username": self.email(),
            "email": self.email(),
            "avatarUrl": "https://gravatar.com/avatar/0",
            "isActive": true,
            "isManaged": false,
            "isStaff": false,
            "isSuperuser": false,
            "has2fa": true,
            "emails": [],
        })
    }

    /// `actor` of a webhook; Sentry itself where nobody is named.
    pub(crate) fn actor(person: Option<&Self>) -> Value {
        match person {
            Some(person) => json!({ "type": "user", "id": person.id, "name": person.name }),
            None => json!({ "type": "application", "id": "sentry", "name": "Sentry" }),
        }
    }
}
