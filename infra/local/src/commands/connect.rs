//! `connect`: an account at a provider, by the provider's own consent screen.

use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use clap::Args;
use connector_adapters::system::{OsRandom, SystemClock};
use connector_domain::oauth::ConnectFailure;
use connector_domain::ports::Clock;
use connector_domain::{ProviderKind, Secret, Timestamp};
use connector_providers::Provider;
use connector_simulator::Browser;
use serde_json::Value;
use url::Url;

use super::interrupt::{INTERRUPTED, interrupted};
use super::place::{Place, Tenant};
use super::served::{At, Served, as_argument};
use super::simulated::{SEED, Simulated};
use super::values::provider;
use super::{Failure, link, log};
use crate::render::Output;
use crate::render::text::clean;
use crate::stack::{Data, LocalSecrets, Options, Stack, Template};

/// Between two looks at how it went.
const EVERY: Duration = Duration::from_millis(500);
/// How long the stack of this process may take to stop.
const PATIENCE: Duration = Duration::from_secs(1);

/// Connect an account at a provider to a workspace of a running stack.
///
/// It prints an address to open in a browser, and waits until you come back from the provider: ten minutes at most.
#[derive(Args)]
#[command(after_help = "Examples:
  cargo local connect --provider github --simulator     # the whole walk in one command: no browser, nothing kept

  cargo local up --simulator                            # in one terminal
  cargo local connect --provider linear --approve       # in another; without --approve, in your browser

  cargo local up                                        # with your own app's credentials in .local/secrets.json
  cargo local connect --provider github --open-url")]
pub(super) struct Connect {
    /// Whose account.
    #[arg(long, value_name = "NAME", value_parser = provider())]
    provider: &'static dyn Provider,
    /// Open the address in this machine's browser.
    #[arg(long)]
    open_url: bool,
    /// Approve on the provider's page without a browser: on a simulated one only.
    #[arg(long, conflicts_with = "open_url")]
    approve: bool,
    /// Start the stack and a simulated provider in this process, and keep nothing. Approves by itself, unless --open-url.
    #[arg(long, conflicts_with = "url")]
    simulator: bool,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    tenant: Tenant,
    #[command(flatten)]
    place: Place,
}

/// How it went.
enum Outcome {
    Connected { account: String, again: bool },
    Failed(String),
    Expired,
    Interrupted,
}

impl Connect {
    pub(super) async fn run(self, output: &mut Output) -> Result<ExitCode, Failure> {
        log::start(log::NOTHING, output.aside);
        if self.simulator {
            return self.simulate(output).await;
        }
        let kind = self.provider.kind();
        let served = Served::at(&self.at.url, kind, &self.place, &self.tenant)?;
        if !self.walk(&served, self.approve, output).await? {
            return Ok(ExitCode::from(INTERRUPTED));
        }
        let (tenant, place) = (self.tenant.as_argument(), self.place.as_argument());
        let at = as_argument(self.at.url.as_str());
        output.line(format!("Next:  cargo local link --provider {kind}{at}{tenant}{place}"))?;
        Ok(ExitCode::SUCCESS)
    }

    /// The same with everything in this process.
    async fn simulate(&self, output: &mut Output) -> Result<ExitCode, Failure> {
        let kind = self.provider.kind();
        let simulated = Simulated::start(SEED, SystemClock.now()).await?;
        let options = simulated.connectable(Options::new(Data::Memory, LocalSecrets::random(&OsRandom)))?;
        let stack = Stack::start(&Template::embedded()?, options).await?;
        let here = stack.serve(0).await?;
        simulated.send_back_to(&here.url);
        let url = Url::parse(&here.url).map_err(|error| Failure::new(format!("{}: {error}", here.url)))?;
        let served = Served::with(&url, kind, stack.issuer(), &self.tenant)?;
        let connected = self.walk(&served, !self.open_url, output).await?;
        if connected {
            link::show(&served, &link::connections(&served, kind).await?, output).await?;
            output.say(0, "Nothing of this is kept. To go on: cargo local up --simulator, and connect it there.")?;
        }
        here.stop().await;
        stack.drain_and_stop(PATIENCE).await;
        Ok(if connected { ExitCode::SUCCESS } else { ExitCode::from(INTERRUPTED) })
    }

    /// From the start to the end; false when a person wants to stop.
    async fn walk(&self, served: &Served, approve: bool, output: &mut Output) -> Result<bool, Failure> {
        let kind = self.provider.kind();
        let started = served.start().await?;
        let text = |name: &str| started[name].as_str().unwrap_or_default().to_owned();
        let (url, expires_at) = (text("url"), text("expires_at").parse::<Timestamp>());
        let (Some(poll), Ok(expires_at)) = (Secret::new(text("poll")), expires_at) else {
            return Err(Failure::new("the stack did not say how to go on"));
        };
        if approve {
            output.line(format!("Opened  {url}"))?;
            self.approve(&url, output).await?;
        } else {
            output.line(format!("Open this in a browser:\n\n  {url}\n"))?;
            output.line("Waiting until you come back; Ctrl-C stops waiting.")?;
            if self.open_url && !open(&url) {
                output.note("This machine has no browser that could be started: open the address yourself.")?;
            }
        }
        match wait(served, &poll, expires_at).await? {
            Outcome::Connected { account, again } => {
                let again = if again { " again" } else { "" };
                let account = output.look.style.strong(clean(&account));
                let workspace = &self.tenant.workspace;
                output.line(format!("{account} at {kind} is connected{again} to workspace {workspace}."))?;
                Ok(true)
            }
            Outcome::Failed(code) => Err(failed(kind, &code)),
            Outcome::Expired => Err(Failure::new("nobody finished within ten minutes").hint("start it again")),
            Outcome::Interrupted => Ok(false),
        }
    }

    /// Goes through the pages as a person does who agrees to everything.
    async fn approve(&self, url: &str, output: &mut Output) -> Result<(), Failure> {
        let broken = |error: std::io::Error| Failure::new(format!("a page did not open: {error}"));
        let simulated = |text: &str| {
            Failure::new(text.to_owned())
                .hint("--approve is for simulated providers; without it, open the address in a browser")
        };
        let mut browser = Browser::new();
        let page = browser.open(url).await.map_err(broken)?;
        // The last link of our own page leads on.
        let Some(screen) = page.links().pop() else { return Err(simulated("the first page leads nowhere")) };
        if !screen.starts_with("http://") {
            return Err(simulated("the consent screen is not on this machine"));
        }
        let screen = browser.open(&screen).await.map_err(broken)?;
        let sent = browser.submit(&screen, &[("decision", "approve")]).await.map_err(broken)?;
        let back = sent.leads_to.ok_or_else(|| simulated("the consent screen is not a simulated one"))?;
        output.line(format!("Approved at {}", self.provider.kind()))?;
        browser.open(&back).await.map_err(broken)?;
        Ok(())
    }
}

async fn wait(served: &Served, poll: &Secret, expires_at: Timestamp) -> Result<Outcome, Failure> {
    let mut looks = tokio::time::interval(EVERY);
    let stop = interrupted();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => return Ok(Outcome::Interrupted),
            _ = looks.tick() => {}
        }
        let answer = served.outcome(poll).await?;
        let text = |name: &str| answer.body[name].as_str().unwrap_or_default().to_owned();
        match (answer.status, answer.body["status"].as_str()) {
            (200, Some("connected")) => {
                let again = answer.body["again"] == Value::Bool(true);
                return Ok(Outcome::Connected { account: text("account"), again });
            }
            (200, Some("failed")) => return Ok(Outcome::Failed(text("code"))),
            (404, _) => return Ok(Outcome::Expired),
            // It may not answer for a moment; the end comes all the same.
            _ if SystemClock.now() >= expires_at => return Ok(Outcome::Expired),
            _ => {}
        }
    }
}

/// What a code means, and what to do.
fn failed(provider: ProviderKind, code: &str) -> Failure {
    let known = ConnectFailure::ALL.into_iter().find(|failure| failure.code() == code);
    let meaning = known.map(|failure| format!(": {failure}")).unwrap_or_default();
    let hint = match known {
        Some(ConnectFailure::Misconfigured) => format!(
            "are client_id, client_secret and slug in secrets.json those of your app, and is its callback URL \
             .../oauth/{provider}/callback of this stack?"
        ),
        Some(ConnectFailure::NotOwner) => "sign in as somebody of that account and start again".to_owned(),
        Some(ConnectFailure::ApprovalPending) => "when an owner has approved it, start again".to_owned(),
        Some(ConnectFailure::ProviderUnavailable | ConnectFailure::Unavailable) => {
            "start again in a few minutes; the log of `cargo local up` says more".to_owned()
        }
        _ => "start again".to_owned(),
    };
    Failure::new(format!("{provider} is not connected: {code}{meaning}")).hint(hint)
}

/// Starts this machine's browser, if it has one.
fn open(url: &str) -> bool {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(program);
    command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_its_code_and_a_way_on() {
        for failure in ConnectFailure::ALL {
            let lines: Vec<_> = super::failed(ProviderKind::Github, failure.code()).lines().collect();
            assert!(lines[0].1.contains(failure.code()) && lines[0].1.contains(&failure.to_string()), "{lines:?}");
            assert_eq!(lines[1].0, "hint");
        }
        assert_eq!(super::failed(ProviderKind::Github, "unheard_of").lines().count(), 2);
    }
}
