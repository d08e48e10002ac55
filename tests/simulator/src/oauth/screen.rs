//! Consent screens: one form, for a browser or for a test.

use std::fmt::Write as _;

use url::form_urlencoded;

/// A consent screen.
pub(crate) struct Screen<'a> {
    /// Whose it is.
    pub(crate) provider: &'a str,
    /// What is asked.
    pub(crate) question: &'a str,
    /// The accounts to choose from: what the form says of each, and its name.
    pub(crate) accounts: &'a [(String, String)],
    /// The buttons.
    pub(crate) decisions: &'a [Decision],
}

/// A button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Approve,
    Deny,
    /// Ask an owner of the account to do it.
    Request,
}

impl Decision {
    const ALL: [Self; 3] = [Self::Approve, Self::Deny, Self::Request];

    fn value(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
            Self::Request => "request",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Approve => "Approve",
            Self::Deny => "Cancel",
            Self::Request => "Request (as a member who may not install)",
        }
    }
}

/// What a person chose.
pub(crate) struct Choice {
    pub(crate) decision: Decision,
    /// The account; the first of the screen where none was chosen.
    account: Option<String>,
}

impl Choice {
    /// Reads a form that was sent.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let fields: Vec<_> = form_urlencoded::parse(body).collect();
        let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_ref());
        let chosen = field("decision")?;
        let decision = Decision::ALL.into_iter().find(|decision| decision.value() == chosen)?;
        Some(Self { decision, account: field("account").map(str::to_owned) })
    }

    /// The account, if it is one of these.
    pub(crate) fn among<'a>(&self, accounts: &'a [(String, String)]) -> Option<&'a str> {
        let found = match &self.account {
            Some(chosen) => accounts.iter().find(|(value, name)| value == chosen || name == chosen),
            None => accounts.first(),
        };
        found.map(|(value, _)| value.as_str())
    }
}

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{margin:0;font:1rem/1.5 system-ui,sans-serif}\
main{max-width:26rem;margin:0 auto;padding:3rem 1.25rem}\
small{opacity:.7}h1{font-size:1.3rem;line-height:1.3;margin:.5rem 0 1.5rem}\
fieldset{border:1px solid #8888;border-radius:.5rem;padding:.5rem 1rem;margin:0 0 1.5rem}\
label{display:block;padding:.35rem 0}\
button{display:block;width:100%;font:inherit;font-weight:600;padding:.7rem;margin:0 0 .6rem;\
border:1px solid #8888;border-radius:.5rem;background:none;color:inherit;cursor:pointer}\
button[value=approve]{background:#1a7f37;border-color:#1a7f37;color:#fff}";

impl Screen<'_> {
    pub(crate) fn html(&self) -> String {
        let mut form = String::from("<form method=\"post\"><fieldset><legend>Account</legend>");
        for (place, (value, name)) in self.accounts.iter().enumerate() {
            let checked = if place == 0 { " checked" } else { "" };
            let (value, name) = (escape(value), escape(name));
            // Writing to a string does not fail.
            let _ = write!(
                form,
                "<label><input type=\"radio\" name=\"account\" value=\"{value}\"{checked}> {name}</label>"
            );
        }
        form.push_str("</fieldset>");
        for decision in self.decisions {
            let (value, label) = (decision.value(), decision.label());
            let _ = write!(form, "<button name=\"decision\" value=\"{value}\">{label}</button>");
        }
        form.push_str("</form>");
        document(self.provider, self.question, &form)
    }
}

/// A page that leads nowhere.
pub(crate) fn nothing(text: &str) -> String {
    document("the provider", text, "")
}

fn document(provider: &str, title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head>\
         <body><main><small>A simulation of {provider}</small><h1>{title}</h1>{body}</main></body></html>",
        provider = escape(provider),
        title = escape(title),
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
