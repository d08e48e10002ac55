//! `token`: lets somebody into the management API of this machine.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use connector_adapters::system::{OsRandom, SystemClock};
use connector_domain::WorkspaceId;
use connector_domain::access::Scope;
use connector_domain::ports::Clock;

use super::Failure;
use super::place::Place;
use crate::render::Output;
use crate::stack::template::Guard;
use crate::stack::{Grant, Issuer, Template};

/// Mint a token for the management API that `cargo local up` serves.
///
/// It is printed alone on standard output. Only this machine's stack takes it.
#[derive(Args)]
#[command(after_help = "Example:
  curl -H \"Authorization: Bearer $(cargo local token --workspace acme)\" http://127.0.0.1:8787/v1/workspaces")]
pub(super) struct Token {
    /// A workspace that it opens; may be given more than once.
    #[arg(long = "workspace", value_name = "NAME", default_value = "local")]
    workspaces: Vec<WorkspaceId>,
    /// What it allows; everything when none is given.
    #[arg(long = "scope", value_name = "SCOPE", value_parser = scope())]
    scopes: Vec<Scope>,
    /// Who has it, as the audit log will say.
    #[arg(long, value_name = "NAME", default_value = "developer")]
    subject: String,
    /// How many hours it is good.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=720))]
    hours: u16,
    #[command(flatten)]
    place: Place,
}

fn scope() -> impl TypedValueParser<Value = Scope> {
    PossibleValuesParser::new(Scope::ALL.map(Scope::as_str))
        .try_map(|name| name.parse::<Scope>().map_err(|error| error.to_string()))
}

impl Token {
    pub(super) fn run(self, output: &mut Output) -> Result<ExitCode, Failure> {
        let template = Template::embedded()?;
        let grant = Grant {
            workspaces: &self.workspaces,
            scopes: if self.scopes.is_empty() { &Scope::ALL } else { &self.scopes },
            subject: &self.subject,
            audience: audience(&template)?,
            lives: Duration::from_secs(u64::from(self.hours) * 3_600),
        };
        let issuer = Issuer::open(&self.place.data(), &OsRandom)?;
        output.line(issuer.mint(&grant, SystemClock.now()))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// For whom the tokens are that the routes take.
pub(super) fn audience(template: &Template) -> Result<&str, Failure> {
    let audience = template.routes.iter().find_map(|route| match &route.guard {
        Guard::Token { audience } => Some(audience.as_str()),
        Guard::Open | Guard::Function(_) => None,
    });
    audience.ok_or_else(|| Failure::new("template.yaml has no route that takes a token"))
}
