//! `up`: the system, serving.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use connector_adapters::services::Services;
use connector_adapters::system::SystemClock;
use connector_domain::ports::Clock;

use super::interrupt::interrupted;
use super::place::Place;
use super::services::ServiceOptions;
use super::simulated::{SEED, Simulated};
use super::{Failure, log, served};
use crate::render::Output;
use crate::stack::template::Guard;
use crate::stack::{Options, Stack, Template};

/// How long work at hand may take at the end.
const PATIENCE: Duration = Duration::from_secs(15);

/// Serve the webhook routes and the management API on this machine until Ctrl-C.
///
/// Routes, queues and schedules are those of template.yaml. Rows survive a restart, and what was unfinished goes on.
#[derive(Args)]
#[command(after_help = "Examples:
  cargo local up --port 8787
  cargo local up --simulator        # simulated accounts to connect, for whoever has no app at a provider")]
pub(super) struct Up {
    /// The port to listen on, on 127.0.0.1; 0 takes any that is free.
    #[arg(long, default_value_t = 8787)]
    port: u16,
    /// Serve simulated providers too, with accounts to connect. What is linked there has no other history than theirs,
    /// so give it rows of its own with --data.
    #[arg(long)]
    simulator: bool,
    #[command(flatten)]
    services: ServiceOptions,
    #[command(flatten)]
    place: Place,
}

impl Up {
    pub(super) async fn run(self, output: &mut Output) -> Result<ExitCode, Failure> {
        log::start(log::FUNCTIONS, output.aside);
        let template = Template::embedded()?;
        let secrets = self.place.secrets()?;
        let services = self.services.services(&secrets)?;
        let options = Options { services: services.clone(), ..Options::new(self.place.data(), secrets) };
        let simulated = if self.simulator { Some(Simulated::start(SEED, SystemClock.now()).await?) } else { None };
        let options = match &simulated {
            Some(simulated) => simulated.connectable(options)?,
            None => options,
        };
        let stack = Stack::start(&template, options).await?;
        let served = stack.serve(self.port).await?;
        if let Some(simulated) = &simulated {
            simulated.send_back_to(&served.url);
        }
        output.lines(self.introduction(&template, &served.url, &services, output))?;

        interrupted().await;
        output.say(
            0,
            "Stopping: no more requests, and the work at hand is brought to its end. Ctrl-C again stops at once.",
        )?;
        let stopped = async {
            served.stop().await;
            stack.drain_and_stop(PATIENCE).await;
        };
        tokio::select! {
            () = stopped => output.line(format!("Stopped. Rows are in {}.", self.place.directory.display()))?,
            () = interrupted() => output.line("Stopped at once. What was unfinished goes on at the next start.")?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn introduction(&self, template: &Template, url: &str, services: &Services, output: &Output) -> Vec<String> {
        let style = output.look.style;
        let place = self.place.as_argument();
        let at = served::as_argument(url);
        let mut lines = vec![format!("{} at {url}", style.strong("Memory Connectors is up"))];
        let (open, guarded): (Vec<_>, Vec<_>) = template.routes.iter().partition(|route| route.guard == Guard::Open);
        lines.extend(open.into_iter().map(|route| format!("  {} {url}{}", route.method, route.path)));
        lines.push(format!("  the management API: {} routes, described at {url}/openapi.json", guarded.len()));
        lines.extend(services.names().into_iter().map(|name| format!("  {name}")));
        lines.extend([
            String::new(),
            "Connect an account and link what it gives access to, from another terminal:".to_owned(),
            format!(
                "  cargo local connect --provider github{at}{place}{}",
                if self.simulator { " --approve" } else { "" }
            ),
            format!("  cargo local link --provider github{at}{place}"),
            String::new(),
            "Or send it something:".to_owned(),
            format!("  cargo local send --provider github --event issues --link --url {url}{place} \\"),
            "    shared/providers/fixtures/github/webhooks/issues.opened.json".to_owned(),
            format!("  cargo local observations{place}"),
            format!(
                "  curl -H \"Authorization: Bearer $(cargo local token{place})\" {url}/v1/workspaces/local/observations"
            ),
            String::new(),
            style.faint(format!("rows     {}", self.place.directory.display())),
            style.faint(format!("secrets  {}", self.place.secrets_file().display())),
            style.faint("Ctrl-C stops it."),
            String::new(),
        ]);
        lines
    }
}
