//! `backfill`: history into the local rows, and what becomes of it.

pub(super) mod access;
mod estimate;
mod fetch;
mod one;
mod resource;
mod runs;
mod summary;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Failure;
use super::place::{Place, Tenant};
use crate::render::Output;

/// Fetch the history of a repository, project or team into the local store.
///
/// Only what is not known to be complete is fetched. Ctrl-C cancels; what is stored stays.
#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:
  cargo local backfill --provider github --resource rust-lang/log --depth 30
  GITHUB_TOKEN=... cargo local backfill --provider github --resource OWNER/REPO --depth 90 --token-env GITHUB_TOKEN
  LINEAR_KEY=... cargo local backfill --provider linear --resource ENG --token-env LINEAR_KEY
  cargo local backfill watch          # from another terminal; RUN is the latest one, or the start of its id"
)]
pub(super) struct Backfill {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    what: Option<fetch::What>,
    #[command(flatten)]
    access: access::Access,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    tenant: Tenant,
}

#[derive(Subcommand)]
enum Action {
    /// Fetch, as without a subcommand.
    Start(Box<fetch::Fetch>),
    /// Tell what fetching would take, without starting it: the first page of each list is asked for, and nothing is stored.
    Estimate(Box<fetch::Fetch>),
    /// Show how a run stands.
    Status(one::One),
    /// Follow a run that another process works on.
    Watch(one::One),
    /// Pause what is under way of a run. It keeps its place.
    Pause(one::One),
    /// Go on with what is paused of a run or stopped early.
    Resume(one::Resume),
    /// Read again what a run has read, and tell what it missed.
    Prove(one::Prove),
    /// Stop a run for good. What is stored stays.
    Cancel(one::One),
    /// List runs, the latest first.
    Runs(runs::Runs),
}

impl Backfill {
    pub(super) async fn run(self, output: &mut Output) -> Result<ExitCode, Failure> {
        match (self.action, self.what) {
            (Some(Action::Start(fetch)), _) => fetch.run(output).await,
            (Some(Action::Estimate(fetch)), _) => fetch.estimate(output).await,
            (Some(Action::Status(one)), _) => one.status(output).await,
            (Some(Action::Watch(one)), _) => one.watch(output).await,
            (Some(Action::Pause(one)), _) => one.pause(output).await,
            (Some(Action::Resume(resume)), _) => resume.run(output).await,
            (Some(Action::Prove(prove)), _) => prove.run(output).await,
            (Some(Action::Cancel(one)), _) => one.cancel(output).await,
            (Some(Action::Runs(runs)), _) => runs.run(output).await,
            (None, Some(what)) => {
                let Self { access, place, tenant, .. } = self;
                fetch::Fetch { what, access, place, tenant }.run(output).await
            }
            (None, None) => {
                Err(Failure::new("name a provider and a resource, or a subcommand").hint("cargo local backfill --help"))
            }
        }
    }
}
