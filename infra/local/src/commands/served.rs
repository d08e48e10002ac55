//! A stack that `up` serves in another process, as whoever uses its management API meets it.

use std::time::Duration;

use clap::Args;
use connector_adapters::http::ReqwestHttp;
use connector_adapters::system::{OsRandom, SystemClock};
use connector_domain::access::Scope;
use connector_domain::http::{Body, HttpError, HttpRequest, Method};
use connector_domain::ports::{Clock, ProviderHttp};
use connector_domain::{ProviderKind, Secret};
use serde_json::Value;
use url::Url;

use super::Failure;
use super::place::{Place, Tenant};
use super::token::audience;
use crate::render::text::clean;
use crate::stack::{Grant, Issuer, Template};

const USUAL: &str = "http://127.0.0.1:8787";
/// Longer than anybody looks at a consent screen, or at a history that is fetched.
const LIVES: Duration = Duration::from_secs(3_600);

/// Where.
#[derive(Debug, Clone, Args)]
pub(super) struct At {
    /// Where the stack is.
    #[arg(long, value_name = "URL", default_value = USUAL)]
    pub(super) url: Url,
}

/// ` --url URL` for a command to be copied, where it is needed.
pub(super) fn as_argument(url: &str) -> String {
    let url = url.trim_end_matches('/');
    if url == USUAL { String::new() } else { format!(" --url {url}") }
}

/// A stack, and the right to enter one workspace of it.
pub(super) struct Served {
    http: ReqwestHttp,
    provider: ProviderKind,
    origin: String,
    token: Secret,
    workspace: String,
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Served {
    /// The stack at an address, whose issuer's key is in a directory.
    pub(super) fn at(url: &Url, provider: ProviderKind, place: &Place, tenant: &Tenant) -> Result<Self, Failure> {
        Self::with(url, provider, &Issuer::open(&place.data(), &OsRandom)?, tenant)
    }

    /// The stack at an address, by its issuer.
    pub(super) fn with(url: &Url, provider: ProviderKind, issuer: &Issuer, tenant: &Tenant) -> Result<Self, Failure> {
        let origin = url.origin().ascii_serialization();
        let http = ReqwestHttp::builder().base_url(provider, &origin).map_err(|_| {
            Failure::new(format!("{origin} cannot be asked")).hint("give an https URL, or an http URL of this machine")
        })?;
        let template = Template::embedded()?;
        let grant = Grant {
            workspaces: std::slice::from_ref(&tenant.workspace),
            scopes: &Scope::ALL,
            subject: "developer",
            audience: audience(&template)?,
            lives: LIVES,
        };
        let token = Secret::new(issuer.mint(&grant, SystemClock.now()));
        let token = token.ok_or_else(|| Failure::new("a token is empty"))?;
        Ok(Self { http: http.build()?, provider, origin, token, workspace: tenant.workspace.to_string() })
    }

    /// Asks for what is below `/v1/workspaces/{workspace}`, page by page.
    pub(super) async fn list(&self, path: &str) -> Result<Vec<Value>, Failure> {
        let (mut items, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let request = HttpRequest::get(self.provider, self.inside(path));
            let request = match &cursor {
                Some(cursor) => request.query("cursor", cursor),
                None => request,
            };
            let mut answer = self.ask(request).await?;
            if let Value::Array(found) = answer["items"].take() {
                items.extend(found);
            }
            cursor = answer["next"].as_str().map(str::to_owned);
            if cursor.is_none() {
                return Ok(items);
            }
        }
    }

    /// Asks for one thing below `/v1/workspaces/{workspace}`.
    pub(super) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.ask(HttpRequest::get(self.provider, self.inside(path))).await
    }

    /// Posts below `/v1/workspaces/{workspace}`.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.ask(post(self.provider, self.inside(path), body)).await
    }

    /// Begins to connect an account.
    pub(super) async fn start(&self) -> Result<Value, Failure> {
        let path = format!("/oauth/{}/start", self.provider);
        self.ask(post(self.provider, path, &serde_json::json!({ "workspace": self.workspace, "return": "cli" }))).await
    }

    /// How a connect went, for who has the key that its start gave.
    pub(super) async fn outcome(&self, poll: &Secret) -> Result<Answer, Failure> {
        let request = HttpRequest::get(self.provider, format!("/oauth/{}/status", self.provider));
        self.send(&request, poll).await
    }

    fn inside(&self, path: &str) -> String {
        format!("/v1/workspaces/{}{path}", self.workspace)
    }

    async fn ask(&self, request: HttpRequest) -> Result<Value, Failure> {
        let answer = self.send(&request, &self.token).await?;
        if (200..300).contains(&answer.status) { Ok(answer.body) } else { Err(self.refused(&answer)) }
    }

    async fn send(&self, request: &HttpRequest, bearer: &Secret) -> Result<Answer, Failure> {
        let response = self.http.send(request, Some(bearer)).await;
        let response = response.map_err(|error| unreachable(&self.origin, &error))?;
        Ok(Answer { status: response.status, body: serde_json::from_slice(&response.body).unwrap_or_default() })
    }

    fn refused(&self, answer: &Answer) -> Failure {
        let text = |name: &str| answer.body[name].as_str().unwrap_or_default();
        let (code, said) = (text("code"), text("detail"));
        let said = if said.is_empty() { text("title") } else { said };
        let failure = match code {
            "" => Failure::new(format!("the stack answered {}", answer.status)),
            code => Failure::new(format!("{code}: {}", clean(said))),
        };
        let provider = self.provider;
        match (answer.status, code) {
            (401, _) => failure.hint("it has another issuer: use the --data of `cargo local up`"),
            (_, "misconfigured") => failure.hint(format!(
                "write what {provider} knows your app by (client_id, client_secret, slug, private_key) into \
                 secrets.json beside the rows and start `cargo local up` again, or try `cargo local up --simulator`"
            )),
            (_, "connection_not_active") => {
                failure.hint(format!("connect it anew: cargo local connect --provider {provider}"))
            }
            (404 | 405, _) => failure.hint("is that address where `cargo local up` serves?"),
            _ => failure.hint("the log of `cargo local up` says more"),
        }
    }
}

fn post(provider: ProviderKind, path: String, body: &Value) -> HttpRequest {
    HttpRequest::with_body(provider, Method::Post, path, Body::Json(body.to_string()))
}

/// Nobody is there, or nobody that can be understood.
pub(super) fn unreachable(address: &str, error: &HttpError) -> Failure {
    match error {
        HttpError::Unreachable(_) => Failure::new(format!("nothing answers at {address}"))
            .hint("start the stack with `cargo local up`, or say with --url where it is"),
        HttpError::Timeout => Failure::new(format!("{address} did not answer in time")).hint("try it again"),
        other => Failure::new(format!("{address} could not be asked: {other}")),
    }
}
