//! Consent screens and token endpoints, with what is odd about each provider's.

use std::collections::BTreeMap;

use connector_simulator::{Browser, Page, Server, World};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use crate::client::{Http, Reply};

mod github;
mod linear;
mod sentry;
mod vercel;

pub(crate) const CALLBACK: &str = "https://connect.example.org/callback";
pub(crate) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");

/// A world, a person's browser in it, and our app's own client.
pub(crate) struct Desk {
    pub(crate) world: World,
    pub(crate) server: Server,
}

impl Desk {
    pub(crate) async fn new() -> Self {
        let world = World::new(1);
        let server = Server::start(world.clone()).await.unwrap();
        Self { world, server }
    }

    /// Opens a consent screen and sends its form; answers the screen and where it leads.
    pub(crate) async fn decide(&self, url: &str, fields: &[(&str, &str)]) -> (Page, BTreeMap<String, String>) {
        let mut browser = Browser::new();
        let screen = browser.open(url).await.unwrap();
        assert_eq!(screen.status, 200, "{}", screen.html);
        let sent = browser.submit(&screen, fields).await.unwrap();
        let leads_to = sent.leads_to.as_deref().and_then(|url| Url::parse(url).ok());
        let query = leads_to.iter().flat_map(|url| url.query_pairs().into_owned()).collect();
        (sent, query)
    }

    pub(crate) async fn approve(&self, url: &str) -> BTreeMap<String, String> {
        let (sent, query) = self.decide(url, &[("decision", "approve")]).await;
        assert_eq!(sent.status, 302, "{}", sent.html);
        assert!(sent.leads_to.unwrap().starts_with(CALLBACK));
        query
    }
}

pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

pub(crate) async fn post(http: &Http, path: &str, headers: &[(&str, &str)], body: String) -> Reply {
    http.send_body(hyper::Method::POST, path, headers, body).await.unwrap()
}

pub(crate) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().expect(name).to_owned()
}

/// What an answer says went wrong, wherever it says it.
pub(crate) fn error(reply: &Reply) -> (u16, Value) {
    let body = reply.json();
    let code = if body["error"].is_object() { body["error"]["code"].clone() } else { body["error"].clone() };
    (reply.status, if code.is_null() { json!(body["detail"]) } else { code })
}
