//! Accounts.

use serde::Deserialize;

use crate::json::NumericId;

/// An account; teams among reviewers have no login.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Account")]
pub(in crate::github) struct User {
    pub(in crate::github) id: Option<NumericId>,
    pub(in crate::github) login: Option<String>,
    pub(in crate::github) avatar_url: Option<String>,
    pub(in crate::github) html_url: Option<String>,
}

/// A [`User`] as it is written. The login of an app's account ends in `[bot]`, except in GraphQL.
#[derive(Deserialize)]
struct Account {
    id: Option<NumericId>,
    login: Option<String>,
    avatar_url: Option<String>,
    html_url: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl From<Account> for User {
    fn from(Account { id, login, avatar_url, html_url, kind }: Account) -> Self {
        const BOT: &str = "[bot]";
        let login = match (login, kind.as_deref()) {
            (Some(login), Some("Bot")) if !login.is_empty() && !login.ends_with(BOT) => Some(login + BOT),
            (login, _) => login,
        };
        Self { id, login, avatar_url, html_url }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_has_one_login() {
        let login = |json: &str| serde_json::from_str::<User>(json).unwrap().login;
        for app in [r#"{"login":"renovate[bot]","type":"Bot"}"#, r#"{"login":"renovate","type":"Bot"}"#] {
            assert_eq!(login(app).as_deref(), Some("renovate[bot]"));
        }
        assert_eq!(login(r#"{"login":"mira","type":"User"}"#).as_deref(), Some("mira"));
        assert_eq!(login(r#"{"login":"","type":"Bot"}"#).as_deref(), Some(""));
        assert_eq!(login(r#"{"type":"Bot"}"#), None);
    }
}
