//! The pages that people see: three small ones, without script, picture or anything from elsewhere.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use connector_domain::ProviderKind;
use connector_domain::oauth::{ConnectFailure, Return};
use connector_flows::connect::{Connected, NotConnected};
use connector_lambda::api::Answer;
use sha2::{Digest, Sha256};

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#d0d7de;--quiet:#59636e;--good:#1a7f37;--bad:#b42318}\
@media(prefers-color-scheme:dark){:root{--line:#3d444d;--quiet:#9198a1;--good:#3fb950;--bad:#ff7b72}}\
body{margin:0;min-height:100vh;display:grid;place-items:center;font:1rem/1.5 system-ui,sans-serif}\
main{box-sizing:border-box;width:100%;max-width:31rem;padding:2rem 2.25rem;overflow-wrap:anywhere;\
border:1px solid var(--line);border-radius:.75rem}\
header{margin:0 0 1.25rem;font-size:.9rem;color:var(--quiet)}\
h1{display:flex;gap:.6rem;align-items:baseline;margin:0 0 1rem;font-size:1.4rem;line-height:1.25}\
.good{color:var(--good)}.bad{color:var(--bad)}\
p{margin:0 0 1rem}\
p:last-child{margin:0}\
.quiet{font-size:.9rem;color:var(--quiet)}\
code{font-size:.95em}\
a{display:inline-block;box-sizing:border-box;margin:.5rem 0 0;padding:.75rem 1.5rem;border-radius:.5rem;\
background:CanvasText;color:Canvas;text-align:center;text-decoration:none;font-weight:600}\
a:focus-visible{outline:3px solid Highlight;outline-offset:2px}\
@media(max-width:34rem){body{place-items:start}main{border:0;padding:2rem 1.25rem}a{width:100%}}";

/// What a page is about, at a glance.
#[derive(Clone, Copy)]
enum Mark {
    None,
    Good,
    Bad,
}

/// The one before the consent screen: whoever was sent a link should see for which workspace it is.
pub(crate) fn consent(provider: ProviderKind, workspace: &str, url: &str, cookie: String) -> Answer {
    let (name, url) = (name(provider), escape(url));
    let body = format!(
        "<p>Whoever works in the workspace <strong>{}</strong> will see what happens in the account that you choose at \
         {name}. We read, and change nothing there.</p>\
         <p class=\"quiet\">If you did not start this yourself, close this page.</p>\
         <p><a href=\"{url}\">Go on to {name}</a></p>",
        escape(workspace)
    );
    page(200, Mark::None, &format!("Connect {name}"), &body, cookie)
}

/// The account is connected.
pub(crate) fn connected(provider: ProviderKind, done: &Connected, settings: Option<&str>, cookie: String) -> Answer {
    let (name, things) = (name(provider), things(provider));
    let again = if done.again { " again" } else { "" };
    let body = format!(
        "<p><strong>{}</strong> at {name} is connected{again} to the workspace <strong>{}</strong>.</p>\
         <p>Next, choose which {things} to link. Each one's history is fetched when it is linked, and what happens from \
         then on arrives by itself.</p>{}",
        escape(&done.account),
        escape(done.workspace.as_str()),
        way_back(Some(done.back), settings)
    );
    page(200, Mark::Good, &format!("{name} is connected"), &body, cookie)
}

/// It is not.
pub(crate) fn failed(provider: ProviderKind, not: NotConnected, settings: Option<&str>, cookie: String) -> Answer {
    let (name, failure) = (name(provider), not.failure);
    let body = format!(
        "<p>Nothing was connected: {failure}.</p><p>{}</p>{}<p class=\"quiet\">Code: <code>{}</code></p>",
        advice(failure),
        way_back(not.back, settings),
        failure.code()
    );
    page(failure.status(), Mark::Bad, &format!("{name} is not connected"), &body, cookie)
}

/// What a person can do about it.
const fn advice(failure: ConnectFailure) -> &'static str {
    match failure {
        ConnectFailure::StateInvalid => "Start again, and finish in the same browser within ten minutes.",
        ConnectFailure::Denied => "Start again when you want to connect the account.",
        ConnectFailure::ApprovalPending => "Ask an owner to approve it, then start again.",
        ConnectFailure::CodeRefused => "Start again. If it happens again, tell us the code.",
        ConnectFailure::NotOwner => "Start again with an account that is yours.",
        ConnectFailure::Misconfigured => "Tell whoever runs this service the code.",
        ConnectFailure::ProviderUnavailable | ConnectFailure::Unavailable => "Start again in a few minutes.",
    }
}

fn way_back(back: Option<Return>, settings: Option<&str>) -> String {
    match (back, settings) {
        (Some(Return::Cli), _) => "<p>You can close this page and go back to your terminal.</p>".to_owned(),
        (_, Some(url)) => format!("<p><a href=\"{}\">Back to the settings</a></p>", escape(url)),
        (_, None) => "<p>You can close this page.</p>".to_owned(),
    }
}

/// <https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CSP>
fn page(status: u16, mark: Mark, title: &str, body: &str, cookie: String) -> Answer {
    let mark = match mark {
        Mark::None => "",
        Mark::Good => "<span class=\"good\" aria-hidden=\"true\">\u{2713}</span>",
        Mark::Bad => "<span class=\"bad\" aria-hidden=\"true\">\u{2717}</span>",
    };
    let style = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    Answer {
        status,
        headers: vec![
            ("content-type", "text/html; charset=utf-8".to_owned()),
            ("content-security-policy", policy),
            ("referrer-policy", "no-referrer".to_owned()),
            ("strict-transport-security", "max-age=31536000".to_owned()),
            ("cross-origin-opener-policy", "same-origin".to_owned()),
            ("set-cookie", cookie),
        ],
        body: format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>{title}</title><style>{STYLE}</style></head><body><main><header>Memory Connectors</header>\
             <h1>{mark}{title}</h1>{body}</main></body></html>"
        ),
    }
}

fn name(provider: ProviderKind) -> &'static str {
    match provider {
        ProviderKind::Github => "GitHub",
        ProviderKind::Vercel => "Vercel",
        ProviderKind::Linear => "Linear",
        ProviderKind::Sentry => "Sentry",
    }
}

fn things(provider: ProviderKind) -> &'static str {
    match provider {
        ProviderKind::Github => "repositories",
        ProviderKind::Vercel | ProviderKind::Sentry => "projects",
        ProviderKind::Linear => "teams",
    }
}

/// Text inside an element or a quoted attribute. Names of accounts are foreign text.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
