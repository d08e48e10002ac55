//! Connecting accounts: what the consent screens and token endpoints of the providers have in common.

use std::fmt;

use axum::{http::StatusCode, response::Response};
use jiff::{SignedDuration, Timestamp};
use url::Url;

use crate::{
    random::Random,
    wire::{Content, respond},
};

mod codes;
mod fields;
mod jwt;
mod screen;

pub(crate) use codes::Codes;
pub(crate) use fields::Fields;
pub(crate) use jwt::{Claims, hs256, rs256};
pub(crate) use screen::{Choice, Decision, Screen};

/// An app of ours, with what its provider knows it by.
#[derive(Clone)]
pub struct App {
    /// Public.
    pub client_id: String,
    /// Proves that it is the client.
    pub client_secret: String,
    /// Its name in the provider's addresses, where it has one there.
    pub slug: Option<String>,
    /// The key with which it signs for itself, in PEM: GitHub's only.
    pub private_key: Option<String>,
}

impl fmt::Debug for App {
    /// Without the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("client_id", &self.client_id).field("slug", &self.slug).finish_non_exhaustive()
    }
}

/// An app as its provider keeps it.
pub(crate) struct Registered {
    pub(crate) app: App,
    /// Where people are sent back to, and nowhere else.
    pub(crate) callback: String,
    /// Of `app.private_key`, in DER.
    pub(crate) public_key: Vec<u8>,
}

/// Our app at a provider, once it is registered.
#[derive(Default)]
pub(crate) struct Apps {
    current: Option<Registered>,
    made: u64,
}

impl Apps {
    /// A new app. Registering once more is to have new credentials, and the old ones are refused.
    pub(crate) fn register(&mut self, seed: u64, callback: &str, slug: Option<&str>) -> &mut Registered {
        self.made += 1;
        let mut random = Random::new(seed, &[self.made, 0xA99]);
        let app = App {
            client_id: format!("client-{}", random.hex(20)),
            client_secret: random.hex(40),
            slug: slug.map(str::to_owned),
            private_key: None,
        };
        self.current.insert(Registered { app, callback: callback.to_owned(), public_key: Vec::new() })
    }

    pub(crate) fn current(&self) -> Option<&Registered> {
        self.current.as_ref()
    }

    /// Where the people of the app of this slug are sent back to.
    pub(crate) fn callback_of(&self, slug: &str) -> Option<String> {
        let app = self.current().filter(|app| app.app.slug.as_deref() == Some(slug))?;
        Some(app.callback.clone())
    }

    pub(crate) fn set_callback(&mut self, callback: &str) {
        if let Some(app) = &mut self.current {
            callback.clone_into(&mut app.callback);
        }
    }
}

impl Registered {
    /// Gives it a key of its own.
    pub(crate) fn add_key(&mut self) {
        let (private, public) = jwt::key_pair();
        self.app.private_key = Some(private);
        self.public_key = public;
    }

    pub(crate) fn is(&self, client_id: Option<&str>, client_secret: Option<&str>) -> bool {
        client_id == Some(&self.app.client_id) && client_secret == Some(&self.app.client_secret)
    }
}

/// The moment so long from now.
pub(crate) fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// A page for people.
pub(crate) fn page(status: u16, html: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    respond(status, [("cache-control", "no-store".to_owned())], Content::Html(html), None)
}

/// Sends a person on to an address, with these parameters added to it.
pub(crate) fn send_to(address: &str, query: &[(&str, &str)]) -> Response {
    let Ok(mut url) = Url::parse(address) else { return page(400, screen::nothing("The callback URL is none.")) };
    url.query_pairs_mut().extend_pairs(query);
    respond(StatusCode::FOUND, [("location", url.into())], Content::Empty, None)
}

/// Nothing is at this address.
pub(crate) fn nowhere() -> Response {
    page(404, screen::nothing("This page does not exist."))
}

/// A page that says so.
pub(crate) fn refused(why: &str) -> Response {
    page(400, screen::nothing(why))
}
