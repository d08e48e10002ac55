//! `send`: signs a payload and posts it, as the provider would.

use std::convert::Infallible;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use connector_adapters::http::ReqwestHttp;
use connector_adapters::system::{OsRandom, SystemClock};
use connector_domain::connection::ResourceRef;
use connector_domain::http::{Body, HttpRequest, HttpResponse, Method};
use connector_domain::ports::{Clock, ProviderHttp, Random};
use connector_domain::{Delivery, Secret};
use connector_providers::{Provider, Route};
use serde_json::Value;
use url::Url;

use super::payload::resource_name;
use super::place::{Place, Tenant};
use super::served::unreachable;
use super::values::{provider, read, secret_in};
use super::{Failure, link};
use crate::render::Output;
use crate::render::style::Paint;
use crate::render::text::clean;
use crate::stack::{Database, LinkRequest, Template};

/// Sign a payload and post it to a running stack.
#[derive(Args)]
#[command(after_help = "Example, with `cargo local up` in another terminal:
  cargo local send --provider github --event issues --link shared/providers/fixtures/github/webhooks/issues.opened.json")]
pub(super) struct Send {
    /// Who sends it.
    #[arg(long, value_name = "NAME", value_parser = provider())]
    provider: &'static dyn Provider,
    /// The event: the value of X-GitHub-Event, such as pull_request, or of Sentry-Hook-Resource. Default: the type in the
    /// payload, which Vercel and Linear tell.
    #[arg(long, value_name = "NAME")]
    event: Option<String>,
    /// Where the stack is. Without a path, the provider's own is added.
    #[arg(long, default_value = "http://127.0.0.1:8787")]
    url: Url,
    /// An environment variable with the webhook secret. Default: the local one, in DIR/secrets.json.
    #[arg(long, value_name = "VARIABLE")]
    secret_env: Option<String>,
    /// Link what the payload is about to the workspace first; what nobody has linked is kept and not captured.
    #[arg(long)]
    link: bool,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    tenant: Tenant,
    /// The payload; - is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Send {
    pub(super) async fn run(self, output: &mut Output) -> Result<ExitCode, Failure> {
        let body = read(&self.file, output)?;
        let event = self.event(&body)?;
        let secret = self.secret()?;
        let template = Template::embedded()?;
        let url = self.address(&template)?;
        if self.link {
            self.link(&template, &event, &body, output).await?;
        }
        let response = self.post(&url, &event, body, &secret).await?;
        let answer = String::from_utf8_lossy(&response.body);
        output.line(format!("{} {}", response.status, clean(&answer)))?;
        self.advise(&response, output)
    }

    async fn post(&self, url: &Url, event: &str, body: Vec<u8>, secret: &Secret) -> Result<HttpResponse, Failure> {
        let provider = self.provider.kind();
        let origin = url.origin().ascii_serialization();
        let http = ReqwestHttp::builder().base_url(provider, &origin).map_err(|_| {
            Failure::new(format!("{origin} cannot be posted to"))
                .hint("give an https URL, or an http URL of this machine")
        })?;
        let signed = self.provider.sign(event, &OsRandom.id(), &body, secret, SystemClock.now());
        // A request's header names live as long as the program, which here ends with it.
        let headers = signed.iter().map(|(name, value)| (&*name.to_owned().leak(), value.to_owned())).collect();
        let body = String::from_utf8(body)
            .map_err(|_| Failure::new(format!("{} is not UTF-8, as JSON is", self.file.display())))?;
        let request = HttpRequest::with_body(provider, Method::Post, url.path(), Body::Json(body));
        let request = HttpRequest { headers, ..request };
        http.build()?.send(&request, None).await.map_err(|error| unreachable(&origin, &error))
    }

    fn event(&self, body: &[u8]) -> Result<String, Failure> {
        let told = || serde_json::from_slice::<Value>(body).ok()?.get("type")?.as_str().map(str::to_owned);
        self.event
            .clone()
            .or_else(told)
            .ok_or_else(|| Failure::new("the payload does not say which event it is of").hint("name it: --event NAME"))
    }

    fn secret(&self) -> Result<Secret, Failure> {
        if let Some(variable) = &self.secret_env {
            return secret_in(variable);
        }
        let (file, kind) = (self.place.secrets_file(), self.provider.kind());
        // One that is made now would sign what no running stack accepts.
        if !file.exists() {
            return Err(Failure::new(format!("there is no secret to sign with: {} does not exist", file.display()))
                .hint("start the stack with `cargo local up`, or name a secret with --secret-env"));
        }
        self.place.secrets()?.webhook(kind).cloned().ok_or_else(|| Failure::new(format!("{kind} has no secret")))
    }

    /// The address given; the path of the provider's route is added to a bare one.
    fn address(&self, template: &Template) -> Result<Url, Failure> {
        let mut url = self.url.clone();
        if url.path() == "/" {
            let binary = format!("webhook-{}", self.provider.kind());
            let ours = |function: &String| template.functions.get(function).is_some_and(|found| found.binary == binary);
            let route = template.routes.iter().find(|route| ours(&route.function));
            let route = route
                .ok_or_else(|| Failure::new(format!("template.yaml has no route for {}", self.provider.kind())))?;
            url.set_path(&route.path);
        }
        Ok(url)
    }

    /// Links the account and the resource that the provider reads out of the payload.
    async fn link(&self, template: &Template, event: &str, body: &[u8], output: &mut Output) -> Result<(), Failure> {
        let kind = self.provider.kind();
        let unverified = Delivery::webhook(kind, event.to_owned(), None, body.to_vec(), SystemClock.now());
        // We are about to sign it ourselves.
        let Ok(delivery) = unverified.verify(|_| Ok::<(), Infallible>(()));
        let (account, resource) = match self.provider.route(&delivery) {
            Route::Account { account, resource: Some(resource) } => (account, resource),
            Route::Account { resource: None, .. } => {
                return Err(Failure::new("the payload is about no resource to link"));
            }
            Route::Nowhere(reason) => return Err(Failure::new(format!("the payload is nobody's: {reason}"))),
            Route::Unreadable(at) => {
                return Err(Failure::new(format!("the payload cannot be read: {} {}", at.path, at.reason)));
            }
        };
        let name = serde_json::from_slice::<Value>(body).ok().as_ref().and_then(resource_name);
        let name = name.unwrap_or_else(|| resource.to_string());
        let database = Database::open(template, &self.place.data()).await?;
        let workspace = &self.tenant.workspace;
        let known = database.stores().connections.integration(kind, &resource, workspace).await?;
        let request = LinkRequest {
            workspace: workspace.clone(),
            provider: kind,
            account_name: account.to_string(),
            account,
            settings: link::settings(known.as_ref(), kind),
            resource: ResourceRef { id: resource, name: name.clone() },
        };
        let outcome = database.link(request).await?.outcome;
        output.note(format!("{} is {} to workspace {workspace}", clean(&name), link::in_words(outcome)))?;
        Ok(())
    }

    fn advise(&self, response: &HttpResponse, output: &mut Output) -> Result<ExitCode, Failure> {
        let answer: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let refused = |hint: &str| Err(Failure::new(format!("the stack answered {}", response.status)).hint(hint));
        match response.status {
            200..300 => {}
            401 if answer["code"] == "signature_stale" => {
                return refused("the payload says when it was sent: set its webhookTimestamp to now, in milliseconds");
            }
            401 => return refused("it signs with another secret: use the --data of `cargo local up`, or --secret-env"),
            404 | 405 => return refused("there is no such route; `cargo local up` prints those there are"),
            503 => return refused("it could not store the delivery; send it again"),
            _ => return refused("the answer says why"),
        }
        if answer["status"] == "ignored" {
            let reason = answer["reason"].as_str().unwrap_or_default();
            let links = matches!(reason, "no_connection" | "not_linked" | "tenant_mismatch");
            let hint = if links && !self.link { "; with --link it is captured" } else { "" };
            output.note(format!(
                "{}: it is kept and captured for nobody{hint}",
                output.aside.paint(Paint::Odd, "note")
            ))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
