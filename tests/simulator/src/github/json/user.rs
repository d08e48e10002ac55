//! People, bots and organisations.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::{json, value::RawValue};

use super::{API, WEB, node_id, raw};
use crate::random::of_name;

/// An account, with its JSON made once.
#[derive(Clone)]
pub(crate) struct User(Arc<Account>);

struct Account {
    login: String,
    id: u64,
    kind: &'static str,
    node_id: String,
    page: String,
    json: Box<RawValue>,
}

/// The account GitHub shows in place of a deleted one (<https://github.com/ghost>).
pub(crate) const GHOST: &str = "ghost";

impl User {
    /// A person; or a bot when the login ends in `[bot]`. The id follows from the login.
    pub(crate) fn named(login: &str) -> Self {
        let kind = if login.ends_with("[bot]") { "Bot" } else { "User" };
        let id = if login == GHOST { 10_137 } else { 1_000_000 + of_name(login) % 180_000_000 };
        Self::new(login, id, kind)
    }

    /// An organisation, which owns repositories.
    pub(crate) fn organization(login: &str) -> Self {
        Self::new(login, 9_000_000 + of_name(login) % 160_000_000, "Organization")
    }

    fn new(login: &str, id: u64, kind: &'static str) -> Self {
        let path = login.replace('[', "%5B").replace(']', "%5D");
        let api = format!("{API}/users/{path}");
        let web = match login.strip_suffix("[bot]") {
            Some(app) => format!("{WEB}/apps/{app}"),
            None => format!("{WEB}/{login}"),
        };
        let prefix = match kind {
            "Bot" => "BOT",
            "Organization" => "O",
            _ => "U",
        };
        let node_id = node_id(prefix, &[id]);
        let json = raw(&json!({
            "login": login,
            "id": id,
            "node_id": node_id,
            "avatar_url": format!("https://avatars.githubusercontent.com/u/{id}?v=4"),
            "gravatar_id": "",
            "url": api,
            "html_url": web,
            "followers_url": format!("{api}/followers"),
            "following_url": format!("{api}/following{{/other_user}}"),
            "gists_url": format!("{api}/gists{{/gist_id}}"),
            "starred_url": format!("{api}/starred{{/owner}}{{/repo}}"),
            "subscriptions_url": format!("{api}/subscriptions"),
            "organizations_url": format!("{api}/orgs"),
            "repos_url": format!("{api}/repos"),
            "events_url": format!("{api}/events{{/privacy}}"),
            "received_events_url": format!("{api}/received_events"),
            "type": kind,
            "user_view_type": "public",
            "site_admin": false,
        }));
        Self(Arc::new(Account { login: login.to_owned(), id, kind, node_id, page: web, json }))
    }

    pub(crate) fn login(&self) -> &str {
        &self.0.login
    }

    pub(crate) fn id(&self) -> u64 {
        self.0.id
    }

    /// `User`, `Bot` or `Organization`.
    pub(crate) fn kind(&self) -> &'static str {
        self.0.kind
    }

    pub(crate) fn node_id(&self) -> String {
        self.0.node_id.clone()
    }

    /// Where it is to be seen.
    pub(crate) fn page(&self) -> &str {
        &self.0.page
    }

    /// Whether it stands for a deleted account.
    pub(crate) fn is_ghost(&self) -> bool {
        self.0.login == GHOST
    }

    /// The private address GitHub gives to commits made on the site.
    pub(crate) fn email(&self) -> String {
        format!("{}+{}@users.noreply.github.com", self.0.id, self.0.login)
    }

    /// The `organization` object of a webhook, which is not the account's `owner` object.
    pub(crate) fn as_organization(&self) -> Box<RawValue> {
        let (login, id) = (&self.0.login, self.0.id);
        let api = format!("{API}/orgs/{login}");
        raw(&json!({
            "login": login,
            "id": id,
            "node_id": node_id("O", &[id]),
            "url": api,
            "repos_url": format!("{api}/repos"),
            "events_url": format!("{api}/events"),
            "hooks_url": format!("{api}/hooks"),
            "issues_url": format!("{api}/issues"),
            "members_url": format!("{api}/members{{/member}}"),
            "public_members_url": format!("{api}/public_members{{/member}}"),
            "avatar_url": format!("https://avatars.githubusercontent.com/u/{id}?v=4"),
            "description": null,
        }))
    }
}

impl Serialize for User {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.json.serialize(serializer)
    }
}
