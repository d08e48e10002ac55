//! One request.

use connector_domain::WorkspaceId;
use connector_domain::http::{Host, WebPage};
use connector_domain::oauth::{ConnectFailure, OneTimeSecret, Return};
use connector_domain::ports::PortError;
use connector_flows::connect::{Connect, ConnectPorts, Connected, StartConnect};
use connector_flows::documents::DocumentPorts;
use connector_flows::{StartPorts, restart_documents, restart_stopped};
use connector_lambda::api::{Answer, ApiRequest};
use connector_lambda::http::Reply;
use connector_lambda::telemetry::chain;
use connector_providers::Provider;
use connector_providers::oauth::{MAX_QUERY, Params};
use serde::Deserialize;
use serde_json::{Value, json};
use tracing::{info, warn};
use url::Url;

use crate::{browser, caller, page};

/// Where people go, besides the provider's own pages.
#[derive(Debug, Clone, Default)]
pub struct OAuthSettings {
    /// The settings of a workspace, for a way back.
    pub settings_url: Option<String>,
    /// Where the provider's people sign in, when it is not where it usually is.
    pub web_url: Option<String>,
}

/// Connects accounts of one provider.
#[derive(Clone)]
pub struct OAuth {
    provider: &'static dyn Provider,
    ports: ConnectPorts,
    settings: OAuthSettings,
    restart: Option<Restart>,
}

#[derive(Clone)]
struct Restart {
    history: StartPorts,
    documents: Option<DocumentPorts>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StartBody {
    workspace: WorkspaceId,
    #[serde(rename = "return", default = "settings")]
    back: Return,
}

const fn settings() -> Return {
    Return::Settings
}

/// Most bytes of a body that are looked at.
const MAX_BODY: usize = 4 * 1024;

impl OAuth {
    /// The function of a provider.
    #[must_use]
    pub const fn new(provider: &'static dyn Provider, ports: ConnectPorts, settings: OAuthSettings) -> Self {
        Self { provider, ports, settings, restart: None }
    }

    /// The same, which lets go on what waits for an account to be connected again: its history, and its documents where
    /// the provider has any.
    #[must_use]
    pub fn restarting(self, history: StartPorts, documents: Option<DocumentPorts>) -> Self {
        Self { restart: Some(Restart { history, documents }), ..self }
    }

    /// Answers one request.
    pub async fn handle(&self, request: ApiRequest) -> Answer {
        let (kind, base) = (self.provider.kind(), format!("/oauth/{}", self.provider.kind()));
        let Some(origin) = origin(&request) else { return problem(400, "host_invalid", "the host is not one of ours") };
        let connect = Connect::new(self.provider, self.ports.clone(), format!("{origin}{base}/callback"));
        match (request.method.as_str(), request.path.strip_prefix(base.as_str())) {
            ("POST", Some("/start")) => start(&connect, &request, &format!("{origin}{base}/start")).await,
            ("GET", Some("/start")) => self.open(&connect, &request).await,
            ("GET", Some("/callback")) => {
                let (params, kept) = (params(&request), browser::kept(kind, &request.headers));
                let settings = self.settings.settings_url.as_deref();
                match connect.callback(params.as_ref(), kept).await {
                    Ok(done) => {
                        self.restart(&done).await;
                        page::connected(kind, &done, settings, browser::forget(kind))
                    }
                    Err(not) => page::failed(kind, not, settings, browser::forget(kind)),
                }
            }
            ("GET", Some("/status")) => status(&connect, &request).await,
            _ => problem(404, "not_found", "there is no such path"),
        }
    }

    /// What is not started here the scheduler starts, and documents by themselves.
    async fn restart(&self, done: &Connected) {
        let Some(Restart { history, documents }) = self.restart.as_ref().filter(|_| done.again) else { return };
        let connections = &*self.ports.connections;
        let restarted = async {
            let Some(connection) = connections.connection(&done.connection).await? else { return Ok((0, 0)) };
            let runs = restart_stopped(history, connections, &connection).await?.len();
            let looks = match documents {
                Some(documents) => restart_documents(documents, connections, &connection, "connected").await?,
                None => 0,
            };
            Ok::<_, PortError>((runs, looks))
        };
        match restarted.await {
            Ok((runs, documents)) => {
                info!(connection.id = %done.connection, runs, documents, "what waited for it goes on");
            }
            Err(error) => warn!(connection.id = %done.connection, "what waits for it goes on later: {}", chain(&error)),
        }
    }

    async fn open(&self, connect: &Connect, request: &ApiRequest) -> Answer {
        let kind = self.provider.kind();
        let state = params(request).and_then(|params| params.state());
        let known = browser::kept(kind, &request.headers).secret;
        let opened = connect.open(state.clone(), known).await;
        let opened = opened.and_then(|opened| Ok((self.address(&opened.page)?, opened)));
        match opened {
            Ok((url, opened)) => {
                let kept = state.filter(|_| connect.browser_keeps_state());
                let cookie = browser::keep(kind, &opened.browser, kept.as_ref());
                page::consent(kind, opened.workspace.as_str(), &url, cookie)
            }
            Err(failure) => {
                page::failed(kind, failure.into(), self.settings.settings_url.as_deref(), browser::forget(kind))
            }
        }
    }

    /// The provider's page: its host is ours to say, and never a request's.
    fn address(&self, page: &WebPage) -> Result<String, ConnectFailure> {
        let base = self.settings.web_url.as_deref().unwrap_or(page.provider.usual_url(Host::Web));
        let mut url = Url::parse(base).map_err(|_| ConnectFailure::Misconfigured)?;
        url.set_path(&format!("{}{}", url.path().trim_end_matches('/'), page.path));
        if !page.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&page.query);
        }
        Ok(url.into())
    }
}

/// Begins, for somebody of the workspace. A workspace that is not theirs is not there.
async fn start(connect: &Connect, request: &ApiRequest, url: &str) -> Answer {
    let body = Some(&request.body).filter(|body| body.len() <= MAX_BODY);
    let Some(body) = body.and_then(|body| serde_json::from_slice::<StartBody>(body).ok()) else {
        return problem(
            400,
            "body_invalid",
            "the body must be {\"workspace\": ..., \"return\": \"settings\" or \"cli\"}",
        );
    };
    let Some(user) = caller::user(&request.caller, &body.workspace) else {
        return problem(404, "not_found", "there is no such workspace");
    };
    let StartBody { workspace, back } = body;
    match connect.start(StartConnect { workspace, user, back }).await {
        Ok(started) => json(
            201,
            &json!({
                "url": format!("{url}?state={}", started.state.expose()),
                "poll": started.poll.expose(),
                "expires_at": started.expires_at,
            }),
        ),
        Err(failure) => failed(failure),
    }
}

/// How it went, for who holds the key that the start gave: in a header, since addresses are logged.
async fn status(connect: &Connect, request: &ApiRequest) -> Answer {
    let header = request.headers.single("authorization").ok().flatten();
    let poll = header.and_then(|value| value.strip_prefix("Bearer ")).and_then(OneTimeSecret::parse);
    let unknown = || problem(404, "not_found", "there is no such connect, or it is over");
    let Some(poll) = poll else { return unknown() };
    match connect.outcome(&poll).await {
        Ok(Some(outcome)) => json(200, &json!(outcome)),
        Ok(None) => unknown(),
        Err(failure) => failed(failure),
    }
}

/// The query, when it is one that can be taken.
fn params(request: &ApiRequest) -> Option<Params> {
    if request.query.len() > MAX_QUERY {
        return None;
    }
    Params::of(url::form_urlencoded::parse(request.query.as_bytes()).into_owned())
}

/// Where the request came in. API Gateway answers under its own names only, so the host is one of them; and a provider
/// sends people to no address that is not registered with it.
fn origin(request: &ApiRequest) -> Option<String> {
    let host = request.headers.single("host").ok().flatten()?;
    let url = Url::parse(&format!("https://{host}/")).ok()?;
    if url.path() != "/" || !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return None;
    }
    let here = matches!(url.host_str()?, "localhost" | "127.0.0.1" | "[::1]");
    Some(format!("{}://{host}", if here { "http" } else { "https" }))
}

fn failed(failure: ConnectFailure) -> Answer {
    problem(failure.status(), failure.code(), &failure.to_string())
}

fn problem(status: u16, code: &str, title: &str) -> Answer {
    let reply = Reply::problem(status, code, title);
    Answer { status, headers: vec![("content-type", reply.content_type().to_owned())], body: reply.body.to_string() }
}

fn json(status: u16, body: &Value) -> Answer {
    Answer { status, headers: vec![("content-type", "application/json".to_owned())], body: body.to_string() }
}

#[cfg(test)]
mod tests;
