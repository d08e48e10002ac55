//! `transform`: what a payload would become. It stores nothing and asks nobody.

mod page;

use std::convert::Infallible;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgGroup, Args};
use connector_adapters::system::SystemClock;
use connector_domain::backfill::EntityType;
use connector_domain::ports::Clock;
use connector_domain::transformed::{Item, Transformed};
use connector_domain::{Delivery, ResourceId, Verified};
use connector_providers::Provider;

use super::Failure;
use super::values::{entity, must_be_json, provider, read};
use crate::render::Output;
use crate::render::style::Paint;
use crate::render::text::clean;

/// Show what a payload would become, without storing anything.
///
/// Each fact is one line of JSON on standard output. What is left out on purpose, and why, is told on standard error.
/// The exit code is 1 when something in the payload could not be read.
#[derive(Args)]
#[command(group = ArgGroup::new("kind").required(true).args(["event", "page"]))]
#[command(after_help = "Examples:
  cargo local transform --provider github --event issues shared/providers/fixtures/github/webhooks/issues.opened.json
  curl -s 'https://api.github.com/repos/rust-lang/log/pulls?state=all' |
    cargo local transform --provider github --page pull_request -")]
pub(super) struct Transform {
    /// Who sent it.
    #[arg(long, value_name = "NAME", value_parser = provider())]
    provider: &'static dyn Provider,
    /// A webhook of this event; for GitHub the value of X-GitHub-Event, such as pull_request.
    #[arg(long, value_name = "NAME")]
    event: Option<String>,
    /// A list response of this entity.
    #[arg(long, value_name = "ENTITY", value_parser = entity())]
    page: Option<EntityType>,
    /// With --page: the name of the resource the list is of. Default: what the items say.
    #[arg(long, value_name = "OWNER/REPO", requires = "page")]
    resource: Option<String>,
    /// With --page: the provider's id of the resource, which goes into each sourceId. Default: what the items say, or 0.
    #[arg(long, value_name = "ID", requires = "page")]
    resource_id: Option<ResourceId>,
    /// The payload as JSON; - is standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
}

impl Transform {
    pub(super) fn run(self, output: &mut Output) -> Result<ExitCode, Failure> {
        let raw = read(&self.file, output)?;
        must_be_json(&raw, &self.file)?;
        let transformed = match (&self.event, self.page) {
            (Some(event), _) => self.provider.transform_webhook(event, &self.webhook(event, raw)),
            (None, Some(entity)) => self.transform_page(entity, raw, output)?,
            (None, None) => return Err(Failure::new("neither --event nor --page is given")),
        };
        show(transformed, output)
    }

    /// Nothing of a dry run is stored, so nobody's signature is asked for.
    fn webhook(&self, event: &str, raw: Vec<u8>) -> Delivery<Verified> {
        let unverified = Delivery::webhook(self.provider.kind(), event.to_owned(), None, raw, SystemClock.now());
        let Ok(delivery) = unverified.verify(|_| Ok::<(), Infallible>(()));
        delivery
    }

    fn transform_page(&self, entity: EntityType, raw: Vec<u8>, output: &mut Output) -> Result<Transformed, Failure> {
        let page = page::Page::of(self.provider, entity, &raw, self.resource.as_deref(), self.resource_id.clone())?;
        if let Some(guess) = page.guess {
            output.note(format!("{}: {guess}", output.aside.paint(Paint::Odd, "note")))?;
        }
        let delivery = page.delivery(raw, SystemClock.now())?;
        Ok(self.provider.transform(&delivery))
    }
}

/// Facts on standard output, everything else on standard error.
fn show(transformed: Transformed, output: &mut Output) -> Result<ExitCode, Failure> {
    let aside = output.aside;
    let left_out = |why: &str| format!("{}: {}", aside.paint(Paint::Odd, "ignored"), clean(why));
    let mut code = ExitCode::SUCCESS;
    match transformed {
        Transformed::Ignored(reason) => output.note(left_out(reason.as_str()))?,
        Transformed::Lifecycle(change) => {
            let what = aside.paint(Paint::Good, "lifecycle");
            output.note(format!("{what}: {} for account {}; no fact", change.action.name(), change.account))?;
        }
        Transformed::Items(items) => {
            for item in items {
                match item {
                    Item::Event(event) | Item::History { event, .. } => {
                        let line = serde_json::to_string(&event)
                            .map_err(|error| Failure::new(format!("a fact has no JSON form: {error}")))?;
                        output.line(line)?;
                    }
                    Item::Deleted(gone) => {
                        let what = aside.paint(Paint::Odd, "deleted");
                        output.note(format!("{what}: {}; its facts are not shown any more", clean(&gone.subject)))?;
                    }
                    Item::Ignored(reason) => output.note(left_out(reason.as_str()))?,
                    Item::Quarantined(at) => {
                        let place = if at.path.is_empty() { "the payload" } else { &at.path };
                        let what = aside.paint(Paint::Bad, "quarantined");
                        output.note(format!("{what}: {}: {}", clean(place), clean(&at.reason)))?;
                        code = ExitCode::FAILURE;
                    }
                }
            }
        }
    }
    Ok(code)
}
